"""Where a chat opens, how high its draft is, and that a restored window shows it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from tests.support.editor import Editor

PLACES = """
local found = {}
for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
  local part = require('dingbridge.buffers').of(vim.api.nvim_win_get_buf(window)) or 'other'
  local place = vim.api.nvim_win_get_position(window)
  found[part] = {
    row = place[1], column = place[2],
    width = vim.api.nvim_win_get_width(window), height = vim.api.nvim_win_get_height(window),
    floats = vim.api.nvim_win_get_config(window).relative ~= '',
  }
end
return found
"""
LINES = """
local window = vim.fn.win_findbuf(require('dingbridge.buffers').get(..., 'draft'))[1]
return vim.api.nvim_win_get_height(window) - vim.fn.getwininfo(window)[1].winbar
"""


def open_chat(editor: Editor, **window: Any) -> dict[str, Any]:
    """A chat beside a file, on a screen of 120 columns and 40 lines."""
    editor.setup({"window": window} if window else {})
    editor.nvim.command("edit file.txt")
    editor.chat("new Chat")
    editor.until_lua("require('dingbridge.state').current ~= ''")
    editor.until(lambda: "draft" in editor.lua(PLACES))
    editor.until_lua("vim.api.nvim_buf_get_name(0) == 'chat://Chat/draft'")
    return dict(editor.lua(PLACES))


def settle(editor: Editor) -> None:
    """Wait until Neovim has sent `WinResized`, which it does before the next key."""
    editor.nvim.input(":let g:is_settled = v:true<CR>")
    editor.until_lua("vim.g.is_settled")
    editor.nvim.command("unlet g:is_settled")


def test_a_chat_opens_on_the_right_in_half_the_screen(editor: Editor) -> None:
    places = open_chat(editor)
    assert places["transcript"]["column"] > places["other"]["column"]
    assert places["transcript"]["width"] == 60
    assert places["draft"]["row"] > places["transcript"]["row"]


@pytest.mark.shared_editor
@pytest.mark.parametrize(
    ("window", "want"),
    [
        ({"width": 0.25}, {"width": 30, "row": 0}),
        ({"width": 44}, {"width": 44, "row": 0}),
        ({"layout": "left", "width": 44}, {"width": 44, "column": 0, "row": 0}),
        ({"layout": "bottom"}, {"width": 120, "column": 0}),
    ],
)
def test_a_chat_opens_where_the_options_say(
    editor: Editor, window: dict[str, Any], want: dict[str, int]
) -> None:
    places = open_chat(editor, **window)
    assert {name: places["transcript"][name] for name in want} == want
    below = places["transcript"]["row"] + places["transcript"]["height"]
    assert places["draft"]["row"] in (below, below + 1)


@pytest.mark.shared_editor
def test_a_chat_at_the_bottom_has_the_height_of_the_options(editor: Editor) -> None:
    places = open_chat(editor, layout="bottom", height=20)
    assert places["transcript"]["height"] + places["draft"]["height"] + 1 == 20
    assert places["transcript"]["row"] > places["other"]["row"]


@pytest.mark.shared_editor
def test_a_chat_floats_above_the_windows_and_opens_again(editor: Editor) -> None:
    places = open_chat(editor, layout="float", width=0.5, height=0.5)
    assert places["transcript"]["floats"]
    assert places["draft"]["floats"]
    assert not places["other"]["floats"]
    assert places["other"]["width"] == 120
    assert places["transcript"]["width"] == 58
    below = places["transcript"]["row"] + places["transcript"]["height"] + 2
    assert places["draft"]["row"] == below
    editor.nvim.command("quit | quit")
    assert [*editor.lua(PLACES)] == ["other"]
    editor.chat()
    editor.until(lambda: editor.lua(PLACES) == places)


@pytest.mark.shared_editor
def test_a_floating_chat_keeps_its_part_of_a_screen_that_changes(editor: Editor) -> None:
    open_chat(editor, layout="float", width=0.5, height=0.5)
    editor.nvim.command("set columns=60 lines=20")
    editor.until(lambda: editor.lua(PLACES)["transcript"]["width"] == 28)
    places = editor.lua(PLACES)
    above, below = places["transcript"], places["draft"]
    assert below["row"] == above["row"] + above["height"] + 2
    assert below["row"] + below["height"] < 19
    editor.nvim.command("set columns=120 lines=40")
    editor.until(lambda: editor.lua(PLACES)["transcript"]["width"] == 58)


@pytest.mark.shared_editor
def test_a_chat_in_a_tab_page_of_its_own_is_found_there(editor: Editor) -> None:
    places = open_chat(editor, layout="tab")
    assert {*places} == {"transcript", "draft"}
    editor.nvim.command("tabfirst")
    editor.chat()
    editor.until(lambda: "draft" in editor.lua(PLACES))
    assert editor.lua("return #vim.api.nvim_list_tabpages()") == 2


@pytest.mark.shared_editor
def test_a_size_that_is_none_is_told(editor: Editor) -> None:
    editor.setup({"window": {"layout": "rigth", "width": -1, "hight": 1}})
    for problem in (
        "window.layout: must be 'right' or 'left' or 'bottom' or 'float' or 'tab';"
        " did you mean 'right'?",
        "window.width: must be a number from 0 to 1000",
        "window.hight: unknown option, did you mean height?",
    ):
        editor.until_said(problem)


@pytest.mark.shared_editor
@pytest.mark.parametrize("layout", ["right", "float"])
def test_the_draft_grows_with_its_text_up_to_a_third_and_shrinks_when_it_is_sent(
    editor: Editor, layout: str
) -> None:
    places = open_chat(editor, layout=layout, height=1)
    session = editor.lua("return require('dingbridge.state').current")
    room = places["transcript"]["height"] + places["draft"]["height"]

    def lines() -> int:
        return int(editor.lua(LINES, session))

    assert lines() == 3
    editor.nvim.input("ione<CR>two<CR>three<CR>four<CR>five")
    editor.until(lambda: lines() == 5)
    editor.nvim.input("<CR>more" * 30 + "<Esc>")
    editor.until(lambda: lines() == room // 3)
    after = editor.lua(PLACES)
    assert after["transcript"]["height"] + after["draft"]["height"] == room
    editor.nvim.command("write")
    editor.until(lambda: lines() == 3)


@pytest.mark.shared_editor
def test_a_long_line_in_the_draft_counts_as_the_lines_it_takes(editor: Editor) -> None:
    open_chat(editor, width=40)
    session = editor.lua("return require('dingbridge.state').current")
    editor.nvim.input("i" + "字" * 90)
    editor.until(lambda: editor.lua(LINES, session) == 5)


@pytest.mark.shared_editor
@pytest.mark.parametrize("place", ["botright", "topleft"])
def test_the_lines_of_a_window_that_closes_go_to_the_transcript(editor: Editor, place: str) -> None:
    before = open_chat(editor)
    editor.nvim.command(f"{place} 12new")
    assert editor.lua(PLACES)["transcript"]["height"] < before["transcript"]["height"]
    editor.nvim.command("close")
    editor.until(lambda: editor.lua(PLACES) == before)
    editor.nvim.command(f"{place} 12new")
    settle(editor)
    assert editor.lua(PLACES)["draft"] == before["draft"] | {"row": ANY}
    editor.nvim.command("close")
    editor.until(lambda: editor.lua(PLACES) == before)


@pytest.mark.shared_editor
def test_a_height_that_the_user_gave_the_draft_outlives_a_window_below(editor: Editor) -> None:
    open_chat(editor)
    settle(editor)
    editor.nvim.command("resize 9")
    settle(editor)
    given = editor.lua(PLACES)
    assert given["draft"]["height"] == 9
    editor.nvim.command("botright 12new")
    editor.nvim.command("close")
    editor.until(lambda: editor.lua(PLACES) == given)


@pytest.mark.shared_editor
def test_a_report_that_closes_below_the_only_chat_leaves_its_lines_to_the_transcript(
    editor: Editor,
) -> None:
    editor.setup({})
    editor.chat("new Chat")
    editor.until(lambda: "draft" in editor.lua(PLACES))
    before = editor.lua(PLACES)
    assert {*before} == {"transcript", "draft"}
    editor.chat("status")
    editor.until(lambda: "other" in editor.lua(PLACES))
    report = editor.lua(PLACES)["other"]["height"]
    editor.nvim.command("set lines=16")
    editor.chat("status")
    editor.until(lambda: editor.lua(PLACES)["other"]["height"] == 16 // 3 < report)
    editor.until(lambda: editor.lua(PLACES)["draft"]["height"] == before["draft"]["height"])
    assert editor.lua(PLACES)["other"]["height"] == 16 // 3
    editor.nvim.command("set lines=40")
    editor.nvim.feedkeys("q", "x")
    editor.until(lambda: editor.lua(PLACES) == before)


@pytest.mark.shared_editor
def test_the_draft_stays_small_when_the_chat_opens_around_it_again(editor: Editor) -> None:
    open_chat(editor)
    session = editor.lua("return require('dingbridge.state').current")
    editor.nvim.command("only")
    editor.chat()
    editor.until(lambda: "transcript" in editor.lua(PLACES))
    assert editor.lua(LINES, session) == 3


def test_a_chat_is_in_its_window_again_after_mksession(editor: Editor, tmp_path: Path) -> None:
    open_chat(editor)
    editor.lua("require('dingbridge').send('kept words')")
    editor.until(lambda: "kept words" in editor.chat_lines(editor.sessions()[0]["id"]))
    before = editor.lua(PLACES)
    editor.execute("mksession", tmp_path / "Session.vim")
    editor.close()
    again = Editor(editor.home)
    try:
        again.setup({})
        again.execute("source", tmp_path / "Session.vim")
        again.until(lambda: {*again.lua(PLACES)} == {"transcript", "draft", "other"})
        [session] = again.until(again.sessions)
        again.until(lambda: "kept words" in again.chat_lines(session["id"]))
        assert again.lua(PLACES) == before
        again.lua("require('dingbridge').send('new words', { session = ... })", session["id"])
        again.until(lambda: "new words" in again.chat_lines(session["id"]))
    finally:
        again.close()
