"""What an editor is shown, gathered: one frame for each turn of the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dingbridge.bridge import updates

Send = Callable[[tuple[updates.Update, ...], int, str | None], None]
"""Takes what `frames.Updates` has: what is to be shown, how many frames of the editor were carried
out, and which commands it is to run."""


class Screen:
    """What an editor is shown, and how many of its frames were carried out: all of a turn of the
    loop in one frame."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: list[updates.Update] = []
        self._is_due = False
        self._look_up: str | None = None
        self.done = 0

    def show(self, *shown: updates.Update) -> None:
        """Show updates, in order."""
        self._waiting.extend(shown)
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
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Tell what there is to tell."""
        waiting, self._waiting, self._is_due = self._waiting, [], False
        look_up, self._look_up = self._look_up, None
        if waiting or self.done or look_up is not None:
            self._send(tuple(waiting), self.done, look_up)
