"""The names of a chat's buffers, which people read in their lists and status lines."""

from __future__ import annotations

import pytest

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
