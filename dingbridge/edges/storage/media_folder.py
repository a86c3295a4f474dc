"""The folder of attachments from DingTalk, and zips of files to send: `dingbridge/media/`."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import stat
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from dingbridge.core.catalogue import files as say
from dingbridge.core.dingtalk.media import kept_name
from dingbridge.core.errors import Refused
from dingbridge.core.messages import Attachment
from dingbridge.edges.storage import own_files

log = logging.getLogger(__name__)

KEPT_DAYS = 30.0
"""Days for which an attachment is kept by default."""

KEPT_BYTES = 1024 * 1024 * 1024
"""Bytes that are kept by default; the oldest files are removed."""

LEFT_BEHIND = 24 * 3600.0
"""Age in seconds at which an unfinished file was left by a crash."""

_UNFINISHED = (".part", ".out.zip")
_PIECE = 256 * 1024
_START = 64
_BINARY = getattr(os, "O_BINARY", 0)


class OutgoingFile:
    """A file to send, open for reading, with its size when it was opened. A context manager."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self.path = path
        self.file = file
        self.size = size

    def __enter__(self) -> OutgoingFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()


class IncomingFile:
    """An attachment being downloaded. A context manager: removes it unless `keep` was called."""

    def __init__(self, folder: Path, attachment: Attachment, prefix: str) -> None:
        self._folder = folder
        self._attachment = attachment
        self._prefix = prefix
        self._start = b""
        self._part = folder / f"{prefix}-{os.getpid()}-{time.time_ns()}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
        self._file = os.fdopen(os.open(self._part, flags, 0o600), "wb")

    def write(self, piece: bytes) -> None:
        """Append a piece. Raises OSError, for example on a full disk."""
        if len(self._start) < _START:
            self._start += piece[: _START - len(self._start)]
        self._file.write(piece)

    def keep(self) -> Path:
        """The file is complete: sync it, give it its name atomically, and return its path."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        name = kept_name(self._attachment.kind, self._attachment.file_name, self._start)
        path = self._folder / f"{self._prefix}-{name}"
        os.replace(self._part, path)
        return path

    def __enter__(self) -> IncomingFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            # An incomplete file is removed anyway, so an error on closing does not matter.
            self._file.close()
        with contextlib.suppress(OSError):
            self._part.unlink()


class MediaFolder:
    """The folder, readable by its owner only. It is created when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def receive(self, message: str, number: int, attachment: Attachment) -> IncomingFile:
        """Create the file for the attachment `number` (0-based) of the message with this id.

        Each attachment has its own name, the same every time. Raises OSError.
        """
        return IncomingFile(self._made(), attachment, f"{_key(message)}-{number + 1}")

    def found(self, message: str, number: int) -> Path | None:
        """The path of an earlier download of this attachment, if it still exists."""
        if not self._folder.is_dir():
            return None
        start = f"{_key(message)}-{number + 1}-"
        for path in self._folder.iterdir():
            if path.name.startswith(start) and not path.name.endswith(_UNFINISHED):
                return path
        return None

    def open_outgoing(self, path: Path) -> OutgoingFile:
        """Open a file to send. Raises `Refused` unless it is a readable regular file."""
        return OutgoingFile(path, *own_files.open_whole(path))

    def zipped(
        self, source: OutgoingFile, inside: str, stopped: Callable[[], bool] = lambda: False
    ) -> OutgoingFile:
        """The file in a new zip, under the name `inside`. Remove the zip with `discard`.

        Works piece by piece. Raises `Refused` if the file cannot be read to its end or `stopped`
        returns true, OSError if the zip cannot be written.
        """
        path = self._made() / f"{os.getpid()}-{time.time_ns()}.out.zip"
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY
            with (
                os.fdopen(os.open(path, flags, 0o600), "w+b") as target,
                zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive,
                archive.open(_entry(inside, source), "w", force_zip64=True) as entry,
            ):
                while piece := _read(source):
                    if stopped():
                        raise Refused(say.NOT_SENT_STOPPED(path=source.path))
                    entry.write(piece)
            return self.open_outgoing(path)
        except BaseException:
            with contextlib.suppress(OSError):
                path.unlink()
            raise

    def discard(self, zipped: OutgoingFile) -> None:
        """Close and remove a zip of `zipped`."""
        zipped.file.close()
        with contextlib.suppress(OSError):
            # Another program may have it open (Windows); `remove_old` removes it later.
            zipped.path.unlink()

    def remove_old(
        self, days: float = KEPT_DAYS, most: int = KEPT_BYTES, now: float | None = None
    ) -> int:
        """Delete files older than `days`, then the oldest ones until at most `most` bytes are left.

        Also deletes unfinished files left by a crash. Ignores folders and links. Returns the number
        of deleted files. For the disk thread, at the start.
        """
        now = time.time() if now is None else now
        kept: list[tuple[float, int, Path]] = []
        removed = 0
        for path, found in self._files():
            age = now - found.st_mtime
            longest = LEFT_BEHIND if path.name.endswith(_UNFINISHED) else days * 86_400
            if age > longest:
                removed += _remove(path)
            else:
                kept.append((found.st_mtime, found.st_size, path))
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total <= most:
                break
            if not path.name.endswith(_UNFINISHED):
                removed += _remove(path)
                total -= size
        return removed

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        found = []
        with contextlib.suppress(FileNotFoundError):
            for path in self._folder.iterdir():
                # Another process may remove it at the same time.
                with contextlib.suppress(OSError):
                    about = path.lstat()
                    if stat.S_ISREG(about.st_mode):
                        found.append((path, about))
        return found

    def _made(self) -> Path:
        own_files.make_own_folder(self._folder)
        return self._folder


def _key(message: str) -> str:
    return hashlib.sha256(message.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _entry(inside: str, source: OutgoingFile) -> zipfile.ZipInfo:
    changed = time.localtime(os.fstat(source.file.fileno()).st_mtime)[:6]
    # Zip dates range from 1980 to 2107.
    in_range = (1980, 1, 1, 0, 0, 0) <= changed <= (2107, 12, 31, 23, 59, 58)
    entry = zipfile.ZipInfo(inside, changed if in_range else (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def _read(source: OutgoingFile) -> bytes:
    try:
        return source.file.read(_PIECE)
    except OSError as cause:
        raise Refused(say.UNREADABLE(path=source.path, reason=cause.strerror)) from cause


def _remove(path: Path) -> int:
    try:
        path.unlink()
    except OSError as cause:
        log.warning("%s could not be removed: %s", path.name, cause.strerror)
        return 0
    return 1
