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


# --- what is read stays readable ---------------------------------------------------------------

LONG_ERROR = "the settings have problems:\n  " + "\n  ".join(f"option {n} is odd" for n in range(6))
SIZES = pytest.mark.parametrize("size", [(120, 36), (100, 30), (80, 24), (60, 20), (40, 20)])


def screen_of(editor: Editor, size: tuple[int, int]) -> None:
    editor.nvim.ui_attach(*size)
    editor.nvim.command(f"set columns={size[0]} lines={size[1]}")


def until_stands(editor: Editor, *parts: str) -> None:
    """Wait until each part is on one row of the screen."""

    def hidden() -> list[str]:
        rows = editor.screen()
        return [part for part in parts if not any(part in row for row in rows)]

    editor.until(lambda: not hidden(), f"{parts} on the screen")
    assert not hidden(), editor.screen()


@SIZES
def test_a_notice_covers_no_next_step_of_an_empty_session(
    editor: Editor, size: tuple[int, int]
) -> None:
    screen_of(editor, size)
    editor.setup({"app_kye": "x"})
    editor.chat()
    editor.until(editor.sessions)
    until_stands(editor, ":checkhealth dingbridge", "settings have", ":Chat help", "g?")


@SIZES
def test_a_notice_covers_no_line_of_a_report(editor: Editor, size: tuple[int, int]) -> None:
    screen_of(editor, size)
    editor.setup({})
    editor.chat("new x")
    editor.until(editor.sessions)
    editor.lua(SHOW, LONG_ERROR, "error")
    until_corner(editor, "the settings have")
    editor.lua(
        "require('dingbridge.report_window').show(...)",
        {
            "name": "status",
            "again": False,
            "lines": [{"text": f"state {n}: " + "fine " * 3, "message": ""} for n in range(3)],
        },
    )
    until_stands(editor, *(f"state {n}: fine fine fine" for n in range(3)), "the settings have")


@SIZES
def test_a_notice_covers_no_line_of_the_list_of_keys(editor: Editor, size: tuple[int, int]) -> None:
    screen_of(editor, size)
    show_messages(editor, mine("words", delivery="sent", **TO))
    editor.lua("require('dingbridge.key_list').show()")
    rows = editor.until(lambda: [row for row in editor.screen() if "│" in row])
    editor.lua(SHOW, LONG_ERROR, "error")
    until_corner(editor, "the settings have")
    until_stands(editor, *rows, "the settings have")


@SIZES
@pytest.mark.parametrize("earlier", [0, 2, 20])
def test_a_notice_covers_no_line_of_the_last_message(
    editor: Editor, size: tuple[int, int], earlier: int
) -> None:
    screen_of(editor, size)
    texts = [f"text {number}" for number in range(earlier)]
    last = "\n\n".join(f"last {number}" for number in range(4))
    show_messages(editor, *(mine(text, delivery="sent", **TO) for text in [*texts, last]))
    until_stands(editor, "last 3")
    shown = [f"last {n}" for n in range(4) if any(f"last {n}" in row for row in editor.screen())]
    editor.lua(SHOW, LONG_ERROR, "error")
    editor.lua(SHOW, LONG_ERROR.replace("odd", "bad"), "error")
    until_corner(editor, "the settings have")
    until_stands(editor, *shown, "the settings have", "Draft")


def test_of_what_has_no_room_the_rest_is_in_the_list_of_notices(editor: Editor) -> None:
    screen_of(editor, (40, 12))
    last = "\n\n".join(f"last {number}" for number in range(20))
    show_messages(editor, mine(last, delivery="sent", **TO))
    editor.lua(SHOW, LONG_ERROR, "error")
    editor.lua(SHOW, "and this")
    until_stands(editor, "and this", ":Chat messages", "last 19")
    editor.nvim.command("Chat messages")
    until_stands(editor, "and this")


def test_a_notice_moves_when_what_is_read_comes_to_where_it_stands(editor: Editor) -> None:
    screen_of(editor, (80, 24))
    show_messages(editor, mine("first", delivery="sent", **TO))
    editor.lua(SHOW, LONG_ERROR, "error")
    until_corner(editor, "the settings have")
    text = "\n\n".join(f"line {number}" for number in range(6))
    show_messages(editor, mine("first", delivery="sent", **TO), mine(text, delivery="sent", **TO))
    until_stands(editor, *(f"line {number}" for number in range(6)), "the settings have")


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
