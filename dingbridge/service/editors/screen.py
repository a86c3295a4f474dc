"""What an editor is shown, gathered: one frame for each turn, and fewer while it is busy."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator

from dingbridge.protocol import updates

log = logging.getLogger(__name__)

SendFrame = Callable[[tuple[updates.Update, ...], int, str | None], None]
"""Takes what `frames.Updates` has: what is to be shown, how many frames of the editor were carried
out, and which commands it is to run."""

Make = Callable[[], updates.Update]

SHOWN_WITHIN = 0.0001
"""Seconds that an editor has for each update and message before the next frame comes."""

MOST_WAIT = 0.05
"""Seconds that an update waits at most."""


LOOK_AGAIN = 0.05
"""Seconds after which an editor that does not read is looked at again."""

MOST_WAITING = 10_000
"""Updates that are gathered for one that does not read (a count), before it is sent them all the
same: one that never reads is dropped in the end."""

IN_A_FRAME = 100
"""Updates and messages after which a frame is full, so that an editor that shows it is not away for
long from whoever types in it."""


class Screen:
    """What an editor is shown, and how many of its frames were carried out: all of a turn of the
    loop in one frame. An editor that was just given much is left the time to show it, and one that
    does not read is left alone; what comes meanwhile is gathered."""

    def __init__(self, send: SendFrame, is_behind: Callable[[], bool] = lambda: False) -> None:
        self._send = send
        self._is_behind = is_behind
        self._waiting: deque[updates.Update | Make] = deque()
        # Of what is made for a frame alone: what is in the next one, and what was shown last.
        self._made_late: set[Make] = set()
        self._shown_last: dict[Make, updates.Update] = {}
        self._is_due = False
        self._free_at = 0.0
        self._look_up: str | None = None
        self.done = 0

    def show(self, *shown: updates.Update) -> None:
        """Show updates, in order."""
        self._waiting.extend(shown)
        self._soon()

    def show_latest(self, make: Callable[[], updates.Update]) -> None:
        """Show what `make` gives when the frame is sent, in the place where this was first asked
        for; nothing if the editor was shown the same before."""
        if make not in self._made_late:
            self._made_late.add(make)
            self._waiting.append(make)
            self._soon()

    def carried_out(self) -> None:
        """One more frame was carried out."""
        self.done += 1
        self._soon()

    def look_up(self, digest: str) -> None:
        """Have the editor run the commands of the settings with that digest; none when empty."""
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
        """Tell all there is to tell, without a pause."""
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
            # What a frame of the editor has led to comes before the word that it was carried out.
            self._send(shown, 0 if self._waiting else self.done, look_up)

    def _take(self) -> tuple[tuple[updates.Update, ...], int]:
        """The updates of the next frame, and how many they are, each message counted."""
        shown: list[updates.Update] = []
        size = 0
        while self._waiting and size < IN_A_FRAME:
            one = self._waiting.popleft()
            update = self._make(one) if callable(one) else one
            if update is not None:
                shown.append(update)
                size += 1 + (len(update.list) if isinstance(update, updates.ShowMessages) else 0)
        return tuple(_with_latest_fates(shown)), size

    def _make(self, make: Make) -> updates.Update | None:
        """What was only to be made for the frame, if it is new."""
        self._made_late.discard(make)
        try:
            update = make()
        except Exception:  # a defect in one must not take the others along
            log.exception("unexpected error")
            return None
        if self._shown_last.get(make) == update:
            return None
        self._shown_last[make] = update
        return update


def _with_latest_fates(shown: list[updates.Update]) -> Iterator[updates.Update]:
    """The updates without a fate that another one of the same message follows."""
    latest = {(one.id, one.message): one for one in shown if isinstance(one, updates.ShowDelivery)}
    for one in shown:
        if not isinstance(one, updates.ShowDelivery) or latest[one.id, one.message] is one:
            yield one
