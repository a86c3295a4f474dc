"""The open file of a journal: append whole lines, take the last ones back."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from dingbridge.edges.storage.journal_lines import END, TORN_END

_PIECE = 1024 * 1024


class JournalFile:
    """A journal's file, open for appending. Its path may name another file later.

    `safe_bytes` counts the bytes that no other process can drop without having read them.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        status = os.fstat(descriptor)
        self._number = (status.st_dev, status.st_ino)
        self.safe_bytes = status.st_size
        # The end of our last write.
        self._end = -1

    def is_at(self, path: Path) -> bool:
        """Whether the path still names this file."""
        try:
            status = path.stat()
        except FileNotFoundError:
            return False
        return (status.st_dev, status.st_ino) == self._number

    def size(self) -> int:
        """The size in bytes, as of now."""
        return os.fstat(self.descriptor).st_size

    def read(self, start: int) -> bytes:
        """Everything from that byte on."""
        os.lseek(self.descriptor, start, os.SEEK_SET)
        pieces = []
        while piece := os.read(self.descriptor, _PIECE):
            pieces.append(piece)
        return b"".join(pieces)

    def append(self, data: bytes) -> None:
        """Append whole lines; none of them when it raises `OSError`."""
        size = self.size()
        if size and self._last_byte(size) != END:
            data = TORN_END + data
        self._end = size
        left = memoryview(data)
        try:
            while left:
                count = os.write(self.descriptor, left)
                self._end += count
                left = left[count:]
        except BaseException:
            # A full disk may have taken a part.
            self.cut(self._end - size)
            raise

    def cut(self, count: int) -> None:
        """Remove the last `count` bytes of the append just made, unless something follows it."""
        with contextlib.suppress(OSError):
            if self.size() == self._end:
                os.ftruncate(self.descriptor, self._end - count)
                self._end -= count

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)

    def _last_byte(self, size: int) -> bytes:
        os.lseek(self.descriptor, size - 1, os.SEEK_SET)
        return os.read(self.descriptor, 1)
