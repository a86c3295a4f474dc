"""The turns of each session, one after the other."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable

from msgspec import Struct

log = logging.getLogger(__name__)

StartTurn = Callable[[Callable[[], None]], None]
"""Starts a turn. It calls its argument when the next one may start."""


class QueuedTurn(Struct, frozen=True, eq=False, kw_only=True):
    """A turn that may have to wait.

    - `asker`: the identity of the person who asked; empty for the editor's user
    - `is_next`: it goes before the others that wait, but for those that came so before it
    - `withdrawn`: called instead of `start` when the asker withdraws it; returns False if nothing
      waited for it any more
    """

    session: str
    start: StartTurn
    withdrawn: Callable[[], bool]
    asker: str = ""
    is_next: bool = False


class TurnQueue:
    """Lets one turn of a line run at a time: of a session, or of all that a program answers.
    Service loop only.

    queue.put("s1", QueuedTurn(session="s1", start=ask, withdrawn=forget))
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[QueuedTurn]] = {}
        self._is_closed = False

    def put(self, line: str, turn: QueuedTurn) -> int:
        """Start a turn after those before it. Returns how many these are, with the one that
        runs."""
        waiting = self._waiting.get(line)
        if waiting is None:
            self._waiting[line] = deque([turn])
            self._go_on(line)
            return 0
        place = len(waiting)
        if turn.is_next:
            place = next((at for at, one in enumerate(waiting) if not one.is_next), place)
        waiting.insert(place, turn)
        return place + 1

    def withdraw(self, session: str, asker: str) -> int:
        """Drop the turns of a session that wait and that this person asked for. Returns how many
        these were."""
        found: list[QueuedTurn] = []
        for waiting in self._waiting.values():
            own = [turn for turn in waiting if (turn.session, turn.asker) == (session, asker)]
            for turn in own:
                waiting.remove(turn)
            found += own
        return _withdrawn(found)

    def close(self) -> None:
        """Start no more turns: the service ends."""
        self._is_closed = True

    def is_busy(self, line: str) -> bool:
        """Whether a turn runs."""
        return line in self._waiting

    def _go_on(self, line: str) -> None:
        waiting = self._waiting[line]
        while waiting and not self._is_closed:
            # A loop, not recursion: many may wait that end at once.
            if not self._is_over(line, waiting.popleft()):
                return
        del self._waiting[line]

    def _is_over(self, line: str, turn: QueuedTurn) -> bool:
        """Start a turn. Returns whether it has ended; otherwise the next one starts when it
        does."""
        is_over, is_starting = False, True

        def end() -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                if not is_starting:
                    self._go_on(line)

        try:
            turn.start(end)
        except Exception:  # any defect: it must not block the turns after it
            log.exception("a turn could not be started")
            is_over = True
        is_starting = False
        return is_over


def _withdrawn(turns: Iterable[QueuedTurn]) -> int:
    count = 0
    for turn in turns:
        try:
            count += turn.withdrawn()
        except Exception:  # any defect of one: the others are dropped as well
            log.exception("a turn could not be withdrawn")
    return count
