"""What came in reaches its session once after kills and torn files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support.disk import exchange
from tests.support.durability import connect, go_on, inbox, lines_of, on_disk, tear
from tests.support.editor import Editor
from tests.support.kills import Comeback


def receive_in_vain(editor: Editor, sandbox: Sandbox, session: str, text: str) -> Path:
    """A robot message is acked while the transcript cannot be written; where that one is kept."""
    path = editor.data / "dingbridge" / "sessions" / f"{session}.jsonl"
    kept = path.with_suffix(".kept")
    kept.mkdir()
    exchange(path, kept)
    said = sandbox.client.say(text)
    assert sandbox.client.wait_ack(said.header_id).code == 200
    editor.until_said(f"cannot use {session}.jsonl")
    return kept


def put_back(kept: Path) -> None:
    """The transcript can be written again."""
    path = kept.with_suffix(".jsonl")
    exchange(path, kept)
    kept.rmdir()


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
    other = str(after.until(lambda: after.status()["session"]))
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
