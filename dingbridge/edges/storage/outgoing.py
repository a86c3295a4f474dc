"""The folder of files that wait to be sent: a copy of each, from when the user sent it."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from dingbridge.core.catalogue import files as say
from dingbridge.core.errors import Refused
from dingbridge.core.file_names import safe_name
from dingbridge.core.media import Parcel, parcel
from dingbridge.edges import files
from dingbridge.edges.storage.media import MediaFolder, Outgoing

log = logging.getLogger(__name__)

_PIECE = 1024 * 1024
_BINARY = getattr(os, "O_BINARY", 0)


class OutgoingFolder:
    """The folder itself, readable by its owner only. Nothing outside it is ever sent.

    It is used by several threads, each with files of its own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._media = MediaFolder(folder)

    def take(self, message: str, source: Path) -> tuple[Path, str]:
        """Copy a file of the user's for a message; its path here and its name for people.

        Raises `Refused` for what is no readable file, is empty or too large to be sent, OSError
        when the copy cannot be written.
        """
        with self._media.open_outgoing(source) as opened:
            sent = parcel(source.name, opened.size)
            most = opened.size

            def pieces() -> Iterator[bytes]:
                # What a growing file gets meanwhile is not part of what was sent.
                left = most
                while left and (piece := opened.file.read(min(_PIECE, left))):
                    left -= len(piece)
                    yield piece

            name = sent.inside or sent.name
            return self._write(self._folder, message, name, pieces()), source.name

    def put(self, message: str, name: str, data: bytes) -> Path:
        """Keep these bytes for a message, as a file of that name. Raises OSError."""
        return self._write(self._folder, message, name, iter([data]))

    def keep(self, message: str, name: str, data: bytes) -> Path:
        """The same, for the user to look at beside the files that came. Raises OSError."""
        return self._write(self._folder.parent, message, name, iter([data]))

    def open(self, path: Path) -> Outgoing:
        """Open a file of this folder. Raises `Refused` for one that is elsewhere or gone."""
        if path.parent != self._folder:
            raise Refused(say.ONLY_COPIES())
        try:
            return self._media.open_outgoing(path)
        except Refused as cause:
            raise Refused(
                say.COPY_GONE(name=path.name.partition("-")[2]), fix=say.SEND_AGAIN()
            ) from cause

    def zipped(self, source: Outgoing, way: Parcel, stopped: Callable[[], bool]) -> Outgoing:
        """The file in a zip, as `way` wants it. Remove it with `discard`. Raises as
        `MediaFolder.zipped` does."""
        return self._media.zipped(source, way.inside, stopped)

    def discard(self, zipped: Outgoing) -> None:
        """Close and remove a zip."""
        self._media.discard(zipped)

    def forget(self, message: str) -> None:
        """Remove what is kept for a message, if anything is."""
        start = _key(message) + "-"
        with contextlib.suppress(OSError):
            # Another program may look at it just now (Windows); `remove_old` comes by later.
            for path in self._folder.iterdir():
                if path.name.startswith(start):
                    path.unlink()

    def remove_old(self, days: float) -> None:
        """Remove what is older than `days`, whoever it waits for, and what a crash left."""
        self._media.remove_old(days, most=1 << 62)

    def _write(self, folder: Path, message: str, name: str, pieces: Iterator[bytes]) -> Path:
        for each in (self._folder.parent, self._folder):
            files.make_own_folder(each)
        path = folder / f"{_key(message)}-{safe_name(name)}"
        part = path.with_name(f"{path.name}.part")
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY
            with os.fdopen(os.open(part, flags, 0o600), "wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
        return path


def _key(message: str) -> str:
    return hashlib.sha256(message.encode("utf-8", "surrogatepass")).hexdigest()[:12]
