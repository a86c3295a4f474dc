"""The draft of an editor, and the conversation on its bar."""

from __future__ import annotations

from dingbridge.sandbox.records import ArrivedMessage
from dingbridge.sandbox.server import Sandbox
from tests.support.editor import Editor

GROUP = "产品讨论群"
TEAM = "cidTEAM=="
ZHANGSAN = "cid1TO1zhangsan=="
LISI = "cid1TO1lisi=="
_BAR = """
local window = vim.iter(vim.api.nvim_list_wins()):find(function(one)
  return vim.endswith(vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(one)), '/draft')
end)
local bar = vim.api.nvim_get_option_value('winbar', { win = window })
return vim.api.nvim_eval_statusline(bar, { winid = window, use_winbar = true, maxwidth = 200 }).str
"""
_IS_KNOWN = """
local text = ...
local store = require('dingbridge.state')
local function spoke(message)
  return message.text == text and vim.iter(store.destinations[store.current].known):any(
    function(one) return one.target == message.target end
  )
end
return vim.iter(store.messages(store.current)):any(spoke)
"""


def bar(editor: Editor) -> str:
    """The line above the draft, as on the screen."""
    return str(editor.lua(_BAR))


def until_bar(editor: Editor, part: str) -> str:
    """Wait until the bar contains these words."""
    return editor.until(lambda: bar(editor) if part in bar(editor) else "", f"bar: {part}")


def say(editor: Editor, sandbox: Sandbox, text: str, user: str, group: str | None = None) -> None:
    """Somebody writes; wait until the message is shown and the editor knows the conversation."""
    sandbox.client.say(text, user=user, group=group)
    editor.until(lambda: text in [row["text"] for row in editor.transcript()], text)
    editor.until(lambda: editor.lua(_IS_KNOWN, text), f"{text}: its conversation")


def keys(editor: Editor, typed: str) -> None:
    """Type keys one after the other; Neovim processes each before the next one."""
    editor.nvim.input(typed)
    editor.lua("vim.wait(0)")


def places(sandbox: Sandbox) -> dict[str, str]:
    """The target of each text that arrived."""
    return {one.text: where(one) for one in sandbox.client.arrived()}


def where(one: ArrivedMessage) -> str:
    return one.conversation_id or "+".join(one.user_ids)


def until_arrived(editor: Editor, sandbox: Sandbox, text: str) -> str:
    """Wait for a text and return its target."""
    return editor.until(lambda: places(sandbox).get(text, ""), text)
