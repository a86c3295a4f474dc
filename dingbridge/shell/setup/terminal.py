"""The setup's dialogue in a terminal."""

from __future__ import annotations

import getpass
import os
import shutil
import textwrap
from collections.abc import Callable, Sequence

from dingbridge.core.catalogue import setup as say
from dingbridge.core.commands.editor_commands import for_outside
from dingbridge.core.setup.snippet import Table
from dingbridge.shell.setup.dialogue import Left

_LEAVES = "q"
_DARK_ON_LIGHT, _USUAL = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
"""Colours of a QR code: readers need dark on light, whatever the terminal's are."""


class Terminal:
    """The port `Dialogue`, on standard input and output."""

    def choose(self, question: str, options: Sequence[tuple[str, str]]) -> str:
        """Ask for the number of an option."""
        _print("", *_wrapped(question))
        _print(*(f"  {number}  {words}" for number, (_, words) in enumerate(options, 1)))
        while True:
            answer = _read(f"{say.NUMBER()}: ")
            if answer.isdecimal() and 1 <= int(answer) <= len(options):
                return options[int(answer) - 1][0]
            _print(say.NOT_AN_ANSWER(count=len(options)))

    def ask(self, question: str, hint: str) -> str:
        """Ask for a text."""
        _print("", *_wrapped(hint))
        while not (answer := _read(f"{question}: ")):
            pass
        return answer

    def ask_secret(self, question: str, hint: str) -> str:
        """Ask for a text that is not shown."""
        _print("", *_wrapped(hint))
        while not (answer := _answer(getpass.getpass, f"{question}: ")):
            pass
        return answer

    def report(self, words: str, *, good: bool = False) -> None:
        """Print what happened."""
        _print(*_wrapped(f"✓ {words}" if good else words))

    def show_code(self, rows: list[str], address: str, words: str) -> None:
        """Print a QR code in its own colours, if the terminal has any and is wide enough."""
        _print("", *_wrapped(words), "")
        if rows and len(rows[0]) <= _columns() and os.environ.get("TERM") != "dumb":
            _print(*(f"{_DARK_ON_LIGHT}{row}{_USUAL}" for row in rows), "")
        _print(address)

    def hide_code(self) -> None:
        """It stays where it was printed."""

    def show_settings(self, words: str, lines: list[str]) -> None:
        """Print the call of `setup()`."""
        _print("", *_wrapped(words), "", *lines)

    def finish(self, words: str, table: Table) -> None:
        """Print the last line."""
        _print("", *_wrapped(words))


def _read(prompt: str) -> str:
    return _answer(input, prompt)


def _answer(read: Callable[[str], str], prompt: str) -> str:
    """What the user types, stripped. Raises `Left` for `q` and at the end of the input."""
    try:
        answer = read(for_outside(prompt)).strip()
    except EOFError:
        raise Left from None
    if answer == _LEAVES:
        raise Left
    return answer


def _columns() -> int:
    return shutil.get_terminal_size().columns


def _wrapped(words: str) -> list[str]:
    """The lines of a text, broken at blanks, and never inside an address."""
    width = min(_columns(), 100)
    lines = (
        textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]
        for line in words.splitlines()
    )
    return [part for each in lines for part in each]


def _print(*lines: str) -> None:
    for line in lines:
        print(for_outside(line), flush=True)  # noqa: T201 - the terminal is the user's
