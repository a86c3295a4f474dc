"""What was accepted survives kills, torn files and lost answers, in both directions."""

from __future__ import annotations

import json
import os
import signal
import stat
from pathlib import Path
from typing import Any, Literal

import pytest

from dingbridge.core.messages import Message, Role
from dingbridge.core.sessions import transcript
from dingbridge.core.sessions.transcript import Entry
from dingbridge.core.timeouts import STOP_WITHIN
from dingbridge.edges.storage.owner_lock import OwnerLock
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support import services
from tests.support.disk import out_of_reach
from tests.support.editor import Editor
from tests.support.kills import Comeback, Kills
from tests.support.pieces import joined
from tests.support.processes import frozen, until

REFUSED = Fault.errcode("/robot/send", 430104, "improper content")
CURRENT = "require('dingbridge.store').current"
TAKING_UP = 20.0
"""Seconds in which everything that waited has a fate: a machine may be busy."""


def outbox(editor: Editor) -> Path:
    """The journal of what goes out."""
    return editor.data / "chat-dingtalk-outbox.jsonl"


def inbox(editor: Editor) -> Path:
    """The journal of what came in."""
    return editor.data / "chat-dingtalk-inbox.jsonl"


def session_file(editor: Editor, session: str) -> Path:
    """A session's transcript."""
    return editor.data / "dingbridge" / "sessions" / f"{session}.jsonl"


def on_disk(editor: Editor, session: str) -> list[str]:
    """The texts in a session's transcript file, in order; a text that stands there twice is
    named twice."""
    rows = [
        json.loads(line) for line in session_file(editor, session).read_text("utf-8").splitlines()
    ]
    return [str(row["message"]["text"]) for row in rows if "message" in row]


def tear(journal: Path, line: str) -> None:
    """A crash in the midst of a line."""
    with journal.open("ab") as file:
        file.write(line.encode()[: len(line) // 2])


def lines_of(journal: Path) -> list[dict[str, Any]]:
    """The records in a journal."""
    return [json.loads(line) for line in journal.read_bytes().splitlines()]


def bind(editor: Editor, options: dict[str, Any]) -> str:
    """Set up and bind a session; its id."""
    editor.listen()
    editor.setup(options)
    editor.chat("bridge dingtalk")
    return str(editor.until(lambda: editor.status()["session"]))


def connect(editor: Editor, options: dict[str, Any]) -> str:
    """The same with a link."""
    session = bind(editor, options)
    editor.until_lua("require('dingbridge').status().connected")
    return session


def send_all(editor: Editor, texts: list[str]) -> None:
    """Send messages and wait until all of them are accepted."""
    before = len(editor.heard("DingbridgeQueued"))
    for text in texts:
        editor.lua("require('dingbridge').send(...)", text)
    editor.until(lambda: len(editor.heard("DingbridgeQueued")) == before + len(texts))


def fates(editor: Editor, session: str) -> list[tuple[str, str]]:
    """Text and fate of each message that was written in the editor."""
    rows = editor.transcript(session)
    return [(str(row["text"]), str(row["delivery"])) for row in rows if row["role"] == "editor"]


def until_fates(editor: Editor, session: str, wanted: list[tuple[str, str]]) -> None:
    """Wait until all messages have these fates."""
    editor.until(lambda: fates(editor, session) == wanted, f"{wanted}", TAKING_UP)


@pytest.fixture(params=["host", "editor", "service", "all"])
def come_back(request: pytest.FixtureRequest, start_editor: StartEditor) -> Comeback:
    """Any kill."""
    killed: Comeback = getattr(Kills(start_editor), request.param)
    return killed


@pytest.fixture(params=["service", "all"])
def start_anew(request: pytest.FixtureRequest, start_editor: StartEditor) -> Comeback:
    """A kill after which another service goes on."""
    killed: Comeback = getattr(Kills(start_editor), request.param)
    return killed


def go_on(editor: Editor, options: dict[str, Any]) -> None:
    """What the user of a new or old editor does: `setup()` stands in the configuration."""
    editor.setup(options)
    editor.chat()


# --- out ------------------------------------------------------------------------------------------


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
    editor.until_lua("require('dingbridge.store').service_gone")
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
    editor.until_lua("require('dingbridge.store').service_gone")
    editor.nvim.command(("1" if line == "send-image" else "") + "Chat " + line.format(file=file))
    session_file(editor, session).unlink()
    lock.release()
    editor.until_said("there is no such session", TAKING_UP)
    editor.lua("require('dingbridge').send('last', { session = ... })", other)
    sandbox.client.wait_arrived(1)
    assert [each.text for each in sandbox.client.arrived()] == ["last"]
    assert [row["text"] for row in editor.transcript(other)] == ["last"]


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


# --- in -------------------------------------------------------------------------------------------


def test_who_waits_for_an_answer_is_told_at_once_when_neovim_is_closed_before_it_comes(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    working = tmp_path / "working"
    connect(editor, api_options)
    editor.lua(
        "require('dingbridge').setup(vim.tbl_extend('force', ..., { responder = function() "
        f"vim.fn.writefile({{}}, '{working}') end }}))",
        api_options,
    )
    sandbox.client.say("are you there?")
    editor.until(working.exists)
    editor.close()
    [arrived] = sandbox.client.wait_arrived(lambda each: "closed before" in each.text)
    assert arrived.reply_to
    services.must_end(editor.data)


@pytest.mark.skipif(os.name != "posix", reason="a shell is the responder")
@pytest.mark.parametrize("way", ["responder", "job"])
def test_a_program_goes_on_when_neovim_is_closed_and_its_answer_is_sent(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path, way: str
) -> None:
    working, go_on = tmp_path / "working", tmp_path / "go on"
    script = f"touch {working}; until [ -e '{go_on}' ]; do sleep 0.05; done; echo the answer"
    program = ["sh", "-c", script]
    named = {"responder": program} if way == "responder" else {"jobs": {"build": program}}
    connect(editor, {**api_options, **named, "commands": ["*"]})
    sandbox.client.say("question" if way == "responder" else "/run build")
    editor.until(working.exists)
    service = services.pid(editor.data)
    editor.close()
    assert services.pid(editor.data) == service
    go_on.touch()
    sandbox.client.wait_arrived(lambda each: "the answer" in each.text)
    services.must_end(editor.data)


@pytest.mark.skipif(os.name != "posix", reason="a shell is the responder")
def test_who_waits_for_the_answer_of_a_program_is_told_when_the_service_is_ended(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    working = tmp_path / "working"
    connect(editor, {**api_options, "responder": ["sh", "-c", f"touch {working}; sleep 60"]})
    sandbox.client.say("are you there?")
    editor.until(working.exists)
    service = services.pid(editor.data)
    editor.chat("service stop")
    services.wait_until_gone(service)
    editor.chat("status")
    sandbox.client.wait_arrived(lambda each: "closed before" in each.text)


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


def test_a_message_that_stays_here_and_that_the_disk_refuses_until_neovim_is_left_is_not_lost(
    editor: Editor, start_editor: StartEditor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("new")
    session = str(editor.until(lambda: editor.lua("return require('dingbridge.store').current")))
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
              for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(
                vim.fn.bufnr('^chat://' .. ... .. '$'), ns, 0, -1, { details = true })) do
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
    session = str(editor.until(lambda: editor.lua("return require('dingbridge.store').current")))
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
        editor.until_lua("require('dingbridge.host').is_configured()")
        editor.chat("status")
        editor.until_said("mode: webhook")
        assert editor.heard("DingbridgeQueued") == []
        with frozen(editor.host_pid()):
            editor.kill_service()
    editor.setup(webhook_options)
    sandbox.client.wait_arrived(1)
    assert [each.text for each in sandbox.client.arrived()] == ["one"]


def test_the_service_does_not_end_before_the_disk_has_taken_what_the_last_editor_left(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    service = editor.service_pid()
    with out_of_reach(session_file(editor, session)):
        editor.lua("require('dingbridge').send('one')")
        sandbox.client.wait_arrived(1)
        editor.close()
        # Longer than it takes to leave, and than a service that is told to end takes.
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


def receive_in_vain(editor: Editor, sandbox: Sandbox, session: str, text: str) -> Path:
    """A robot message is acked while the transcript cannot be written; where that one is kept."""
    path = editor.data / "dingbridge" / "sessions" / f"{session}.jsonl"
    kept = path.with_suffix(".kept")
    os.replace(path, kept)
    path.mkdir()
    said = sandbox.client.say(text)
    assert sandbox.client.wait_ack(said.header_id).code == 200
    editor.until_said(f"cannot use {session}.jsonl")
    return kept


def put_back(kept: Path) -> None:
    """The transcript can be written again."""
    path = kept.with_suffix(".jsonl")
    path.rmdir()
    os.replace(kept, path)


def test_what_was_acked_and_not_handed_over_is_handed_over_once_after_a_kill(
    editor: Editor, come_back: Comeback, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = connect(editor, api_options)
    sandbox.client.say("before")
    editor.until(editor.transcript)
    kept = receive_in_vain(editor, sandbox, session, "in between")
    after = come_back(editor, lambda: put_back(kept))
    go_on(after, api_options)
    after.until(lambda: on_disk(after, session) == ["before", "in between"])
    after.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("after")
    everything = ["before", "in between", "after"]
    after.until(lambda: on_disk(after, session) == everything)
    after.until(lambda: [row["text"] for row in after.transcript(session)] == everything)


def test_what_was_written_down_but_not_ticked_off_stands_in_the_transcript_once(
    editor: Editor, start_anew: Comeback, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = connect(editor, api_options)
    sandbox.client.say("one")
    sandbox.client.say("two")
    editor.until(lambda: len(editor.transcript(session)) == 2)
    editor.until(lambda: [row["type"] for row in lines_of(inbox(editor))].count("handed") == 2)

    def forget_the_last_word() -> None:
        # The kill came before the last word of the journal.
        lines = inbox(editor).read_bytes().splitlines()
        left = [line for line in lines if b'"handed"' not in line]
        inbox(editor).write_bytes(b"\n".join(left) + b"\n")

    after = start_anew(editor, forget_the_last_word)
    go_on(after, api_options)
    after.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("three")
    after.until(lambda: "three" in on_disk(after, session))
    assert on_disk(after, session) == ["one", "two", "three"]
    after.until(lambda: len(after.transcript(session)) == 3)
    assert [row["text"] for row in after.transcript(session)] == ["one", "two", "three"]


def test_what_was_written_down_but_not_ticked_off_comes_into_no_other_session(
    editor: Editor, start_anew: Comeback, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = connect(editor, api_options)
    sandbox.client.say("one")
    editor.until(lambda: len(editor.transcript(session)) == 1)
    editor.until(lambda: [row["type"] for row in lines_of(inbox(editor))].count("handed") == 1)

    def forget_what_was_last() -> None:
        # The kill came before the last word of the journal; and the session is bound no more.
        lines = inbox(editor).read_bytes().splitlines()
        left = [line for line in lines if b'"handed"' not in line]
        inbox(editor).write_bytes(b"\n".join(left) + b"\n")
        (editor.data / "chat-dingtalk-state.json").unlink()

    after = start_anew(editor, forget_what_was_last)
    after.setup(api_options)
    after.chat("new Another")
    after.chat("bridge dingtalk")
    after.until_lua("require('dingbridge').status().connected")
    other = str(after.status()["session"])
    assert other != session
    sandbox.client.say("two")
    after.until(lambda: on_disk(after, other) == ["two"])
    assert on_disk(after, session) == ["one"]


def test_a_torn_line_in_the_inbox_stops_nothing(
    editor: Editor, start_anew: Comeback, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = connect(editor, api_options)
    kept = receive_in_vain(editor, sandbox, session, "first")

    def put_back_and_tear() -> None:
        put_back(kept)
        tear(inbox(editor), inbox(editor).read_text("utf-8").splitlines()[0])

    after = start_anew(editor, put_back_and_tear)
    go_on(after, api_options)
    after.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("second")
    after.until(lambda: on_disk(after, session) == ["first", "second"])
    assert "damaged" in after.log()


def test_a_message_that_comes_again_after_a_kill_reaches_the_session_once(
    editor: Editor, come_back: Comeback, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = connect(editor, api_options)
    first = sandbox.client.say("once")
    editor.until(editor.transcript)
    again = sandbox.client.say(repeat=True, message_id=first.message_id)
    assert sandbox.client.wait_ack(again.header_id).code == 200
    after = come_back(editor)
    go_on(after, api_options)
    after.until_lua("require('dingbridge').status().connected")
    again = sandbox.client.say(repeat=True, message_id=first.message_id)
    assert again.header_id != first.header_id
    assert sandbox.client.wait_ack(again.header_id).code == 200
    sandbox.client.say("another")
    after.until(lambda: "another" in on_disk(after, session))
    assert on_disk(after, session) == ["once", "another"]


def test_a_message_that_comes_again_through_another_connection_reaches_its_session_once(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    first, second = start_editor(), start_editor()
    second.execute("cd", second.home)
    old = connect(first, api_options)
    said = sandbox.client.say("once")
    first.until(first.transcript)
    second.setup(api_options)
    second.chat("new Second")
    second.until(lambda: second.sessions() and second.sessions()[0]["title"] == "Second")
    new = connect(second, api_options)
    first.close()
    second.kill_service()
    second.until(lambda: second.service_pid() and second.status()["connected"])
    again = sandbox.client.say(repeat=True, message_id=said.message_id)
    assert again.connection_id != said.connection_id
    assert sandbox.client.wait_ack(again.header_id).code == 200
    sandbox.client.say("another")
    second.until(lambda: on_disk(second, new) == ["another"])
    assert on_disk(second, old) == ["once"]


# --- dead letters ---------------------------------------------------------------------------------


def refused(editor: Editor, sandbox: Sandbox, session: str, text: str) -> str:
    """A message that DingTalk refuses; its id."""
    sandbox.client.fault(REFUSED)
    name = str(editor.lua("return require('dingbridge').send(...)", text))

    def failed() -> bool:
        rows = editor.transcript(session)
        return any(row["id"] == name and row["delivery"] == "failed" for row in rows)

    editor.until(failed)
    return name


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
    editor.chat("retry")
    editor.until_said("not sent again, for they may have arrived: 1")
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


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("retry", "there is no failed message; see :Chat outbox"),
        ("retry nothing", "there is no failed message nothing; see :Chat outbox"),
        ("drop nothing", "there is no waiting or failed message nothing; see :Chat outbox"),
        ("drop", "drop needs an argument"),
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


# --- files ----------------------------------------------------------------------------------------


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


# --- folders that cannot be written ---------------------------------------------------------------

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
