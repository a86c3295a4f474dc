"""Passes calls from other threads to the service loop, with one wake-up for many calls."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from dingbridge.edges import log as log_file

log = logging.getLogger(__name__)

TURN = 0.008
"""Seconds for calls per turn; then the loop looks at its sockets and timers."""


class Mailbox:
    """FIFO of calls for the loop.

    Created on the loop's thread. Exceptions of a call are logged, so that a defect does not stop
    the service for all editors.

        post = Mailbox(asyncio.get_running_loop()).post
        post(lambda: editors.heard(number, data))  # from any thread
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._calls: deque[Callable[[], None]] = deque()
        self._is_due = False

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` on the loop, after all earlier ones. Thread-safe; does nothing once the loop
        is closed."""
        self._calls.append(call)
        if self._is_due:
            return
        self._is_due = True
        if threading.get_ident() == self._thread:
            self._schedule()
        else:
            self.wake()

    def wake(self) -> None:
        """Wake the loop. Thread-safe."""
        try:
            self._loop.call_soon_threadsafe(self._turn)
        except RuntimeError:
            log.debug("the service has ended")

    def _schedule(self) -> None:
        try:
            self._loop.call_soon(self._turn)
        except RuntimeError:
            log.debug("the service has ended")

    def _turn(self) -> None:
        with log_file.together():
            self._run()
        if self._calls:
            self._schedule()
            return
        self._is_due = False
        # A call may have been posted before the flag was cleared.
        if self._calls:
            self._is_due = True
            self._schedule()

    def _run(self) -> None:
        ends = time.monotonic() + TURN
        while self._calls:
            try:
                self._calls.popleft()()
            except Exception:  # see above
                log.exception("unexpected error")
            if time.monotonic() >= ends:
                return
