"""A program at a terminal of its own, and somebody who reads and types there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.processes import Child

ROOT = Path(__file__).resolve().parents[2]
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Typist:
    """Runs a program with a terminal of `columns` and 40 lines. A context manager.

    with Typist([sys.executable, "-c", "print(input('name: '))"], os.environ) as user:
        user.answers("name: ", "you")
    """

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str], columns: int = 100) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.child = Child(
            argv,
            env={**environ, "TERM": "xterm-256color"},
            cwd=ROOT,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            # Questions for a secret are asked at the terminal that controls the process.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)
        self.raw = ""
        self._read_up_to = 0

    def __enter__(self) -> Typist:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.end()
        os.close(self._ours)

    @property
    def screen(self) -> str:
        """All that the program has written, without colours."""
        return COLOURS.sub("", self.raw).replace("\r\n", "\n")

    def sees(self, words: str, seconds: float = 20.0) -> str:
        """Waits until the program has written these words, after those seen last."""
        end = time.monotonic() + seconds
        while (found := self.screen.find(words, self._read_up_to)) < 0:
            assert time.monotonic() < end, f"{words!r} is not there:\n{self.screen}"
            self._take(0.1)
        self._read_up_to = found + len(words)
        return self.screen

    def types(self, text: str, end: str = "\n") -> None:
        """Types a line."""
        os.write(self._ours, f"{text}{end}".encode())

    def answers(self, words: str, text: str) -> None:
        """Waits for a question and answers it."""
        self.sees(words)
        self.types(text)

    def chooses(self, words: str) -> None:
        """Waits for an option with these words, and for the prompt, and types its number."""
        self.sees(words)
        number = self.screen[: self._read_up_to].rpartition("\n")[2].split()[0]
        self.answers("number: ", number)

    def interrupts(self) -> int:
        """Presses Ctrl-C until the program ends, and returns its exit code.

        Python loses an interrupt that comes between a prompt and the wait for a line.
        """
        for _ in range(5):
            self.types("\x03", end="")
            end = time.monotonic() + 3
            while self.child.poll() is None and time.monotonic() < end:
                self._take(0.05)
            if self.child.poll() is not None:
                break
        return self.ends()

    def ends(self, seconds: float = 20.0) -> int:
        """Waits for the program's end, and returns its exit code."""
        limit = time.monotonic() + seconds
        while self.child.poll() is None:
            assert time.monotonic() < limit, f"it goes on:\n{self.screen}"
            self._take(0.05)
        while self._take(0.05):
            pass
        return int(self.child.returncode)

    def _take(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # the other end is closed
            return False
        self.raw += data.decode("utf-8", "replace")
        return bool(data)
