"""One Neovim shared by the tests of a module; each finds it as if it had just started."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from filelock import FileLock

from dingbridge.edges.storage.robot_files import STATE_FILE
from tests.support import services
from tests.support.editor import Editor

_REMEMBER = """
local function copy(from)
  local to = {}
  for name, value in pairs(from) do to[name] = value end
  return to
end
--- The options that work here; Neovim 0.10 refuses to read the others.
local function options()
  local found = {}
  for name, option in pairs(vim.api.nvim_get_all_options_info()) do
    if vim.fn.exists('+' .. name) == 1 then found[name] = option end
  end
  return found
end
local places = { vim, vim.api, vim.fn, vim.treesitter, vim.ui, vim.uv }
local at_start = { globals = copy(_G), variables = vim.fn.copy(vim.g) }
at_start.options, at_start.places, at_start.autocommands = {}, {}, {}
for _, each in ipairs(vim.api.nvim_get_autocmds({})) do
  if each.id then at_start.autocommands[each.id] = true end
end
for name in pairs(options()) do
  at_start.options[name] = vim.go[name]
end
for number, place in ipairs(places) do
  at_start.places[number] = { place, copy(place) }
end

--- Takes back what a test set, wrote over, opened or wrote.
_G.as_at_start = function()
  for _, place in ipairs(at_start.places) do
    for name, value in pairs(place[2]) do rawset(place[1], name, value) end
  end
  for name in pairs(vim.fn) do
    if at_start.places[3][2][name] == nil then vim.fn[name] = nil end
  end
  for name in pairs(_G) do
    if at_start.globals[name] == nil and name ~= 'as_at_start' then _G[name] = nil end
  end
  for name in pairs(vim.fn.copy(vim.g)) do
    if at_start.variables[name] == nil then vim.g[name] = nil end
  end
  pcall(vim.api.nvim_del_augroup_by_name, 'listening')
  for _, each in ipairs(vim.api.nvim_get_autocmds({})) do
    if each.id and not each.group and not at_start.autocommands[each.id] then
      pcall(vim.api.nvim_del_autocmd, each.id) -- one id may have several events
    end
  end
  -- Twice: some hold others within bounds, such as 'winminheight'.
  for _, set in ipairs({ pcall, function(act) act() end }) do
    for name, value in pairs(at_start.options) do
      if vim.go[name] ~= value then
        set(function() vim.go[name] = value end)
      end
    end
  end
  vim.cmd('silent! tabonly! | silent! new | silent! only!')
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      vim.api.nvim_win_close(window, true)
    end
  end
  for name, option in pairs(options()) do
    -- A window takes them from the one that it was split from.
    if option.scope == 'win' and vim.wo[name] ~= vim.go[name] then vim.wo[name] = vim.go[name] end
  end
  local own = vim.api.nvim_get_current_buf()
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if buffer ~= own then vim.api.nvim_buf_delete(buffer, { force = true }) end
  end
  vim.fn.setqflist({}, 'f')
end
"""
_STATE = """
local bridge = require('dingbridge')
local status = bridge.status()
return {
  buffers = #vim.api.nvim_list_bufs(),
  windows = #vim.api.nvim_list_wins(),
  lines = vim.api.nvim_buf_get_lines(0, 0, -1, false),
  mode = vim.api.nvim_get_mode().mode,
  sessions = #bridge.sessions(),
  off = (status.mode == 'off' or status.mode == 'unknown') and status.link == 'off',
  bound = status.session,
  counts = { status.queued, status.failed, status.refused, status.asking },
  error = status.last_error,
}
"""
_AS_NEW = {
    "buffers": 1,
    "windows": 1,
    "lines": [""],
    "mode": "n",
    "sessions": 0,
    "off": True,
    "bound": "",
    "counts": [0, 0, 0, 0],
    "error": "",
}


class SharedEditor:
    """An editor lent to one test after the other. Its host continues from test to test.

    lent ──give_back()──▶ like new ──▶ lent to the next test
      └──cannot be restored, or ended──▶ closed; the next test gets a new editor

    A test must itself undo what `give_back` does not know: files, autocommands, mappings, and
    changes of the plugin's modules.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started = 0
        self._editor: Editor | None = None

    def lend(self) -> Editor:
        """The editor, with notices and log from now on."""
        if self._editor is not None and _state(self._editor) != _AS_NEW:
            self.close()
        if self._editor is None:
            self._started += 1
            self._editor = Editor(self._folder / f"home{self._started}")
            self._editor.lua(_REMEMBER)
        self._editor.begin_anew()
        return self._editor

    def give_back(self) -> None:
        """Restore the state of an editor that has just started."""
        editor, self._editor = self._editor, None
        if editor is None or editor.is_closed:
            return
        try:
            _leave_everything(editor)
            editor.until(lambda: _state(editor) == _AS_NEW, seconds=1)
            self._editor = editor
        except (AssertionError, EOFError, OSError):
            pass  # its host keeps an error, for example, or the test has ended it
        finally:
            if self._editor is None:
                _end(editor)

    def close(self) -> None:
        """End the editor."""
        if self._editor is not None:
            _end(self._editor)
            self._editor = None


def _end(editor: Editor) -> None:
    editor.close()
    services.end(editor.data)


def _state(editor: Editor) -> dict[str, Any]:
    return dict(editor.lua(_STATE))


def _leave_everything(editor: Editor) -> None:
    editor.nvim.input("<C-\\><C-n><C-c><Esc>")
    # In the buffer of a terminal the mode is called `nt`.
    modes = [{"mode": mode, "blocking": False} for mode in ("n", "nt")]
    editor.until(lambda: editor.nvim.api.get_mode() in modes)
    editor.execute("cd", os.getcwd())
    # Notices under way would appear in the next test.
    editor.until(lambda: not editor.status()["queued"], seconds=1)
    if editor.nvim.api.list_uis():
        editor.nvim.ui_detach()
    editor.setup({})
    if editor.host_pid():
        while editor.sessions():
            editor.begin_anew()
            editor.chat("delete")
            editor.until_said("was deleted")
        # The answer comes after all earlier updates.
        editor.chat("nothing of the kind")
        editor.until_said("unknown subcommand nothing")
        # It has the times of opened links, which are limited per minute. A write under way would
        # bring it back.
        state = editor.data / STATE_FILE
        with FileLock(f"{state}.lock", mode=0o600):
            state.unlink(missing_ok=True)
        for file in (editor.data / "dingbridge" / "media").rglob("*"):
            if file.is_file():
                file.unlink()
    editor.lua("vim.wait(20); as_at_start()")  # notices show a moment later
