"""What the service takes from the machine: the time, chance and timers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Runtime(Protocol):
    """New ids and the time, so that nothing below asks for them itself."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def new_id(self) -> str:
        """An id that no other message has."""
        ...

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1 that nobody can foretell."""
        ...


Later = Callable[[float, Callable[[], None]], None]
"""Runs a call on the service loop after that many seconds."""
