"""Stores the unread counts in the state file."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from dingbridge.core.sessions.state import State
from dingbridge.core.sessions.unread import Unread
from dingbridge.core.timeouts import STATE_EVERY
from dingbridge.edges.storage.robot_files import STATE, SharedFiles


class UnreadFile:
    """Writes the latest counts once a second at most, without a sync: a crash may lose them."""

    def __init__(self, files: SharedFiles) -> None:
        self._files = files
        self._counts: Mapping[str, Unread] = {}
        self._is_due = False

    def keep(self, counts: Mapping[str, Unread]) -> None:
        """Store these counts with the next write. For the service loop."""
        self._counts = counts
        if not self._is_due:
            self._is_due = True
            if self._files.state.soon(self._change):
                self._flush_in(STATE_EVERY)

    def _change(self, state: State) -> State:
        # Reset the flag first: counts that arrive during the write need another one.
        self._is_due = False
        return structs.replace(state, unread=dict(self._counts))

    def _flush_in(self, seconds: float) -> None:
        self._files.disk.later(STATE, seconds, self._flush)

    def _flush(self) -> None:
        seconds = self._files.state.due_in()
        if seconds > 0:
            # An urgent write meanwhile included the waiting changes.
            self._flush_in(seconds)
        else:
            self._files.state.flush()
