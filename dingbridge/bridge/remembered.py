"""What the owner remembers between runs: known here at once, on disk in its turn."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.bridge.ports import Records
from dingbridge.core.state import State


class Remembered:
    """The state as the owner knows it. Service loop only."""

    def __init__(self, state: State, records: Records) -> None:
        self.state = state
        self._records = records
        self._unwritten: list[Callable[[State], State]] = []

    def change(
        self, change: Callable[[State], State], then: Callable[[], None] = lambda: None
    ) -> None:
        """Change it, here and on disk; `then` runs once it is there."""
        self.soon(change)
        changes, self._unwritten = self._unwritten, []

        def all_of_them(state: State) -> State:
            for each in changes:
                state = each(state)
            return state

        self._records.change(all_of_them, then)

    def soon(self, change: Callable[[State], State]) -> None:
        """Change it here, and on disk together with the next change."""
        self.state = change(self.state)
        self._unwritten.append(change)
