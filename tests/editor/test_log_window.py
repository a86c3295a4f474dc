"""`:Chat log` shows the end of the log, and what is added."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.editor import Editor
from tests.support.processes import frozen

pytestmark = pytest.mark.shared_editor

LINES = [f"line {number}" for number in range(200)]
COUNT_LOOKS = """
_G.looks = {}
local new = vim.uv.new_fs_poll
vim.uv.new_fs_poll = function()
  _G.looks[#_G.looks + 1] = new()
  return _G.looks[#_G.looks]
end
"""
LOOKED_AT = """
return #vim.tbl_filter(function(look) return not look:is_closing() end, _G.looks)
"""

WRITE_BETWEEN = """
local path = ...
local new = vim.uv.new_fs_poll
vim.uv.new_fs_poll = function()
  vim.fn.writefile({ 'between' }, path, 'a')
  return new()
end
"""
"""From now on a line is written after the log was read and before it is looked at again."""


@pytest.fixture
def path(editor: Editor) -> Path:
    """The log, long and shown. The host's first lines stand above."""
    editor.setup({})
    editor.nvim.command("Chat status")
    # The service writes no more lines then.
    editor.until_said("mode: off")
    path = editor.home / "state" / "nvim" / "dingbridge.log"
    editor.until(path.exists)
    append(path, *LINES)
    editor.lua(COUNT_LOOKS)
    editor.nvim.command("Chat log")
    editor.until(lambda: editor.nvim.current.buffer.name == str(path))
    return path


def append(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8") as log:
        log.write("".join(f"{line}\n" for line in lines))


def at_end(editor: Editor) -> bool:
    return bool(editor.lua("return vim.fn.line('.') == vim.fn.line('$')"))


def test_the_log_opens_at_its_end_and_follows_what_is_written(editor: Editor, path: Path) -> None:
    editor.until(lambda: at_end(editor))
    append(path, "one more")
    editor.until(lambda: editor.nvim.current.buffer[-1] == "one more")
    assert at_end(editor)
    assert editor.nvim.api.get_mode() == {"mode": "n", "blocking": False}


def test_who_reads_further_up_is_left_there(editor: Editor, path: Path) -> None:
    editor.nvim.command("normal! ggjj")
    append(path, "one more")
    editor.until(lambda: editor.nvim.current.buffer[-1] == "one more")
    assert editor.nvim.current.window.cursor[0] == 3


def test_the_log_that_is_shown_already_is_not_shown_twice(editor: Editor, path: Path) -> None:
    editor.nvim.command("tabfirst | Chat log")
    editor.until(lambda: editor.nvim.current.buffer.name == str(path))
    assert len(editor.nvim.tabpages) == 2


def test_a_log_that_was_closed_is_not_looked_at_any_more(editor: Editor, path: Path) -> None:
    assert editor.lua(LOOKED_AT) == 1
    editor.nvim.command("tabclose")
    assert editor.lua(LOOKED_AT) == 0
    append(path, "one more")
    editor.nvim.command("Chat log")
    editor.until(lambda: editor.nvim.current.buffer.name == str(path))
    assert editor.nvim.current.buffer[-1] == "one more"
    assert at_end(editor)
    assert len(editor.nvim.tabpages) == 2


def test_the_log_opens_while_no_service_runs_and_starts_none(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("status")
    editor.until_said("mode: webhook")
    editor.chat("service stop")
    editor.until(lambda: not editor.service_pid())
    editor.chat("log")
    path = editor.home / "state" / "nvim" / "dingbridge.log"
    editor.until(lambda: editor.nvim.current.buffer.name == str(path))
    editor.chat("service")
    editor.until_said("service: it does not run")
    assert not editor.service_pid()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_log_opens_while_the_service_is_frozen(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("status")
    editor.until_said("mode: webhook")
    with frozen(editor.service_pid()):
        editor.chat("log")
        path = editor.home / "state" / "nvim" / "dingbridge.log"
        editor.until(lambda: editor.nvim.current.buffer.name == str(path))


def test_what_is_written_while_the_log_opens_is_shown(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("status")
    editor.until_said("mode: webhook")
    editor.chat("service stop")
    editor.until(lambda: not editor.service_pid())
    editor.lua(WRITE_BETWEEN, str(editor.home / "state" / "nvim" / "dingbridge.log"))
    editor.chat("log")
    editor.until(lambda: editor.nvim.current.buffer[-1] == "between")
