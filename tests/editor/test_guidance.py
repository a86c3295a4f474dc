"""What an empty chat says about the next steps, and how it explains its signs."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.editor.test_report import fail, until_shown
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

GUIDE = """
local view = require('dingbridge.chat_window').view_of(require('dingbridge.state').current)
local space = vim.api.nvim_get_namespaces().dingbridge_guidance
local lines = {}
if not view or not space then return {} end
for _, mark in ipairs(
  vim.api.nvim_buf_get_extmarks(view.buffer, space, 0, -1, { details = true })
) do
  for _, line in ipairs(mark[4].virt_lines) do
    local text = ''
    for _, chunk in ipairs(line) do text = text .. chunk[1] end
    lines[#lines + 1] = text
  end
end
return lines
"""
SIGNS = """
local buffer = require('dingbridge.buffers').get(require('dingbridge.state').current, 'transcript')
local signs = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(
  buffer, require('dingbridge.message_format').namespace, 0, -1, { details = true }
)) do
  signs[#signs + 1] = mark[4].virt_text and vim.trim(mark[4].virt_text[1][1]) or ''
end
return signs
"""
TO_TRANSCRIPT = """
local buffer = require('dingbridge.buffers').get(require('dingbridge.state').current, 'transcript')
vim.api.nvim_set_current_win(vim.fn.win_findbuf(buffer)[1])
"""


def guide(editor: Editor) -> str:
    """The next steps in the empty transcript, as one text."""
    return "\n".join(editor.lua(GUIDE))


def until_guided(editor: Editor, part: str) -> str:
    editor.until(lambda: part in guide(editor), part)
    return guide(editor)


def press_k(editor: Editor, line: int) -> None:
    """Press `K` on a line of the transcript."""
    editor.lua(TO_TRANSCRIPT)
    editor.nvim.current.window.cursor = (line, 0)
    editor.nvim.feedkeys("K", "x")


# --- the next steps -------------------------------------------------------------------------------


def test_without_a_robot_an_empty_chat_says_how_to_get_one(editor: Editor) -> None:
    editor.setup({})
    editor.chat()
    shown = until_guided(editor, "DingTalk is not configured")
    assert ":Chat setup" in shown
    assert ":Chat help custom-robot" in shown
    assert ":Chat help create-app" in shown
    assert ":checkhealth dingbridge" in shown
    assert "bridge dingtalk" not in shown


def test_settings_with_problems_are_named_in_an_empty_chat(editor: Editor) -> None:
    editor.setup({"msgtpye": "text"})
    editor.chat()
    assert ":checkhealth dingbridge" in until_guided(editor, "The settings have problems")


def test_a_robot_that_only_sends_is_offered_as_one(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat()
    shown = until_guided(editor, ":Chat bridge dingtalk")
    assert "nobody can write back" in shown
    assert ":Chat pair" not in shown


def test_an_empty_chat_says_how_to_bind_it_and_who_may_write_until_the_first_message(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.setup(api_options)
    editor.chat()
    shown = until_guided(editor, ":Chat bridge dingtalk")
    assert "allow_from" in shown
    assert ":Chat pair" in shown
    editor.chat("bridge dingtalk")
    until_guided(editor, "Write to the robot from your phone")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("hello")
    editor.until(editor.transcript)
    editor.until(lambda: guide(editor) == "")
    [message] = editor.transcript()
    assert message["text"] == "hello"
    editor.chat("clear")
    until_guided(editor, "What you write goes to 张三")


def test_an_empty_chat_says_why_nobody_can_write_to_it_yet(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.setup({**api_options, "app_secret": "another"})
    editor.chat()
    until_guided(editor, ":Chat bridge dingtalk")
    editor.chat("bridge dingtalk")
    reason = "nobody can write here yet: DingTalk does not accept the app's credentials."
    editor.until(lambda: reason in " ".join(guide(editor).split()), reason)
    assert ":Chat status" in guide(editor)
    assert "from your phone" not in guide(editor)
    editor.setup(api_options)
    until_guided(editor, "Write to the robot from your phone")
    assert "not connected" not in guide(editor)


def test_the_next_steps_stay_while_all_that_was_written_stays_in_the_editor(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.nvim.command("set lines=24")
    editor.setup(api_options)
    editor.chat()
    until_guided(editor, ":Chat bridge dingtalk")
    for number in range(2):
        editor.type_draft(f"nobody reads this {number}")
        editor.nvim.command("write")
        editor.until(lambda number=number: editor.lua(SIGNS) == ["kept here"] * (number + 1))  # type: ignore[misc]  # mypy cannot infer a lambda's default
        until_guided(editor, ":Chat bridge dingtalk")
        editor.until(lambda: any("lists the keys" in row for row in editor.screen()))
    editor.chat("bridge dingtalk")
    until_guided(editor, "Write to the robot from your phone")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("hello")
    editor.until(lambda: len(editor.transcript()) == 3)
    editor.until(lambda: guide(editor) == "")


def test_the_next_steps_are_no_text_and_fit_a_narrow_window(
    editor: Editor, api_options: dict[str, Any]
) -> None:
    editor.nvim.command("set columns=40")
    editor.setup(api_options)
    editor.chat()
    until_guided(editor, ":Chat bridge dingtalk")
    editor.lua(TO_TRANSCRIPT)
    assert editor.nvim.current.buffer[:] == [""]
    for line in editor.lua(GUIDE):
        assert editor.lua("return vim.fn.strdisplaywidth(...)", line) <= 40


# --- what a sign means ----------------------------------------------------------------------------


def test_a_message_that_stays_in_the_editor_is_marked(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("new mine")
    editor.until_lua("(vim.b.dingbridge_session or '') ~= ''")
    editor.type_draft("nobody reads this")
    editor.nvim.command("write")
    editor.until(lambda: editor.lua(SIGNS) == ["kept here"])
    press_k(editor, 1)
    assert "it was not sent to DingTalk" in editor.said()[-1]


def test_k_says_in_words_what_became_of_a_message(bound: Editor, sandbox: Sandbox) -> None:
    fail(bound, sandbox, "refused words")
    received, sent = bound.transcript()
    press_k(bound, 1)
    said = bound.said()[-1]
    assert said.startswith("received from DingTalk\nfrom: 张三 (1:1), dingtalk:")
    assert f"id: {received['id']}" in said
    # Anywhere in the message.
    last = bound.lua("return vim.api.nvim_buf_line_count(0)")
    press_k(bound, last - 1)
    said = bound.said()[-1]
    assert f":Chat retry {sent['id']} sends it again" in said
    assert "reason: " in said
    assert "to: 张三 (1:1), dingtalk:" in said
    assert "time: 20" in said


def test_the_status_explains_the_signs_that_the_bar_shows(bound: Editor, sandbox: Sandbox) -> None:
    bound.until_lua("require('dingbridge').status().connected")
    bound.chat("status")
    lines = until_shown(bound, "in the bar:")["lines"]
    assert "  ●  connected to DingTalk" in lines
    sources = next(n for n, line in enumerate(lines) if line.startswith("  app_key: "))
    assert lines.index("queued: 0, failed: 0") < lines.index("in the bar:") < sources
    assert lines.index("queued: 0, failed: 0") < 5
    assert not any("✗" in line for line in lines)
    fail(bound, sandbox, "refused words")
    bound.chat("status")
    until_shown(bound, "  ✗  messages that failed (:Chat outbox)")


def test_lualine_has_a_component(editor: Editor, api_options: dict[str, Any]) -> None:
    editor.setup(api_options)
    editor.until_lua("require('dingbridge').statusline() == 'DingTalk ○'")
    shown = editor.lua("""
        package.loaded['lualine.component'] = { extend = function() return {} end }
        local component = require('lualine.components.dingbridge')
        package.loaded['lualine.component'] = nil
        return component:update_status()
    """)
    assert shown == "DingTalk ○"


# --- a responder at work --------------------------------------------------------------------------

ANSWERING = """
local space = vim.api.nvim_get_namespaces().dingbridge_answering
local buffer = require('dingbridge.buffers').get(require('dingbridge.state').current, 'transcript')
local found = {}
for _, mark in ipairs(
  space and vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, { details = true }) or {}
) do
  found[#found + 1] = { mark[2], mark[4].virt_text[1][1] }
end
return found
"""
BAR = """
for _, window in ipairs(vim.api.nvim_list_wins()) do
  local bar = vim.api.nvim_eval_statusline(
    vim.wo[window].winbar, { winid = window, use_winbar = true }
  ).str
  if bar:find('answering') then return bar end
end
return ''
"""


def test_a_message_that_is_being_answered_says_so_with_a_moving_sign(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.lua(
        """
        local options = ...
        options.responder = function(_, reply) _G.answer = reply end
        require('dingbridge').setup(options)
        """,
        {**api_options, "allow_from": ["zhangsan"]},
    )
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("question")
    editor.until(lambda: editor.lua(ANSWERING))
    [[row, first]] = editor.lua(ANSWERING)
    assert row == 0
    assert "answering …" in first
    editor.until(lambda: editor.lua(ANSWERING)[0][1] != first)
    assert "answering …" in editor.lua(BAR)
    press_k(editor, 1)
    assert ":Chat stop" in editor.said()[-1]
    editor.lua("_G.answer('the answer')")
    editor.until(lambda: editor.lua(ANSWERING) == [])
    editor.until(lambda: editor.lua(BAR) == "")
