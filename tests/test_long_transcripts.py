"""What a redraw costs does not depend on how long the transcript is."""

from __future__ import annotations

import pytest

from tests.editor import Editor

FILL = """
local count, words = ...
local push, store = require('dingbridge.push'), require('dingbridge.store')
local list = {}
for number = 1, count do
  list[number] = {
    id = tostring(number),
    role = 'dingtalk',
    author = 'zhangsan',
    text = number % 100 == 50 and words or ('**bold** %d'):format(number),
    time = 0,
    delivery = '',
    reason = '',
  }
end
push.apply({
  { kind = 'sessions', list = { { id = 'long', title = 'long', created = 0, bound = false } } },
  { kind = 'messages', id = 'long', list = list, reset = true },
  { kind = 'open', id = 'long' },
})
"""
# When it searches upwards, Neovim walks through all marks of such a range, whatever `limit` says.
COUNT = """
_G.searched = 0
local search = vim.api.nvim_buf_get_extmarks
vim.api.nvim_buf_get_extmarks = function(buffer, namespace, first, last, opts)
  if type(first) == 'table' and type(last) == 'table' then
    _G.searched = _G.searched + math.abs(last[1] - first[1]) + 1
  end
  return search(buffer, namespace, first, last, opts)
end
"""
ARRIVE = """
require('dingbridge.push').apply({ {
  kind = 'messages',
  id = 'long',
  reset = false,
  list = { {
    id = 'new' .. ..., role = 'dingtalk', author = 'zhangsan', text = '*new* one',
    time = 0, delivery = '', reason = '',
  } },
} })
vim.cmd.redraw()
"""
SHOWN = "vim.api.nvim_buf_line_count(vim.fn.bufnr('^chat://long$'))"
PAINTED = """
local buffer = vim.fn.bufnr('^chat://long$')
local namespace = vim.api.nvim_get_namespaces().dingbridge_markdown
local window = vim.fn.win_findbuf(buffer)[1]
local row = vim.fn.line('w0', window) - 1
return #vim.api.nvim_buf_get_extmarks(buffer, namespace, { row, 0 }, { row, -1 }, {}) > 0
"""


def shown(editor: Editor, messages: int, words: str = "words") -> Editor:
    """An editor with a screen that shows the end of such a transcript."""
    editor.setup({})
    editor.nvim.ui_attach(80, 24)
    editor.lua(FILL, messages, words)
    editor.until_lua(f"{SHOWN} >= 4 * {messages}")
    editor.lua("vim.cmd.redraw()")
    return editor


def rows_searched(editor: Editor, messages: int) -> int:
    """Rows that are searched for marks when ten messages arrive below so many."""
    shown(editor, messages)
    editor.lua(COUNT)
    for number in range(10):
        editor.lua(ARRIVE, number)
    editor.until_lua(f"{SHOWN} >= 4 * ({messages} + 10)")
    return int(editor.lua("return _G.searched"))


def test_an_arrival_searches_as_few_rows_in_a_long_transcript_as_in_a_short_one(
    editor: Editor,
) -> None:
    assert 0 < rows_searched(editor, 20_000) < 5000


@pytest.mark.parametrize("lines", [1, 31, 32, 33, 100, 1000])
def test_a_message_is_coloured_however_far_above_the_window_it_begins(
    editor: Editor, lines: int
) -> None:
    shown(editor, 50, "\n".join(["*a*"] * lines))
    editor.lua("""
        local window = vim.fn.win_findbuf(vim.fn.bufnr('^chat://long$'))[1]
        vim.api.nvim_set_current_win(window)
        vim.cmd('normal! Gkzt')
        vim.cmd.redraw()
    """)
    assert editor.until(lambda: editor.lua(PAINTED))
