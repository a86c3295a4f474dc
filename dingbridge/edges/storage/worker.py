"""The disk thread: reads and writes files in order, so that the loop never waits.

Durable writes are retried until the disk accepts them; work that must follow them waits.
"""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from dingbridge.core.errors import BridgeError
from dingbridge.core.timeouts import DISK_FIRST_PAUSE, DISK_PAUSE

log = logging.getLogger(__name__)

T = TypeVar("T")
Job = Callable[[], None]


class Worker(threading.Thread):
    """Runs file work in the order of the calls.

    - `post`: passes results to the service loop
    - `on_error`: called on the loop with an error
    - `on_refusal`: called on the loop with the error when the disk begins to refuse writes, and
      with None when it has accepted all of them
    """

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        on_error: Callable[[Exception], None],
        on_refusal: Callable[[Exception | None], None] = lambda _: None,
        name: str = "dingbridge-disk",
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._post = post
        self._on_error = on_error
        self._on_refusal = on_refusal
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._refused: dict[str, deque[Job]] = {}
        self._late: dict[str, tuple[float, Job]] = {}
        self._settling: list[Callable[[], None]] = []
        self._pause = DISK_FIRST_PAUSE
        self._again_at = 0.0
        self._end_at = 0.0

    def do(self, work: Callable[[], T], then: Callable[[T], None] | None = None) -> None:
        """Run `work` on the disk thread and `then`, with its result, on the service loop."""

        def step() -> None:
            result = work()
            if then is not None:
                self._post(lambda: then(result))

        self._queue.put(step)

    def submit_durable(
        self, name: str, work: Callable[[], T], then: Callable[[T], None] | None = None
    ) -> None:
        """Like `do`, but retries while the disk refuses it. Later work with the same `name` runs
        after it. A refusal is reported once."""

        def step() -> None:
            result = work()
            if then is not None:
                self._post(lambda: then(result))

        self._queue.put(lambda: self._in_turn(name, step))

    def later(self, name: str, seconds: float, work: Job) -> None:
        """Like `submit_durable`, after `seconds`, or sooner if the thread ends. Ignored if such
        work with the same `name` is already waiting."""
        at = time.monotonic() + seconds

        def remember() -> None:
            self._late.setdefault(name, (at, work))

        self._queue.put(remember)

    def after(self, name: str, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Like `do`, but runs after refused work with this `name`."""

        def step() -> None:
            result = work()
            self._post(lambda: then(result))

        def in_turn() -> None:
            if name in self._refused:
                self._refused[name].append(self._once(step))
            else:
                step()

        self._queue.put(in_turn)

    def _once(self, step: Job) -> Job:
        """A step that is not retried, for the queue of steps that are."""

        def tried() -> None:
            try:
                step()
            except (BridgeError, OSError) as error:
                self._notify(error)

        return tried

    def wait(self, work: Callable[[], T]) -> T:
        """Run `work` on the disk thread and return its result. Blocks, so never call it on the
        loop. Raises what `work` raised."""
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

    def settled(self, then: Callable[[], None]) -> None:
        """Call `then` on the loop once all earlier work is done, including retries."""

        def step() -> None:
            if self._refused:
                self._settling.append(then)
            else:
                self._post(then)

        self._queue.put(step)

    def finish(self, seconds: float) -> bool:
        """Finish all earlier work within `seconds`, then end the thread.

        Returns whether all of it was done; refused work is retried until then.
        """
        self._end_at = time.monotonic() + seconds
        self._queue.put(None)
        self.join(seconds)
        return not self.is_alive() and not self._refused

    def run(self) -> None:
        """Work until `finish` is called."""
        while True:
            try:
                step = self._queue.get(timeout=self._seconds())
            except queue.Empty:
                step = self._when_due
            if step is None:
                break
            try:
                step()
                if self._late:
                    self._do_late(time.monotonic())
            except Exception as error:  # noqa: BLE001 - nothing may end the thread for all others
                self._notify(error)
        self._do_late(math.inf)
        self._try_to_the_end()

    def _try_to_the_end(self) -> None:
        """Retry refused work until `_end_at`; no more work will come."""
        self._try_again()
        last = self._end_at - DISK_FIRST_PAUSE
        pause = threading.Event()
        while self._refused and time.monotonic() < last:
            pause.wait(DISK_FIRST_PAUSE)
            self._try_again()

    def _seconds(self) -> float | None:
        """Seconds until the next retry or delayed work; None without any."""
        due = [at for at, _ in self._late.values()]
        if self._refused:
            due.append(self._again_at)
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _when_due(self) -> None:
        if self._refused and time.monotonic() >= self._again_at:
            self._try_again()

    def _do_late(self, now: float) -> None:
        for name, (at, work) in list(self._late.items()):
            if at <= now:
                del self._late[name]
                self._in_turn(name, work)

    def _in_turn(self, name: str, step: Job) -> None:
        waiting = self._refused.get(name)
        if waiting is not None:
            waiting.append(step)
            self._go_on(name)
            return
        try:
            step()
        except (BridgeError, OSError) as error:
            is_first, refusal = not self._refused, error
            self._refused[name] = deque([step])
            self._again_at = time.monotonic() + self._pause
            self._notify(error)
            if is_first:
                self._post(lambda: self._on_refusal(refusal))

    def _try_again(self) -> None:
        for name in list(self._refused):
            self._go_on(name)
        if not self._refused:
            settling, self._settling = self._settling, []
            for then in settling:
                self._post(then)
        self._pause = min(2 * self._pause, DISK_PAUSE) if self._refused else DISK_FIRST_PAUSE
        self._again_at = time.monotonic() + self._pause

    def _go_on(self, name: str) -> None:
        """Retry the refused work of this name, as far as the disk accepts it."""
        waiting = self._refused[name]
        while waiting:
            try:
                waiting[0]()
            except (BridgeError, OSError) as error:
                log.debug("still refused: %s", type(error).__name__)
                return
            except Exception as error:  # noqa: BLE001 - a defect is not tried again
                self._notify(error)
            waiting.popleft()
        del self._refused[name]
        if not self._refused:
            self._post(lambda: self._on_refusal(None))

    def _notify(self, error: Exception) -> None:
        if not isinstance(error, BridgeError | OSError):
            log.error("a defect in %s", self.name, exc_info=error)
        self._post(lambda: self._on_error(error))
