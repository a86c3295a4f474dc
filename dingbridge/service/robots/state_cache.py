"""The state file in memory: changes show at once and are written in order."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.sessions.state import State
from dingbridge.service.robots.robot_ports import Records


class StateCache:
    """The state of a robot. Service loop only."""

    def __init__(self, state: State, records: Records) -> None:
        self.state = state
        self._records = records

    def change(
        self, change: Callable[[State], State], then: Callable[[], None] = lambda: None
    ) -> None:
        """Change the state in memory and on disk. `then` runs once it is durable."""
        self.state = change(self.state)
        self._records.change(change, then)

    def soon(self, change: Callable[[State], State]) -> None:
        """Change the state in memory now and on disk within a second."""
        self.state = change(self.state)
        self._records.soon(change)

    def when_written(self, then: Callable[[], None]) -> None:
        """Write barrier: calls `then` once all earlier changes are on disk."""
        self._records.settled(then)
