"""What an agent wants to do is done once somebody has allowed it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.support.agent_sessions import Gate, start
from tests.support.editor import Editor
from tests.support.scripted_agent import Steps

pytestmark = pytest.mark.shared_editor

CALL = {
    "toolCallId": "w",
    "title": "Write a.txt",
    "kind": "edit",
    "status": "pending",
    "content": [{"type": "diff", "path": "a.txt", "oldText": "old\n", "newText": "new\n"}],
}
TURN: Steps = [["ask", CALL], ["allowed", [["text", "written"]], [["text", "not written"]]]]


def code_in(text: str) -> str:
    """The code of an approval."""
    found = re.search(r"/approve[ -]([0-9A-Z]{4})", text)
    assert found is not None, text
    return found[1]


@pytest.mark.parametrize(
    ("command", "said"), [("approve", "written"), ("always", "written"), ("reject", "not written")]
)
def test_the_one_who_asked_decides_from_dingtalk(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], command: str, said: str
) -> None:
    session = start(editor, api_options, TURN)
    sandbox.client.say("write it")
    [question] = sandbox.client.wait_arrived(1)
    code = code_in(question.text)
    line = f"  ⏳ waits for approval {code}, edit: Write a.txt"
    editor.until(lambda: line in editor.chat_lines(session))
    sandbox.client.say(f"/{command} {code}")
    sandbox.client.wait_arrived(lambda each: each.text == said)
    editor.until(lambda: line not in editor.chat_lines(session))
    editor.until(lambda: editor.transcript(session)[-1]["text"] == said)


def test_what_is_always_allowed_is_not_asked_again(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    start(editor, api_options, TURN, TURN)
    sandbox.client.say("write it")
    code = code_in(sandbox.client.wait_arrived(1)[0].text)
    sandbox.client.say(f"/always {code}")
    sandbox.client.wait_arrived(lambda each: each.text == "written")
    count = len(sandbox.client.arrived())
    sandbox.client.say("write it again")
    editor.until(lambda: [row["text"] for row in editor.transcript()].count("written") == 2)
    sandbox.client.wait_arrived(count + 1)
    assert [each.text for each in sandbox.client.arrived()[count:]] == ["written"]


def test_stop_closes_the_approval_that_is_open(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    start(editor, api_options, [*TURN, ["text", " and ended"]])
    sandbox.client.say("write it")
    code = code_in(sandbox.client.wait_arrived(1)[0].text)
    sandbox.client.say("/stop")
    sandbox.client.wait_arrived(lambda each: "Stopped" in each.text)
    before = len(sandbox.client.arrived())
    sandbox.client.say(f"/approve {code}")
    sandbox.client.wait_arrived(before + 1)
    assert not any(each.text == "written" for each in sandbox.client.arrived())


def test_an_agent_that_dies_while_it_is_asked_leaves_nothing_open(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    gate = Gate(tmp_path)
    start(editor, api_options, [["ask_only", CALL], gate.step, ["die", 1]])
    sandbox.client.say("write it")
    code = code_in(sandbox.client.wait_arrived(1)[0].text)
    gate.open()
    sandbox.client.wait_arrived(lambda each: "ended in the middle" in each.text)
    before = len(sandbox.client.arrived())
    sandbox.client.say(f"/approve {code}")
    sandbox.client.wait_arrived(before + 1)


def test_the_user_decides_in_neovim_about_a_turn_that_was_typed_there(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "a.txt"
    turn: Steps = [["ask", CALL], ["allowed", [["write", str(file), "new"]], []], ["text", "ready"]]
    session = start(editor, api_options, turn)
    editor.chat("send write it")
    editor.until(lambda: any("waits for approval" in line for line in editor.chat_lines(session)))
    assert not file.exists()
    [line] = [line for line in editor.chat_lines(session) if "waits for approval" in line]
    editor.chat(f"approve {line.split('approval ')[1][:4]}")
    editor.until(lambda: editor.transcript(session)[-1]["text"] == "ready")
    assert file.read_text("utf-8") == "new"
    assert sandbox.client.arrived() == []


def test_the_first_answer_counts_and_the_other_side_reads_whose_it_was(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = start(editor, api_options, TURN)
    sandbox.client.say("write it")
    code = code_in(sandbox.client.wait_arrived(1)[0].text)
    editor.chat(f"reject {code}")
    sandbox.client.wait_arrived(lambda each: each.text == "not written")
    before = len(sandbox.client.arrived())
    sandbox.client.say(f"/approve {code}")
    assert len(sandbox.client.wait_arrived(before + 1)) > before
    editor.until(lambda: editor.transcript(session)[-1]["text"] == "not written")
    assert not any(each.text == "written" for each in sandbox.client.arrived())
