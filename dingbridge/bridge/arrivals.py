"""Keeps the messages of a session in their order while what came with one of them is fetched."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

Start = Callable[[Callable[[], None]], None]
"""Begins to take a message in; calls what it is given once the next one may follow."""


class Arrivals:
    """One message of each session at a time. Service loop only."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Start]] = {}

    def put(self, session: str, start: Start) -> None:
        """Take a message in, after those of the same session that came before it."""
        waiting = self._waiting.get(session)
        if waiting is not None:
            waiting.append(start)
            return
        self._waiting[session] = deque([start])
        self._go_on(session)

    def _go_on(self, session: str) -> None:
        waiting = self._waiting[session]
        while waiting:
            # A loop and no recursion: thousands may have waited, and most are done at once.
            if not self._is_over(session, waiting.popleft()):
                return
        del self._waiting[session]

    def _is_over(self, session: str, start: Start) -> bool:
        """Begin with one. Returns False when it ends later, and goes on by itself then."""
        over = False
        under_way = True

        def end() -> None:
            nonlocal over
            if not over:
                over = True
                if not under_way:
                    self._go_on(session)

        try:
            start(end)
        except Exception:  # whatever it is: it must not keep back all that comes after it
            log.exception("a message could not be taken in")
            over = True
        under_way = False
        return over
