"""Processes and loops for tests of files."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from dingbridge.core.messages import Message, Role
from dingbridge.core.sessions.transcript import Arrival
from tests.support.processes import Child

POSIX = os.name == "posix"
NOW = 1_800_000_000.0


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class Process:
    """A Python process that runs `code` and talks by lines."""

    def __init__(self, code: str, *arguments: object) -> None:
        self.popen = Child(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """The next line of its output."""
        return self.popen.line()

    def go(self) -> None:
        """Send it a line."""
        assert self.popen.stdin is not None
        self.popen.stdin.write("go\n")
        self.popen.stdin.flush()

    def end(self) -> int:
        """Wait until it ends."""
        return self.popen.wait(20)

    def close(self) -> None:
        self.popen.kill()
        self.popen.communicate()


StartProcess = Callable[..., Process]


def message(name: str, text: str = "hello") -> Message:
    return Message(name, Role.EDITOR, "You", text, NOW)


def again(name: str, text: str = "hello") -> Arrival:
    return Arrival(message(name, text), again=True)
