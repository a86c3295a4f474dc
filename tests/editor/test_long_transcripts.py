"""A long transcript: its end is shown at once, the rest while nobody waits, and what an arrival or
a redraw costs does not depend on how long it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from dingbridge.core.messages import Message, Role
from dingbridge.core.sessions import transcript
from dingbridge.core.sessions.transcript import SessionInfo
from tests.conftest import StartEditor
from tests.support.editor import Editor
from tests.support.processes import until

FILL = """
local count, words = ...
local push, store = require('dingbridge.updates'), require('dingbridge.state')
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
  last = last == 0 and { 0, 0 } or last
  if type(first) == 'table' and type(last) == 'table' then
    _G.searched = _G.searched + math.abs(last[1] - first[1]) + 1
  end
  return search(buffer, namespace, first, last, opts)
end
"""
ARRIVE = """
require('dingbridge.updates').apply({ {
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
SHOWN = """(function()
  local buffer = require('dingbridge.buffers').get('long', 'transcript')
  return buffer and vim.api.nvim_buf_line_count(buffer) or 0
end)()"""
PAINTED = """
local buffer = require('dingbridge.buffers').get('long', 'transcript')
local namespace = vim.api.nvim_get_namespaces().dingbridge_markdown
local window = vim.fn.win_findbuf(buffer)[1]
local row = vim.fn.line('w0', window) - 1
return #vim.api.nvim_buf_get_extmarks(buffer, namespace, { row, 0 }, { row, -1 }, {}) > 0
"""
# A table of names with so many entries is copied at once when it grows.
LARGEST = """
local seen, largest = {}, 0
local function walk(value)
  if type(value) == 'table' and not seen[value] then
    seen[value] = true
    local named = 0
    for key, inside in next, value do
      named = named + (type(key) == 'string' and 1 or 0)
      walk(inside)
    end
    largest = math.max(largest, named)
    walk(getmetatable(value))
  elseif type(value) == 'function' and not seen[value] then
    seen[value] = true
    for number = 1, debug.getinfo(value, 'u').nups do
      local _, inside = debug.getupvalue(value, number)
      walk(inside)
    end
  end
end
for _, name in ipairs({ 'state', 'chat_window', 'transcript_buffer', 'updates', 'highlight' }) do
  walk(require('dingbridge.' .. name))
end
return largest
"""
# In how many turns of the editor's loop the buffer changed.
TURNS = """
local turn = 0
_G.turns = {}
_G.watch = vim.uv.new_check()
_G.watch:start(function()
  turn = turn + 1
end)
vim.api.nvim_buf_attach(require('dingbridge.buffers').get('long', 'transcript'), false, {
  on_lines = function()
    _G.turns[turn] = true
  end,
})
"""
LOADED = """
_G.loaded = {}
local get = vim.treesitter.query.get
vim.treesitter.query.get = function(language, name)
  _G.loaded[language .. ' ' .. name] = true
  return get(language, name)
end
"""


def shown(editor: Editor, messages: int, words: str = "words") -> Editor:
    """An editor with a screen that shows the end of such a transcript."""
    editor.setup({})
    editor.nvim.ui_attach(80, 24)
    editor.lua(FILL, messages, words)
    editor.until_lua(f"{SHOWN} >= 3 * {messages}")
    editor.lua("vim.cmd.redraw()")
    return editor


def rows_searched(editor: Editor, messages: int) -> int:
    """Rows that are searched for marks when ten messages arrive below so many."""
    shown(editor, messages)
    editor.lua(COUNT)
    for number in range(10):
        editor.lua(ARRIVE, number)
    editor.until_lua(f"{SHOWN} >= 3 * ({messages} + 10)")
    return int(editor.lua("return _G.searched"))


def test_an_arrival_searches_as_few_rows_in_a_long_transcript_as_in_a_short_one(
    editor: Editor,
) -> None:
    assert 0 < rows_searched(editor, 20_000) < 5000


@pytest.mark.parametrize("row", [2, 30_001, 60_000])
def test_what_is_asked_about_a_message_searches_few_rows_and_no_other_message(
    editor: Editor, row: int
) -> None:
    shown(editor, 20_000)
    editor.lua(COUNT)
    found = editor.lua(
        """
        local window = vim.fn.bufwinid(require('dingbridge.buffers').get('long', 'transcript'))
        vim.api.nvim_set_current_win(window)
        vim.api.nvim_win_set_cursor(window, { ..., 0 })
        local store, walked = require('dingbridge.state'), 0
        local messages = store.messages
        store.messages = function(session)
          walked = walked + 1
          return messages(session)
        end
        local _, message = require('dingbridge.message_place').under_cursor()
        store.messages = messages
        return { message.id, walked, _G.searched < 100 }
        """,
        row,
    )
    assert found == [str(1 + (row - 1) // 3), 0, True]


def test_no_table_of_a_long_transcript_grows_so_large_that_copying_it_takes_long(
    editor: Editor,
) -> None:
    assert shown(editor, 20_000).lua(LARGEST) < 5_000


def test_what_colours_messages_is_loaded_before_the_first_one_comes(editor: Editor) -> None:
    editor.setup({})
    editor.lua(LOADED)
    editor.nvim.ui_attach(80, 24)
    editor.lua(FILL, 0, "")
    for language in ("markdown", "markdown_inline"):
        editor.until_lua(f"_G.loaded['{language} highlights'] == true")


@pytest.mark.parametrize("lines", [1, 31, 32, 33, 100, 1000])
def test_a_message_is_coloured_however_far_above_the_window_it_begins(
    editor: Editor, lines: int
) -> None:
    shown(editor, 50, "\n".join(["*a*"] * lines))
    editor.lua("""
        local window = vim.fn.win_findbuf(
          require('dingbridge.buffers').get('long', 'transcript'))[1]
        vim.api.nvim_set_current_win(window)
        vim.cmd('normal! Gkzt')
        vim.cmd.redraw()
    """)
    assert editor.until(lambda: editor.lua(PAINTED))


# --- from the end upwards -------------------------------------------------------------------------

HOLD = """
_G.asked, _G.most = 0, 0
local host = require('dingbridge.host')
local tell, set_lines = host.tell, vim.api.nvim_buf_set_lines
host.tell = function(name, payload)
  if name == 'earlier' then
    _G.asked = _G.asked + 1
    _G.release = function()
      host.tell = tell
      tell(name, payload)
    end
    return true
  end
  return tell(name, payload)
end
vim.api.nvim_buf_set_lines = function(buffer, first, last, strict, lines)
  _G.most = math.max(_G.most, #lines)
  return set_lines(buffer, first, last, strict, lines)
end
"""
PLACE = """
local buffer = require('dingbridge.buffers').get('long', 'transcript')
local window = vim.fn.win_findbuf(buffer)[1]
return vim.api.nvim_win_call(window, function()
  local top, at = vim.fn.line('w0'), vim.fn.line('.')
  return { vim.fn.getline(top), vim.fn.getline(at), at - top }
end)
"""
MANY = 20_000


def text(number: int) -> str:
    return f"message {number} of many"


def session(editor: Editor, count: int = MANY) -> Path:
    """The file of a session with so many messages, where the editor's service looks."""
    messages = [
        Message(f"m{number}", Role.DINGTALK, "zhangsan", text(number), float(number))
        for number in range(count)
    ]
    folder = editor.data / "dingbridge" / "sessions"
    folder.mkdir(parents=True)
    path = folder / "long.jsonl"
    path.write_bytes(transcript.encode_all(SessionInfo("long", "Long", 1.0), messages))
    return path


def is_shown(editor: Editor, words: str) -> bool:
    """Whether the window of the transcript shows these words."""
    return bool(
        editor.lua(
            """
            local buffer = require('dingbridge.buffers').get('long', 'transcript')
            local window = buffer and vim.fn.win_findbuf(buffer)[1]
            if not window then return false end
            local first, last = vim.fn.line('w0', window), vim.fn.line('w$', window)
            local lines = vim.api.nvim_buf_get_lines(buffer, first - 1, last, false)
            return table.concat(lines, '\\n'):find(..., 1, true) ~= nil
            """,
            words,
        )
    )


@pytest.fixture
def held(start_editor: StartEditor) -> Editor:
    """An editor with a screen that has opened a long session and asks for no more of it yet."""
    editor = start_editor()
    session(editor)
    editor.setup({})
    editor.nvim.ui_attach(80, 24)
    editor.lua(HOLD)
    editor.chat("open long")
    editor.until(lambda: is_shown(editor, text(MANY - 1)))
    editor.until_lua("_G.asked == 1")
    return editor


def release(editor: Editor) -> None:
    """Let it fill upwards, to the beginning."""
    editor.lua("_G.release()")
    editor.until(lambda: ids(editor)[:1] == ["m0"])
    editor.until_lua(f"{SHOWN} >= 3 * {MANY}")


def ids(editor: Editor) -> list[str]:
    return list(
        editor.lua("""
        return vim.tbl_map(function(message)
          return message.id
        end, require('dingbridge').transcript('long'))
        """)
    )


def test_the_end_is_on_the_screen_before_the_beginning_was_read(held: Editor) -> None:
    assert 20 < len(ids(held)) < MANY // 10
    release(held)
    assert ids(held) == [f"m{number}" for number in range(MANY)]
    lines = held.chat_lines("long")
    assert [line for line in lines if line.startswith("message")] == [*map(text, range(MANY))]
    # At no time was the editor kept with much of it.
    assert held.lua("return _G.most") < 2000


def test_what_the_user_reads_stays_where_it_is_while_more_comes_above_it(held: Editor) -> None:
    held.lua("""
        local window = vim.fn.win_findbuf(
          require('dingbridge.buffers').get('long', 'transcript'))[1]
        vim.api.nvim_set_current_win(window)
        vim.api.nvim_win_set_cursor(window, { vim.fn.line('$') - 60, 3 })
        vim.cmd('normal! zt')
        vim.cmd('normal! 4j')
        vim.cmd.redraw()
    """)
    before = held.lua(PLACE)
    release(held)
    held.lua("vim.cmd.redraw()")
    assert held.lua(PLACE) == before


def test_a_message_that_comes_while_more_comes_above_stands_at_the_end_once(held: Editor) -> None:
    held.lua("require('dingbridge').send('mine')")
    held.until(lambda: is_shown(held, "mine"))
    release(held)
    own = [one["id"] for one in held.transcript("long") if one["text"] == "mine"]
    assert ids(held) == [f"m{number}" for number in range(MANY)] + own
    assert held.chat_lines("long").count("mine") == len(own) == 1


def test_a_service_that_ends_meanwhile_leaves_no_gap(held: Editor) -> None:
    before = held.service_pid()
    held.kill_service()
    until(lambda: held.service_pid() not in (0, before), "the next service")
    held.until_lua("_G.asked == 2")
    release(held)
    assert ids(held) == [f"m{number}" for number in range(MANY)]
    lines = held.chat_lines("long")
    assert [line for line in lines if line.startswith("message")] == [*map(text, range(MANY))]


def test_opening_it_again_reads_nothing_that_is_shown(held: Editor) -> None:
    release(held)
    held.lua("""
        _G.drawn = 0
        vim.api.nvim_buf_attach(require('dingbridge.buffers').get('long', 'transcript'), false, {
          on_lines = function() _G.drawn = _G.drawn + 1 end,
        })
    """)
    held.chat("new Other")
    held.until_lua("require('dingbridge.state').current ~= 'long'")
    held.chat("open long")
    held.until_lua("require('dingbridge.state').current == 'long'")
    held.chat("unknown")
    held.until_said("unknown subcommand unknown")
    assert held.lua("return _G.drawn") == 0
    assert len(ids(held)) == MANY


def test_a_megabyte_is_put_on_the_screen_in_pieces(start_editor: StartEditor) -> None:
    editor = start_editor()
    session(editor, 1)
    editor.setup({})
    editor.lua(HOLD)
    editor.chat("open long")
    editor.until(lambda: is_shown(editor, text(0)))
    editor.lua("require('dingbridge').send(('some words\\n'):rep(100000))")
    editor.until_lua(f"{SHOWN} > 100000")
    assert 100 < editor.lua("return _G.most") < 5000


def test_a_long_transcript_fills_in_slices_between_which_keys_have_their_turn(
    start_editor: StartEditor,
) -> None:
    editor = start_editor()
    editor.setup({})
    editor.nvim.ui_attach(80, 24)
    # In one call: a busy machine may show all of it before the next one.
    editor.lua(FILL + TURNS, 20_000, "words")
    editor.until_lua(f"{SHOWN} >= 60000")
    assert editor.lua("return vim.tbl_count(_G.turns)") >= 5


def test_a_message_of_megabytes_is_shown_in_slices_as_well(start_editor: StartEditor) -> None:
    editor = start_editor()
    editor.setup({})
    editor.nvim.ui_attach(80, 24)
    editor.lua(FILL, 1, "words")
    editor.lua(TURNS)
    lines = 160_000
    editor.lua(ARRIVE.replace("'*new* one'", f"('{'x' * 25}\\n'):rep({lines})"), 1)
    editor.until_lua(f"{SHOWN} >= {lines}")
    assert editor.lua("return vim.tbl_count(_G.turns)") >= 5
