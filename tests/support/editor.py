"""A real Neovim with the plugin, controlled over RPC, with folders of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pynvim

from dingbridge.core.commands.autocommands import AUTOCOMMANDS
from tests.support import services
from tests.support.neovim import find_neovim
from tests.support.processes import Child

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 20.0
"""Seconds until what is waited for must be there, on a busy machine."""
LIFE = 600.0
"""Seconds after which a Neovim that nobody ended is ended, whatever test it belongs to."""
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")

T = TypeVar("T")

_HOST = """
for _, one in ipairs(vim.api.nvim_list_chans()) do
  if one.argv and vim.tbl_contains(one.argv, 'host') then return vim.fn.jobpid(one.id) end
end
return 0
"""
_LINES = """
for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
  if vim.api.nvim_buf_get_name(buffer) == ... then
    return vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  end
end
return {}
"""
_CHAT_LINES = """
local buffer = require('dingbridge.buffers').get(...)
return buffer and vim.api.nvim_buf_get_lines(buffer, 0, -1, false) or {}
"""
_HEADINGS = """
local buffer = require('dingbridge.buffers').get(..., 'transcript')
local headings = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(
  buffer, require('dingbridge.message_format').namespace, 0, -1, {}
)) do
  headings[#headings + 1] = vim.api.nvim_buf_get_lines(buffer, mark[2], mark[2] + 1, false)[1]
end
return headings
"""
_SCREEN = """
vim.cmd.redraw({ bang = true })
local rows = {}
for row = 1, vim.o.lines do
  local cells = {}
  for column = 1, vim.o.columns do
    cells[column] = vim.fn.screenstring(row, column)
  end
  rows[row] = table.concat(cells):gsub('%s+$', '')
end
return rows
"""
_FORGET = """
local said = require('dingbridge.notice').said
while said[1] do said[#said] = nil end
"""
_LISTEN = """
_G.events = {}
vim.api.nvim_create_autocmd('User', {
  group = vim.api.nvim_create_augroup('listening', {}),
  pattern = 'Dingbridge*',
  callback = function(event)
    local data = event.data and next(event.data) and event.data or vim.empty_dict()
    table.insert(_G.events, { name = event.match, data = data })
  end,
})
"""


def environment(home: Path, environ: dict[str, str] | None = None) -> dict[str, str]:
    """The environment of a Neovim with all its folders in `home`."""
    return {
        **{name: text for name, text in os.environ.items() if name.upper() not in PROXIES},
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "NVIM_LOG_FILE": str(home / "nvim.log"),
        "NVIM_APPNAME": "nvim",
        **(environ or {}),
    }


class _Neovim(pynvim.Nvim):  # type: ignore[misc]  # pynvim has no types
    """A Neovim client that passes every request through one function."""

    bounded: Callable[[Callable[[], Any]], Any]

    def request(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return self.bounded(partial(super().request, name, *args, **kwargs))


class Editor:
    """One headless Neovim.

    - `home` holds its data, state and configuration.
    - `commands` run at its start, like the last lines of an init.lua.
    - `plugin` is the plugin's folder.
    - `terminal` is a program that shows a Neovim with a screen, with its arguments.

    A request that takes longer than `patience` seconds ends Neovim and all its processes: one that
    waits at a prompt would wait forever.

        editor.setup({})
        editor.chat("status")
        editor.until_said("mode: off")
    """

    def __init__(
        self,
        home: Path,
        environ: dict[str, str] | None = None,
        commands: tuple[str, ...] = (),
        plugin: Path = ROOT,
        life: float = LIFE,
        terminal: tuple[str, ...] = (),
    ) -> None:
        self.home = home
        self._app_name = (environ or {}).get("NVIM_APPNAME", "nvim")
        self.patience = 20.0
        self.is_closed = False
        self._logged = 0
        home.mkdir(parents=True, exist_ok=True)
        # Not in `home`: a socket's path is limited to about a hundred characters.
        self._run = tempfile.mkdtemp(prefix="dbe")
        address = (
            rf"\\.\pipe\{Path(self._run).name}" if sys.platform == "win32" else f"{self._run}/nvim"
        )
        self._printed = Path(self._run) / "printed"
        starting = ["--cmd", f"lua vim.opt.rtp:append([==[{plugin}]==])"] if commands else []
        for command in commands:
            starting += ["-c", command]
        starting += [] if terminal else ["--headless"]
        with self._printed.open("wb") as printed:
            self._process = Child(
                [*terminal, find_neovim(), "--clean", "-n", "--listen", address, *starting],
                seconds=life,
                stdin=subprocess.PIPE,
                stdout=printed,
                stderr=printed,
                env=environment(home, environ),
            )
        self.nvim: pynvim.Nvim = self._attach(address)
        self.lua("vim.opt.rtp:append(...)", str(plugin))
        if not terminal:
            self.nvim.command("set columns=120 lines=40")

    def _attach(self, address: str) -> pynvim.Nvim:
        end = time.monotonic() + self.patience
        waiting = threading.Event()
        while True:
            try:
                session = pynvim.socket_session(path=address)
                nvim = self._bounded(partial(_Neovim.from_session, session))
                break
            except OSError:
                if time.monotonic() > end or self._process.poll() is not None:
                    self._process.end()
                    raise AssertionError(f"Neovim did not start: {self.printed()}") from None
                waiting.wait(0.005)
        nvim.bounded = self._bounded
        return nvim

    def _bounded(self, request: Callable[[], T]) -> T:
        """Make a request. Fails with what Neovim shows if it does not answer."""
        late = threading.Event()

        def be_late() -> None:
            late.set()
            self._process.end()

        timer = threading.Timer(self.patience, be_late)
        timer.daemon = True
        timer.start()
        try:
            return request()
        except (EOFError, OSError):
            if late.is_set():
                raise AssertionError(
                    f"Neovim did not answer within {self.patience:g} s and was ended; "
                    f"it shows: {self.printed()}"
                ) from None
            raise
        finally:
            timer.cancel()

    # --- control ----------------------------------------------------------------------------------

    def lua(self, code: str, *arguments: Any) -> Any:
        """Run Lua code and return its value."""
        return self.nvim.exec_lua(code, *arguments)

    def setup(self, options: dict[str, Any]) -> None:
        """`require('dingbridge').setup(options)`."""
        self.lua("require('dingbridge').setup(...)", options)

    def chat(self, line: str = "") -> None:
        """`:Chat …`"""
        self.nvim.command(f"Chat {line}".strip())

    def execute(self, command: str, *arguments: object) -> None:
        """Run an Ex command whose arguments are taken literally, such as paths."""
        self.nvim.api.cmd(
            {"cmd": command, "args": [*map(str, arguments)], "magic": {"file": False}}, {}
        )

    def type_draft(self, text: str) -> None:
        """Replace the current buffer's text, as a user types before sending."""
        self.nvim.current.buffer[:] = text.split("\n")

    def begin_anew(self) -> None:
        """Ignore earlier notices and log lines from now on; see `said` and `log`."""
        self.lua(_FORGET)
        self._logged = len(self._whole_log())

    def listen(self) -> None:
        """Record the bridge's autocommands from now on; see `heard`."""
        self.lua(_LISTEN)

    def kill_host(self) -> None:
        """`kill -9` of the Python host."""
        os.kill(self.host_pid(), signal.SIGKILL)

    def kill_service(self) -> None:
        """`kill -9` of the service. The editor starts the next one."""
        services.kill(self.data)

    def kill(self) -> None:
        """`kill -9` of Neovim and of its host."""
        host = self.host_pid()
        os.kill(self.pid(), signal.SIGKILL)
        if host:
            os.kill(host, signal.SIGKILL)
        self.close()

    def kill_all(self) -> None:
        """`kill -9` of Neovim, its host and the service, all at once."""
        pids = [self.pid(), self.host_pid(), self.service_pid()]
        if pids[2] and sys.platform != "win32":
            os.kill(pids[2], signal.SIGSTOP)  # it must not notice that the others end
        for pid in pids:
            if pid:
                os.kill(pid, signal.SIGKILL)
        self.close()
        services.wait_until_gone(pids[2])

    def close(self) -> None:
        """Quit as a user does. A second call does nothing."""
        if self.is_closed:
            return
        self.is_closed = True
        try:
            self.nvim.command("qa!")
            self._process.wait(self.patience)
        except (EOFError, OSError):
            pass  # it is gone, as requested
        finally:
            self.nvim.close()
            self._process.end()
            shutil.rmtree(self._run, ignore_errors=True)

    # --- queries ----------------------------------------------------------------------------------

    def until(self, look: Callable[[], T], want: str = "", seconds: float = DEADLINE) -> T:
        """Wait until `look()` is true and return its result. Fails with `want` after `seconds`."""
        end = time.monotonic() + seconds
        while True:
            seen = look()
            if seen:
                return seen
            if time.monotonic() > end:
                raise AssertionError(
                    f"not within {seconds} s: {want}; last seen {seen!r}; said {self.said()!r}\n"
                    f"log:\n{self.log()}"
                )
            # Waits inside the editor, which keeps working.
            self.lua("vim.wait(20, function() return false end, 5)")

    def until_lua(self, expression: str, seconds: float = DEADLINE) -> Any:
        """Wait until a Lua expression is true and return its value."""
        return self.until(lambda: self.lua(f"return {expression}"), expression, seconds)

    def until_said(self, part: str, seconds: float = DEADLINE) -> str:
        """Wait for a notice that contains `part` and return it."""
        return self.until(
            lambda: next((text for text in self.said() if part in text), ""), part, seconds
        )

    def said(self) -> list[str]:
        """All notices so far, or since `begin_anew`."""
        return [
            str(row["text"]) for row in self.lua("return require('dingbridge.notice').said") or []
        ]

    def heard(self, name: str) -> list[dict[str, Any]]:
        """The data of the autocommands of that name since `listen`, in order."""
        rows = self.lua("return _G.events")
        found = [dict(row["data"]) for row in rows if row["name"] == name]
        [declared] = [{*each.data} for each in AUTOCOMMANDS if each.name == name]
        assert all({*data} == declared for data in found)
        return found

    def printed(self) -> str:
        """The output of a Neovim without a screen: messages and prompts."""
        return self._printed.read_text("utf-8", "replace").strip()

    def pid(self) -> int:
        """Neovim's process id."""
        return int(self.lua("return vim.fn.getpid()"))

    def host_pid(self) -> int:
        """The host's process id; 0 without one."""
        return int(self.lua(_HOST))

    def service_pid(self) -> int:
        """The service's process id; 0 without one."""
        return services.pid(self.data)

    def status(self) -> dict[str, Any]:
        """`require('dingbridge').status()`."""
        return dict(self.lua("return require('dingbridge').status()"))

    def sessions(self) -> list[dict[str, Any]]:
        """`require('dingbridge').sessions()`."""
        return list(self.lua("return require('dingbridge').sessions()") or [])

    def transcript(self, session: str = "") -> list[dict[str, Any]]:
        """The messages of a session, by default the current one."""
        return list(
            self.lua(
                "local id = ... ; return require('dingbridge').transcript("
                "id ~= '' and id or require('dingbridge.state').current)",
                session,
            )
            or []
        )

    def windows(self) -> int:
        """Number of windows in the tab page, without notices in a corner."""
        return int(
            self.lua("""
                return #vim.tbl_filter(function(window)
                  return vim.api.nvim_win_get_config(window).relative == ''
                end, vim.api.nvim_tabpage_list_wins(0))
            """)
        )

    def lines(self, name: str) -> list[str]:
        """The lines of the buffer of that name; empty if there is none."""
        # In one request, since the buffer may be deleted between two.
        return list(self.lua(_LINES, name))

    def chat_lines(self, session: str, part: str = "transcript") -> list[str]:
        """The lines of a session's transcript or draft; empty if it has no buffer."""
        return list(self.lua(_CHAT_LINES, session, part))

    def headings(self, session: str) -> list[str]:
        """The lines above the messages of a session's transcript."""
        return list(self.lua(_HEADINGS, session))

    def screen(self) -> list[str]:
        """The rows of the screen, without spaces at their ends."""
        return list(self.lua(_SCREEN))

    def log(self) -> str:
        """The log so far, or since `begin_anew`."""
        return self._whole_log()[self._logged :]

    def _whole_log(self) -> str:
        path = self.home / "state" / self._app_name / "dingbridge.log"
        return path.read_text("utf-8") if path.exists() else ""

    @property
    def data(self) -> Path:
        """`stdpath('data')`."""
        return self.home / "data" / self._app_name


def texts(editor: Editor) -> list[str]:
    """The texts of the bound session, in order."""
    return [str(row["text"]) for row in editor.transcript(editor.status()["session"])]
