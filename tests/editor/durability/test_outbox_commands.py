"""The outbox shows what waits and what failed; the user sends it again or drops it."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support import services
from tests.support.durability import (
    bind,
    go_on,
    lines_of,
    outbox,
    refused,
    send_all,
    until_fates,
)
from tests.support.editor import Editor
from tests.support.kills import Comeback

LEAVE_OPEN = """
vim.ui.select = function(rows, how) _G.offered = vim.tbl_map(how.format_item, rows) end
"""
"""A choice in which the user chooses nothing; its lines are in `offered`."""


def test_what_failed_and_may_have_arrived_says_so_wherever_it_is_shown(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    editor.listen()
    sandbox.client.fault(Fault.drop("/robot/send", "after"))
    name = refused(editor, sandbox, session, "uncertain")
    assert [each.text for each in sandbox.client.arrived()] == ["uncertain"]
    [row] = editor.transcript(session)
    [failed] = editor.until(lambda: editor.heard("DingbridgeFailed"))
    editor.chat("outbox")
    shown = editor.until_said(f"failed   {name}")
    for words in (row["reason"], failed["reason"], shown, editor.until_said("not delivered")):
        assert "may have arrived" in words
    editor.lua(LEAVE_OPEN)
    editor.chat("retry")
    editor.until_said("not sent again, for they may have arrived: 1")
    [line] = editor.until(lambda: editor.lua("return _G.offered"))
    assert "failed  uncertain → " in line
    assert editor.status()["failed"] == 1
    editor.chat(f"retry {name}")
    editor.until_said("may be there twice")
    until_fates(editor, session, [("uncertain", "sent")])


def test_the_outbox_shows_what_waits_and_what_failed_with_the_reason(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    editor.chat("outbox")
    editor.until_said("the outbox is empty")
    name = refused(editor, sandbox, session, "refused words")
    sandbox.client.fault(Fault.hang("/robot/send"))
    send_all(editor, ["waiting words"])
    sandbox.client.wait_hanging()
    waiting = editor.transcript(session)[-1]["id"]
    editor.chat("outbox")
    said = editor.until_said("waiting words")
    assert f"waiting  {waiting}  waiting words" in said
    assert f"failed   {name}  refused words" in said
    assert "improper content" in said
    assert ":Chat retry" in said
    sandbox.client.release()


@pytest.mark.parametrize("by_name", [True, False])
def test_a_refused_message_is_tried_again(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], *, by_name: bool
) -> None:
    session = bind(editor, webhook_options)
    one = refused(editor, sandbox, session, "one")
    refused(editor, sandbox, session, "two")
    editor.until(lambda: editor.status()["failed"] == 2)
    editor.chat(f"retry {one}" if by_name else "retry")
    wanted = [("one", "sent"), ("two", "failed" if by_name else "sent")]
    until_fates(editor, session, wanted)
    editor.until(lambda: editor.status()["failed"] == (1 if by_name else 0))
    arrived = [each.text for each in sandbox.client.arrived()]
    assert arrived == (["one"] if by_name else ["one", "two"])
    assert editor.transcript(session)[0]["reason"] == ""


def test_a_refused_message_survives_a_kill_and_is_tried_again(
    editor: Editor, come_back: Comeback, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    name = refused(editor, sandbox, session, "one")
    after = come_back(editor)
    go_on(after, webhook_options)
    after.until(lambda: after.status()["failed"] == 1)
    until_fates(after, session, [("one", "failed")])
    after.chat(f"retry {name}")
    until_fates(after, session, [("one", "sent")])
    after.until(lambda: after.status()["failed"] == 0)
    assert [each.text for each in sandbox.client.arrived()] == ["one"]


@pytest.mark.parametrize("by_name", [True, False])
def test_a_notification_that_is_tried_again_after_a_kill_has_its_event(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], *, by_name: bool
) -> None:
    editor.setup(webhook_options)
    editor.listen()
    sandbox.client.fault(Fault.errcode("/robot/send", 430104, "improper content"))
    name = editor.lua("return require('dingbridge').notify('one')")
    editor.until(lambda: editor.heard("DingbridgeFailed"))
    editor.kill_service()
    # A service that is gone already would not hear the command.
    editor.until(lambda: editor.log().count("has attached") == 2, "the next service")
    editor.until(lambda: editor.status()["failed"] == 1)
    editor.chat(f"retry {name}" if by_name else "retry")
    [event] = editor.until(lambda: editor.heard("DingbridgeDelivered"))
    assert event["id"] == name
    assert len(editor.heard("DingbridgeFailed")) == 1


def test_a_dropped_message_is_not_sent_even_after_a_kill(
    editor: Editor, come_back: Comeback, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    failed = refused(editor, sandbox, session, "refused")
    sandbox.client.fault(Fault.hang("/robot/send"))
    send_all(editor, ["under way", "unwanted", "wanted"])
    sandbox.client.wait_hanging()
    editor.chat(f"drop {failed}")
    editor.chat(f"drop {editor.transcript(session)[2]['id']}")
    editor.until(lambda: editor.transcript(session)[2]["reason"] == "dropped by you")
    editor.until(lambda: (editor.status()["failed"], editor.status()["queued"]) == (0, 2))
    after = come_back(editor)
    sandbox.client.release()
    go_on(after, webhook_options)
    ends = [("refused", "failed"), ("under way", "sent"), ("unwanted", "failed")]
    until_fates(after, session, [*ends, ("wanted", "sent")])
    assert [each.text for each in sandbox.client.arrived()] == ["under way", "wanted"]
    assert after.transcript(session)[2]["reason"] == "dropped by you"


@pytest.mark.parametrize("when", ["during a request", "between two tries"])
def test_a_message_that_is_dropped_on_its_way_does_not_leave_after_the_editor_was_left(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any], when: str
) -> None:
    hangs = when == "during a request"
    editor = start_editor()
    editor.setup(webhook_options)
    sandbox.client.fault(
        Fault.hang("/robot/send") if hangs else Fault.drop("/robot/send", times=None)
    )
    unwanted = editor.lua("return require('dingbridge').notify('unwanted')")
    if hangs:
        sandbox.client.wait_hanging()
    else:
        sandbox.client.wait_calls(1)
    editor.chat(f"drop {unwanted}")
    editor.close()
    if hangs:
        # It would wait for the answer, and then forget the message.
        services.end(editor.data)
    else:
        services.must_end(editor.data)
    sandbox.client.clear_faults()
    after = start_editor()
    after.setup(webhook_options)
    after.chat("notify wanted")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "wanted"
    after.until(lambda: after.status()["queued"] == 0)


def test_a_message_that_is_dropped_on_its_way_is_not_sent_again_after_a_kill(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send"))
    send_all(editor, ["dropped", "wanted"])
    sandbox.client.wait_hanging()
    editor.chat(f"drop {editor.transcript(session)[0]['id']}")
    editor.until(lambda: {"type": "drop_requested"}.items() <= lines_of(outbox(editor))[-1].items())
    editor.kill_service()
    until_fates(editor, session, [("dropped", "failed"), ("wanted", "sent")])
    assert [each.text for each in sandbox.client.arrived()] == ["wanted"]
    assert "may have arrived" in editor.transcript(session)[0]["reason"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("retry", "there is no failed message; see :Chat outbox"),
        ("retry nothing", "there is no failed message nothing; see :Chat outbox"),
        ("drop nothing", "there is no waiting or failed message nothing; see :Chat outbox"),
        ("drop", "no message waits, and none has failed"),
    ],
)
def test_what_is_not_in_the_outbox_cannot_be_tried_again_or_dropped(
    editor: Editor, webhook_options: dict[str, Any], command: str, words: str
) -> None:
    editor.setup(webhook_options)
    editor.chat(command)
    editor.until_said(words)


def test_without_settings_the_outbox_says_what_is_missing(editor: Editor) -> None:
    editor.setup({})
    for command in ("outbox", "retry", "drop x"):
        before = len(editor.said())
        editor.chat(command)
        editor.until(lambda before=before: len(editor.said()) > before)  # type: ignore[misc]  # mypy cannot infer a lambda's default
        assert "DingTalk is not set up" in editor.said()[-1]
