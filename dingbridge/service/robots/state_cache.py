"""What the owner remembers between runs: known here at once, on disk in its turn."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.sessions.state import State
from dingbridge.service.ports import Records


class StateCache:
    """The state as the owner knows it. Service loop only."""

    def __init__(self, state: State, records: Records) -> None:
        self.state = state
        self._records = records

    def change(
        self, change: Callable[[State], State], then: Callable[[], None] = lambda: None
    ) -> None:
        """Change it, here and on disk; `then` runs once it is there."""
        self.state = change(self.state)
        self._records.change(change, then)

    def soon(self, change: Callable[[State], State]) -> None:
        """Change it here, and on disk within a second."""
        self.state = change(self.state)
        self._records.soon(change)
