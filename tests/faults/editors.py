"""An editor that may be killed at any moment, and started again with the same files."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pynvim

from tests import disk
from tests.editor import Editor
from tests.faults import check
from tests.processes import is_alive

READY = 5.0
"""Seconds in which an editor has carried out a command of its user, on a busy machine."""
GONE = 5.0
"""Seconds in which a host is gone after its editor."""

_RECORD = """
local accepted, received = ...
local group = vim.api.nvim_create_augroup('fault_machine', {})
local function note(event, path, words)
  vim.api.nvim_create_autocmd('User', {
    group = group,
    pattern = event,
    callback = function(args)
      vim.fn.writefile({ vim.json.encode(words(args.data)) }, path, 'as')
    end,
  })
end
note('DingbridgeQueued', accepted, function(data) return data.id end)
note('DingbridgeReceived', received, function(data) return data.text end)
"""

_NOTICED = """
local killed = ...
return (vim.wait(2000, function()
  local hosts = vim.api.nvim_get_proc_children(vim.fn.getpid())
  local another = #hosts > 0 and not vim.tbl_contains(hosts, killed)
  return another or not require('dingbridge.host').is_running()
end, 5))
"""


class Seat:
    """A place for one editor: its project folder, its records, its session. The editor comes and
    goes. `number` names it; `released`: its session was unbound by hand."""

    def __init__(self, number: int, home: Path, options: dict[str, Any]) -> None:
        self.number = number
        self.name = f"editor {number}"
        self.session = ""
        self.released = False
        self.problems: list[str] = []
        self.ids: dict[str, int] = {}
        self.uncertain: set[int] = set()
        self._home = home
        self._options = options
        self._folder = home / f"project-{number}"
        self._accepted = home / f"accepted-{number}.jsonl"
        self._received = home / f"received-{number}.jsonl"
        self._editor: Editor | None = None
        self._pid = 0
        self._host = 0
        self._hosts: list[int] = []
        self._sent: list[int] = []
        self._files: set[int] = set()
        self._healthy = False

    # --- coming and going -------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether the editor runs, with or without a host."""
        return self._editor is not None

    def start(self) -> None:
        """Start the editor; take up the session of before, or make one and bind it."""
        self._folder.mkdir(exist_ok=True)
        editor = self._editor = Editor(self._home)
        editor.execute("cd", self._folder)
        self._pid = int(editor.lua("return vim.fn.getpid()"))
        editor.lua(_RECORD, str(self._accepted), str(self._received))
        editor.setup(self._options)
        self._sent = []
        self._healthy = True
        if self.session:
            self.chat()
        else:
            editor.chat(f"new Project {self.number}")
            editor.chat("bridge dingtalk")
            self.session = self._until(self._bound_session) or ""
            if not self.session:
                self._complain("no session could be bound")
        self._note_host()

    def chat(self) -> None:
        """`:Chat`, which starts the host if need be and takes up the binding."""
        if self._editor is None:
            return
        if not self._healthy:
            self._editor.lua(_NOTICED, self._host)
            # What an earlier host said of itself proves nothing about the next one.
            self._editor.lua("require('dingbridge.store').status = nil")
        self._editor.chat()
        self._healthy = True
        self._note_host()

    def is_bound(self) -> bool:
        """Whether the editor says that its session is bound."""
        return bool(self.session) and self._bound_session() == self.session

    def owns_link(self) -> bool:
        """Whether the editor says that it holds the link itself."""
        status = self.status()
        return bool(status.get("connected")) and not status.get("owner")

    def take_up_binding(self, *, alone: bool) -> None:
        """Wait until the session is bound, as it was before. `alone`: complain when it is not;
        otherwise another editor may have got the binding meanwhile, and the user binds anew."""
        if self._editor is None or self._until(self.is_bound):
            return
        if alone:
            seen = self._bound_session()
            self._complain(f"the binding of {self.session} was not taken up, but {seen!r}")
        self.bind()

    def bind(self) -> None:
        """Bind the session of before."""
        if self._editor is None:
            return
        self.released = False
        self._editor.chat(f"open {self.session}")
        self._editor.chat("bridge dingtalk")
        if self._until(self.is_bound) is None:
            self._complain("the session could not be bound again")

    def unbind(self) -> None:
        """Release the session."""
        if self._editor is not None:
            self.released = True
            self._editor.chat("unbridge")
            if self._until(lambda: self._bound_session() != self.session) is None:
                self._complain("the session could not be released")

    def kill_host(self) -> None:
        """`kill -9` of the Python host."""
        self._note_host()
        self.doubt()
        self._healthy = False
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
        """Leave the editor as its user would."""
        if not self._healthy:
            self.doubt()
        self._note_host()
        if self._editor is not None:
            try:
                self._editor.nvim.command("qa")
            except (EOFError, OSError):
                pass  # it is gone, as asked
            except pynvim.NvimError as error:
                self._complain(f":qa raised {error}")
        self._left()

    def end(self) -> None:
        """End all processes for good, whatever state they are in."""
        for pid in (self._pid, *self._hosts):
            _kill(pid)
        self._left()

    def fill(self) -> Callable[[], None]:
        """Let the disk be full for the host that runs now. Returns what gives it room again. Only
        Linux can do that: elsewhere there is room all the time."""
        self._note_host()
        return disk.fill(self._host)

    def until_gone(self) -> None:
        """Wait until no host of earlier editors is left; complain when one stays behind."""
        hosts = [pid for pid in self._hosts if self._editor is None or pid != self._host]
        for pid in hosts:
            if not wait(lambda pid=pid: not is_alive(pid), GONE):  # type: ignore[misc]  # mypy cannot infer a lambda's default
                self._complain(f"a host outlived its editor by {GONE:g} s")
                _kill(pid)
        self._hosts = [pid for pid in self._hosts if pid not in hosts]

    # --- messages ---------------------------------------------------------------------------------

    def send(self, message: int, text: str, *, notify: bool = False) -> bool:
        """Send a message. Whether it must be accepted now, as far as one can know."""
        if notify:
            return self._hand_over([message], "return { require('dingbridge').notify(...) }", text)
        code = (
            "local text, session = ... "
            "return { require('dingbridge').send(text, { session = session }) }"
        )
        return self._hand_over([message], code, text, self.session)

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
        """Send a file of that name, after some text if there is any, which is the message `words`.
        Whether they must be accepted now, as far as one can know."""
        path = self._folder / name
        path.write_bytes(check.content(name))
        self._files.add(message)
        code = (
            "local text, session, file = ... return { require('dingbridge').send("
            "text ~= '' and text or nil, { session = session, file = file }) }"
        )
        return self._hand_over(
            [words, message] if text else [message], code, text, self.session, str(path)
        )

    def doubt(self) -> None:
        """What was handed to processes that end now may not have been taken."""
        self.uncertain.update(self._sent)
        self._sent = []

    def doubt_files(self) -> None:
        """What was handed over as a file may not be taken: for want of room, say."""
        self.uncertain.update(self._files.intersection(self._sent))

    def accepted(self) -> tuple[int, ...]:
        """The messages that were accepted, in order."""
        return tuple(self.ids[each] for each in _lines(self._accepted) if each in self.ids)

    def announced(self) -> tuple[str, ...]:
        """The texts of the messages that were announced."""
        return tuple(_lines(self._received))

    # --- looking ----------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """`status()`; empty when the editor does not run."""
        return self._editor.status() if self._editor is not None else {}

    def said(self) -> list[str]:
        """What the user was told."""
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
    """What `look()` gave, once it is true; None when it is not within `seconds`."""
    end = time.monotonic() + seconds
    idle = threading.Event()
    while not (seen := look()):
        if time.monotonic() > end:
            return None
        idle.wait(pause)
    return seen


def _lines(path: Path) -> list[str]:
    """The texts in a file of records. The editor may have been killed in the midst of a line."""
    found = []
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else []:
        found.append(str(json.loads(line)))
    return found


def _kill(pid: int) -> None:
    if pid:
        try:
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        except ProcessLookupError:
            return
