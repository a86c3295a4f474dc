"""A journal on disk: lines that stay, in order, whatever happens to the processes that add them."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

from filelock import FileLock, Timeout

from dingbridge.core.catalogue import files as say
from dingbridge.core.patience import LOCK_WITHIN
from dingbridge.edges import files

T = TypeVar("T")

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of a line without its end; a longer one on disk is damage and is never held in memory."""

_PIECE = 1024 * 1024
_END = b"\n"
_NUL = b"\0"
_TORN_END = _NUL + _END
"""Closes a torn line. A line with a NUL is damage, so what was torn just before its end, and
was told to nobody as written, cannot come alive later."""

_LOOK_EVERY = 0.002
"""Seconds between two looks at a lock that is taken: it is held for one short operation."""


class Journal:
    """An append-only file of lines that any number of threads and processes share.

    The lock `<path>.lock` is held for each operation, and the file is opened anew by its path, so
    that every process sees what another one has rewritten. `OSError` tells what the disk refuses,
    or that another process did not let go of the lock within `lock_within` seconds.
    """

    def __init__(self, path: Path, lock_within: float = LOCK_WITHIN) -> None:
        self._path = path
        self._lock_within = lock_within
        self._lock = FileLock(f"{path}.lock", mode=0o600)

    def append(self, *lines: bytes) -> None:
        """Add lines at the end. They are on the disk when this returns.

        All or none when it raises; a crash in between keeps some of the first ones. A line is not
        empty, holds neither a newline nor a NUL and is at most `LONGEST_LINE` bytes long, else
        `ValueError`.
        """
        if not lines:
            return
        data = _joined(lines)
        with self._held():
            made = not self._path.exists()
            descriptor = files.open_file(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
            try:
                size = os.lseek(descriptor, 0, os.SEEK_END)
                if size and _last_byte(descriptor, size) != _END:
                    data = _TORN_END + data
                try:
                    _write(descriptor, data)
                    os.fsync(descriptor)
                except BaseException:
                    # A full disk took a part: what was refused must not be read later.
                    with contextlib.suppress(OSError):
                        os.ftruncate(descriptor, size)
                    raise
            finally:
                os.close(descriptor)
            if made:
                self._sync_folder()

    def mark(self) -> tuple[int, int]:
        """The file's number and its size in bytes, which are others once somebody has changed it;
        (0, 0) without a file."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return (0, 0)
        return (status.st_ino, status.st_size)

    def read(self, decode: Callable[[bytes], T]) -> tuple[list[T], int]:
        """What the lines mean, in order, and how many damaged pieces were passed over.

        `decode` raises `ValueError` for a line it refuses. Damaged are also a last line without
        its end, a line with a NUL (blocks that a power cut left unwritten) and one that is longer
        than `LONGEST_LINE`. A file that does not exist holds nothing.
        """
        read: list[T] = []
        damaged = 0
        with self._held():
            for line in self._lines():
                if line is None:
                    damaged += 1
                    continue
                try:
                    read.append(decode(line))
                except ValueError:
                    damaged += 1
        return read, damaged

    def rewrite(self, keep: Callable[[list[bytes]], list[bytes]]) -> None:
        """Replace the file by the lines that `keep` makes of all that are whole on disk now.

        Afterwards the file is either the old or the new one; when `keep` raises it is the old one.
        Damaged pieces go. Nobody appends meanwhile, so `keep` is quick and leaves the journal
        alone.
        """
        with self._held():
            found = list(self._lines())
            whole = [line for line in found if line is not None]
            kept = keep(list(whole))
            if kept == found:
                return
            files.write_whole(self._path, _joined(kept))
            self._sync_folder()

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        files.make_folder(self._path.parent)
        try:
            self._lock.acquire(timeout=self._lock_within, poll_interval=_LOOK_EVERY)
        except Timeout as cause:
            reason = say.JOURNAL_LOCKED()
            raise OSError(errno.EBUSY, reason, str(self._path)) from cause
        try:
            yield
        finally:
            self._lock.release()

    def _lines(self) -> Iterator[bytes | None]:
        """The lines without their ends; None for each damaged piece."""
        try:
            file = files.reading(self._path)
        except FileNotFoundError:
            return
        with file:
            while line := file.readline(LONGEST_LINE + len(_END)):
                if not line.endswith(_END):
                    _skip_line(file)
                    yield None
                elif _NUL in line:
                    yield None
                else:
                    yield line[: -len(_END)]

    def _sync_folder(self) -> None:
        """Make the file's name last: without this a power cut may bring the old file back."""
        if os.name != "posix":
            return
        descriptor = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _joined(lines: list[bytes] | tuple[bytes, ...]) -> bytes:
    for line in lines:
        if not line or _END in line or _NUL in line or len(line) > LONGEST_LINE:
            raise ValueError("a journal's line is not empty, too long, or with a newline or NUL")
    return b"".join(line + _END for line in lines)


def _last_byte(descriptor: int, size: int) -> bytes:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1)


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _skip_line(file: BinaryIO) -> None:
    """Go on behind the next line end, holding little of what is passed over."""
    while piece := file.readline(_PIECE):
        if piece.endswith(_END):
            return
