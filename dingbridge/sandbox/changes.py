"""Waiting for a change of a sandbox's state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Changes:
    """Waiting for a condition on the state, without polling. Lives on one event loop."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def note(self) -> None:
        """Says that something has changed: everybody who waits looks again."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, holds: Callable[[], bool], timeout: float | None = None) -> bool:
        """Waits until the condition holds; False when `timeout` seconds have passed before."""
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        while not holds():
            remaining = None if deadline is None else deadline - loop.time()
            if remaining is not None and remaining <= 0:
                return False
            future = loop.create_future()
            self._waiting.append(future)
            await asyncio.wait({future}, timeout=remaining)
        return True
