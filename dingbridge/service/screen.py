"""What an editor is shown, gathered: one frame for each turn, and fewer while it is busy."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator

from dingbridge.bridge import updates

log = logging.getLogger(__name__)

Send = Callable[[tuple[updates.Update, ...], int, str | None], None]
"""Takes what `frames.Updates` has: what is to be shown, how many frames of the editor were carried
out, and which commands it is to run."""

Make = Callable[[], updates.Update]

SHOWN_WITHIN = 0.0003
"""Seconds that an editor has for each update and message before the next frame comes."""

MOST_WAIT = 0.05
"""Seconds that an update waits at most."""


LOOK_AGAIN = 0.05
"""Seconds after which an editor that does not read is looked at again."""

MOST_WAITING = 10_000
"""Updates that are gathered for one that does not read (a count), before it is sent them all the
same: one that never reads is dropped in the end."""

IN_A_FRAME = 1000
"""Updates in a frame at most, so that none is too long."""


class Screen:
    """What an editor is shown, and how many of its frames were carried out: all of a turn of the
    loop in one frame. An editor that was just given much is left the time to show it, and one that
    does not read is left alone; what comes meanwhile is gathered."""

    def __init__(self, send: Send, is_behind: Callable[[], bool] = lambda: False) -> None:
        self._send = send
        self._is_behind = is_behind
        self._waiting: list[updates.Update | Make] = []
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
                loop.call_at(self._free_at, self._flush_if_due)
            else:
                loop.call_soon(self._flush_if_due)

    def _flush_if_due(self) -> None:
        if self._is_due and self._is_behind() and len(self._waiting) < MOST_WAITING:
            asyncio.get_running_loop().call_later(LOOK_AGAIN, self._flush_if_due)
        elif self._is_due:
            self.flush()

    def flush(self) -> None:
        """Tell what there is to tell."""
        self._is_due = False
        shown, self._waiting = self._made(self._waiting), []
        self._made_late.clear()
        look_up, self._look_up = self._look_up, None
        if not (shown or self.done or look_up is not None):
            return
        messages = sum(len(one.list) for one in shown if isinstance(one, updates.Messages))
        busy = (len(shown) + messages) * SHOWN_WITHIN
        self._free_at = asyncio.get_running_loop().time() + min(busy, MOST_WAIT)
        while len(shown) > IN_A_FRAME:
            self._send(shown[:IN_A_FRAME], 0, None)
            shown = shown[IN_A_FRAME:]
        self._send(shown, self.done, look_up)

    def _made(self, waiting: list[updates.Update | Make]) -> tuple[updates.Update, ...]:
        shown: list[updates.Update] = []
        for one in waiting:
            if not callable(one):
                shown.append(one)
                continue
            try:
                update = one()
            except Exception:  # a defect in one must not take the others along
                log.exception("unexpected error")
                continue
            if self._shown_last.get(one) != update:
                self._shown_last[one] = update
                shown.append(update)
        return tuple(_with_latest_fates(shown))


def _with_latest_fates(shown: list[updates.Update]) -> Iterator[updates.Update]:
    """The updates without a fate that another one of the same message follows."""
    latest = {(one.id, one.message): one for one in shown if isinstance(one, updates.Fate)}
    for one in shown:
        if not isinstance(one, updates.Fate) or latest[one.id, one.message] is one:
            yield one
