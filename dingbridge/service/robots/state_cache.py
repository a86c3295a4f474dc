"""The state file in memory: a change shows at once, and is written in its turn."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.sessions.state import State
from dingbridge.service.ports import Records


class StateCache:
    """The state as the robot changes it. Service loop only."""

    def __init__(self, state: State, records: Records) -> None:
        self.state = state
        self._records = records

    def change(
        self, change: Callable[[State], State], then: Callable[[], None] = lambda: None
    ) -> None:
        """Change the state, here and on disk; `then` runs once it is on disk."""
        self.state = change(self.state)
        self._records.change(change, then)

    def soon(self, change: Callable[[State], State]) -> None:
        """Change the state here at once, and on disk within a second."""
        self.state = change(self.state)
        self._records.soon(change)

    def when_written(self, then: Callable[[], None]) -> None:
        """Call `then` once all changes so far are on disk."""
        self._records.settled(then)
