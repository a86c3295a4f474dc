"""Keeps the messages of a session in their order while what came with one of them is fetched."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

Start = Callable[[Callable[[], None]], None]
"""Begins to take a message in; calls what it is given once that is done."""


class Arrivals:
    """One message of each session at a time. Host loop only."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Start]] = {}

    def put(self, session: str, start: Start) -> None:
        """Take a message in, after those of the same session that came before it."""
        waiting = self._waiting.get(session)
        if waiting is not None:
            waiting.append(start)
            return
        self._waiting[session] = deque()
        start(lambda: self._next(session))

    def _next(self, session: str) -> None:
        waiting = self._waiting[session]
        if waiting:
            waiting.popleft()(lambda: self._next(session))
        else:
            del self._waiting[session]
