"""FIFO of editor requests; paused while something before them takes effect."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

Action = Callable[[], None]

Post = Callable[[Action], None]
"""Has a call run on the loop; for any thread."""


class CommandQueue:
    """Calls that wait while something before them is still taking effect. One thread only.

    `is_held` says whether it is; `run` carries a call out, whatever that raises.
    """

    def __init__(self, is_held: Callable[[], bool], run: Callable[[Action], None]) -> None:
        self._is_held = is_held
        self._run = run
        self._waiting: deque[Action] = deque()

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def put(self, call: Action) -> None:
        """Carry out `call` once it is its turn."""
        self._waiting.append(call)
        self.go_on()

    def forget(self) -> None:
        """Carry out nothing of what waits."""
        self._waiting.clear()

    def go_on(self) -> None:
        """Carry out what waits, until something takes effect that has to be waited for."""
        while self._waiting and not self._is_held():
            self._run(self._waiting.popleft())
