"""FIFO of editor requests; paused while something before them takes effect."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

Action = Callable[[], None]

Post = Callable[[Action], None]
"""Schedules a call on the loop. Thread-safe."""


class CommandQueue:
    """Runs calls in order, pausing while `is_held()` is true. One thread only.

    `run` executes a call and handles its exceptions.

        queue = CommandQueue(lambda: lookup is not None, lambda call: call())
        queue.put(first)   # runs now, unless held
        queue.go_on()      # call this when `is_held()` becomes false
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
        """Queue a call."""
        self._waiting.append(call)
        self.go_on()

    def forget(self) -> None:
        """Discard all queued calls."""
        self._waiting.clear()

    def go_on(self) -> None:
        """Run queued calls until the queue is empty or held."""
        while self._waiting and not self._is_held():
            self._run(self._waiting.popleft())
