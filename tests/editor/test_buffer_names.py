"""The names of a chat's buffers, which people read in their lists and status lines."""

from __future__ import annotations

import pytest

from tests.conftest import StartEditor
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

NAMES = """
local names = {}
for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
  local name = vim.api.nvim_buf_get_name(buffer)
  if vim.startswith(name, 'chat://') then names[#names + 1] = name end
end
table.sort(names)
return names
"""
TITLES = """
local list = {}
for id, title in pairs(...) do
  list[#list + 1] = { id = id, title = title, created = 0, bound = false }
end
require('dingbridge.updates').apply({ { kind = 'sessions', list = list, current = '' } })
"""
SHOW = "require('dingbridge.updates').apply({ { kind = 'open', id = ... } })"


def titled(editor: Editor, **titles: str) -> None:
    editor.lua(TITLES, titles)


def test_a_chat_buffer_has_the_title_of_its_session(editor: Editor) -> None:
    titled(editor, a="Release 2.4")
    editor.lua(SHOW, "a")
    assert editor.lua(NAMES) == ["chat://Release 2.4", "chat://Release 2.4/draft"]


def test_only_sessions_with_the_same_title_show_a_part_of_their_ids(editor: Editor) -> None:
    titled(editor, first_1234567="发布", second_7654321="发布", other="其他")
    for session in ("first_1234567", "second_7654321", "other"):
        editor.lua(SHOW, session)
    assert [name for name in editor.lua(NAMES) if not name.endswith("/draft")] == [
        "chat://其他",
        "chat://发布 (234567)",
        "chat://发布 (654321)",
    ]


def test_a_renamed_session_renames_its_buffers_and_nothing_else_changes(editor: Editor) -> None:
    titled(editor, a="Before")
    editor.lua(SHOW, "a")
    editor.type_draft("unsent")
    alternate = editor.lua("return vim.fn.bufnr('#')")
    titled(editor, a="After")
    assert editor.lua(NAMES) == ["chat://After", "chat://After/draft"]
    assert editor.chat_lines("a", "draft") == ["unsent"]
    assert editor.lua("return vim.fn.bufnr('#')") == alternate


def test_two_sessions_that_exchange_their_titles_keep_their_buffers(editor: Editor) -> None:
    titled(editor, a="One", b="Two")
    editor.lua(SHOW, "a")
    editor.type_draft("of a")
    editor.lua(SHOW, "b")
    editor.type_draft("of b")
    titled(editor, a="Two", b="One")
    assert editor.lua(NAMES) == [
        "chat://One",
        "chat://One/draft",
        "chat://Two",
        "chat://Two/draft",
    ]
    assert editor.chat_lines("a", "draft") == ["of a"]
    assert editor.chat_lines("b", "draft") == ["of b"]
    name = "return vim.api.nvim_buf_get_name(require('dingbridge.buffers').get(..., 'draft'))"
    assert editor.lua(name, "a") == "chat://Two/draft"


def test_a_title_of_any_characters_names_one_buffer(editor: Editor) -> None:
    titled(editor, a="[x] *.{py,lua}? #1 %", b="[x] *.{py,lua}? #1 %/draft")
    editor.lua(SHOW, "a")
    editor.lua(SHOW, "b")
    parts = {
        part: editor.lua("return require('dingbridge.buffers').get('a', ...)", part)
        for part in ("transcript", "draft")
    }
    assert all(parts.values())
    assert len(set(editor.lua(NAMES))) == 4


THEIRS = """
local buffer = vim.api.nvim_create_buf(true, true)
vim.api.nvim_buf_set_name(buffer, ...)
vim.api.nvim_buf_set_lines(buffer, 0, -1, false, { 'theirs' })
vim.api.nvim_set_current_buf(buffer)
return vim.api.nvim_get_current_win()
"""
IN_WINDOW = """
local buffer = vim.api.nvim_win_get_buf(...)
return {
  vim.api.nvim_buf_get_name(buffer),
  vim.api.nvim_buf_get_lines(buffer, 0, -1, false),
  vim.b[buffer].dingbridge_part or '',
}
"""


@pytest.mark.parametrize("name", ["chat://their room", "chat://Release 2.4", "chat://x/draft"])
def test_a_buffer_of_another_plugin_stays_whatever_its_name(editor: Editor, name: str) -> None:
    window = editor.lua(THEIRS, name)
    titled(editor, a="Release 2.4")
    editor.lua(SHOW, "a")
    titled(editor, a="Release 2.4", b="their room")
    assert editor.lua(IN_WINDOW, window) == [name, ["theirs"], ""]
    for part in ("transcript", "draft"):
        buffer = editor.lua("return require('dingbridge.buffers').get('a', ...)", part)
        assert editor.lua("return #vim.fn.win_findbuf(...)", buffer) == 1
        assert editor.lua("return require('dingbridge.buffers').of(...)", buffer) == part


def test_a_buffer_of_another_plugin_is_no_chat_that_a_session_file_restored(
    start_editor: StartEditor,
) -> None:
    editor = start_editor()
    editor.setup({})
    editor.lua(THEIRS, "chat://their room")
    editor.nvim.command("doautocmd SessionLoadPost")
    assert not editor.host_pid()
    editor.nvim.command("enew | file chat://our\\ room | doautocmd SessionLoadPost")
    assert editor.host_pid()
