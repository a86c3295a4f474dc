"""The turns of each session, one after the other."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

StartTurn = Callable[[Callable[[], None]], None]
"""Starts a turn. It calls its argument when the next one may start."""


class TurnQueue:
    """Lets one turn of a session run at a time. Service loop only.

    queue.put("s1", lambda done: agent.ask(question, then=done))
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[StartTurn]] = {}
        # How many of these, at their head, went before the others.
        self._asides: dict[str, int] = {}

    def put(self, session: str, start: StartTurn, *, is_next: bool = False) -> int:
        """Start a turn after those before it, or `is_next` before the others that wait, but for
        those that came so before it. Returns how many are before it, with the one that runs."""
        waiting = self._waiting.get(session)
        if waiting is None:
            self._waiting[session] = deque([start])
            self._go_on(session)
            return 0
        if is_next:
            asides = self._asides.get(session, 0)
            waiting.insert(asides, start)
            self._asides[session] = asides + 1
            return asides + 1
        waiting.append(start)
        return len(waiting)

    def is_busy(self, session: str) -> bool:
        """Whether a turn runs."""
        return session in self._waiting

    def _go_on(self, session: str) -> None:
        waiting = self._waiting[session]
        while waiting:
            self._asides[session] = max(0, self._asides.get(session, 0) - 1)
            # A loop, not recursion: many may wait that end at once.
            if not self._is_over(session, waiting.popleft()):
                return
        del self._waiting[session]
        self._asides.pop(session, None)

    def _is_over(self, session: str, start: StartTurn) -> bool:
        """Start a turn. Returns whether it has ended; otherwise the next one starts when it
        does."""
        is_over, is_starting = False, True

        def end() -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                if not is_starting:
                    self._go_on(session)

        try:
            start(end)
        except Exception:  # any defect: it must not block the turns after it
            log.exception("a turn could not be started")
            is_over = True
        is_starting = False
        return is_over
