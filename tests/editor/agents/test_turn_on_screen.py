"""The answer that grows: where it stands, what is behind its steps, and what it survives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.support import services
from tests.support.agent_sessions import Gate, start, tool
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

_DETAILS = """
local buffer = require('dingbridge.buffers').get(..., 'transcript')
local rows = {}
local space = vim.api.nvim_get_namespaces().dingbridge_step_details
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, { details = true })) do
  for _, row in ipairs(mark[4].virt_lines or {}) do
    rows[#rows + 1] = row[1][1]
  end
end
return rows
"""


def to_line(editor: Editor, session: str, part: str) -> None:
    """Put the cursor on the line of the transcript that contains `part`."""
    window = "vim.fn.bufwinid(require('dingbridge.buffers').get(..., 'transcript'))"
    editor.lua(f"vim.api.nvim_set_current_win({window})", session)
    editor.nvim.call("search", part, "w")


def content(text: str) -> list[dict[str, Any]]:
    """The output of a tool."""
    return [{"type": "content", "content": {"type": "text", "text": text}}]


def test_messages_that_come_in_a_turn_stand_above_its_answer(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    gate = Gate(tmp_path)
    turn = [["text", "grows"], gate.step, ["text", " on"]]
    session = start(editor, api_options, turn, [["text", "next"]])
    sandbox.client.say("one")
    editor.until(lambda: "grows" in editor.chat_lines(session))
    sandbox.client.say("two", user="lisi")
    editor.until(lambda: "two" in editor.chat_lines(session))
    lines = editor.chat_lines(session)
    assert lines.index("one") < lines.index("two") < lines.index("grows")
    gate.open()
    editor.until(lambda: "next" in editor.chat_lines(session))
    lines = editor.chat_lines(session)
    assert lines.index("two") < lines.index("grows on") < lines.index("next")
    assert "grows" not in lines


def test_an_answer_that_grows_survives_that_the_session_is_emptied(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    gate = Gate(tmp_path)
    session = start(editor, api_options, [["text", "grows"], gate.step, ["text", " on"]])
    sandbox.client.say("one")
    editor.until(lambda: "grows" in editor.chat_lines(session))
    editor.chat("clear")
    editor.until(lambda: "one" not in editor.chat_lines(session))
    editor.until(lambda: "grows" in editor.chat_lines(session))
    gate.open()
    sandbox.client.wait_arrived(1)
    editor.until(lambda: [row["text"] for row in editor.transcript(session)] == ["grows on"])
    assert "grows on" in editor.chat_lines(session)


def test_za_shows_what_a_step_did_and_hides_it_and_k_shows_all(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    turn = [tool("t", "Look", status="completed", content=content("first\nsecond")), ["text", "ok"]]
    session = start(editor, api_options, turn)
    sandbox.client.say("one")
    editor.until(lambda: [row["delivery"] for row in editor.transcript()] == ["", "sent"])
    to_line(editor, session, "Look")
    editor.nvim.feedkeys("za", "x")
    assert editor.lua(_DETAILS, session) == ["    first", "    second"]
    editor.nvim.feedkeys("za", "x")
    assert editor.lua(_DETAILS, session) == []
    editor.nvim.feedkeys(editor.nvim.replace_termcodes("<CR>", True, True, True), "x")
    assert len(editor.lua(_DETAILS, session)) == 2
    editor.nvim.feedkeys("K", "x")
    editor.until_lua("#vim.api.nvim_list_wins() > 2")
    assert any("second" in line for line in editor.screen())


def test_a_detail_that_is_shown_stays_while_the_answer_grows(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    gate = Gate(tmp_path)
    turn = [
        tool("t", "Look", status="in_progress", content=content("so far")),
        gate.step,
        tool("t", "Look", status="completed", content=content("all of it")),
        tool("u", "Next", status="completed"),
        ["text", "ok"],
    ]
    session = start(editor, api_options, [*turn, Gate(tmp_path, "end").step])
    sandbox.client.say("one")
    editor.until(lambda: any("Look" in line for line in editor.chat_lines(session)))
    to_line(editor, session, "Look")
    editor.nvim.feedkeys("za", "x")
    assert editor.lua(_DETAILS, session) == ["    so far"]
    gate.open()
    editor.until(lambda: "ok" in editor.chat_lines(session))
    assert editor.lua(_DETAILS, session) == ["    all of it"]
    Gate(tmp_path, "end").open()
    editor.until(lambda: editor.transcript(session)[-1].get("is_live") is None)
    assert editor.lua(_DETAILS, session) == []


def test_steps_are_shown_again_from_the_transcript(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    turn = [tool("t", "Look", status="completed"), ["text", "ok"]]
    session = start(editor, api_options, turn)
    sandbox.client.say("one")
    sandbox.client.wait_arrived(1)
    before = services.pid(editor.data)
    editor.chat("service restart")
    editor.until(lambda: services.pid(editor.data) not in (0, before))
    editor.lua("require('dingbridge.state').transcripts[...] = nil", session)
    editor.lua("require('dingbridge.chat_window').close(...)", session)
    editor.chat(f"open {session}")
    editor.until(lambda: "ok" in editor.chat_lines(session))
    assert "  ✓ done, read: Look" in editor.chat_lines(session)


def test_a_long_answer_is_whole_and_nothing_in_it_acts_on_the_screen(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    piece = "a line of the answer with \x1b[31mcolour\x1b[0m\n"
    turn = [tool("t", "\x1b]0;title\x07Look\nout", status="completed")]
    turn += [["text", f"{number} {piece}"] for number in range(600)]
    session = start(editor, {**api_options, "file_after": 1}, turn)
    sandbox.client.say("one")
    editor.until(lambda: any("599 a line" in line for line in editor.chat_lines(session)))
    editor.until(lambda: editor.transcript(session)[-1].get("is_live") is None)
    lines = editor.chat_lines(session)
    assert [line for line in lines if line[:1].isdigit()] == [
        f"{number} a line of the answer with colour" for number in range(600)
    ]
    assert r"  ✓ done, read: \x1b]0;title\x07Look out" in lines
