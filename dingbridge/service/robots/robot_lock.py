"""The lock of a robot: one process owns a robot, and others wait for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from dingbridge.core.catalogue import service as say
from dingbridge.core.errors import in_words
from dingbridge.edges.programs.process_identity import born
from dingbridge.edges.storage.card import OwnerCard
from dingbridge.edges.storage.robot_locks import RobotLocks, holder
from dingbridge.service.robots.robot_resources import RobotResources

TRY_AFTER = (0.01, 0.03, 0.1, 0.5)
"""Seconds between attempts to take the lock; the last one repeats."""

REPORT_AFTER = 6
"""Number of attempts after which the user sees who holds the lock."""

REPORT_UNKNOWN_AFTER = 20
"""Number of attempts after which the user sees that an unknown process holds it."""


class RobotLock:
    """Takes the lock of a robot once it is free. Service loop only.

    waiting ──the lock is free──▶ held ──release()──▶ released
       └───────────abandon()─────────────────────────────▲

    - `acquired` is called once this process has the lock.
    - `blocked` gets the reason for the wait in words, once per reason.
    """

    def __init__(
        self,
        robot: str,
        resources: RobotResources,
        acquired: Callable[[], None],
        blocked: Callable[[str], None],
    ) -> None:
        self._data = resources.data
        self._worker = resources.files.disk
        self._locks = RobotLocks(resources.data, robot)
        self._acquired = acquired
        self._blocked = blocked
        self._tries = 0
        self._reported = ""
        self._is_abandoned = False

    def acquire(self) -> None:
        """Retry until the lock is free: an earlier service may be ending."""
        self._worker.do(self._try, self._tried)

    def _try(self) -> str | None:
        """Try once. Returns "" on success, the reason for the user, or None if it is too early to
        show one."""
        process = os.getpid()
        card = OwnerCard(process, born=born(process), data=str(self._data), holder="service")
        try:
            lock = self._locks.acquire(card)
        except OSError as cause:
            reason = cause.strerror or type(cause).__name__
            path = str(cause.filename or self._data / "dingbridge")
            return in_words(say.FOLDER_UNWRITABLE(path=path, reason=reason), say.LET_WRITE())
        if lock is None:
            return ""
        # The service may be ending in this very process: a short wait is normal.
        if self._tries + 1 < REPORT_AFTER:
            return None
        known = holder(lock)
        is_long = self._tries + 1 >= REPORT_UNKNOWN_AFTER
        return known or (say.ROBOT_HELD_BY_UNKNOWN() if is_long else None)

    def _tried(self, problem: str | None) -> None:
        if self._is_abandoned:
            self._worker.do(self.release)
        elif problem == "":
            self._acquired()
        else:
            if problem and problem != self._reported:
                self._reported = problem
                self._blocked(problem)
            after = TRY_AFTER[min(self._tries, len(TRY_AFTER) - 1)]
            self._tries += 1
            asyncio.get_running_loop().call_later(after, self.acquire)

    def abandon(self) -> None:
        """Stop trying; release the lock if it was taken meanwhile."""
        self._is_abandoned = True
        self._worker.do(self.release)

    def release(self) -> None:
        """Release the lock. For the disk thread."""
        self._locks.release()
