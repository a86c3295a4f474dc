"""The folder of files that came from DingTalk or are about to leave: `dingbridge/media/`."""

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
"""How long an attachment is kept by default."""

KEPT_BYTES = 1024 * 1024 * 1024
"""How much is kept by default; the oldest go first."""

LEFT_BEHIND = 24 * 3600.0
"""Seconds after which an unfinished file belongs to no editor any more: a crash left it behind."""

_UNFINISHED = (".part", ".out.zip")
_PIECE = 256 * 1024
_START = 64
_BINARY = getattr(os, "O_BINARY", 0)


class OutgoingFile:
    """A file on its way out, open for reading, with the size it had then. A context manager."""

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
    """One attachment on its way in. As a context manager it leaves nothing half done behind."""

    def __init__(self, folder: Path, attachment: Attachment, prefix: str) -> None:
        self._folder = folder
        self._attachment = attachment
        self._prefix = prefix
        self._start = b""
        self._part = folder / f"{prefix}-{os.getpid()}-{time.time_ns()}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
        self._file = os.fdopen(os.open(self._part, flags, 0o600), "wb")

    def write(self, piece: bytes) -> None:
        """Add a piece. Raises OSError, as when the disk is full."""
        if len(self._start) < _START:
            self._start += piece[: _START - len(self._start)]
        self._file.write(piece)

    def keep(self) -> Path:
        """The whole file is here: give it its name, at once, and return its path."""
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
            # What could not be written any more is not wanted any more either.
            self._file.close()
        with contextlib.suppress(OSError):
            self._part.unlink()


class MediaFolder:
    """The folder itself, readable by its owner only. It is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def receive(self, message: str, number: int, attachment: Attachment) -> IncomingFile:
        """A place for the attachment `number` (from 0) of the message with this id.

        The same attachment gets the same name again, and no other one does. Raises OSError.
        """
        return IncomingFile(self._made(), attachment, f"{_key(message)}-{number + 1}")

    def found(self, message: str, number: int) -> Path | None:
        """The attachment that an earlier download of this message brought, if it is still here."""
        if not self._folder.is_dir():
            return None
        start = f"{_key(message)}-{number + 1}-"
        for path in self._folder.iterdir():
            if path.name.startswith(start) and not path.name.endswith(_UNFINISHED):
                return path
        return None

    def open_outgoing(self, path: Path) -> OutgoingFile:
        """Open what is to be sent. Raises `Refused` for all that is no readable file."""
        return OutgoingFile(path, *own_files.open_whole(path))

    def zipped(
        self, source: OutgoingFile, inside: str, stopped: Callable[[], bool] = lambda: False
    ) -> OutgoingFile:
        """The file in a zip of its own, under the name `inside`. Remove it with `discard`.

        Read and written piece by piece. Raises `Refused` when the file cannot be read to its end
        or `stopped` says so, OSError when the zip cannot be written.
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
        """Close and remove a zip that was made for sending."""
        zipped.file.close()
        with contextlib.suppress(OSError):
            # Another program may look at it just now (Windows); `remove_old` comes by later.
            zipped.path.unlink()

    def remove_old(
        self, days: float = KEPT_DAYS, most: int = KEPT_BYTES, now: float | None = None
    ) -> int:
        """Delete what is older than `days`, then the oldest until at most `most` bytes are left.

        What a crash left unfinished goes as well. Folders and links are not touched. Returns how
        many files were deleted; for the disk thread, at the start.
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
                # Another editor may remove it at the same time.
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
    # A zip knows the years from 1980 to 2107 only.
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
