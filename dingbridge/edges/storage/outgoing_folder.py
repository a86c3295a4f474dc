"""The folder of files that wait to be sent: a copy of each, made when the user sent it."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from dingbridge.core.catalogue import files as say
from dingbridge.core.dingtalk.file_names import safe_name
from dingbridge.core.dingtalk.media import OutgoingMedia
from dingbridge.core.errors import Refused
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.media_folder import MediaFolder, OutgoingFile

log = logging.getLogger(__name__)

_UNFINISHED = ".part"
_BINARY = getattr(os, "O_BINARY", 0)


class Arriving:
    """A file that arrives in pieces. It gets its name when it is complete."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}{_UNFINISHED}")
        self._file: BinaryIO | None = None

    @property
    def has_begun(self) -> bool:
        """Whether anything was written."""
        return self._file is not None

    def write(self, data: bytes) -> None:
        """Append a piece. Raises OSError, for example on a full disk."""
        if self._file is None:
            for each in (self._path.parent.parent, self._path.parent):
                own_files.make_own_folder(each)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY
            self._file = os.fdopen(os.open(self._part, flags, 0o600), "wb")
        self._file.write(data)

    def keep(self) -> Path:
        """The file is complete: sync it and give it its name atomically. Raises OSError."""
        assert self._file is not None  # noqa: S101 - even an empty file has one piece
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._part, self._path)
        return self._path

    def discard(self) -> None:
        """Remove the incomplete file."""
        with contextlib.suppress(OSError):
            # The file is removed anyway, so an error on closing does not matter.
            if self._file is not None:
                self._file.close()
        with contextlib.suppress(OSError):
            self._part.unlink()


class OutgoingFolder:
    """The folder, readable by its owner only. No file outside of it is ever sent.

    Several threads use it, each with different files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._media = MediaFolder(folder)

    def arriving(self, message: str, name: str) -> Arriving:
        """Create the file of that name for a message; its content arrives in pieces."""
        return Arriving(self._path(self._folder, message, name))

    def found(self, message: str) -> Path | None:
        """The stored copy for a message; None without one."""
        if not self._folder.is_dir():
            return None
        for path in self._kept(message):
            if path.suffix != _UNFINISHED:
                return path
        return None

    def put(self, message: str, name: str, data: bytes) -> Path:
        """Store these bytes for a message, as a file of that name. Raises OSError."""
        return self._write(self._folder, message, name, data)

    def keep(self, message: str, name: str, data: bytes) -> Path:
        """The same in the media folder, where the user can open it. Raises OSError."""
        return self._write(self._folder.parent, message, name, data)

    def open(self, path: Path) -> OutgoingFile:
        """Open a file of this folder. Raises `Refused` if it is outside of it or missing."""
        if path.parent != self._folder:
            raise Refused(say.ONLY_COPIES())
        try:
            return self._media.open_outgoing(path)
        except Refused as cause:
            raise Refused(
                say.COPY_GONE(name=path.name.partition("-")[2]), fix=say.SEND_AGAIN()
            ) from cause

    def zipped(
        self, source: OutgoingFile, way: OutgoingMedia, stopped: Callable[[], bool]
    ) -> OutgoingFile:
        """The file in a zip, in the form `way`. Remove it with `discard`. Raises as
        `MediaFolder.zipped` does."""
        return self._media.zipped(source, way.inside, stopped)

    def discard(self, zipped: OutgoingFile) -> None:
        """Close and remove a zip."""
        self._media.discard(zipped)

    def forget(self, message: str) -> None:
        """Remove the copy for a message, if there is one."""
        with contextlib.suppress(OSError):
            # Another program may have it open (Windows); `remove_old` removes it later.
            for path in self._kept(message):
                path.unlink()

    def remove_old(self, days: float) -> None:
        """Remove files older than `days`, even if a message waits for them, and files left by a
        crash."""
        self._media.remove_old(days, most=1 << 62)

    def _kept(self, message: str) -> list[Path]:
        start = f"{_key(message)}-"
        return [path for path in self._folder.iterdir() if path.name.startswith(start)]

    def _write(self, folder: Path, message: str, name: str, data: bytes) -> Path:
        arriving = Arriving(self._path(folder, message, name))
        try:
            arriving.write(data)
            return arriving.keep()
        except BaseException:
            arriving.discard()
            raise

    def _path(self, folder: Path, message: str, name: str) -> Path:
        return folder / f"{_key(message)}-{safe_name(name)}"


def _key(message: str) -> str:
    return hashlib.sha256(message.encode("utf-8", "surrogatepass")).hexdigest()[:12]
