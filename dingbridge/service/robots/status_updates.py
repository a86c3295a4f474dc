"""Sends the status of a robot to its editors."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.sessions.robot_state import RobotState
from dingbridge.service.runtime import Later

TELL_COUNT_EVERY = 1.0
"""Minimum seconds between updates for the quota, which every message changes."""


class StatusUpdates:
    """Sends at most one update per turn, if the state has changed. Service loop only.

    - `make` returns the current state.
    - `broadcast` sends it to the editors.
    """

    def __init__(
        self, later: Later, make: Callable[[], RobotState], broadcast: Callable[[RobotState], None]
    ) -> None:
        self._later = later
        self._make = make
        self._broadcast = broadcast
        self._told: RobotState | None = None
        self._is_due = self._is_count_due = False

    def forget(self) -> None:
        """Send the state next time even if it is unchanged."""
        self._told = None

    def changed(self) -> None:
        """Schedule an update at the end of this turn."""
        if not self._is_due:
            self._is_due = True
            self._later(0.0, self._notify)

    def counted(self) -> None:
        """Only the quota has changed: schedule an update within `TELL_COUNT_EVERY`."""
        if not self._is_count_due:
            self._is_count_due = True
            self._later(TELL_COUNT_EVERY, self._notify_count)

    def _notify_count(self) -> None:
        self._is_count_due = False
        self.changed()

    def _notify(self) -> None:
        self._is_due = False
        state = self._make()
        if state != self._told:
            self._told = state
            self._broadcast(state)
