"""A lock file, which the system releases when its process dies.

Uses `flock` where it exists, which excludes `filelock` (used by 0.1) as well, and `filelock`, which
is slow to import, elsewhere.
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
"""Seconds between two attempts to take a lock, which is held for one short operation."""

_HELD = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK)


class FileLock(Protocol):
    """A lock of a file. Not thread-safe."""

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        ...

    def acquire(self) -> bool:
        """Try to take the lock, without waiting. Returns whether it is held. Raises `OSError`."""
        ...

    def release(self) -> None:
        """Release the lock, if it is held. The file stays."""
        ...


def file_lock(path: Path) -> FileLock:
    """A lock of the file `path`, which is created (mode 0600) when the lock is taken."""
    return _Filelock(path) if sys.platform == "win32" else _Flock(path)


def taken(path: Path, seconds: float) -> FileLock | None:
    """Take the lock of the file `path`; None if it is not free within `seconds`.

    Each call uses a separate lock object, so threads exclude each other too.
    """
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
                # A file system without flock; `filelock` has an alternative.
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

        # It may be released by another thread than the one that took it.
        self._lock = FileLock(path, mode=0o600, thread_local=False)

    @property
    def is_held(self) -> bool:
        return self._lock.is_locked

    def acquire(self) -> bool:
        from filelock import Timeout

        if self._lock.is_locked:
            return True  # filelock counts, and would have to be released as often
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        self._lock.release()
