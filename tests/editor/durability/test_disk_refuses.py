"""What the disk refuses is kept and reported until the disk takes it."""

from __future__ import annotations

import json
import os
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.messages import Message, Role
from dingbridge.core.sessions import transcript
from dingbridge.core.sessions.transcript import Entry
from dingbridge.core.timeouts import STOP_WITHIN
from dingbridge.edges.storage.robot_files import STATE_FILE
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support import services
from tests.support.disk import out_of_reach
from tests.support.durability import (
    TAKING_UP,
    bind,
    connect,
    go_on,
    inbox,
    lines_of,
    on_disk,
    outbox,
    send_all,
    session_file,
    until_fates,
)
from tests.support.editor import Editor
from tests.support.processes import frozen, until


def test_what_could_not_be_written_down_for_a_moment_leaves_in_its_order(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    with out_of_reach(editor.data / "chat-dingtalk-outbox.jsonl"):
        editor.lua("require('dingbridge').send('one')")
        editor.until_said("cannot use chat-dingtalk-outbox.jsonl")
        assert editor.heard("DingbridgeQueued") == []
    editor.lua("require('dingbridge').send('two')")
    until_fates(editor, session, [("one", "sent"), ("two", "sent")])
    assert [each.text for each in sandbox.client.arrived()] == ["one", "two"]


def test_a_message_that_could_not_be_written_down_until_neovim_was_closed_is_sent_by_the_next(
    editor: Editor,
    start_editor: StartEditor,
    sandbox: Sandbox,
    webhook_options: dict[str, Any],
    tmp_path: Path,
) -> None:
    session = bind(editor, webhook_options)
    queued = tmp_path / "queued"
    editor.nvim.vars["queued"] = str(queued)
    editor.nvim.command("autocmd User DingbridgeQueued call writefile([], g:queued)")
    with out_of_reach(outbox(editor)):
        editor.lua("require('dingbridge').send('one')")
        editor.until_said("cannot use chat-dingtalk-outbox.jsonl")
        editor.close()
        assert not queued.exists()
    after = start_editor()
    go_on(after, webhook_options)
    until_fates(after, session, [("one", "sent")])
    assert [each.text for each in sandbox.client.arrived()] == ["one"]


def test_a_burst_in_a_long_session_is_written_down_when_neovim_is_left_at_once(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    session = bind(editor, webhook_options)
    editor.close()
    path = editor.data / "dingbridge" / "sessions" / f"{session}.jsonl"
    with path.open("a") as file:
        for number in range(20_000):
            old = Message(f"old{number}", Role.DINGTALK, "Zhang San", "older " * 20, float(number))
            file.write(transcript.encode(Entry(message=old)).decode())
    after = start_editor()
    go_on(after, webhook_options)
    after.until(lambda: after.status()["session"] == session)
    after.until(lambda: after.lua("return #require('dingbridge').transcript(...)", session) > 0)
    sandbox.client.fault(Fault.hang("/robot/send"))
    texts = [f"message {number}" for number in range(80)]
    after.lua("for _, text in ipairs(...) do require('dingbridge').send(text) end", texts)
    after.close()

    def written() -> list[str]:
        """What stands in the outbox, and then what the editor has put down for the next start."""
        records = lines_of(outbox(after)) if outbox(after).exists() else []
        found = [str(line["outbound"]["text"]) for line in records if line["type"] == "put"]
        for left in (after.data / "dingbridge" / "unconfirmed").glob("*.json"):
            rows = json.loads(left.read_text("utf-8"))["asked"]
            rest = [str(row["payload"]["text"]) for row in rows]
            found += [text for text in rest if text not in found]
        return found

    # The service may still be writing.
    until(lambda: written() == texts, "all that was sent is written down")
    sandbox.client.release()
    again = start_editor()
    go_on(again, webhook_options)
    again.until(lambda: on_disk(again, session)[20_000:] == texts, "once and in order", TAKING_UP)


def test_a_message_that_stays_here_and_that_the_disk_refuses_until_neovim_is_left_is_not_lost(
    editor: Editor, start_editor: StartEditor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("new")
    session = str(editor.until(lambda: editor.lua("return require('dingbridge.state').current")))
    editor.until(lambda: session_file(editor, session).exists())
    with out_of_reach(session_file(editor, session)):
        editor.lua("require('dingbridge').send('for myself')")
        editor.until(lambda: [row["text"] for row in editor.transcript(session)])
        editor.close()
        services.kill(editor.data)
    after = start_editor()
    go_on(after, webhook_options)
    after.until(lambda: [row["text"] for row in after.transcript(session)] == ["for myself"])
    after.until(lambda: on_disk(after, session) == ["for myself"])


def test_what_the_disk_refuses_shows_as_not_saved_yet_and_why_until_it_is(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)

    def fates() -> list[tuple[str, str]]:
        return [(row["delivery"], row["reason"]) for row in editor.transcript(session)]

    with out_of_reach(outbox(editor)):
        editor.lua("require('dingbridge').send('one')")
        why = editor.until(lambda: editor.status()["last_error"])
        assert why.startswith(f"{outbox(editor).name} cannot be written (")
        assert why.endswith("): what is new is not saved yet")
        editor.until(lambda: fates() == [("unsaved", why)])
        editor.lua("require('dingbridge').send('two')")
        editor.until(lambda: fates() == [("unsaved", why), ("unsaved", why)])
        assert len([words for words in editor.said() if "cannot use" in words]) == 1
        editor.chat("status")
        editor.until_said(why)
        assert "… not saved yet" in editor.lua(
            """
            local shown = ''
            for _, ns in pairs(vim.api.nvim_get_namespaces()) do
              local buffer = require('dingbridge.buffers').get(..., 'transcript')
              for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(
                buffer, ns, 0, -1, { details = true })) do
                for _, part in ipairs(mark[4].virt_text or {}) do shown = shown .. part[1] end
              end
            end
            return shown
            """,
            session,
        )
        assert sandbox.client.arrived() == []
    editor.until(lambda: fates() == [("sent", ""), ("sent", "")])
    assert editor.status()["last_error"] == ""
    assert len(editor.heard("DingbridgeQueued")) == 2


def test_a_message_that_stays_here_survives_a_kill_of_the_service_before_it_is_on_the_disk(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("new")
    session = str(editor.until(lambda: editor.lua("return require('dingbridge.state').current")))
    editor.until(lambda: session_file(editor, session).exists())
    with out_of_reach(session_file(editor, session)):
        editor.lua("require('dingbridge').send('for myself')")
        editor.until(lambda: [row["text"] for row in editor.transcript(session)])
        with frozen(editor.host_pid()):
            editor.kill_service()
    editor.until(lambda: on_disk(editor, session) == ["for myself"])
    assert [row["text"] for row in editor.transcript(session)] == ["for myself"]


def test_a_message_for_another_robot_than_now_survives_a_kill_before_it_is_on_the_disk(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    bind(editor, webhook_options)
    other = {**webhook_options, "webhook": webhook_options["webhook"].replace("token=", "token=x")}
    with out_of_reach(outbox(editor)):
        editor.lua("require('dingbridge').send('one')")
        editor.until_said("cannot use chat-dingtalk-outbox.jsonl")
        editor.setup(other)
        editor.until_lua("require('dingbridge.host_settings').is_configured()")
        editor.chat("status")
        editor.until_said("mode: webhook")
        assert editor.heard("DingbridgeQueued") == []
        with frozen(editor.host_pid()):
            editor.kill_service()
    editor.setup(webhook_options)
    sandbox.client.wait_arrived(1)
    assert [each.text for each in sandbox.client.arrived()] == ["one"]


def test_who_was_revoked_stays_out_though_the_service_is_killed_before_that_is_kept(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = connect(editor, {**api_options, "allow_from": [], "dm": {"policy": "pairing"}})
    sandbox.client.say("let me in", user="lisi")
    [asks] = editor.until(lambda: editor.heard("DingbridgePairing"))
    editor.chat(f"pair {asks['code']}")
    editor.until_said("has access for good")
    editor.until(lambda: on_disk(editor, session) == ["let me in"])
    with out_of_reach(editor.data / STATE_FILE):
        editor.chat("revoke lisi")
        _killed_after_a_later_command(editor)
    editor.until_said("is not paired any more")
    sandbox.client.wait_connections(total=2)
    sandbox.client.say("still?", user="lisi")
    editor.until(lambda: editor.status()["asking"] == 1, "", TAKING_UP)
    assert on_disk(editor, session) == ["let me in"]


def test_what_was_dropped_does_not_leave_though_the_service_is_killed_before_that_is_kept(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    sandbox.stop()
    send_all(editor, ["one", "two"])
    [_, second] = [str(row["id"]) for row in editor.transcript(session)]
    with out_of_reach(outbox(editor)):
        editor.chat(f"drop {second}")
        _killed_after_a_later_command(editor)
    sandbox.start()
    until_fates(editor, session, [("one", "sent"), ("two", "failed")])
    assert [each.text for each in sandbox.client.arrived()] == ["one"]


def test_a_session_that_was_released_stays_so_though_the_service_is_killed_before_that_is_kept(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    bind(editor, webhook_options)
    with out_of_reach(editor.data / STATE_FILE):
        editor.chat("unbridge")
        _killed_after_a_later_command(editor)
    editor.until(
        lambda: json.loads((editor.data / STATE_FILE).read_text("utf-8"))["bindings"] == {}
    )


def _killed_after_a_later_command(editor: Editor) -> None:
    """Kill the service once it has carried out a command given after all others."""
    editor.chat("status")
    editor.until_said("mode:")
    with frozen(editor.host_pid()):
        editor.kill_service()


def test_the_service_does_not_end_before_the_disk_has_taken_what_the_last_editor_left(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    service = editor.service_pid()
    with out_of_reach(session_file(editor, session)):
        editor.lua("require('dingbridge').send('one')")
        sandbox.client.wait_arrived(1)
        editor.close()
        # Longer than it takes to leave, and than a service takes to end on request.
        assert not services.wait_until_gone(service, 2 * STOP_WITHIN + 1)
    assert services.wait_until_gone(service)
    lines = lines_of(session_file(editor, session))
    [message] = [line["message"] for line in lines if "message" in line]
    [fate] = [line["fate"] for line in lines if "fate" in line]
    assert (message["text"], fate["delivery"]) == ("one", "sent")


@pytest.mark.parametrize("how", ["service restart", "service stop", "a signal"])
def test_a_burst_while_the_service_is_ended_is_written_down_once_and_in_order(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], how: str
) -> None:
    session = bind(editor, webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send"))
    texts = [f"message {number}" for number in range(80)]
    editor.lua("for _, text in ipairs(...) do require('dingbridge').send(text) end", texts[:40])
    if how == "a signal":
        os.kill(editor.service_pid(), signal.SIGTERM)
    else:
        editor.chat(how)
    editor.lua("for _, text in ipairs(...) do require('dingbridge').send(text) end", texts[40:])
    if how == "service stop":
        editor.until_said("the service was stopped")
        editor.chat("status")

    def written() -> list[str]:
        records = lines_of(outbox(editor)) if outbox(editor).exists() else []
        return [str(line["outbound"]["text"]) for line in records if line["type"] == "put"]

    def shown() -> list[str]:
        return [str(row["text"]) for row in editor.transcript(session) if row["role"] == "editor"]

    editor.until(lambda: len(written()) >= len(texts), "all is written down", TAKING_UP)
    editor.until(lambda: len(shown()) >= len(texts), "all is shown", TAKING_UP)
    assert (written(), shown()) == (texts, texts)
    sandbox.client.release()


def test_what_a_transcript_could_not_take_for_a_moment_stands_there_once_and_in_order(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = connect(editor, api_options)
    with out_of_reach(editor.data / "dingbridge" / "sessions" / f"{session}.jsonl"):
        said = sandbox.client.say("first")
        assert sandbox.client.wait_ack(said.header_id).code == 200
        editor.until_said(f"cannot use {session}.jsonl")
    sandbox.client.say("second")
    editor.until(lambda: [row["text"] for row in editor.transcript(session)] == ["first", "second"])
    assert [row["text"] for row in editor.heard("DingbridgeReceived")] == ["first", "second"]


def test_a_session_that_could_not_be_read_when_neovim_started_is_bound_and_gets_its_messages(
    editor: Editor, start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = connect(editor, api_options)
    sandbox.client.say("before")
    editor.until(editor.transcript)
    editor.close()
    after = start_editor()
    with out_of_reach(editor.data / "dingbridge" / "sessions" / f"{session}.jsonl"):
        go_on(after, api_options)
        after.until(lambda: after.status()["session"] == session)
    after.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("after")
    after.until(lambda: on_disk(after, session) == ["before", "after"])
    after.chat(f"open {session}")
    after.until(lambda: [row["text"] for row in after.transcript(session)] == ["before", "after"])


@pytest.mark.skipif(os.name != "posix", reason="other systems have no file modes")
def test_only_the_user_can_read_what_is_kept(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = connect(editor, api_options)
    sandbox.client.say("question")
    editor.until(editor.transcript)
    send_all(editor, ["answer"])
    until_fates(editor, session, [("answer", "sent")])
    kept = [path for path in editor.data.glob("chat-dingtalk-*") if path.is_file()]
    kept += [path for path in (editor.data / "dingbridge").rglob("*") if path.is_file()]
    names = {path.name for path in kept}
    assert {outbox(editor).name, inbox(editor).name, "chat-dingtalk-state.json"} < names
    assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in kept} == dict.fromkeys(
        names, "0o600"
    )


NOTIFY = "return require('dingbridge').notify(...)"


def test_a_data_folder_that_cannot_be_written_is_told_and_nothing_is_lost_meanwhile(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any], tmp_path: Path
) -> None:
    there = tmp_path / "unplugged"
    editor = start_editor()
    editor.data.parent.mkdir(parents=True, exist_ok=True)
    editor.data.symlink_to(there)
    editor.setup(webhook_options)
    editor.chat("status")
    editor.until_said("cannot be written")
    editor.lua(NOTIFY, "while it is away")
    there.mkdir()
    editor.until_said("mode: webhook")
    assert sandbox.client.wait_arrived(1)[0].text == "while it is away"
    editor.lua(NOTIFY, "once it is back")
    assert sandbox.client.wait_arrived(2)[1].text == "once it is back"
    assert len([text for text in editor.said() if "cannot be written" in text]) == 1
    assert not [text for text in editor.said() if "unexpected" in text]


def test_without_a_log_file_everything_goes_on_and_that_is_said_once(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    in_the_way = editor.home / "state" / "nvim" / "dingbridge.log"
    in_the_way.mkdir(parents=True)
    editor.setup(webhook_options)
    editor.lua(NOTIFY, "without a log")
    assert sandbox.client.wait_arrived(1)[0].text == "without a log"
    editor.setup(webhook_options)
    editor.lua(NOTIFY, "and again")
    sandbox.client.wait_arrived(2)
    assert len([text for text in editor.said() if "log file" in text]) == 1
    in_the_way.rmdir()
    editor.setup(webhook_options)
    editor.lua(NOTIFY, "with a log")
    sandbox.client.wait_arrived(3)
    assert "DingTalk: enabled" in editor.log()
