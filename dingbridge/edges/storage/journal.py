"""A journal on disk: lines that stay, in order, whatever happens to the processes that add them.

An append waits for no other process: the file stays open, and only the write itself is behind a
lock of this process. The lock file `<path>.lock` is for what reads or replaces the whole file.
A Neovim that runs 0.1 takes it for each append of its own, and may replace the file at any time;
what it drops without having seen it is put back.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

from dingbridge.core.catalogue import files as say
from dingbridge.core.timeouts import LOCK_WITHIN
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.file_lock import taken

log = logging.getLogger(__name__)

T = TypeVar("T")

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of a line without its end; a longer one on disk is damage and is never held in memory."""

SETTLED_AFTER = 1.0
"""Seconds after an append within which it is synced in any case, and put back if another process
has replaced the file meanwhile."""

_PIECE = 1024 * 1024
_END = b"\n"
_NUL = b"\0"
_TORN_END = _NUL + _END
"""Closes a torn line. A line with a NUL is damage, so what was torn just before its end, and
was told to nobody as written, cannot come alive later."""


class Journal:
    """An append-only file of lines. For any thread.

    The records in the lines must mean the same when some that stand at the end follow once more, in
    their order: that is how they are put back when another process replaced the file between its
    reading and ours.
    """

    def __init__(self, path: Path, lock_within: float = LOCK_WITHIN) -> None:
        self._path = path
        self._lock_within = lock_within
        self._lock = Path(f"{path}.lock")
        # Who holds several takes them in this order: the lock file, `_writing`, `_syncing`.
        self._writing = threading.Lock()
        self._syncing = threading.Lock()
        self._opened: _Opened | None = None
        # Bytes that were appended so far, and how many of them are synced.
        self._written = 0
        self._synced = 0
        self._is_settling = False

    def append(self, *lines: bytes, sync: bool = True) -> None:
        """Add lines at the end. With `sync` they are on the disk when this returns, else within
        `SETTLED_AFTER`, and safe from all but a power cut until then.

        Waits for no other process. All or none when it raises `OSError`; a crash in between keeps
        some of the first ones. A line is not empty, holds neither a newline nor a NUL and is at
        most `LONGEST_LINE` bytes long, else `ValueError`.
        """
        if not lines:
            return
        data = _joined(lines)
        with self._writing:
            self._write(data)
            end = self._written = self._written + len(data)
            self._settle_soon()
        if not sync:
            return
        try:
            self._sync_to(end)
        except OSError:
            # What was refused must not be read later, unless others stand behind it by now.
            with self._writing:
                if self._opened is not None and self._written == end:
                    self._opened.cut(len(data))
            raise

    def sync(self) -> None:
        """Return once all that was appended is on the disk. Costs nothing when it is. Raises
        `OSError`."""
        self._sync_to(self._written)

    def sync_all(self) -> None:
        """The same for all that is there, whoever wrote it: a process that was killed may not have
        come to that, and what follows from a line must not outlive it."""
        try:
            own_files.sync(self._path)
        except FileNotFoundError:
            return
        own_files.sync_folder(self._path.parent)

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
        than `LONGEST_LINE`. A file that does not exist holds nothing. Raises `OSError`, also when
        another process does not let go of the lock within `lock_within` seconds.
        """
        read: list[T] = []
        damaged = 0
        with self._held():
            with self._writing:
                self._size()
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

        What is appended meanwhile follows them: an append waits only while that is copied, synced
        and renamed. Afterwards the file is either the old or the new one; when `keep` raises it is
        the old one. Damaged pieces go. Raises `OSError` as `read` does.
        """
        with self._held():
            with self._writing:
                end = self._size()
            found = list(self._lines(end))
            kept = keep([line for line in found if line is not None])
            if kept == found:
                return
            # Outside of the `with` that renames: nothing is written between copy and rename.
            with contextlib.ExitStack() as renamed:
                with own_files.replacing(self._path) as file:
                    file.write(_joined(kept))
                    file.flush()
                    own_files.sync_file(file.fileno())
                    renamed.enter_context(self._writing)
                    if self._opened is not None:
                        file.write(self._opened.read(end))
                    # Windows renames nothing to the name of a file that is open.
                    self._close()
                own_files.sync_folder(self._path.parent)
                self._synced = self._written

    def close(self) -> None:
        """Make sure that all that was appended stays, whatever other processes do, and let go of
        the file; the next append opens it again. Raises `OSError` as `read` does."""
        if self._opened is None:
            return
        with self._held(), self._writing:
            self._size()
            self._sync_to(self._written)
            self._close()

    # --- on the way of an append, with `_writing` held --------------------------------------------

    def _write(self, data: bytes) -> None:
        if self._opened is None:
            self._opened = self._open()
        self._opened.append(data)
        try:
            while not self._opened.is_at(self._path):
                self._opened = self._at_path(self._opened)
        except OSError:
            self._opened.cut(len(data))
            raise

    def _open(self) -> _Opened:
        own_files.make_folder(self._path.parent)
        made = not self._path.exists()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        opened = _Opened(own_files.open_file(self._path, flags))
        if made:
            own_files.sync_folder(self._path.parent)
        return opened

    def _at_path(self, old: _Opened) -> _Opened:
        """The other file that stands at the path now, with what it may not have of the old one,
        which is closed. Raises `OSError` when that cannot be done, and the old one stays."""
        missing = old.read(old.sure)
        new = self._open()
        try:
            new.append(missing)
            own_files.sync_file(new.descriptor)
        except OSError:
            new.cut(len(missing))
            new.close()
            raise
        self._close()
        return new

    def _size(self) -> int:
        """The size of the file that stands at the path now, with all that we have appended."""
        if self._opened is None:
            return self.mark()[1]
        while not self._opened.is_at(self._path):
            self._opened = self._at_path(self._opened)
        return self._opened.size()

    def _close(self) -> None:
        with self._syncing:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    # --- afterwards -------------------------------------------------------------------------------

    def _sync_to(self, end: int) -> None:
        """Sync at least the first `end` bytes that were ever appended; one sync is enough for all
        that wait for it."""
        with self._syncing:
            if self._synced >= end:
                return
            written = self._written
            if self._opened is not None:
                own_files.sync_file(self._opened.descriptor)
            else:
                with contextlib.suppress(FileNotFoundError), self._path.open("r+b") as file:
                    own_files.sync_file(file.fileno())
            self._synced = written

    def _settle_soon(self, *, failed: bool = False) -> None:
        """Let `_settle` run in a while, once for all that is appended until then; `failed` says
        whether the disk has just refused it."""
        if self._is_settling:
            return
        self._is_settling = True
        timer = threading.Timer(SETTLED_AFTER, self._settle, (failed,))
        timer.name, timer.daemon = "dingbridge-journal", True
        timer.start()

    def _settle(self, failed: bool) -> None:
        self._is_settling = False
        try:
            self.sync()
            if self._look():
                return
            failed = False
        except OSError as cause:
            if not failed:
                log.warning("%s: %s; trying again", self._path.name, cause.strerror)
            failed = True
        with self._writing:
            self._settle_soon(failed=failed)

    def _look(self) -> bool:
        """Put back what another process has dropped, and see whether one may still be about to.

        Who rewrites the file holds the lock from its reading to the rename. So what stands in the
        file while nobody holds it will be read by the next one.
        """
        if not self._path.exists():
            return True  # and with it all we could lose; the next append makes it anew
        lock = taken(self._lock, 0.0)
        if lock is None:
            with self._writing:
                self._size()
            return False
        try:
            with self._writing:
                end = self._size()
                if self._opened is not None:
                    self._opened.sure = end
        finally:
            lock.release()
        return True

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        own_files.make_folder(self._path.parent)
        lock = taken(self._lock, self._lock_within)
        if lock is None:
            raise OSError(errno.EBUSY, say.JOURNAL_LOCKED(), str(self._path))
        try:
            yield
        finally:
            lock.release()

    def _lines(self, end: int | None = None) -> Iterator[bytes | None]:
        """The lines up to that byte, without their ends; None for each damaged piece."""
        try:
            file = own_files.reading(self._path)
        except FileNotFoundError:
            return
        with file:
            while end is None or file.tell() < end:
                line = file.readline(LONGEST_LINE + len(_END))
                if not line:
                    return
                if not line.endswith(_END):
                    _skip_line(file)
                    yield None
                elif _NUL in line:
                    yield None
                else:
                    yield line[: -len(_END)]


class _Opened:
    """The file that stood at the path when it was opened. `sure` is how many of its bytes no other
    process can drop without having read them."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        status = os.fstat(descriptor)
        self._number = (status.st_dev, status.st_ino)
        self.sure = status.st_size
        # Where our last write ended.
        self._end = -1

    def is_at(self, path: Path) -> bool:
        """Whether it still stands there."""
        try:
            status = path.stat()
        except FileNotFoundError:
            return False
        return (status.st_dev, status.st_ino) == self._number

    def size(self) -> int:
        """Its size now, in bytes."""
        return os.fstat(self.descriptor).st_size

    def read(self, start: int) -> bytes:
        """All from that byte to the end."""
        os.lseek(self.descriptor, start, os.SEEK_SET)
        pieces = []
        while piece := os.read(self.descriptor, _PIECE):
            pieces.append(piece)
        return b"".join(pieces)

    def append(self, data: bytes) -> None:
        """Add whole lines; nothing when it raises `OSError`."""
        size = self.size()
        if size and self._last_byte(size) != _END:
            data = _TORN_END + data
        self._end = size
        left = memoryview(data)
        try:
            while left:
                count = os.write(self.descriptor, left)
                self._end += count
                left = left[count:]
        except BaseException:
            # A full disk took a part.
            self.cut(self._end - size)
            raise

    def cut(self, count: int) -> None:
        """Take back as many bytes that were just added, unless others stand behind them."""
        with contextlib.suppress(OSError):
            if self.size() == self._end:
                os.ftruncate(self.descriptor, self._end - count)
                self._end -= count

    def close(self) -> None:
        """Let go of it."""
        os.close(self.descriptor)

    def _last_byte(self, size: int) -> bytes:
        os.lseek(self.descriptor, size - 1, os.SEEK_SET)
        return os.read(self.descriptor, 1)


def _joined(lines: list[bytes] | tuple[bytes, ...]) -> bytes:
    for line in lines:
        if not line or _END in line or _NUL in line or len(line) > LONGEST_LINE:
            raise ValueError("a journal's line is not empty, too long, or with a newline or NUL")
    return b"".join(line + _END for line in lines)


def _skip_line(file: BinaryIO) -> None:
    """Go on behind the next line end, holding little of what is passed over."""
    while piece := file.readline(_PIECE):
        if piece.endswith(_END):
            return
