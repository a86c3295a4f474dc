"""Keeps the messages of a conversation in order while steps of them take time."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

StartFetch = Callable[[Callable[[], None]], None]
"""Starts a step of a message. It calls its argument when the next message may start."""

ConversationKey = tuple[str, str]
"""A session and a conversation: a slow file of one conversation delays no other."""


class ArrivalOrder:
    """Lets one message per conversation take a step at a time, in order. Service loop only.

    order.put((session, conversation), lambda done: fetch(file, then=done))
    """

    def __init__(self) -> None:
        self._waiting: dict[ConversationKey, deque[StartFetch]] = {}

    def put(self, conversation: ConversationKey, start: StartFetch) -> None:
        """Start a step, after those that were put earlier for the same conversation."""
        waiting = self._waiting.get(conversation)
        if waiting is not None:
            waiting.append(start)
            return
        self._waiting[conversation] = deque([start])
        self._go_on(conversation)

    def _go_on(self, conversation: ConversationKey) -> None:
        waiting = self._waiting[conversation]
        while waiting:
            # A loop, not recursion: thousands may wait, and most steps end at once.
            if not self._is_over(conversation, waiting.popleft()):
                return
        del self._waiting[conversation]

    def _is_over(self, conversation: ConversationKey, start: StartFetch) -> bool:
        """Start a step. Returns whether it has ended; otherwise the next one starts when it
        does."""
        over = False
        under_way = True

        def end() -> None:
            nonlocal over
            if not over:
                over = True
                if not under_way:
                    self._go_on(conversation)

        try:
            start(end)
        except Exception:  # any defect: it must not block the messages after it
            log.exception("a message could not be taken in")
            over = True
        under_way = False
        return over
