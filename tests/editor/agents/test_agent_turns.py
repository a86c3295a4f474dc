"""A message goes to a coding agent, its answer grows in the chat, and goes out at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.support import services
from tests.support.agent_sessions import Gate, agent, heard, plan, set_up, start, tool, tool_update
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor


def test_an_answer_grows_in_the_chat_and_is_sent_when_it_is_whole(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    gates = [Gate(tmp_path, name) for name in ("one", "two", "three")]
    session = start(
        editor,
        api_options,
        [
            ["thought", "hm"],
            tool("t1", "Read a.py"),
            ["text", "Looking "],
            ["text", "at it."],
            gates[0].step,
            tool_update("t1", "completed"),
            plan(("read", "completed"), ("write", "in_progress")),
            gates[1].step,
            ["text", "\n\nDone."],
            gates[2].step,
        ],
    )
    sandbox.client.say("please look")
    editor.until(lambda: "Looking at it." in editor.chat_lines(session))
    lines = editor.chat_lines(session)
    at = lines.index("  ✓ done: thoughts")
    assert lines[at + 1 : at + 3] == ["  ⏳ waiting, read: Read a.py", "Looking at it."]
    assert sandbox.client.arrived() == []
    gates[0].open()
    editor.until(lambda: "  - plan, ⏳ running: write" in editor.chat_lines(session))
    lines = editor.chat_lines(session)
    assert lines[at + 1 : at + 5] == [
        "  ✓ done, read: Read a.py",
        "  - plan, ✓ done: read",
        "  - plan, ⏳ running: write",
        "Looking at it.",
    ]
    gates[1].open()
    editor.until(lambda: "Done." in editor.chat_lines(session))
    assert sandbox.client.arrived() == []
    shown = editor.chat_lines(session)
    gates[2].open()
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "Looking at it.\n\nDone."
    editor.until(lambda: [row["delivery"] for row in editor.transcript()] == ["", "sent"])
    answer = editor.transcript()[1]
    assert answer["author"] == "scripted"
    assert [(step["kind"], step["state"]) for step in answer["steps"]] == [
        ("thought", "done"),
        ("read", "done"),
        ("plan", "done"),
        ("plan", "pending"),
    ]
    # What stands in the transcript is what was seen before, but that nothing runs any more.
    shown[at + 3] = "  - plan, ○ open: write"
    assert editor.chat_lines(session)[at:] == shown[at:]


def test_two_messages_are_answered_one_after_the_other_and_the_second_hears_that_it_waits(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    gate = Gate(tmp_path)
    session = start(editor, api_options, [["prompt"], gate.step], [["prompt"]])
    first = sandbox.client.say("first", user="zhangsan")
    editor.until(lambda: any("first" in line for line in editor.chat_lines(session)[2:]))
    second = sandbox.client.say("second", user="lisi")
    [waits] = sandbox.client.wait_arrived(1)
    assert "Queued, 1 before you" in waits.text
    assert waits.reply_to == second.message_id
    gate.open()
    _, one, two = sandbox.client.wait_arrived(3)
    assert ("first" in one.text, one.reply_to) == (True, first.message_id)
    assert ("second" in two.text, two.reply_to) == (True, second.message_id)


def test_what_is_asked_by_the_way_comes_before_others_that_wait(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    gate = Gate(tmp_path)
    session = start(editor, api_options, [gate.step], [["prompt"]])
    sandbox.client.say("first")
    editor.until_lua(f"require('dingbridge.answering').is_asked('{session}')")
    sandbox.client.say("second", user="lisi")
    sandbox.client.wait_arrived(1)
    sandbox.client.say("/btw third")
    sandbox.client.wait_arrived(2)
    gate.open()
    texts = [each.text for each in sandbox.client.wait_arrived(5)]
    assert [("second" in text, "third" in text) for text in texts[3:]] == [
        (False, True),
        (True, False),
    ]
    assert "btw" not in texts[3]


def test_stop_ends_the_turn_at_once_and_the_next_message_is_answered(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = start(editor, api_options, [["text", "half of"], ["wait"]], [["text", "next"]])
    sandbox.client.say("question")
    editor.until(lambda: "half of" in editor.chat_lines(session))
    sandbox.client.say("/stop", user="lisi")
    [refused] = sandbox.client.wait_arrived(1)
    assert "nothing to stop" in refused.text
    sandbox.client.say("/stop")
    texts = {each.text for each in sandbox.client.wait_arrived(3)[1:]}
    assert any("half of" in text and "Stopped" in text for text in texts)
    sandbox.client.say("question")
    assert sandbox.client.wait_arrived(4)[-1].text == "next"


def test_stop_withdraws_the_own_message_that_waits_and_leaves_the_turn_of_another_person(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    gate = Gate(tmp_path)
    session = start(editor, api_options, [["text", "first"], gate.step], [["text", "second"]])
    sandbox.client.say("one")
    editor.until(lambda: "first" in editor.chat_lines(session))
    sandbox.client.say("two", user="lisi")
    sandbox.client.wait_arrived(1)
    sandbox.client.say("/stop", user="lisi")
    assert "that waited is withdrawn" in sandbox.client.wait_arrived(2)[1].text
    sandbox.client.say("three")
    sandbox.client.wait_arrived(3)
    gate.open()
    assert [each.text for each in sandbox.client.wait_arrived(5)[3:]] == ["first", "second"]
    said = [str(row["text"]) for row in editor.transcript(session)]
    assert [text for text in said if "has withdrawn “two”" in text] != []


def test_stop_in_the_editor_ends_the_turn_of_the_session_that_is_shown(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = start(editor, api_options, [["text", "half of"], ["wait"]])
    sandbox.client.say("question")
    editor.until(lambda: "half of" in editor.chat_lines(session))
    editor.chat("stop")
    [stopped] = sandbox.client.wait_arrived(1)
    assert "half of" in stopped.text


@pytest.mark.parametrize(
    ("turn", "words", "problem"),
    [
        ([["say_error", "it broke"], ["die", 3]], "scripted ended in the middle", "it broke"),
        ([["fail", {"code": -32000, "message": "log in"}]], "needs a log-in", ""),
        ([["fail", {"code": -32603, "message": "bad luck"}]], "with an error", "bad luck"),
        ([["text", "half"], ["die", 0]], "half", ""),
        ([["end", "max_tokens"]], "reached its token limit", ""),
        ([["end", "refusal"]], "refused this request", ""),
        ([], "ended without any text", ""),
        ([tool("t", "Look", status="completed")], "(1 steps)", ""),
    ],
)
def test_a_turn_that_does_not_end_well_is_said_in_the_session_and_to_the_one_who_asked(
    editor: Editor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    turn: list[Any],
    words: str,
    problem: str,
) -> None:
    session = start(editor, api_options, turn)
    sandbox.client.say("question")
    [answer] = sandbox.client.wait_arrived(1)
    assert words in answer.text
    assert not problem or problem not in answer.text
    editor.until(lambda: editor.transcript(session)[-1]["delivery"] == "sent")
    texts = [str(row["text"]) for row in editor.transcript(session)]
    assert words in texts[-1]
    assert any(problem in text for text in texts)
    editor.until_lua(
        "not require('dingbridge.answering').is_asked(...)".replace("...", f"'{session}'")
    )


def test_a_program_that_is_missing_is_said_with_what_to_do(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    set_up(editor, api_options, {"command": ["/nowhere/qwen", "--acp"], "name": "qwen"})
    sandbox.client.say("question")
    [answer] = sandbox.client.wait_arrived(1)
    assert "Qwen Code is not installed" in answer.text
    assert "npm install" in answer.text


def test_an_agent_that_is_silent_for_too_long_is_ended(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    set_up(editor, api_options, agent([["deaf"]]), agent_silence=1)
    sandbox.client.say("question")
    [answer] = sandbox.client.wait_arrived(1)
    assert "said nothing for too long" in answer.text


def test_a_typed_message_is_answered_here_and_goes_to_nobody(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = start(editor, api_options, [["prompt"]])
    sandbox.client.say("hello")
    sandbox.client.wait_arrived(1)
    editor.chat("send how are you")
    editor.until(lambda: "how are you" in editor.transcript(session)[-1]["text"])
    asked, answer = editor.transcript(session)[2:]
    assert (asked["role"], asked["delivery"]) == ("editor", "")
    assert (answer["role"], answer["delivery"]) == ("responder", "")
    assert len(sandbox.client.arrived()) == 1


def test_a_user_who_is_away_hears_that_the_answer_to_a_typed_message_is_there(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = start(editor, {**api_options, "user_id": "zhangsan"}, [["text", "fine"]])
    editor.nvim.command("doautocmd FocusLost")
    editor.chat("send how are you")
    assert "Done after 0 s" in sandbox.client.wait_arrived(1)[0].text
    assert editor.transcript(session)[-1]["text"] == "fine"


@pytest.mark.parametrize("command", ["send", "btw"])
def test_with_mirror_a_typed_message_and_its_answer_are_sent(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], command: str
) -> None:
    set_up(editor, api_options, agent([["text", "fine"]]), mirror=True)
    sandbox.client.say("hello")
    sandbox.client.wait_arrived(1)
    editor.chat(f"{command} how are you")
    assert [each.text for each in sandbox.client.wait_arrived(3)[1:]] == ["how are you", "fine"]


def test_instructions_folder_and_files_reach_the_agent(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    set_up(
        editor,
        api_options,
        agent([["folder"], ["prompt"]]),
        session_scope="user",
        cwd=str(tmp_path),
        instructions="Be brief.",
    )
    sandbox.client.say("question")
    [answer] = sandbox.client.wait_arrived(1)
    assert str(tmp_path) in answer.text
    assert "Be brief." in answer.text


def test_the_agent_goes_on_with_its_session_when_the_service_was_started_anew(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    log = tmp_path / "heard"
    can_resume: dict[str, Any] = {"agentCapabilities": {"sessionCapabilities": {"resume": {}}}}
    start(editor, api_options, [["text", "well"]], heard=str(log), initialize=can_resume)
    sandbox.client.say("one")
    sandbox.client.wait_arrived(1)
    before = services.pid(editor.data)
    editor.chat("service restart")
    editor.until(lambda: services.pid(editor.data) not in (0, before))
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("two")
    sandbox.client.wait_arrived(2)
    methods = [one.get("method") for one in heard(log)]
    assert methods.count("session/new") == 1
    assert methods.count("session/resume") == 1
