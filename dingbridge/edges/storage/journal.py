"""An append-only file of lines that survives crashes of the processes that write it.

- An append waits for no other process. The file stays open, and a lock of this process guards the
  write alone.
- The lock file `<path>.lock` guards reading and replacing the whole file.
- A Neovim with version 0.1 locks each append and may replace the file at any time. Lines of ours
  that it dropped without having read them are restored.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from dingbridge.core.catalogue import files as say
from dingbridge.core.timeouts import LOCK_WITHIN
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.file_lock import taken
from dingbridge.edges.storage.journal_file import JournalFile
from dingbridge.edges.storage.journal_lines import joined, lines_of

log = logging.getLogger(__name__)

T = TypeVar("T")

SETTLED_AFTER = 1.0
"""Seconds after an append until it is synced, and restored if another process has replaced the file
meanwhile."""


class Journal:
    """An append-only file of lines. Thread-safe.

    Repeating the last lines, in their order, must not change what the lines mean: that is how they
    are restored when another process has replaced the file.

    States of a line::

        appended --sync=True---------------------> on the disk --another process
           |                                            ^        replaced the file--> restored
           +--SETTLED_AFTER, or the next sync of any----+
    """

    def __init__(self, path: Path, lock_within: float = LOCK_WITHIN) -> None:
        self._path = path
        self._lock_within = lock_within
        self._lock = Path(f"{path}.lock")
        # Lock order: the lock file, `_writing`, `_syncing`.
        self._writing = threading.Lock()
        self._syncing = threading.Lock()
        self._opened: JournalFile | None = None
        # Bytes appended so far, and how many of them are synced.
        self._written = 0
        self._synced = 0
        self._is_settling = False

    def append(self, *lines: bytes, sync: bool = True) -> None:
        """Append lines. Waits for no other process.

        With `sync` they are on the disk when this returns, otherwise within `SETTLED_AFTER`; until
        then only a power cut can lose them. A crash meanwhile may keep only the first ones.

        Raises:
            OSError: none of the lines was appended.
            ValueError: a line is empty, has a newline or NUL, or exceeds `LONGEST_LINE` bytes.
        """
        if not lines:
            return
        data = joined(lines)
        with self._writing:
            self._write(data)
            end = self._written = self._written + len(data)
            self._settle_soon()
        if not sync:
            return
        try:
            self._sync_to(end)
        except OSError:
            # Refused lines must not be read later; if others follow by now, they have to stay.
            with self._writing:
                if self._opened is not None and self._written == end:
                    self._opened.cut(len(data))
            raise

    def sync(self) -> None:
        """Write what was appended so far to the disk; free if that is done. Raises `OSError`."""
        self._sync_to(self._written)

    def sync_all(self) -> None:
        """Sync the whole file, with what other processes wrote: one that was killed may not have
        synced it, and no effect of a line may outlive the line. Raises `OSError`."""
        try:
            own_files.sync(self._path)
        except FileNotFoundError:
            return
        own_files.sync_folder(self._path.parent)

    def mark(self) -> tuple[int, int]:
        """Inode and size in bytes, which tell whether the file has changed; (0, 0) for none."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return (0, 0)
        return (status.st_ino, status.st_size)

    def read(self, decode: Callable[[bytes], T]) -> tuple[list[T], int]:
        """Decode all lines, in order. Returns the results and the number of damaged pieces.

        A line counts as damaged if `decode` raises `ValueError` for it; `journal_lines.lines_of`
        says what else does. Raises `OSError`, also when another process holds the lock for more
        than `lock_within` seconds.
        """
        read: list[T] = []
        damaged = 0
        with self._held():
            with self._writing:
                self._size()
            for line in lines_of(self._path):
                if line is None:
                    damaged += 1
                    continue
                try:
                    read.append(decode(line))
                except ValueError:
                    damaged += 1
        return read, damaged

    def rewrite(self, keep: Callable[[list[bytes]], list[bytes]]) -> None:
        """Replace the file by the lines that `keep` returns for the undamaged lines on disk.

        Lines that are appended meanwhile follow them; such an append waits only for their copy and
        the rename. A crash leaves either the old or the new file, and an exception of `keep` the
        old one. Damaged pieces are dropped. Raises `OSError` as `read` does.
        """
        with self._held():
            with self._writing:
                end = self._size()
            found = list(lines_of(self._path, end))
            kept = keep([line for line in found if line is not None])
            if kept == found:
                return
            # Held until after the rename: nothing may be written between copy and rename.
            with contextlib.ExitStack() as renamed:
                with own_files.replacing(self._path) as file:
                    file.write(joined(kept))
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
        """Sync, restore what another process dropped, and close the file; the next append opens it
        again. Raises `OSError` as `read` does."""
        if self._opened is None:
            return
        with self._held(), self._writing:
            self._size()
            self._sync_to(self._written)
            self._close()

    # --- appending; `_writing` is held -----------------------------------------------------------

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

    def _open(self) -> JournalFile:
        own_files.make_folder(self._path.parent)
        made = not self._path.exists()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        opened = JournalFile(own_files.open_file(self._path, flags))
        if made:
            own_files.sync_folder(self._path.parent)
        return opened

    def _at_path(self, old: JournalFile) -> JournalFile:
        """Open the file that replaced `old`, append what it may lack of it, and close `old`.
        Raises `OSError` and keeps `old` if that fails."""
        missing = old.read(old.safe_bytes)
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
        """The size of the file that the path names now, after restoring our lines in it."""
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

    # --- after an append --------------------------------------------------------------------------

    def _sync_to(self, end: int) -> None:
        """Sync at least the first `end` bytes that were ever appended. One sync serves all threads
        that wait."""
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
        """Schedule one `_settle` for everything that is appended until then. `failed` says that
        the disk has just refused one."""
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
            if self._restore():
                return
            failed = False
        except OSError as cause:
            if not failed:
                log.warning("%s: %s; trying again", self._path.name, cause.strerror)
            failed = True
        with self._writing:
            self._settle_soon(failed=failed)

    def _restore(self) -> bool:
        """Restore lines that another process dropped. Returns False if one may still do so.

        A process that rewrites the file holds the lock from reading it to the rename. So lines that
        are in the file while nobody holds the lock will be read by the next one to rewrite it.
        """
        if not self._path.exists():
            return True  # somebody removed it with all lines; the next append makes a new one
        lock = taken(self._lock, 0.0)
        if lock is None:
            with self._writing:
                self._size()
            return False
        try:
            with self._writing:
                end = self._size()
                if self._opened is not None:
                    self._opened.safe_bytes = end
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
