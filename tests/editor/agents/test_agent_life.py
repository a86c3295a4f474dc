"""Agents outlive editors; what is cut off is said, and leaves no process behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support import services
from tests.support.agent_sessions import PEOPLE, Gate, agent, heard, start
from tests.support.editor import Editor

LOST = "the answer is lost; you may ask again"


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie."""
    try:
        os.kill(pid, 0)
        return b" Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except (ProcessLookupError, FileNotFoundError):
        return False


def go_on(editor: Editor, options: dict[str, Any], chosen: Any) -> None:
    """Set up an editor that restores its binding."""
    editor.setup({**options, "allow_from": [*PEOPLE], "agent": chosen})
    editor.chat("status")
    editor.until_lua("require('dingbridge').status().connected")


def test_the_answer_is_sent_after_its_editor_has_gone_and_the_next_editor_goes_on(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    gate, log = Gate(tmp_path), tmp_path / "heard"
    turns = [["text", "first"], gate.step], [["text", "second"]]
    editor = start_editor()
    session = start(editor, api_options, *turns, heard=str(log))
    sandbox.client.say("one")
    editor.until(lambda: "first" in editor.chat_lines(session))
    editor.close()
    other = start_editor()
    go_on(other, api_options, agent(*turns, heard=str(log)))
    other.chat(f"open {session}")
    # It sees the answer that grows for the editor before it.
    other.until(lambda: "first" in other.chat_lines(session))
    gate.open()
    assert [each.text for each in sandbox.client.wait_arrived(1)] == ["first"]
    sandbox.client.say("two")
    assert sandbox.client.wait_arrived(2)[1].text == "second"
    assert [one["method"] for one in heard(log) if "method" in one].count("initialize") == 1
    other.until(lambda: [row["text"] for row in other.transcript(session)][-1] == "second")


def test_a_service_that_is_killed_in_a_turn_leaves_no_process_and_the_one_who_asked_hears_it(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    log = tmp_path / "heard"
    editor = start_editor()
    session = start(
        editor, api_options, [["spawn"], ["text", " working"], ["wait"]], heard=str(log)
    )
    sandbox.client.say("one")
    editor.until(lambda: any("working" in line for line in editor.chat_lines(session)))
    [line] = [line for line in editor.chat_lines(session) if "working" in line]
    child = int(line.split()[0])
    assert is_alive(child)
    before = services.pid(editor.data)
    editor.kill_service()
    editor.until(lambda: services.pid(editor.data) not in (0, before))
    [answer] = sandbox.client.wait_arrived(1)
    assert LOST in answer.text
    editor.until(lambda: not is_alive(child), "no process stays behind")
    assert [one["method"] for one in heard(log) if "method" in one].count("session/prompt") == 1
    editor.until(lambda: not any("working" in line for line in editor.chat_lines(session)))
    editor.until_said("this answer is lost")


@pytest.mark.parametrize("way", ["text", "card"])
def test_a_service_that_ends_while_it_asks_closes_the_question_and_says_the_same_everywhere(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], way: str
) -> None:
    editor = start_editor()
    call = {"toolCallId": "t1", "title": "Edit notes.txt", "kind": "edit"}
    turn: list[list[Any]] = [["text", "half"], ["ask", call], ["text", "never"]]
    options = {**api_options, "approval_cards": way == "card"}
    session = start(editor, options, turn)
    sandbox.client.say("one")
    editor.until(lambda: editor.status()["approvals"] == 1)
    if way == "card":
        editor.until(lambda: [card for card in sandbox.client.cards() if card.places])
    else:
        sandbox.client.wait_arrived(1)
    before = services.pid(editor.data)
    os.kill(before, signal.SIGTERM)
    editor.until(lambda: services.pid(editor.data) not in (0, before))
    if way == "card":
        texts = [each.text for each in sandbox.client.wait_arrived(1)]
        editor.until(lambda: "Not needed any more" in str(sandbox.client.cards()[0].data))
    else:
        texts = [each.text for each in sandbox.client.wait_arrived(3)[1:]]
        assert [text for text in texts if "Not needed any more" in text] != []
    [answer] = [text for text in texts if "half" in text]
    assert "ended with the service of dingbridge" in answer
    assert [text for text in texts if "editor was closed" in text] == []
    editor.until(lambda: editor.transcript(session)[-1]["delivery"] == "sent")
    assert [row["text"] for row in editor.transcript(session)][1:] == [answer]


def test_the_session_says_which_typed_messages_a_killed_service_did_not_answer(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    log = tmp_path / "heard"
    editor = start_editor()
    session = start(editor, api_options, [["text", "working"], ["wait"]], heard=str(log))
    editor.chat("send one")
    editor.until(lambda: "working" in editor.chat_lines(session))
    editor.chat("send two")
    editor.until_said("queued, one before this one")
    before = services.pid(editor.data)
    editor.kill_service()
    editor.until(lambda: services.pid(editor.data) not in (0, before))

    def lost() -> list[str]:
        said = (row["text"] for row in editor.transcript(session))
        return [text for text in said if "the service ended before" in text]

    editor.until(lambda: len(lost()) == 2)
    assert ["“one”" in lost()[0], "“two”" in lost()[1]] == [True, True]
    assert [one["method"] for one in heard(log) if "method" in one].count("session/prompt") == 1


def test_a_message_that_waits_is_answered_by_the_next_service(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    log = tmp_path / "heard"
    editor = start_editor()
    # The agent of the next service has its turns from the first one on.
    turn = [["prompt"], Gate(tmp_path).step]
    session = start(editor, api_options, turn, heard=str(log))
    first = sandbox.client.say("one")
    editor.until(lambda: any('"one"' in line for line in editor.chat_lines(session)))
    second = sandbox.client.say("two", user="lisi")
    sandbox.client.wait_arrived(lambda each: "Queued, 1 before you" in each.text)
    before = services.pid(editor.data)
    editor.kill_service()
    editor.until(lambda: services.pid(editor.data) not in (0, before))
    Gate(tmp_path).open()
    [lost] = sandbox.client.wait_arrived(lambda each: LOST in each.text)
    [answer] = sandbox.client.wait_arrived(lambda each: '"two"' in each.text)
    assert (lost.reply_to, answer.reply_to) == (first.message_id, second.message_id)
    prompts = [one["params"] for one in heard(log) if one.get("method") == "session/prompt"]
    assert len(prompts) == 2


def test_an_editor_that_leaves_with_messages_that_wait_has_them_answered(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    gate = Gate(tmp_path)
    editor = start_editor()
    session = start(editor, api_options, [["text", "first"], gate.step], [["text", "second"]])
    sandbox.client.say("one")
    editor.until(lambda: "first" in editor.chat_lines(session))
    sandbox.client.say("two")
    sandbox.client.wait_arrived(1)
    editor.close()
    gate.open()
    assert [each.text for each in sandbox.client.wait_arrived(3)[1:]] == ["first", "second"]


def test_the_agent_ends_with_its_session(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor = start_editor()
    session = start(editor, api_options, [["spawn"]])
    sandbox.client.say("one")
    [answer] = sandbox.client.wait_arrived(1)
    child = int(answer.text)
    assert is_alive(child)
    editor.chat("delete")
    editor.until(lambda: not is_alive(child), "the agent has ended")
    assert session not in (editor.data / "dingbridge" / "agents.json").read_text("utf-8")


def test_a_session_that_is_deleted_in_a_turn_ends_the_turn_and_the_one_who_asked_hears_it(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor = start_editor()
    session = start(editor, api_options, [["text", "half"], ["wait"]])
    sandbox.client.say("one")
    editor.until(lambda: "half" in editor.chat_lines(session))
    editor.chat("delete")
    [answer] = sandbox.client.wait_arrived(1)
    assert "half" in answer.text


def test_an_agent_ends_with_the_service(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor = start_editor()
    start(editor, api_options, [["spawn"]])
    sandbox.client.say("one")
    [answer] = sandbox.client.wait_arrived(1)
    child = int(answer.text)
    editor.close()
    services.wait_until_gone(services.pid(editor.data))
    assert not is_alive(child)


pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
