"""The chat has the windows and the options it needs, whatever the user's own have."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.editor.test_notices import FLOATING
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

WINDOW = {
    "wrap": True,
    "list": False,
    "number": False,
    "relativenumber": False,
    "signcolumn": "yes:1",
    "statuscolumn": "",
    "foldenable": False,
    "foldmethod": "manual",
    "diff": False,
    "scrollbind": False,
    "cursorbind": False,
    "rightleft": False,
    "winfixbuf": False,
    "previewwindow": False,
}
TRANSCRIPT = {**WINDOW, "conceallevel": 2, "spell": False, "modifiable": False}
DRAFT = {**WINDOW, "conceallevel": 0, "modifiable": True, "undofile": False}

ODD = {
    "long lines run on": "set nowrap list number relativenumber signcolumn=yes statuscolumn=%l",
    "everything is folded": "set foldmethod=expr foldexpr=1 foldlevel=0 foldcolumn=4 foldenable",
    "nothing is concealed": "set conceallevel=0 spell",
    "buffers cannot be changed": "set nomodifiable readonly",
    "lines are broken while typing": "set textwidth=20 wrapmargin=5 formatoptions+=atw",
    "code is indented": "set smartindent cindent indentexpr=4",
    "windows scroll together": "set scrollbind cursorbind",
    "two files are compared": "diffthis",
    "text runs from the right": "set rightleft",
    "undo is kept": "set undofile",
    "every buffer is set anew": "autocmd BufWinEnter * setlocal number list nowrap fdm=indent",
}

VALUES = """
local session, part, wanted = ...
local buffer = require('dingbridge.buffers').get(session, part)
local of = { win = vim.fn.win_findbuf(buffer)[1] }
local found = {}
for option in pairs(wanted) do
  local scope = vim.api.nvim_get_option_info2(option, {}).scope
  local where = scope == 'buf' and { buf = buffer } or of
  found[option] = vim.api.nvim_get_option_value(option, where)
end
return found
"""


def options(editor: Editor, wanted: dict[str, Any], part: str = "transcript") -> dict[str, Any]:
    session = editor.lua("return require('dingbridge.state').current")
    return dict(editor.lua(VALUES, session, part, wanted))


def set_up(editor: Editor, options: dict[str, Any]) -> None:
    editor.setup(options)
    editor.nvim.ui_attach(100, 30)


@pytest.mark.parametrize("command", ODD.values(), ids=ODD.keys())
def test_a_chat_is_readable_and_writable_whatever_the_user_has_set(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], command: str
) -> None:
    set_up(editor, api_options)
    editor.nvim.command(command)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    assert options(editor, TRANSCRIPT) == TRANSCRIPT
    assert options(editor, DRAFT, "draft") == DRAFT
    sandbox.client.say("in")
    editor.until(lambda: "in" in editor.chat_lines(editor.status()["session"]))
    editor.until(lambda: editor.status()["target"])
    words = "if (one) { two three four five\nsix seven eight\n  nine\nten"
    editor.nvim.input("i" + words.replace("\n", "<CR>") + "<Esc>")
    editor.nvim.command("write")
    [arrived] = sandbox.client.wait_arrived(1)
    # Lines keep the indentation of the one before: that is 'autoindent', the user's own.
    assert [line.strip() for line in arrived.text.split("\n")] == [
        line.strip() for line in words.split("\n")
    ]


@pytest.mark.parametrize("start", ["enew", "edit code.py", "help"])
def test_a_window_with_a_fixed_buffer_is_left_alone(editor: Editor, start: str) -> None:
    editor.setup({})
    editor.nvim.command(start)
    editor.nvim.command("only | setlocal winfixbuf")
    window, buffer = editor.nvim.current.window, editor.nvim.current.buffer
    editor.chat("new first")
    editor.until(lambda: editor.windows() == 3)
    assert window.buffer == buffer
    assert window.options["winfixbuf"]
    # The windows are there before the session is.
    editor.until(lambda: options(editor, TRANSCRIPT) == TRANSCRIPT)
    editor.until(lambda: options(editor, DRAFT, "draft") == DRAFT)


def test_a_chat_window_that_the_user_has_fixed_keeps_its_session(editor: Editor) -> None:
    editor.setup({})
    editor.chat("new first")
    editor.until_lua("(vim.b.dingbridge_session or '') ~= ''")
    assert editor.windows() == 2
    editor.nvim.command("windo setlocal winfixbuf")
    editor.chat("new second")
    editor.until(lambda: editor.windows() == 4)
    names = [window.buffer.name for window in editor.nvim.windows]
    assert "chat://first" in names
    assert "chat://first/draft" in names


@pytest.mark.parametrize("start", ["setlocal winfixbuf", "set nomodifiable"])
@pytest.mark.parametrize("command", ["status", "log", "outbox"])
def test_reports_and_notices_show_beside_such_windows(
    editor: Editor, webhook_options: dict[str, Any], start: str, command: str
) -> None:
    set_up(editor, webhook_options)
    editor.nvim.command(start)
    before = editor.nvim.current.buffer
    editor.chat("notify x")
    editor.until(lambda: editor.lua(FLOATING))
    editor.chat(command)
    editor.until(lambda: editor.windows() > 1 or len(editor.nvim.tabpages) > 1 or editor.said())
    assert not [text for text in editor.said() if "cannot show" in text]
    assert before in [window.buffer for window in editor.nvim.windows]


def test_a_chat_that_is_opened_from_a_floating_window_stands_beside_the_others(
    editor: Editor,
) -> None:
    editor.setup({})
    editor.lua("""
        local buffer = vim.api.nvim_create_buf(true, false)
        vim.api.nvim_open_win(buffer, true, {
          relative = 'editor', row = 1, col = 1, width = 20, height = 5,
        })
    """)
    editor.chat("new")
    editor.until_lua("vim.api.nvim_buf_get_name(0):find('/draft')")
    assert editor.windows() == 3
