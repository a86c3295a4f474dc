"""What other threads have for the service loop: one wake-up for all of it."""

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
"""Seconds of calls after which the loop looks at its sockets and timers."""


class Mailbox:
    """Runs calls on the loop, in the order in which they were posted.

    Made on the loop's thread. Whatever a call raises is logged: one defect must not end the service
    for all editors.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._calls: deque[Callable[[], None]] = deque()
        self._is_due = False

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` on the loop. For any thread; never raises once the loop is closed."""
        self._calls.append(call)
        if self._is_due:
            return
        self._is_due = True
        if threading.get_ident() == self._thread:
            self._go_on()
        else:
            self.wake()

    def wake(self) -> None:
        """End the loop's wait. For any thread."""
        try:
            self._loop.call_soon_threadsafe(self._turn)
        except RuntimeError:
            log.debug("the service has ended")

    def _go_on(self) -> None:
        try:
            self._loop.call_soon(self._turn)
        except RuntimeError:
            log.debug("the service has ended")

    def _turn(self) -> None:
        with log_file.together():
            self._run()
        if self._calls:
            self._go_on()
            return
        self._is_due = False
        # A thread may have posted before it could see that.
        if self._calls:
            self._is_due = True
            self._go_on()

    def _run(self) -> None:
        ends = time.monotonic() + TURN
        while self._calls:
            try:
                self._calls.popleft()()
            except Exception:  # see above
                log.exception("unexpected error")
            if time.monotonic() >= ends:
                return
