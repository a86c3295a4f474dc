"""What was accepted is sent once and in order after kills, torn files and lost answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from dingbridge.edges.storage.owner_lock import OwnerLock
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.durability import (
    REFUSED,
    TAKING_UP,
    bind,
    connect,
    fates,
    go_on,
    on_disk,
    outbox,
    send_all,
    session_file,
    tear,
    until_fates,
)
from tests.support.editor import Editor
from tests.support.kills import Comeback
from tests.support.pieces import joined
from tests.support.processes import frozen, until

CURRENT = "require('dingbridge.state').current"


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_was_accepted_before_a_kill_is_sent_in_order_and_once(
    editor: Editor,
    come_back: Comeback,
    sandbox: Sandbox,
    webhook_options: dict[str, Any],
    when: Literal["before", "after"],
) -> None:
    texts = [f"message {number}" for number in range(4)]
    session = bind(editor, webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send", when))
    send_all(editor, texts)
    sandbox.client.wait_hanging()
    after = come_back(editor)
    sandbox.client.release()
    go_on(after, webhook_options)
    until_fates(after, session, [(text, "sent") for text in texts])
    assert [each.text for each in sandbox.client.arrived()] == texts
    assert on_disk(after, session) == texts
    after.until(lambda: after.status()["queued"] == 0)


def test_what_was_accepted_while_dingtalk_was_unreachable_is_sent_after_a_kill(
    editor: Editor, come_back: Comeback, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    texts = [f"message {number}" for number in range(4)]
    session = bind(editor, webhook_options)
    sandbox.stop()
    send_all(editor, texts)
    after = come_back(editor)
    sandbox.start()
    go_on(after, webhook_options)
    until_fates(after, session, [(text, "sent") for text in texts])
    assert [each.text for each in sandbox.client.arrived()] == texts


def test_a_second_kill_on_the_way_changes_nothing(
    editor: Editor, start_anew: Comeback, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send", "after", times=2))
    send_all(editor, ["one", "two"])
    sandbox.client.wait_hanging()
    between = start_anew(editor)
    between.listen()
    go_on(between, webhook_options)
    sandbox.client.wait_hanging(2)
    send_all(between, ["three"])
    after = start_anew(between)
    sandbox.client.release()
    go_on(after, webhook_options)
    until_fates(after, session, [("one", "sent"), ("two", "sent"), ("three", "sent")])
    assert [each.text for each in sandbox.client.arrived()] == ["one", "two", "three"]


def test_a_long_message_goes_on_at_the_chunk_where_it_was_cut_off(
    editor: Editor, start_anew: Comeback, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    options = {**webhook_options, "text_chunk_limit": 200}
    text = "\n".join(f"line {number} of a long message" for number in range(40))
    session = bind(editor, options)
    send_all(editor, ["first"])
    sandbox.client.wait_arrived(1)
    until_fates(editor, session, [("first", "sent")])
    sandbox.client.fault(Fault.hang("/robot/send", "after"))
    send_all(editor, [text])
    sandbox.client.wait_hanging()
    after = start_anew(editor)
    go_on(after, options)
    until_fates(after, session, [("first", "sent"), (text, "sent")])
    pieces = [each.text for each in sandbox.client.arrived()][1:]
    assert len(pieces) > 3
    assert len(set(pieces)) == len(pieces)
    assert joined(pieces) == text.replace("\n", "  \n")


def test_a_notification_survives_as_well(
    editor: Editor, start_anew: Comeback, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.listen()
    editor.setup(webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send", "after"))
    editor.lua("require('dingbridge').notify('deployed', { title = 'T', at_all = true })")
    editor.until(lambda: editor.heard("DingbridgeQueued"))
    sandbox.client.wait_hanging()
    after = start_anew(editor)
    go_on(after, webhook_options)
    after.chat("notify and more")
    first, second = sandbox.client.wait_arrived(2, timeout=TAKING_UP)
    assert (first.title, first.text, first.at["isAtAll"]) == ("T", "deployed", True)
    assert second.text == "and more"
    after.until_lua("require('dingbridge').status().queued == 0")
    assert len(sandbox.client.arrived()) == 2


def test_what_was_accepted_leaves_though_the_host_is_dead_and_the_next_one_shows_it(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send"))
    send_all(editor, ["one"])
    sandbox.client.wait_hanging()
    editor.kill_host()
    editor.until_said("the next :Chat starts it again")
    sandbox.client.release()
    assert [each.text for each in sandbox.client.wait_arrived(1)] == ["one"]
    assert fates(editor, session) == [("one", "queued")]
    editor.chat()
    until_fates(editor, session, [("one", "sent")])
    assert editor.transcript(session)[0]["reason"] == ""
    assert len(sandbox.client.arrived()) == 1


SEND_TO_A_DEAD_HOST = """
local host, text = ...
vim.uv.kill(host, 'sigkill')
-- Neovim hears of its end once this has returned.
require('dingbridge').send(text)
"""


def test_what_is_sent_before_neovim_knows_that_its_host_died_leaves_without_another_command(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    editor.lua(SEND_TO_A_DEAD_HOST, editor.host_pid(), "one")
    editor.until_said("it starts again for what was just sent")
    until_fates(editor, session, [("one", "sent")])
    assert [each.text for each in sandbox.client.arrived()] == ["one"]


def test_a_message_starts_the_host_again_once_if_this_ends_too(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    bind(editor, webhook_options)
    editor.kill_service()
    lock = OwnerLock(editor.data / "dingbridge", "service")
    until(lock.acquire, "the lock of a service that is dead")  # so that nothing is taken down
    editor.lua(SEND_TO_A_DEAD_HOST, editor.host_pid(), "one")
    editor.until_said("it starts again for what was just sent")
    editor.until_lua("require('dingbridge.host').greeted")
    editor.kill_host()
    editor.until_said("the next :Chat starts it again")
    assert editor.host_pid() == 0
    lock.release()


def test_what_a_dead_service_left_shows_as_waiting_until_the_next_one_has_sent_it(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send"))
    send_all(editor, ["one"])
    sandbox.client.wait_hanging()
    assert "↑" in editor.lua("return require('dingbridge').statusline()")
    # No other one starts as long as the folder is locked.
    lock = OwnerLock(editor.data / "dingbridge", "service")
    with frozen(editor.host_pid()):
        editor.kill_service()
        until(lock.acquire, "the lock of a service that is dead")
    [row] = editor.until(lambda: [row for row in editor.transcript(session) if row["reason"]])
    assert row["delivery"] == "queued"
    assert "once dingbridge runs again" in row["reason"]
    assert "↑" not in editor.lua("return require('dingbridge').statusline()")
    sandbox.client.release()
    lock.release()
    until_fates(editor, session, [("one", "sent")])
    assert editor.transcript(session)[0]["reason"] == ""
    assert len(sandbox.client.arrived()) == 1


def test_what_is_sent_while_no_service_runs_stays_in_its_session_wherever_the_user_goes_then(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    editor.chat("new")
    other = editor.until_lua(f"({CURRENT} ~= {session!r}) and {CURRENT}")
    editor.chat(f"open {session}")
    editor.until(lambda: editor.lua(f"return {CURRENT}") == session)
    lock = OwnerLock(editor.data / "dingbridge", "service")
    with frozen(editor.host_pid()):
        editor.kill_service()
        until(lock.acquire, "the lock of a service that is dead")
    editor.until_lua("require('dingbridge.state').service_gone")
    editor.chat("send hi")
    editor.chat("next")
    lock.release()
    editor.until(lambda: editor.lua(f"return {CURRENT}") == other, "", TAKING_UP)
    until_fates(editor, session, [("hi", "sent")])
    assert editor.transcript(other) == []
    assert [each.text for each in sandbox.client.arrived()] == ["hi"]


@pytest.mark.parametrize("line", ["send hi", "send-file {file}", "send-image"])
def test_what_was_sent_in_a_session_that_is_gone_when_a_service_comes_goes_to_no_other(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path, line: str
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("hi")
    options = {**api_options, "user_id": "zhangsan"}
    other = bind(editor, options)
    editor.chat("new")
    session = editor.until_lua(f"({CURRENT} ~= {other!r}) and {CURRENT}")
    editor.until(lambda: session_file(editor, session).exists())
    lock = OwnerLock(editor.data / "dingbridge", "service")
    with frozen(editor.host_pid()):
        editor.kill_service()
        until(lock.acquire, "the lock of a service that is dead")
    editor.until_lua("require('dingbridge.state').service_gone")
    editor.nvim.command(("1" if line == "send-image" else "") + "Chat " + line.format(file=file))
    session_file(editor, session).unlink()
    lock.release()
    editor.until_said("there is no such session", TAKING_UP)
    editor.lua("require('dingbridge').send('last', { session = ... })", other)
    sandbox.client.wait_arrived(1)
    assert [each.text for each in sandbox.client.arrived()] == ["last"]
    until_fates(editor, other, [("last", "sent")])


def test_a_message_that_was_refused_meanwhile_ends_as_failed_after_a_kill(
    editor: Editor, start_anew: Comeback, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send", seconds=60))
    # For the next service, which sends at once.
    sandbox.client.fault(REFUSED)
    send_all(editor, ["refused"])
    sandbox.client.wait_hanging()
    after = start_anew(editor)
    go_on(after, webhook_options)
    until_fates(after, session, [("refused", "failed")])
    assert "improper content" in after.transcript(session)[0]["reason"]
    after.until(lambda: after.status()["failed"] == 1)


@pytest.mark.parametrize(
    ("delivery", "arrivals", "fate"), [("at_least_once", 2, "sent"), ("at_most_once", 1, "failed")]
)
def test_where_dingtalk_knows_no_repeats_the_option_delivery_decides(
    editor: Editor,
    start_anew: Comeback,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    delivery: str,
    arrivals: int,
    fate: str,
) -> None:
    options = {**api_options, "delivery": delivery}
    session = connect(editor, options)
    sandbox.client.say("question")
    editor.until(editor.transcript)
    sandbox.client.fault(Fault.hang("/robot/sendBySession*", "after"))
    send_all(editor, ["uncertain", "next"])
    sandbox.client.wait_hanging()
    after = start_anew(editor)
    go_on(after, options)
    until_fates(after, session, [("uncertain", fate), ("next", "sent")])
    texts = [each.text for each in sandbox.client.arrived()]
    assert texts == ["uncertain"] * arrivals + ["next"]
    row = next(row for row in after.transcript(session) if row["text"] == "uncertain")
    assert ("may have arrived" if fate == "failed" else "may be there twice") in row["reason"]


def test_a_torn_line_in_the_outbox_stops_nothing(
    editor: Editor, start_anew: Comeback, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send"))
    send_all(editor, ["one", "two"])
    sandbox.client.wait_hanging()
    whole = outbox(editor).read_text("utf-8").splitlines()
    after = start_anew(editor, lambda: tear(outbox(editor), whole[0]))
    sandbox.client.release()
    after.listen()
    go_on(after, webhook_options)
    until_fates(after, session, [("one", "sent"), ("two", "sent")])
    send_all(after, ["three"])
    until_fates(after, session, [("one", "sent"), ("two", "sent"), ("three", "sent")])
    assert [each.text for each in sandbox.client.arrived()] == ["one", "two", "three"]
    assert "damaged" in after.log()
