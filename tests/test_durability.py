"""What was accepted survives kills, torn files and lost answers, in both directions."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from dingbridge.core import transcript
from dingbridge.core.messages import Message, Role
from dingbridge.core.transcript import Entry
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.disk import out_of_reach
from tests.editor import Editor
from tests.pieces import joined

REFUSED = Fault.errcode("/robot/send", 430104, "improper content")
TAKING_UP = 20.0
"""Seconds in which everything that waited has a fate: a machine may be busy."""

Comeback = Callable[[Editor], Editor]


def outbox(editor: Editor) -> Path:
    """The journal of what goes out."""
    return editor.data / "chat-dingtalk-outbox.jsonl"


def inbox(editor: Editor) -> Path:
    """The journal of what came in."""
    return editor.data / "chat-dingtalk-inbox.jsonl"


def on_disk(editor: Editor, session: str) -> list[str]:
    """The texts in a session's transcript file, in order; a text that stands there twice is
    named twice."""
    path = editor.data / "dingbridge" / "sessions" / f"{session}.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
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


@pytest.fixture(params=["host", "editor"])
def come_back(request: pytest.FixtureRequest, start_editor: StartEditor) -> Comeback:
    """`kill -9` of the host, or of the whole editor, and what its user does next."""

    def killed(editor: Editor) -> Editor:
        if request.param == "host":
            editor.kill_host()
            editor.until_lua("not require('dingbridge.host').is_running()")
            return editor
        editor.kill()
        return start_editor()

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
    editor: Editor, come_back: Comeback, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send", "after", times=2))
    send_all(editor, ["one", "two"])
    sandbox.client.wait_hanging()
    between = come_back(editor)
    between.listen()
    go_on(between, webhook_options)
    sandbox.client.wait_hanging(2)
    send_all(between, ["three"])
    after = come_back(between)
    sandbox.client.release()
    go_on(after, webhook_options)
    until_fates(after, session, [("one", "sent"), ("two", "sent"), ("three", "sent")])
    assert [each.text for each in sandbox.client.arrived()] == ["one", "two", "three"]


def test_a_long_message_goes_on_at_the_chunk_where_it_was_cut_off(
    editor: Editor, come_back: Comeback, sandbox: Sandbox, webhook_options: dict[str, Any]
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
    after = come_back(editor)
    go_on(after, options)
    until_fates(after, session, [("first", "sent"), (text, "sent")])
    pieces = [each.text for each in sandbox.client.arrived()][1:]
    assert len(pieces) > 3
    assert len(set(pieces)) == len(pieces)
    assert joined(pieces) == text.replace("\n", "  \n")


def test_a_notification_survives_as_well(
    editor: Editor, come_back: Comeback, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.listen()
    editor.setup(webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send", "after"))
    editor.lua("require('dingbridge').notify('deployed', { title = 'T', at_all = true })")
    editor.until(lambda: editor.heard("DingbridgeQueued"))
    sandbox.client.wait_hanging()
    after = come_back(editor)
    go_on(after, webhook_options)
    after.chat("notify and more")
    first, second = sandbox.client.wait_arrived(2, timeout=TAKING_UP)
    assert (first.title, first.text, first.at["isAtAll"]) == ("T", "deployed", True)
    assert second.text == "and more"
    after.until_lua("require('dingbridge').status().queued == 0")
    assert len(sandbox.client.arrived()) == 2


def test_what_a_dead_host_left_shows_as_waiting_until_its_fate_is_known(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send"))
    send_all(editor, ["one"])
    sandbox.client.wait_hanging()
    editor.kill_host()
    editor.until_said("the next :Chat starts it again")
    [row] = editor.transcript(session)
    assert row["delivery"] == "queued"
    assert "once the host runs again" in row["reason"]
    assert "⏳" not in editor.lua("return require('dingbridge').statusline()")
    sandbox.client.release()
    editor.chat()
    until_fates(editor, session, [("one", "sent")])
    assert editor.transcript(session)[0]["reason"] == ""
    assert len(sandbox.client.arrived()) == 1


def test_a_message_that_was_refused_meanwhile_ends_as_failed_after_a_kill(
    editor: Editor, come_back: Comeback, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send", seconds=60))
    send_all(editor, ["refused"])
    sandbox.client.wait_hanging()
    after = come_back(editor)
    sandbox.client.fault(REFUSED)
    go_on(after, webhook_options)
    until_fates(after, session, [("refused", "failed")])
    assert "improper content" in after.transcript(session)[0]["reason"]
    after.until(lambda: after.status()["failed"] == 1)


@pytest.mark.parametrize(
    ("delivery", "arrivals", "fate"), [("at_least_once", 2, "sent"), ("at_most_once", 1, "failed")]
)
def test_where_dingtalk_knows_no_repeats_the_option_delivery_decides(
    editor: Editor,
    come_back: Comeback,
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
    after = come_back(editor)
    go_on(after, options)
    until_fates(after, session, [("uncertain", fate), ("next", "sent")])
    texts = [each.text for each in sandbox.client.arrived()]
    assert texts == ["uncertain"] * arrivals + ["next"]
    row = next(row for row in after.transcript(session) if row["text"] == "uncertain")
    assert ("may have arrived" if fate == "failed" else "may be there twice") in row["reason"]


def test_a_torn_line_in_the_outbox_stops_nothing(
    editor: Editor, come_back: Comeback, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    session = bind(editor, webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send"))
    send_all(editor, ["one", "two"])
    sandbox.client.wait_hanging()
    after = come_back(editor)
    sandbox.client.release()
    whole = outbox(after).read_text("utf-8").splitlines()
    tear(outbox(after), whole[0])
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


@pytest.mark.parametrize("lua", [True, False])
def test_who_waits_for_an_answer_is_told_when_neovim_is_closed_before_it_comes(
    start_editor: StartEditor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    tmp_path: Path,
    lua: bool,
) -> None:
    working = tmp_path / "working"
    program = ["sh", "-c", f"touch {working}; sleep 60"]
    editor = start_editor()
    connect(editor, {**api_options, "responder": program})
    if lua:
        editor.lua(
            "require('dingbridge').setup(vim.tbl_extend('force', ..., { responder = function() "
            f"vim.fn.writefile({{}}, '{working}') end }}))",
            api_options,
        )
    sandbox.client.say("are you there?")
    editor.until(working.exists)
    editor.close()
    after = start_editor()
    go_on(after, api_options)
    [arrived] = sandbox.client.wait_arrived(lambda each: "closed before" in each.text)
    assert arrived.reply_to


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
    records = lines_of(outbox(after)) if outbox(after).exists() else []
    written = [line["outbound"]["text"] for line in records if line["type"] == "put"]
    # A host that is busy for too long is ended: then the editor has written down the rest.
    for left in (after.data / "dingbridge" / "unconfirmed").glob("*.json"):
        rest = [row["payload"]["text"] for row in json.loads(left.read_text("utf-8"))["asked"]]
        written += [text for text in rest if text not in written]
    assert written == texts
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
    after = come_back(editor)
    put_back(kept)
    go_on(after, api_options)
    after.until(lambda: on_disk(after, session) == ["before", "in between"])
    after.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("after")
    everything = ["before", "in between", "after"]
    after.until(lambda: on_disk(after, session) == everything)
    after.until(lambda: [row["text"] for row in after.transcript(session)] == everything)


def test_what_was_written_down_but_not_ticked_off_stands_in_the_transcript_once(
    editor: Editor, come_back: Comeback, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = connect(editor, api_options)
    sandbox.client.say("one")
    sandbox.client.say("two")
    editor.until(lambda: len(editor.transcript(session)) == 2)
    editor.until(lambda: [row["type"] for row in lines_of(inbox(editor))].count("handed") == 2)
    after = come_back(editor)
    # The kill came before the last word of the journal.
    left = [line for line in inbox(after).read_bytes().splitlines() if b'"handed"' not in line]
    inbox(after).write_bytes(b"\n".join(left) + b"\n")
    go_on(after, api_options)
    after.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("three")
    after.until(lambda: "three" in on_disk(after, session))
    assert on_disk(after, session) == ["one", "two", "three"]
    after.until(lambda: len(after.transcript(session)) == 3)
    assert [row["text"] for row in after.transcript(session)] == ["one", "two", "three"]


def test_a_torn_line_in_the_inbox_stops_nothing(
    editor: Editor, come_back: Comeback, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = connect(editor, api_options)
    kept = receive_in_vain(editor, sandbox, session, "first")
    after = come_back(editor)
    put_back(kept)
    tear(inbox(after), inbox(after).read_text("utf-8").splitlines()[0])
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


def test_a_message_that_comes_again_through_another_neovim_reaches_the_session_once(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    first, second = start_editor(), start_editor()
    old = connect(first, api_options)
    said = sandbox.client.say("once")
    first.until(first.transcript)
    second.setup(api_options)
    second.chat("new Second")
    second.until(lambda: second.sessions() and second.sessions()[0]["title"] == "Second")
    new = connect(second, api_options)
    first.close()
    second.until(lambda: second.status()["owner"] == "" and second.status()["connected"])
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
    editor.until_said("mode: webhook")
    there.mkdir()
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
