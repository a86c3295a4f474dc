"""Beside another plugin that has the command `:Chat` and the module `chat`, such as chat.nvim."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.commands.editor_commands import for_outside
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.editor.test_health import check
from tests.support.editor import Editor

OUTBOX: dict[str, list[str]] = {"failed": [], "waiting": []}
SCREEN = """
local texts = {}
for _, window in ipairs(vim.api.nvim_list_wins()) do
  local buffer = vim.api.nvim_win_get_buf(window)
  vim.list_extend(texts, vim.api.nvim_buf_get_lines(buffer, 0, -1, false))
  local headings = vim.api.nvim_create_namespace('dingbridge')
  local all = vim.api.nvim_buf_get_extmarks(buffer, headings, 0, -1, { details = true })
  for _, mark in ipairs(all) do
    texts[#texts + 1] = vim.inspect(mark[4].virt_lines or '')
  end
end
return table.concat(texts, '\\n')
"""


@pytest.fixture
def beside(editor: Editor, tmp_path: Path) -> Editor:
    """An editor in which another plugin has the command and the module."""
    module = tmp_path / "chat.nvim" / "lua" / "chat" / "init.lua"
    module.parent.mkdir(parents=True)
    module.write_text("return { setup = function(opts) vim.g.theirs = true end }")
    editor.execute("set", f"rtp^={tmp_path / 'chat.nvim'}")
    editor.nvim.command("command -nargs=* Chat let g:typed = <q-args>")
    return editor


def all_words(editor: Editor) -> str:
    """Everything that can be read: notices, windows, and what Lua hands out."""
    status = editor.status()
    told = [status["last_error"], *(str(row) for row in editor.transcript(status["session"]))]
    return "\n".join([*editor.said(), str(editor.lua(SCREEN)), *told])


def test_every_sentence_names_the_command_that_is_ours(
    beside: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    beside.setup({**api_options, "allow_from": [], "delivery": "at_most_once"})
    beside.listen()
    beside.nvim.command("DingTalk retry")
    beside.nvim.command("DingTalk new one")
    beside.until(lambda: beside.sessions())
    beside.nvim.command("tabnew")
    beside.lua("require('dingbridge').send('kept here')")
    beside.until_said(":DingTalk bridge dingtalk binds it")
    beside.nvim.command("tabclose")
    beside.nvim.command("DingTalk bridge dingtalk")
    beside.until_lua("require('dingbridge').status().connected")

    sandbox.client.say("hello?", user="lisi")
    [told] = sandbox.client.wait_arrived(1)
    assert ":DingTalk pair " in told.text
    beside.until_said(":DingTalk pair ")
    beside.lua("vim.ui.select = function() end")  # it would wait for a key
    beside.nvim.command("DingTalk pair")
    for line in ("status", "outbox", "revoke nobody", "drop nothing", "load /nowhere", "save"):
        beside.nvim.command(f"silent! DingTalk {line}")
    beside.until_said("save needs an argument")

    sandbox.client.fault(Fault.http("/v1.0/robot/*", 400, "not.today", None))
    beside.lua("require('dingbridge').send('fails', { target = 'dingtalk:zhangsan' })")
    [failed] = beside.until(lambda: beside.heard("DingbridgeFailed"))
    words = all_words(beside) + str(failed) + "".join(e.text for e in sandbox.client.arrived())
    assert ":DingTalk" in words
    assert ":Chat" not in words


def message(id: str, role: str, text: str, delivery: str = "", reason: str = "") -> dict[str, Any]:
    """A message as the host tells it."""
    about = {"id": id, "role": role, "author": "zhangsan", "text": text, "time": 0}
    return {**about, "delivery": delivery, "reason": reason, "target_name": ""}


def test_whatever_lua_hands_out_names_our_command_and_leaves_what_people_wrote(
    beside: Editor,
) -> None:
    said, shown = "see :Chat log", "see :DingTalk log"
    beside.setup({})
    beside.listen()
    messages = [
        message("notice", "notice", said),
        message("failed", "editor", said, "failed", said),
        message("under way", "editor", said, "queued"),
        message("heard", "dingtalk", said),
    ]
    sessions = [{"id": "s", "title": "s", "created": 0, "bound": False}]
    fate = {"id": "s", "message": "under way", "delivery": "failed", "reason": said}
    about = dict.fromkeys(("account", "id", "session", "target", "target_name"), "")
    event = {"name": "DingbridgeFailed", "data": {**about, "reason": said}}
    trouble = {"last_error": said, "cool_down": said}
    status = {**beside.status(), **trouble, "accounts": [trouble]}
    updates = [
        {"kind": "sessions", "list": sessions},
        {"kind": "messages", "id": "s", "reset": True, "list": messages},
        {"kind": "fate", **fate},
        {"kind": "event", **event},
        {"kind": "status", **status, "unread": [], "outbox": OUTBOX},
    ]
    beside.lua("require('dingbridge.updates').apply(...)", updates)
    assert [(row["text"], row["reason"]) for row in beside.transcript("s")] == [
        (shown, ""),
        (said, shown),
        (said, shown),
        (said, ""),
    ]
    assert [one["reason"] for one in beside.heard("DingbridgeFailed")] == [shown]
    now = beside.status()
    for one in (now, *now["accounts"]):
        assert (one["last_error"], one["cool_down"]) == (shown, shown)


def test_health_says_whose_module_answers_and_what_to_call(beside: Editor, tmp_path: Path) -> None:
    beside.lua("require('chat').setup({ integrations = { dingtalk = {} } })")
    assert beside.nvim.vars["theirs"]
    found = check(beside)
    assert "require('dingbridge').setup" in found.text
    assert str(tmp_path / "chat.nvim" / "lua" / "chat" / "init.lua") in found.text
    beside.setup({})
    found = check(beside)
    assert "is the module of another plugin" in found.of("INFO") + found.text
    assert "`:Chat` is that of another plugin" in found.of("WARNING")
    assert ":Chat" not in found.text.replace("`:Chat` is that", "")


def test_a_bridge_that_was_set_up_at_the_other_module_says_where_to_set_it_up(
    beside: Editor,
) -> None:
    beside.lua("require('chat').setup({ integrations = { dingtalk = {} } })")
    beside.lua("require('dingbridge.host').register()")  # as the manifest does
    beside.nvim.command("DingTalk bridge dingtalk")
    said = beside.until_said("is the module of another plugin")
    assert "require('dingbridge').setup" in said


def test_without_another_plugin_sentences_say_chat(editor: Editor) -> None:
    editor.setup({})
    editor.chat("retry")
    editor.chat("save")
    assert ":Chat save" in editor.until_said("save needs an argument")


def test_somebody_outside_reads_the_name_that_is_always_ours() -> None:
    assert for_outside("see :Chat log, :Chat") == "see :DingTalk log, :DingTalk"
    assert for_outside(":Chatter") == ":Chatter"
