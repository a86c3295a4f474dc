"""Titles of sessions: from the first message, or as the user says."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor


def title(editor: Editor) -> str:
    """The title of the session that was used last."""
    return str(editor.lua("return require('dingbridge.state').session(...).title", current(editor)))


def current(editor: Editor) -> str:
    return str(editor.lua("return require('dingbridge.state').current"))


def begin(editor: Editor, line: str = "new") -> str:
    """Start a session; its id."""
    before = current(editor)
    editor.chat(line)
    return str(editor.until(lambda: current(editor) != before and current(editor)))


def send(editor: Editor, text: str) -> None:
    editor.chat(f"send {text}")
    editor.until(lambda: text in [row["text"] for row in editor.transcript()])


def test_a_session_is_named_by_its_first_words_and_keeps_that_name(
    start_editor: StartEditor,
) -> None:
    editor = start_editor()
    editor.setup({})
    session = begin(editor)
    assert title(editor).startswith("Chat 20")
    send(editor, "How do I **release** 2.4?")
    editor.until(lambda: title(editor) == "How do I release 2.4?")
    send(editor, "And how do I undo that?")
    assert title(editor) == "How do I release 2.4?"
    editor.close()
    after = start_editor()
    after.setup({})
    after.chat(f"open {session}")
    after.until(lambda: current(after) == session)
    assert title(after) == "How do I release 2.4?"
    send(after, "More")
    assert title(after) == "How do I release 2.4?"


def test_a_bound_session_is_named_by_its_partner(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("有人吗？")
    editor.until(editor.transcript)
    editor.until(lambda: title(editor) == "张三")
    assert "张三" in editor.until(
        lambda: [name for name in editor.lua("return vim.fn.bufname('%')").split("/") if name]
    )


@pytest.mark.parametrize("given", ["new Release %#x", "rename Release %#x"])
def test_a_title_that_the_user_gave_stays(editor: Editor, given: str) -> None:
    editor.setup({})
    begin(editor, given if given.startswith("new") else "new")
    if given.startswith("rename"):
        editor.chat(given)
    editor.until(lambda: title(editor) == "Release %#x")
    send(editor, "Something else")
    assert title(editor) == "Release %#x"


def test_a_new_title_shows_at_once_in_all_editors_and_to_the_phone(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    one = start_editor()
    one.setup({**api_options, "admins": ["zhangsan"], "commands": ["*"]})
    begin(one, "new Before")
    one.chat("bridge dingtalk")
    one.until_lua("require('dingbridge').status().connected")
    two = start_editor()
    two.setup({})
    two.chat()
    two.until(lambda: [row["title"] for row in two.sessions()] == ["Before"])
    two.chat("rename 发布 2.4")
    for each in (one, two):
        each.until_lua("require('dingbridge').sessions()[1].title == '发布 2.4'")
    bar = "vim.api.nvim_eval_statusline(vim.wo.winbar, { use_winbar = true }).str"
    one.nvim.command("wincmd k")
    assert "发布 2.4" in str(one.lua(f"return {bar}"))
    sandbox.client.say("/list")
    assert "发布 2.4" in sandbox.client.wait_arrived(1)[-1].text


def test_the_present_title_is_offered_and_nothing_is_refused(editor: Editor) -> None:
    editor.setup({})
    begin(editor, "new The old title")
    offered = "return vim.fn.getcompletion(..., 'cmdline')"
    assert editor.lua(offered, "Chat rename ") == ["The old title"]
    assert editor.lua(offered, "Chat rename The old ") == ["title"]
    editor.chat("rename \u200b")
    editor.until_said("nothing of this title can be seen")
    editor.chat("rename")
    editor.until_said("rename needs an argument")
    assert title(editor) == "The old title"
