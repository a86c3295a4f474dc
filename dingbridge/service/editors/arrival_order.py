"""Keeps the messages of a conversation in their order while what came with one is fetched."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

StartFetch = Callable[[Callable[[], None]], None]
"""Begins to take a message in; calls what it is given once the next one may follow."""

ConversationKey = tuple[str, str]
"""A session, and a conversation that speaks to it: another one's slow file is waited for there."""


class ArrivalOrder:
    """One message of each place at a time. Service loop only."""

    def __init__(self) -> None:
        self._waiting: dict[ConversationKey, deque[StartFetch]] = {}

    def put(self, place: ConversationKey, start: StartFetch) -> None:
        """Take a message in, after those of the same place that came before it."""
        waiting = self._waiting.get(place)
        if waiting is not None:
            waiting.append(start)
            return
        self._waiting[place] = deque([start])
        self._go_on(place)

    def _go_on(self, place: ConversationKey) -> None:
        waiting = self._waiting[place]
        while waiting:
            # A loop and no recursion: thousands may have waited, and most are done at once.
            if not self._is_over(place, waiting.popleft()):
                return
        del self._waiting[place]

    def _is_over(self, place: ConversationKey, start: StartFetch) -> bool:
        """Begin with one. Returns False when it ends later; the next one begins then."""
        over = False
        under_way = True

        def end() -> None:
            nonlocal over
            if not over:
                over = True
                if not under_way:
                    self._go_on(place)

        try:
            start(end)
        except Exception:  # whatever it is: it must not keep back all that comes after it
            log.exception("a message could not be taken in")
            over = True
        under_way = False
        return over
