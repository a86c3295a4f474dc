"""The body of an upload: a form with one file, which is read while it is sent."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from dingbridge.core.catalogue import files as say
from dingbridge.core.dingtalk.media import UPLOAD_WITHIN, OutgoingMedia
from dingbridge.core.errors import Refused, Retryable

PIECE = 32 * 1024
"""Bytes that are read and sent at a time. The connection's timeout applies to each piece, so this
also limits how slow a network may be."""


class SizedFile(Protocol):
    """A file of `size` bytes, open for reading at its start."""

    @property
    def file(self) -> BinaryIO:
        """The open file."""
        ...

    @property
    def size(self) -> int:
        """Its length in bytes."""
        ...


class Upload:
    """One file as a form whose length is known before it is read. For one request.

    - `progress(sent, size)` is called on the sending thread after each piece, in bytes.
    - Setting `stop` ends the upload before the next piece, with `Retryable`.
    - `within` limits the whole upload, in seconds from its first byte.
    """

    def __init__(
        self,
        source: SizedFile,
        parcel: OutgoingMedia,
        *,
        progress: Callable[[int, int], None] | None = None,
        stop: threading.Event | None = None,
        within: float = UPLOAD_WITHIN,
    ) -> None:
        self._file = source.file
        self._size = source.size
        self._name = parcel.name
        self._progress = progress
        self._stop = stop or threading.Event()
        self._within = within
        boundary = uuid.uuid4().hex
        self.content_type = f"multipart/form-data; boundary={boundary}"
        # People see the name in the message, not this one. Only the extension matters here, so
        # quotes and non-ASCII letters of the real name are kept out of the header.
        file_name = f"file.{parcel.file_type}"
        self._before = (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="type"\r\n\r\n'
            f"{parcel.upload}\r\n"
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="media"; filename="{file_name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        self._after = f"\r\n--{boundary}--\r\n".encode()

    def __len__(self) -> int:
        return len(self._before) + self._size + len(self._after)

    def __iter__(self) -> Iterator[bytes]:
        deadline = time.monotonic() + self._within
        yield self._before
        sent = 0
        while sent < self._size:
            if self._stop.is_set():
                raise Retryable(say.UPLOAD_STOPPED())
            if time.monotonic() > deadline:
                raise Retryable(say.UPLOAD_TOO_LONG(seconds=self._within))
            piece = self._read(min(PIECE, self._size - sent))
            yield piece
            sent += len(piece)
            if self._progress is not None:
                self._progress(sent, self._size)
        yield self._after

    def _read(self, count: int) -> bytes:
        try:
            piece = self._file.read(count)
        except OSError as cause:
            raise Refused(say.UNREADABLE(path=self._name, reason=cause.strerror)) from cause
        if not piece:
            raise Refused(say.BECAME_SHORTER(path=self._name), fix=say.SEND_ONCE_MORE())
        return piece
