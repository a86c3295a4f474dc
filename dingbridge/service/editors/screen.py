"""Batches the updates for an editor: one frame per turn of the loop, fewer while the editor is
busy."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator

from dingbridge.protocol import updates

log = logging.getLogger(__name__)

SendFrame = Callable[[tuple[updates.Update, ...], int, str | None], None]
"""Sends the content of `frames.Updates`: the updates, how many frames of the editor were carried
out, and which commands it must run."""

Make = Callable[[], updates.Update]

SHOWN_WITHIN = 0.0001
"""Seconds that an editor gets for each update and message before the next frame."""

MOST_WAIT = 0.05
"""Maximum pause between two frames, in seconds."""


LOOK_AGAIN = 0.05
"""Seconds until an editor that does not read is checked again."""

MOST_WAITING = 10_000
"""Maximum number of updates held back from an editor that does not read. Beyond that they are sent,
so that the socket drops the editor in the end."""

IN_A_FRAME = 100
"""Maximum number of updates and messages in a frame, so that showing it does not interrupt
typing."""


class Screen:
    """Batches updates and confirmations into frames.

    idle ──show()──▶ due ──next turn, the pause is over, the editor reads──▶ sent ──▶ idle

    After a large frame the editor gets time to show it. Updates wait while it does not read.
    """

    def __init__(self, send: SendFrame, is_behind: Callable[[], bool] = lambda: False) -> None:
        self._send = send
        self._is_behind = is_behind
        self._waiting: deque[updates.Update | Make] = deque()
        # For updates made when the frame is sent: those in the next frame, and what each showed
        # last.
        self._made_late: set[Make] = set()
        self._shown_last: dict[Make, updates.Update] = {}
        self._is_due = False
        self._free_at = 0.0
        self._look_up: str | None = None
        self._begun = 0
        self._finished: set[int] = set()
        self.done = 0

    def show(self, *shown: updates.Update) -> None:
        """Show updates, in order."""
        self._waiting.extend(shown)
        self._soon()

    def show_latest(self, make: Callable[[], updates.Update]) -> None:
        """Show what `make` returns when the frame is sent, unless it equals what it returned the
        last time. Its place among the updates is that of the first call."""
        if make not in self._made_late:
            self._made_late.add(make)
            self._waiting.append(make)
            self._soon()

    def carried_out(self) -> None:
        """One more frame of the editor was carried out."""
        self.carrying_out()()

    def carrying_out(self) -> Callable[[], None]:
        """One more frame of the editor is being carried out.

        Call what this returns once the frame need not be repeated after a crash. It counts then,
        but not before the frames before it.
        """
        number = self._begun
        self._begun += 1

        def finished() -> None:
            self._finished.add(number)
            while self.done in self._finished:
                self._finished.remove(self.done)
                self.done += 1
                self._soon()

        return finished

    def look_up(self, digest: str) -> None:
        """Have the editor run the commands of the settings with that digest; with an empty one,
        none."""
        self._look_up = digest
        self._soon()

    def _soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            loop = asyncio.get_running_loop()
            if self._free_at > loop.time():
                loop.call_at(self._free_at, self._notify_if_due)
            else:
                loop.call_soon(self._notify_if_due)

    def _notify_if_due(self) -> None:
        if self._is_due and self._is_behind() and len(self._waiting) < MOST_WAITING:
            asyncio.get_running_loop().call_later(LOOK_AGAIN, self._notify_if_due)
        elif self._is_due:
            self._notify_some()
            if self._waiting:
                self._soon()

    def flush(self) -> None:
        """Send everything now."""
        self._notify_some()
        while self._waiting:
            self._notify_some()

    def _notify_some(self) -> None:
        self._is_due = False
        shown, size = self._take()
        look_up, self._look_up = self._look_up, None
        if shown or self.done or look_up is not None:
            busy = min(size * SHOWN_WITHIN, MOST_WAIT)
            self._free_at = asyncio.get_running_loop().time() + busy
            # The results of a frame come before its confirmation.
            self._send(shown, 0 if self._waiting else self.done, look_up)

    def _take(self) -> tuple[tuple[updates.Update, ...], int]:
        """The updates of the next frame, and their number, counting each message."""
        shown: list[updates.Update] = []
        size = 0
        while self._waiting and size < IN_A_FRAME:
            one = self._waiting.popleft()
            update = self._make(one) if callable(one) else one
            if update is not None:
                shown.append(update)
                size += 1 + (len(update.list) if isinstance(update, updates.ShowMessages) else 0)
        return tuple(_with_latest_deliveries(shown)), size

    def _make(self, make: Make) -> updates.Update | None:
        """Make an update for the frame; None if it has not changed."""
        self._made_late.discard(make)
        try:
            update = make()
        except Exception:  # a defect in one update must not stop the others
            log.exception("unexpected error")
            return None
        if self._shown_last.get(make) == update:
            return None
        self._shown_last[make] = update
        return update


def _with_latest_deliveries(shown: list[updates.Update]) -> Iterator[updates.Update]:
    """The updates, without deliveries that a later one for the same message replaces."""
    latest = {(one.id, one.message): one for one in shown if isinstance(one, updates.ShowDelivery)}
    for one in shown:
        if not isinstance(one, updates.ShowDelivery) or latest[one.id, one.message] is one:
            yield one
