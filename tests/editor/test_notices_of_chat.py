"""Notices beside a chat: they leave it readable, say nothing twice and nothing outdated."""

from __future__ import annotations

import re

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.editor.test_message_signs import BELOW, TO, mine
from tests.editor.test_message_signs import show as show_messages
from tests.editor.test_notices import SHOW, TIME_PASSES, floating
from tests.editor.test_report import fail
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor


def corner(editor: Editor) -> str:
    """What the corner says, as one line."""
    return " ".join(" ".join(floating(editor)).split())


def until_corner(editor: Editor, part: str) -> str:
    return editor.until(lambda: corner(editor) if part in corner(editor) else "", part)


@pytest.mark.parametrize("columns", [40, 100])
def test_a_notice_covers_no_message_while_there_is_room_below(editor: Editor, columns: int) -> None:
    editor.nvim.command(f"set columns={columns} lines=24")
    show_messages(editor, mine("first words", delivery="failed", reason="too late", **TO))
    for number in range(2):
        editor.lua(SHOW, f"a notice of several words, long enough for two lines: {number}", "error")
    until_corner(editor, "two lines: 1")
    parts = {"You → 张三 (1:1)", "✗ failed", "too late", "first words", "Draft", "lines: 1"}

    def hidden() -> set[str]:
        screen = "\n".join(editor.screen())
        return {part for part in parts if part not in screen}

    editor.until(lambda: not hidden(), "all on the screen")


def test_a_notice_stands_at_the_top_of_a_chat_that_is_full(editor: Editor) -> None:
    editor.nvim.command("set columns=40 lines=24")
    show_messages(editor, *(mine(f"text {number}", delivery="sent", **TO) for number in range(20)))
    editor.until(lambda: any("text 19" in row for row in editor.screen()))
    editor.lua(SHOW, "a notice")
    editor.until(lambda: any("a notice" in row for row in editor.screen()[:3]))
    assert any("text 19" in row for row in editor.screen())


def test_a_failure_that_stands_at_its_message_is_not_told_beside_it(
    bound: Editor, sandbox: Sandbox
) -> None:
    fail(bound, sandbox, "refused words")
    bound.until_said("not delivered to 张三 (1:1)")
    bound.lua(SHOW, "after it")
    assert "not delivered" not in until_corner(bound, "after it")
    assert any("not today" in line for line in below(bound))
    assert "not delivered" not in bound.nvim.command_output("messages")
    bound.nvim.command("tabnew")
    fail(bound, sandbox, "again")
    until_corner(bound, "not delivered to 张三 (1:1)")


def below(editor: Editor) -> list[str]:
    """The reasons below the headings of the current session."""
    code = BELOW.replace("'s'", "require('dingbridge.state').current")
    return list(editor.lua(code))


def test_a_request_that_was_decided_is_not_shown_any_more(bound: Editor, sandbox: Sandbox) -> None:
    bound.lua(TIME_PASSES)
    sandbox.client.say("may I?", user="lisi")
    asked = until_corner(bound, "asks to talk to you")
    [code] = {*re.findall(r":Chat pair (\w+)", asked)}
    bound.chat(f"pair {code}")
    until_corner(bound, "has access for good")
    bound.until(lambda: code not in corner(bound), f"no {code}")
