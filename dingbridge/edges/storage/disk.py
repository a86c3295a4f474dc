"""The disk thread: every file is read and written here, in order, so that the loop never waits."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from dingbridge.core.errors import BridgeError

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[], None]


class Disk(threading.Thread):
    """Carries out file work in the order in which it was asked for.

    `post` brings results to the host loop; `on_error` is called there with what went wrong.
    """

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        super().__init__(name="dingbridge-disk", daemon=True)
        self._post = post
        self._on_error = on_error
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()

    def do(self, work: Callable[[], T], then: Callable[[T], None] | None = None) -> None:
        """Run `work` on the disk thread and `then`, with its result, on the host loop."""

        def step() -> None:
            result = work()
            if then is not None:
                self._post(lambda: then(result))

        self._queue.put(step)

    def wait(self, work: Callable[[], T]) -> T:
        """Run `work` on the disk thread and wait for its result. For other threads than the loop.
        Raises what `work` raised."""
        outcome: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

        def step() -> None:
            try:
                outcome.put((work(), None))
            except Exception as error:  # noqa: BLE001 - the waiting thread raises it
                outcome.put((None, error))

        self._queue.put(step)
        result, error = outcome.get()
        if error is not None:
            raise error
        return result  # type: ignore[return-value]  # without an error it is what `work` gave

    def finish(self, seconds: float) -> bool:
        """Wait until everything asked for so far is done, at most `seconds`; then the thread ends.
        Returns whether all of it was done."""
        self._queue.put(None)
        self.join(seconds)
        return not self.is_alive()

    def run(self) -> None:
        """Work until told to finish."""
        while (step := self._queue.get()) is not None:
            try:
                step()
            except Exception as error:
                # Whatever fails must not end the thread for all work after it.
                if not isinstance(error, BridgeError | OSError):
                    log.exception("a defect in file work")
                # Bound now: the name `error` is gone when the loop gets to it.
                self._post(lambda error=error: self._on_error(error))  # type: ignore[misc]  # mypy cannot infer a lambda's default
