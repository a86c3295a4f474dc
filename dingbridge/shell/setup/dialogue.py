"""How the setup speaks to its user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dingbridge.core.setup.snippet import Table


class Left(Exception):
    """The user leaves the setup; the next one goes on there."""


class Dialogue(Protocol):
    """Asks and shows. Every question raises `Left` when the user leaves instead."""

    def choose(self, question: str, options: Sequence[tuple[str, str]]) -> str:
        """The word of the option that the user chooses; an option is a word and what is read."""
        ...

    def ask(self, question: str, hint: str) -> str:
        """A text, stripped and not empty."""
        ...

    def ask_secret(self, question: str, hint: str) -> str:
        """The same, and nobody sees it."""
        ...

    def report(self, words: str, *, good: bool = False) -> None:
        """Show what happened; `good`: a step has succeeded."""
        ...

    def show_code(self, rows: list[str], address: str, words: str) -> None:
        """Show a QR code, if there are rows, with its address and what to do with it."""
        ...

    def hide_code(self) -> None:
        """The code is of no use any more."""
        ...

    def show_settings(self, words: str, lines: list[str]) -> None:
        """Show the call of `setup()`, to be copied."""
        ...

    def finish(self, words: str, table: Table) -> None:
        """The setup is done; `table` has the settings."""
        ...
