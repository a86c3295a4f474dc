"""Editors that may be killed at any moment and restarted with the same files."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pynvim
from msgspec import Struct

from tests.faults import check
from tests.faults.operations import Program
from tests.faults.projects import RECORD, Project, lines
from tests.support import services
from tests.support.editor import Editor
from tests.support.processes import is_alive

READY = 15.0
"""Seconds in which an editor has carried out a command of its user, on a busy machine."""
GONE = 5.0
"""Seconds in which a host is gone after its editor."""

_NOTICED = """
local killed = ...
return (vim.wait(2000, function()
  local hosts = vim.api.nvim_get_proc_children(vim.fn.getpid())
  local another = #hosts > 0 and not vim.tbl_contains(hosts, killed)
  return another or not require('dingbridge.host').is_running()
end, 5))
"""


class Install(Struct, frozen=True):
    """What all editors of a history share: files, environment, the plugin's folder, and options.

    `only_notifies`: another service may have the robot, so whether a session can be bound is
    unknown.
    """

    home: Path
    environ: dict[str, str]
    plugin: Path
    options: dict[str, Any]
    only_notifies: bool


class Seat:
    """A place for one editor, with its project and its records. Editors come and go; `number` names
    it."""

    def __init__(self, number: int, project: Project, install: Install) -> None:
        home = install.home
        self.number = number
        self.name = f"editor {number}"
        self.project = project
        self.install = install
        self.problems: list[str] = []
        self.ids: dict[str, int] = {}
        self.uncertain: set[int] = set()
        self._received = home / f"received-{number}.jsonl"
        self._ended = home / f"ended-{number}.jsonl"
        self._editor: Editor | None = None
        self._pid = 0
        self._host = 0
        self._hosts: list[int] = []
        self._sent: list[int] = []
        self._files: set[int] = set()
        self._healthy = False

    # --- start and end ----------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether Neovim runs, with or without a host."""
        return self._editor is not None

    @property
    def data(self) -> Path:
        """The data folder."""
        name = self.install.environ.get("NVIM_APPNAME", "nvim")
        return self.install.home / "data" / name

    @property
    def records(self) -> tuple[str, str, str]:
        """The folder for recorded events; see `RECORD`."""
        return str(self.project.accepted), str(self._received), str(self._ended)

    def start(self) -> None:
        """Start the editor. It restores its session, or makes one and binds it."""
        install, project = self.install, self.project
        project.folder.mkdir(exist_ok=True)
        editor = self._editor = Editor(install.home, install.environ, plugin=install.plugin)
        editor.execute("cd", project.folder)
        self._pid = int(editor.lua("return vim.fn.getpid()"))
        editor.lua(RECORD, *self.records)
        editor.setup(install.options)
        self._sent = []
        self._healthy = True
        if project.session:
            self.chat()
        elif install.only_notifies:
            editor.chat("bridge dingtalk")
        else:
            editor.chat(f"new Project {project.number}")
            editor.chat("bridge dingtalk")
            project.session = self._until(self._bound_session) or ""
            if not project.session:
                self._complain("no session could be bound")
        self._note_host()

    def chat(self) -> None:
        """Run `:Chat`, which starts the host if necessary and restores the binding."""
        if self._editor is None:
            return
        if not self._healthy:
            self._editor.lua(_NOTICED, self._host)
        self._editor.chat()
        self._healthy = True
        self._note_host()

    def is_bound(self) -> bool:
        """Whether the editor says that its session is bound."""
        return bool(self.project.session) and self._bound_session() == self.project.session

    def take_up_binding(self, *, alone: bool) -> None:
        """Wait until the earlier session is bound. `alone`: report a problem if it is not;
        otherwise another editor may have taken the binding, and the user binds again."""
        if self._editor is None or self.install.only_notifies or self._until(self.is_bound):
            return
        if alone:
            seen = self._bound_session()
            self._complain(f"the binding of {self.project.session} was not taken up, but {seen!r}")
        self.bind()

    def bind(self) -> None:
        """Bind the earlier session."""
        if self._editor is None:
            return
        self.project.released = False
        self._editor.chat(f"open {self.project.session}")
        self._editor.chat("bridge dingtalk")
        if self._until(self.is_bound) is None:
            self._complain("the session could not be bound again")

    def unbind(self) -> None:
        """Release the session."""
        if self._editor is not None:
            self.project.released = True
            self._editor.chat("unbridge")
            if self._until(lambda: self._bound_session() != self.project.session) is None:
                self._complain("the session could not be released")

    def kill_host(self) -> None:
        """`kill -9` of the Python host. Neovim keeps its requests for the next host."""
        self._note_host()
        self._healthy = False
        if self._editor is not None:
            # The status of this host proves nothing about the next one, which Neovim may start by
            # itself.
            self._editor.lua("require('dingbridge.state').status = nil")
        _kill(self._host)

    def kill(self, *, host: bool) -> None:
        """`kill -9` of the editor."""
        self._note_host()
        self.doubt()
        _kill(self._pid)
        if host:
            _kill(self._host)
        self._left()

    def quit(self) -> None:
        """Quit the editor as its user does."""
        if not self._healthy:
            self.doubt()
        self._note_host()
        if self._editor is not None:
            try:
                self._editor.nvim.command("qa")
            except (EOFError, OSError):
                pass  # it is gone, as requested
            except pynvim.NvimError as error:
                self._complain(f":qa raised {error}")
        self._left()

    def end(self) -> None:
        """End all processes, whatever state they are in."""
        for pid in (self._pid, *self._hosts):
            _kill(pid)
        self._left()

    def restart_service(self) -> None:
        """`:Chat service restart`"""
        if self._editor is not None:
            self._editor.chat("service restart")

    def pid(self, program: Program) -> int:
        """The process id of Neovim, its host, or the shared service; 0 without one."""
        self._note_host()
        if program == "editor":
            return self._pid
        return self._host if program == "host" else services.pid(self.data)

    def until_gone(self) -> None:
        """Wait until no earlier host is left; report a problem if one is."""
        hosts = [pid for pid in self._hosts if self._editor is None or pid != self._host]
        for pid in hosts:
            if not wait(lambda pid=pid: not is_alive(pid), GONE):  # type: ignore[misc]  # mypy cannot infer a lambda's default
                self._complain(f"a host outlived its editor by {GONE:g} s")
                _kill(pid)
        self._hosts = [pid for pid in self._hosts if pid not in hosts]

    # --- messages ---------------------------------------------------------------------------------

    def send(self, message: int, text: str, *, notify: bool = False) -> bool:
        """Send a message. Returns whether it must be accepted, as far as is known now."""
        if notify:
            return self._hand_over([message], "return { require('dingbridge').notify(...) }", text)
        code = (
            "local text, session = ... "
            "return { require('dingbridge').send(text, { session = session }) }"
        )
        return self._hand_over([message], code, text, self.project.session)

    def _hand_over(self, messages: list[int], code: str, *words: str) -> bool:
        if self._editor is None:
            return False
        try:
            made = self._editor.lua(code, *words)
        except pynvim.NvimError as error:
            if self._healthy:
                self._complain(f"sending raised {error}")
            return False
        self.ids.update(zip(map(str, made), messages, strict=True))
        if self._healthy:
            self._sent += messages
        return self._healthy

    def send_file(self, message: int, name: str, words: int, text: str) -> bool:
        """Send a file, after the message `words` if there is text. Returns whether both must be
        accepted, as far as is known now."""
        path = self.project.folder / name
        path.write_bytes(check.content(name))
        self._files.add(message)
        code = (
            "local text, session, file = ... return { require('dingbridge').send("
            "text ~= '' and text or nil, { session = session, file = file }) }"
        )
        return self._hand_over(
            [words, message] if text else [message], code, text, self.project.session, str(path)
        )

    def doubt(self) -> None:
        """Requests to processes that end now may be lost before acceptance."""
        self.uncertain.update(self._sent)
        self._sent = []

    def doubt_files(self) -> None:
        """Files submitted now may not be accepted, for example for want of room."""
        self.uncertain.update(self._files.intersection(self._sent))

    def accepted(self) -> tuple[int, ...]:
        """Accepted messages, in order."""
        return self.project.accepted_of(self.ids)

    def ended(self) -> tuple[int, ...]:
        """Messages whose final delivery was reported, once per report."""
        return tuple(self.ids[each] for each in lines(self._ended) if each in self.ids)

    def witnessed(self) -> tuple[int, ...]:
        """Messages submitted to the Neovim that runs now."""
        return tuple(self._sent) if self._editor is not None else ()

    def announced(self) -> tuple[str, ...]:
        """Texts of the announced messages."""
        return tuple(lines(self._received))

    # --- queries ----------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """`status()`; empty if the editor does not run."""
        return self._editor.status() if self._editor is not None else {}

    def shown(self) -> tuple[check.Row, ...]:
        """The rows of the session as the editor shows them."""
        if self._editor is None:
            return ()
        rows = self._editor.transcript(self.project.session)
        return tuple((row["id"], row["text"], row["delivery"]) for row in rows)

    def said(self) -> list[str]:
        """The notices that the user got."""
        return self._editor.said() if self._editor is not None else []

    def _bound_session(self) -> str:
        return str(self.status().get("session", ""))

    def _note_host(self) -> None:
        if self._editor is None:
            return
        children = self._editor.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")
        for pid in children:
            if pid not in self._hosts:
                self._host = int(pid)
                self._hosts.append(self._host)

    def _left(self) -> None:
        editor, self._editor = self._editor, None
        self._pid = self._host = 0
        self._healthy = False
        if editor is not None:
            editor.close()

    def _until(self, look: Callable[[], Any]) -> Any:
        return wait(look, READY)

    def _complain(self, words: str) -> None:
        self.problems.append(f"{self.name}: {words}")


def wait(look: Callable[[], Any], seconds: float, pause: float = 0.01) -> Any:
    """Wait until `look()` is true and return its result; None after `seconds`."""
    end = time.monotonic() + seconds
    idle = threading.Event()
    while not (seen := look()):
        if time.monotonic() > end:
            return None
        idle.wait(pause)
    return seen


def _kill(pid: int) -> None:
    if pid:
        try:
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        except ProcessLookupError:
            return
