"""Notices never stop the user, whatever they do and whatever shows notifications."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

TEXTS = {
    "short": "one thing",
    "long": "long " * 200,
    "lines": "line\n" * 100,
    "wide": "长" * 500,
}
DOING = {"nothing": "", "typing": "i", "selecting": "v", "giving a command": ":echo"}
MODES = {"nothing": "n", "typing": "i", "selecting": "v", "giving a command": "c"}

SHOW = "require('dingbridge.notice').show(...)"
FLOATING = """
for _, window in ipairs(vim.api.nvim_list_wins()) do
  if vim.api.nvim_win_get_config(window).relative ~= '' then
    return vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
  end
end
return {}
"""
# Commands whose output is in the message area already, so that one line more would be too much.
TYPED = ":lua print('mine') require('dingbridge.notice').show('%s') print('mine too')\r"


def with_screen(editor: Editor, cmdheight: int) -> Editor:
    editor.nvim.ui_attach(80, 24)
    editor.nvim.command(f"set columns=80 lines=24 cmdheight={cmdheight}")
    return editor


def floating(editor: Editor) -> list[str]:
    """The lines of the corner's window."""
    return list(editor.lua(FLOATING))


def mode(editor: Editor) -> dict[str, Any]:
    """Answered also while Neovim waits for a key, as nothing else is."""
    return dict(editor.nvim.api.get_mode())


@pytest.mark.parametrize("cmdheight", [0, 1])
@pytest.mark.parametrize("doing", DOING)
def test_nothing_that_is_said_waits_for_a_key(editor: Editor, doing: str, cmdheight: int) -> None:
    with_screen(editor, cmdheight)
    for level in ("info", "warn", "error"):
        for text in TEXTS.values():
            editor.nvim.input(DOING[doing])
            editor.until(lambda: mode(editor)["mode"] == MODES[doing])
            for _ in range(3):
                editor.nvim.exec_lua(SHOW, text, level, async_=True)
            assert mode(editor) == {"mode": MODES[doing], "blocking": False}
            editor.nvim.input("<Esc>")
            editor.until(lambda: mode(editor)["mode"] == "n")
            assert not mode(editor)["blocking"]
    editor.until(lambda: floating(editor))
    assert not mode(editor)["blocking"]
    assert len(editor.said()) == 3 * 3 * len(TEXTS)


def test_a_notice_within_a_command_with_words_of_its_own_waits_for_no_key(editor: Editor) -> None:
    with_screen(editor, 2)
    editor.nvim.input(TYPED % "short")
    assert editor.until(lambda: floating(editor)) == [" short"]
    assert mode(editor) == {"mode": "n", "blocking": False}


WAITING = """
function Notices()
  for number = 1, 3 do
    vim.defer_fn(function() require('dingbridge.notice').show('number ' .. number) end, 0)
  end
  vim.wait(10000, function() return #require('dingbridge.notice').said == 3 end, 1)
  vim.wait(20)
  _G.waited = true
end
"""


def test_notices_while_a_command_waits_for_something_ask_for_no_key(editor: Editor) -> None:
    with_screen(editor, 1)
    editor.lua(WAITING)
    editor.nvim.input(":lua Notices()\r")
    editor.until_lua("_G.waited")
    assert mode(editor) == {"mode": "n", "blocking": False}
    assert floating(editor) == [" number 1", " number 2", " number 3"]


def test_notices_in_a_row_stand_below_each_other(editor: Editor) -> None:
    with_screen(editor, 1)
    for number, level in enumerate(("info", "error", "warn")):
        editor.lua(SHOW, f"number {number}", level)
    editor.until(lambda: len(floating(editor)) == 3)
    assert floating(editor) == [" number 0", " number 1", " number 2"]


TIME_PASSES = """
_G.due = {}
local defer = vim.defer_fn
vim.defer_fn = function(act, pause)
  if pause < 1000 then return defer(act, pause) end
  _G.due[#_G.due + 1] = act
end
"""
"""What happens after a second or more waits for `PASSES`."""
PASSES = "local due = _G.due; _G.due = {}; for _, act in ipairs(due) do act() end"
SIZE = """
for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
  local config = vim.api.nvim_win_get_config(window)
  if config.relative ~= '' then return { config.width, config.height, config.footer and 1 or 0 } end
end
"""


def test_a_corner_with_an_error_becomes_as_small_again_once_other_notices_are_over(
    editor: Editor,
) -> None:
    with_screen(editor, 1)
    editor.lua(TIME_PASSES)
    editor.lua(SHOW, "broken", "error")
    editor.until(lambda: floating(editor) == [" broken"])
    alone = editor.lua(SIZE)
    for number in range(100):
        editor.lua(SHOW, f"a longer notice, number {number}")
    last = " a longer notice, number 99"
    editor.until(lambda: last in floating(editor))
    shown = floating(editor)
    assert (shown[0], shown[-1], len(shown)) == (" broken", last, 20)
    editor.lua(PASSES)
    assert floating(editor) == [" broken"]
    assert editor.lua(SIZE) == alone
    editor.lua(SHOW, "said before the key")
    editor.until(lambda: len(floating(editor)) == 2)
    editor.nvim.input("l")
    editor.until(lambda: floating(editor) == [" said before the key"])
    editor.lua(PASSES)
    assert floating(editor) == []
    assert editor.lua(SIZE) is None


def test_an_error_before_a_key_goes_once_it_could_be_read(editor: Editor) -> None:
    with_screen(editor, 1)
    editor.lua(TIME_PASSES)
    editor.lua(SHOW, "broken", "error")
    editor.until(lambda: floating(editor) == [" broken"])
    editor.nvim.input("l")
    editor.lua(SHOW, "said after the key")
    editor.until(lambda: len(floating(editor)) == 2)
    editor.lua("table.remove(_G.due, 1)()")
    assert floating(editor) == [" said after the key"]


def test_what_is_said_twice_stands_there_once(editor: Editor) -> None:
    with_screen(editor, 1)
    for text in ("one", "two", "one"):
        editor.lua(SHOW, text, "error")
    editor.until(lambda: floating(editor) == [" two", " one"])
    assert editor.said() == ["one", "two", "one"]


def test_a_corner_that_the_user_closed_stays_closed(editor: Editor) -> None:
    with_screen(editor, 1)
    editor.lua(TIME_PASSES)
    editor.lua(SHOW, "first")
    editor.lua(SHOW, "second", "error")
    editor.until(lambda: len(floating(editor)) == 2)
    editor.nvim.command("fclose!")
    editor.lua(PASSES)
    assert floating(editor) == []


def test_notices_come_and_go_while_the_command_line_window_is_open(editor: Editor) -> None:
    with_screen(editor, 1)
    editor.lua(TIME_PASSES)
    editor.lua(SHOW, "before")
    editor.until(lambda: floating(editor) == [" before"])
    editor.nvim.input("q:")
    editor.until_lua("vim.fn.getcmdwintype() == ':'")
    editor.lua(SHOW, "within")
    editor.until(lambda: floating(editor) == [" before", " within"])
    editor.lua(PASSES)
    assert floating(editor) == []
    editor.nvim.input("<C-c><C-c>")


def test_the_corner_stays_in_the_corner_when_the_screen_changes(editor: Editor) -> None:
    with_screen(editor, 1)
    editor.lua(SHOW, "first", "error")
    editor.until(lambda: floating(editor) == [" first"])
    editor.nvim.command("set columns=60")
    editor.nvim.ui_try_resize(60, 24)
    place = """
        for _, window in ipairs(vim.api.nvim_list_wins()) do
          local config = vim.api.nvim_win_get_config(window)
          if config.relative ~= '' then return config.col end
        end
    """
    editor.until(lambda: editor.lua(place) == 59)


def test_a_notice_shows_in_the_tab_page_where_the_user_is(editor: Editor) -> None:
    with_screen(editor, 1)
    editor.lua(SHOW, "first", "error")
    editor.until(lambda: floating(editor) == [" first"])
    editor.nvim.command("tabnew")
    editor.lua(SHOW, "second")
    editor.until(lambda: floating(editor) == [" first", " second"])
    assert editor.lua(SIZE)


def test_what_is_said_while_a_command_is_typed_shows_once_it_is_given(editor: Editor) -> None:
    with_screen(editor, 1)
    editor.nvim.input(":let g:typed = 1")
    editor.until(lambda: mode(editor)["mode"] == "c")
    editor.lua(SHOW, "first\nsecond")
    assert mode(editor)["mode"] == "c"
    editor.nvim.input("\r")
    editor.until(lambda: floating(editor) == [" first", " second"])
    assert editor.nvim.vars["typed"] == 1


@pytest.mark.parametrize("text", ["problem\n" * 100_000, "x" * 5_000_000], ids=["lines", "a word"])
def test_of_what_does_not_fit_on_the_screen_the_beginning_shows(editor: Editor, text: str) -> None:
    with_screen(editor, 1)
    editor.lua(SHOW, f"first\n{text}")
    shown = editor.until(lambda: floating(editor))
    assert shown[0] == " first"
    assert len(shown) == 20
    assert shown[-1].endswith("…")


REPLACED = """
_G.shown = {}
local own = vim.notify
vim.notify = function(text, level, opts)
  table.insert(_G.shown, { text, level, opts.title })
  %s
end
"""


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize(
    "then",
    [
        "",
        "vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'theirs' })",
        "vim.schedule(function() vim.cmd.redraw() end)",
    ],
    ids=["only notes it", "shows it in a window", "shows it later"],
)
def test_who_shows_notifications_in_their_own_way_gets_each_once_and_alone(
    editor: Editor, text: str, then: str
) -> None:
    with_screen(editor, 1)
    editor.lua(REPLACED % then)
    editor.lua(SHOW, text, "error")
    editor.until_lua("#_G.shown > 0")
    assert editor.lua("return _G.shown") == [
        [text, editor.lua("return vim.log.levels.ERROR"), "dingbridge"]
    ]
    assert floating(editor) == []


@pytest.mark.parametrize("level", ["info", "warn", "error"])
@pytest.mark.parametrize(
    "then",
    ["error('broken')", "own('[me] ' .. text, level, opts)"],
    ids=["fails", "hands it to Neovim's own"],
)
def test_what_the_users_own_way_does_not_show_is_shown_all_the_same(
    editor: Editor, then: str, level: str
) -> None:
    with_screen(editor, 1)
    editor.lua("vim.v.errmsg = 'from before'")
    editor.lua(REPLACED % then)
    editor.lua(SHOW, "first\nsecond", level)
    assert editor.until(lambda: floating(editor)) == [" first", " second"]
    assert mode(editor) == {"mode": "n", "blocking": False}
    assert editor.lua("return vim.v.errmsg") == "from before"


def test_a_word_that_has_room_in_a_line_of_its_own_is_not_cut(editor: Editor) -> None:
    with_screen(editor, 1)
    option = "integrations.dingtalk.app_secret"
    address = "https://example.com/" + "a" * 60
    editor.lua(SHOW, f"and now {option} is not set: {address} {'长' * 60}", "warn")
    shown = editor.until(lambda: floating(editor))
    assert any(option in line for line in shown)
    # What is longer than a line fills it.
    assert "".join(line[1:] for line in shown).replace(" ", "").endswith(address + "长" * 60)
