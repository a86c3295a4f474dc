"""Stores the bytes of media in a temporary folder, which is removed with the sandbox."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from msgspec import Struct


class Kept(Struct, frozen=True):
    """Some bytes on the shelf. `sha256` is their hex digest."""

    path: Path
    size: int
    sha256: str


class Offer(Struct, frozen=True):
    """What a download code, or a temporary address, leads to until `expires` (Unix seconds).
    An address has a `signature`."""

    kept: Kept
    expires: float
    signature: str = ""


class Shelf:
    """A folder that is made when the first bytes come."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def writer(self, most: int | None = None) -> Writer:
        """A place for bytes that come piece by piece; beyond `most` they are counted only."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="dingbridge-sandbox-")
        return Writer(Path(self._folder.name) / uuid.uuid4().hex, most)

    def put(self, data: bytes) -> Kept:
        """Keep these bytes."""
        with self.writer() as writer:
            writer.write(data)
        return writer.kept()


class Writer:
    """Writes bytes to the shelf. A context manager; afterwards see `size` or `kept()`."""

    def __init__(self, path: Path, most: int | None) -> None:
        self._path = path
        self._most = most
        self._digest = hashlib.sha256()
        self._file: BinaryIO = path.open("wb")
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Add a piece."""
        self.size += len(piece)
        if self._most is None or self.size <= self._most:
            self._digest.update(piece)
            self._file.write(piece)

    def kept(self) -> Kept:
        """What was written, once all of it was."""
        return Kept(self._path, self.size, self._digest.hexdigest())

    def drop(self) -> None:
        """Forget it."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
