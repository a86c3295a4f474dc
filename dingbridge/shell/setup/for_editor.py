"""The setup's dialogue with Neovim, which has started this process: one JSON object in each line.

Neovim gives the surroundings first. Then each object from here has a `kind`: `choose`, `ask` and
`secret` are answered by `{"answer": …}`; `tell`, `code`, `no_code`, `settings`, `problem` and
`finish` are not. When Neovim closes the pipe, or ends this process, the setup is left.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from dingbridge.core.catalogue import language
from dingbridge.core.catalogue.language import Language
from dingbridge.core.setup.snippet import Table
from dingbridge.shell.outcome import DELIVERED, INTERRUPTED, USAGE, UsageError
from dingbridge.shell.setup.credentials import Surroundings
from dingbridge.shell.setup.dialogue import Left
from dingbridge.shell.setup.guided_setup import lead

T = TypeVar("T")


class _FromNeovim(Struct):
    """The first line: Neovim's folders, its language, and options that are set already."""

    data: str
    config: str
    language: Language
    options: dict[str, Any]


class _Answer(Struct):
    answer: str


class _Lines:
    """The lines from Neovim. When the pipe closes, also while the setup waits for the network, this
    process ends: what it has written down is whole."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="dingbridge-lines", daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin.buffer:
            self._lines.put(line)
        os._exit(INTERRUPTED)

    def next(self, kind: type[T]) -> T:
        """The next line. Raises `Left` for one that cannot be read: an error would quote it, and it
        may hold a secret."""
        try:
            return msgspec.json.decode(self._lines.get(), type=kind)
        except ValueError:
            raise Left from None


class EditorDialogue:
    """The port `Dialogue`, on standard input and output."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines

    def choose(self, question: str, options: Sequence[tuple[str, str]]) -> str:
        """Ask which option."""
        return self._asked("choose", question=question, options=options)

    def ask(self, question: str, hint: str) -> str:
        """Ask for a text."""
        return self._asked("ask", question=question, hint=hint)

    def ask_secret(self, question: str, hint: str) -> str:
        """Ask for a text that is not shown."""
        return self._asked("secret", question=question, hint=hint)

    def report(self, words: str, *, good: bool = False) -> None:
        """Show what happened."""
        _send("tell", words=words, good=good)

    def show_code(self, rows: list[str], address: str, words: str) -> None:
        """Show a QR code."""
        _send("code", rows=rows, address=address, words=words)

    def hide_code(self) -> None:
        """Remove it."""
        _send("no_code")

    def show_settings(self, words: str, lines: list[str]) -> None:
        """Show the call of `setup()`."""
        _send("settings", words=words, lines=lines)

    def finish(self, words: str, table: Table) -> None:
        """Say the last words, and hand the settings over."""
        _send("finish", words=words, options=table)

    def _asked(self, kind: str, **fields: object) -> str:
        while True:
            _send(kind, **fields)
            answer = self._lines.next(_Answer).answer.strip()
            if answer:
                return answer


def main() -> int:
    """Run a setup for Neovim. Returns the exit code."""
    lines = _Lines()
    try:
        first = lines.next(_FromNeovim)
        language.use(first.language, os.environ)
        data, config = Path(first.data), Path(first.config)
        lead(EditorDialogue(lines), Surroundings(data, config, dict(os.environ), first.options))
    except (Left, KeyboardInterrupt, BrokenPipeError):
        return INTERRUPTED
    except UsageError as problem:
        _send("problem", words=str(problem))
        return USAGE
    return DELIVERED


def _send(kind: str, **fields: object) -> None:
    sys.stdout.write(json.dumps({"kind": kind, **fields}) + "\n")
    sys.stdout.flush()
