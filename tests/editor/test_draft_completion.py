"""Completion in a draft: people and remote commands, by `omnifunc` and by completion plugins."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import Person
from tests.support.drafts import GROUP, keys, say
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

WORDS = """
local items = vim.fn.complete_info({ 'items' }).items
return vim.tbl_map(function(item) return item.word end, items)
"""
BLINK = """
local line, source = ..., require('dingbridge.blink').new({}, {})
vim.api.nvim_set_current_line(line)
local context = { bufnr = vim.api.nvim_get_current_buf(), cursor = { 1, #line }, line = line }
local answer
source:get_completions(context, function(response) answer = response end)
return {
  enabled = source:enabled(),
  triggers = source:get_trigger_characters(),
  items = answer.items,
  incomplete = answer.is_incomplete_forward or answer.is_incomplete_backward,
}
"""
CMP = """
local line = ...
local registered
package.loaded.cmp = {
  register_source = function(name, source)
    assert(not registered)
    registered = { name = name, source = source }
  end,
}
package.loaded['dingbridge.nvim_cmp'] = nil
%s
package.loaded.cmp = nil
vim.api.nvim_set_current_line(line)
local source = registered.source
local context = {
  bufnr = vim.api.nvim_get_current_buf(),
  cursor_before_line = line,
  cursor = { row = 1, col = #line + 1 },
}
local answer
source:complete({ context = context }, function(items) answer = items end)
return {
  name = registered.name,
  available = source:is_available(),
  triggers = source:get_trigger_characters(),
  encoding = source:get_position_encoding_kind(),
  items = answer,
}
"""

NEXT_DRAFT = """
for _ = 1, 2 do
  require('dingbridge.drafts').close(require('dingbridge.state').current)
  require('dingbridge.chat_window').open(require('dingbridge.state').current)
end
"""
LOADED_LATE = "vim.api.nvim_exec_autocmds('User', { pattern = 'CmpReady' })"


@pytest.fixture
def chat(bound: Editor, sandbox: Sandbox, api_options: dict[str, Any]) -> Editor:
    """An editor whose draft goes to the group, in which 张三 and 李四 wrote; 王五 wrote 1:1."""
    bound.setup({**api_options, "allow_from": ["*"]})
    bound.until_lua("require('dingbridge.host_settings').is_configured()")
    say(bound, sandbox, "one", "zhangsan", GROUP)
    sandbox.client.add_person(Person("王五", "wangwu"))
    say(bound, sandbox, "alone", "wangwu")
    say(bound, sandbox, "two", "lisi", GROUP)
    return bound


def completed(editor: Editor, typed: str) -> list[str]:
    """What is offered for the text before the cursor."""
    keys(editor, f"<Esc>0Di{typed}<C-x><C-o>")
    editor.until_lua("vim.fn.complete_info({ 'mode' }).mode == 'omni'")
    found = editor.lua(WORDS)
    keys(editor, "<C-e><Esc>")
    return list(found)


def test_people_of_the_conversation_are_completed_after_an_at(chat: Editor) -> None:
    assert completed(chat, "look @") == ["@李四 ", "@张三 "]
    keys(chat, "0Dithanks @张<C-x><C-o><Esc>")
    assert chat.nvim.current.line == "thanks @张三 "


def test_commands_for_people_are_completed_at_the_start_of_a_line(chat: Editor) -> None:
    words = completed(chat, "/s")
    assert "/status" in words
    assert all(word.startswith("/s") for word in words)
    look_up = "return (require('dingbridge.draft_completion').candidates('', ...))"
    assert [chat.lua(look_up, line) for line in ("a /s", "a@b", "/s t")] == [None] * 3


@pytest.mark.parametrize(
    ("code", "encoding"),
    [(BLINK, None), (CMP % NEXT_DRAFT, "utf-8"), (CMP % LOADED_LATE, "utf-8")],
    ids=["blink", "cmp", "cmp loaded late"],
)
def test_a_completion_plugin_gets_the_same(chat: Editor, code: str, encoding: str | None) -> None:
    found = chat.lua(code, "见 @张")
    assert found.get("encoding") == encoding
    assert {"@", "/"} == set(found["triggers"])
    assert found.get("enabled", found.get("available"))
    assert not found.get("incomplete")
    items = {item["label"]: item for item in found["items"]}
    assert list(items) == ["@李四", "@张三"]
    start, end = len("见 ".encode()), len("见 @张".encode())
    assert items["@张三"]["textEdit"] == {
        "newText": "@张三 ",
        "range": {"start": {"line": 0, "character": start}, "end": {"line": 0, "character": end}},
    }
    commands = chat.lua(code, "/")["items"]
    assert {"label": "/status", "filterText": "/status", "detail": "How it goes"}.items() <= next(
        item.items() for item in commands if item["label"] == "/status"
    )
