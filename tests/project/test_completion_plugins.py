"""The menu of a completion plugin opens while one types in a draft.

`DINGBRIDGE_MANAGERS` names a folder with checkouts of `nvim-cmp` and `blink.cmp`.
"""

from __future__ import annotations

import pytest

from tests.conftest import StartEditor
from tests.editor.test_chat_keys import fill
from tests.project.test_plugin_managers import manager
from tests.support.drafts import keys
from tests.support.editor import Editor

CMP = """
vim.opt.rtp:prepend(...)
vim.cmd('runtime plugin/cmp.lua')
require('cmp').setup({ mapping = require('cmp').mapping.preset.insert({}) })
require('cmp').setup.filetype('dingbridge-draft', { sources = { { name = 'dingbridge' } } })
"""
CMP_SHOWS = """
return vim.tbl_map(function(entry)
  return entry.completion_item.textEdit.newText
end, require('cmp').get_entries())
"""
BLINK = """
vim.opt.rtp:prepend(...)
require('blink.cmp').setup({
  fuzzy = { implementation = 'lua' },
  keymap = { preset = 'enter' },
  sources = {
    per_filetype = { ['dingbridge-draft'] = { 'dingbridge', 'buffer' } },
    providers = { dingbridge = { name = 'DingTalk', module = 'dingbridge.blink' } },
  },
})
"""
BLINK_SHOWS = """
if not require('blink.cmp').is_visible() then return {} end
return vim.tbl_map(function(item)
  return item.textEdit.newText
end, require('blink.cmp.completion.list').items)
"""


def check(editor: Editor, shows: str, accept: str) -> None:
    """What is typed in a draft brings up people and commands."""
    keys(editor, "i")
    keys(editor, "/")
    editor.until(lambda: {"/status", "/stop"} <= set(editor.lua(shows)), "the commands")
    keys(editor, "<Esc>0D")
    keys(editor, "a见")
    keys(editor, "@")
    editor.until(lambda: editor.lua(shows) == ["@李四 ", "@张三 "], "the people")
    keys(editor, "张")
    editor.until(lambda: editor.lua(shows) == ["@张三 "], "who is meant")
    keys(editor, accept)
    editor.until(lambda: editor.nvim.current.line == "见@张三 ", "the name in the draft")


@pytest.fixture
def chat(start_editor: StartEditor) -> Editor:
    """An editor with a screen; in the session that it will show 张三 and 李四 wrote."""
    editor = start_editor()
    editor.nvim.ui_attach(100, 40)
    editor.setup({})
    return editor


def open_chat(editor: Editor) -> None:
    fill(editor, "one")
    editor.lua(
        """
        local state = require('dingbridge.state')
        local later = vim.deepcopy(state.messages('s')[1])
        later.id, later.author = 'm2', '李四'
        require('dingbridge.updates').apply({ { kind = 'messages', id = 's', list = { later } } })
        """
    )


@pytest.mark.parametrize("is_late", [False, True], ids=["loaded before", "loaded after the draft"])
def test_nvim_cmp_offers_people_and_commands_while_one_types(chat: Editor, is_late: bool) -> None:
    folder = str(manager("nvim-cmp"))
    if not is_late:
        chat.lua(CMP, folder)
    open_chat(chat)
    if is_late:
        chat.lua(CMP, folder)
    check(chat, CMP_SHOWS, "<C-n><C-y>")


def test_blink_cmp_offers_people_and_commands_while_one_types(chat: Editor) -> None:
    chat.lua(BLINK, str(manager("blink.cmp")))
    open_chat(chat)
    check(chat, BLINK_SHOWS, "<CR>")
