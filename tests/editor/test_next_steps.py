"""Which next steps an empty chat shows, and how it lays them out; updates bring what it knows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.editor.test_chat_keys import fill
from tests.editor.test_guidance import guide
from tests.editor.test_message_signs import APPLY, STATUS
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

NAMED = """
local view = require('dingbridge.chat_window').view_of('s')
local space = vim.api.nvim_get_namespaces().dingbridge_guidance
local commands = {}
for _, mark in ipairs(
  vim.api.nvim_buf_get_extmarks(view.buffer, space, 0, -1, { details = true })
) do
  for _, line in ipairs(mark[4].virt_lines) do
    for _, chunk in ipairs(line) do
      local command = chunk[2] == 'DingbridgeCommand' and vim.trim(chunk[1]) or ''
      if command ~= '' then commands[#commands + 1] = command end
    end
  end
end
return commands
"""
"""The commands and keys among the next steps, which have a colour of their own."""
NOBODY = {"target": "", "name": "", "robot": ""}
SOMEBODY = {"target": "dingtalk:user:zhangsan", "name": "张\n三", "robot": ""}
ACCOUNTS = [
    {"account": "people", "mode": "api", "connected": True},
    {"account": "group", "mode": "webhook", "connected": False},
]
BIND, PAIR = ":Chat bridge dingtalk", ":Chat pair"
LAST = ["g?", ":Chat help"]


def show(
    editor: Editor, account: str = "", current: dict[str, str] = NOBODY, **status: Any
) -> list[str]:
    """An empty session that is bound like that; returns the commands that it shows."""
    editor.setup(status.pop("options", {}))
    fill(editor)
    editor.lua(
        APPLY,
        {**STATUS, "accounts": ACCOUNTS, **status},
        {
            **{"kind": "destinations", "id": "s", "account": account, "robot": ""},
            **{"current": current, "chosen": False, "known": []},
        },
    )
    return list(editor.lua(NAMED))


@pytest.mark.parametrize(
    ("account", "current", "mode", "sentence", "commands"),
    [
        ("", NOBODY, "api", "not on DingTalk yet", [BIND, PAIR, *LAST]),
        ("", NOBODY, "webhook", "not on DingTalk yet", [BIND, *LAST]),
        ("people", NOBODY, "api", "Write to the robot", [PAIR, *LAST]),
        ("people", SOMEBODY, "api", "goes to 张 三.", [PAIR, *LAST]),
        ("group", SOMEBODY, "api", "goes to 张 三.", LAST),
    ],
)
def test_the_next_steps_are_those_that_can_be_taken(
    editor: Editor,
    account: str,
    current: dict[str, str],
    mode: str,
    sentence: str,
    commands: list[str],
) -> None:
    assert show(editor, account, current, mode=mode) == commands
    assert sentence in guide(editor)
    assert len(editor.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)")) == 1


def test_nothing_is_said_before_the_settings_are_known(editor: Editor) -> None:
    assert show(editor, mode="unknown") == []
    assert guide(editor) == ""


def test_nothing_is_said_in_a_session_whose_messages_are_about_to_come(editor: Editor) -> None:
    assert show(editor) != []
    editor.lua(APPLY, {"kind": "earlier", "id": "s", "list": [], "more": True})
    editor.until(lambda: guide(editor) == "")


def test_the_key_that_lists_the_keys_is_the_users_own(editor: Editor) -> None:
    assert "<F1>" in show(editor, options={"keys": {"help": "<F1>"}})


def test_a_key_that_was_turned_off_is_not_offered(editor: Editor) -> None:
    assert show(editor, options={"keys": {"help": False}}) == [BIND, PAIR, ":Chat help"]


def test_the_next_steps_name_our_command_beside_another_plugin(editor: Editor) -> None:
    editor.nvim.command("command! Chat let g:theirs = 1")
    try:
        assert show(editor) == [
            ":DingTalk bridge dingtalk",
            ":DingTalk pair",
            "g?",
            ":DingTalk help",
        ]
    finally:
        editor.nvim.command("delcommand Chat")


def test_the_next_steps_are_laid_out_anew_when_the_width_of_the_window_changes(
    editor: Editor,
) -> None:
    def lines(columns: int) -> list[str]:
        """The lines in a window of that width."""
        editor.nvim.command(f"set columns={columns}")
        width = editor.lua(
            "return math.min(74, vim.api.nvim_win_get_width("
            "vim.fn.bufwinid(require('dingbridge.buffers').get('s', 'transcript'))))"
        )

        def fit() -> list[str]:
            shown = guide(editor).split("\n")
            widest = max(editor.lua("return vim.api.nvim_strwidth(...)", line) for line in shown)
            return shown if widest <= width and widest > width - 20 else []

        return editor.until(fit, f"lines for {width} columns")

    show(editor)
    wide = lines(100)
    assert any(line.strip().startswith(f"{BIND}  ") for line in wide)
    assert any(line.startswith(" " * 26) for line in wide)  # below the meaning, not the command
    assert any(line.strip() == BIND for line in lines(40))
    assert editor.lua(NAMED) == [BIND, PAIR, *LAST]
    assert lines(100) == wide
