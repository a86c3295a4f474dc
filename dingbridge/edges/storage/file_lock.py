"""A file that one process at a time holds; the system frees it when the process dies.

`flock` where there is one, which is what `filelock` takes there, as 0.1 does: the two keep each
other out. Everywhere else `filelock` itself; it takes long to load.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from pathlib import Path
from typing import Protocol

if sys.platform != "win32":
    import fcntl

LOOK_EVERY = 0.002
"""Seconds between two looks at a lock that is taken: it is held for one short operation."""

_HELD = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK)


class FileLock(Protocol):
    """Not for two threads at once."""

    @property
    def is_held(self) -> bool:
        """Whether it is ours."""
        ...

    def acquire(self) -> bool:
        """Take the lock without waiting. Returns whether it is ours. Raises `OSError`."""
        ...

    def release(self) -> None:
        """Give it back, if it is ours. The file stays."""
        ...


def file_lock(path: Path) -> FileLock:
    """The lock of that file, which is made, 0600, when it is taken."""
    return _Filelock(path) if sys.platform == "win32" else _Flock(path)


def taken(path: Path, seconds: float) -> FileLock | None:
    """The lock of that file once it is ours; None when somebody else has it for so long. Each call
    has a lock of its own, so that threads keep each other out."""
    lock, end, pause = file_lock(path), time.monotonic() + seconds, threading.Event()
    while not lock.acquire():
        if time.monotonic() >= end:
            return None
        pause.wait(LOOK_EVERY)
    return lock


class _Flock:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._instead: _Filelock | None = None

    @property
    def is_held(self) -> bool:
        return self._descriptor is not None or bool(self._instead and self._instead.is_held)

    def acquire(self) -> bool:
        if self.is_held:
            return True
        if self._instead is not None:
            return self._instead.acquire()
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as cause:
            os.close(descriptor)
            if cause.errno == errno.ENOSYS:
                # A file system without such locks, on which `filelock` has another way.
                self._instead = _Filelock(self._path)
                return self._instead.acquire()
            if cause.errno in _HELD:
                return False
            raise
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
        if self._instead is not None:
            self._instead.release()


class _Filelock:
    def __init__(self, path: Path) -> None:
        from filelock import FileLock

        # Taken by one thread and released by another, so it must not be bound to either.
        self._lock = FileLock(path, mode=0o600, thread_local=False)

    @property
    def is_held(self) -> bool:
        return self._lock.is_locked

    def acquire(self) -> bool:
        from filelock import Timeout

        if self._lock.is_locked:
            return True  # it counts, and would have to be given back as often
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        self._lock.release()
