"""The body of an upload: a form with one file, read as it is sent and never held in memory."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import BinaryIO

from dingbridge.core.catalogue import files as say
from dingbridge.core.dingtalk.media import UPLOAD_WITHIN, OutgoingMedia
from dingbridge.core.errors import Refused, Retryable

PIECE = 32 * 1024
"""Bytes that are read and sent at a time. Each piece has the connection's time limit to leave, so
this also says how slow a line may be."""


class Upload:
    """One file as a form, of a length that is known before (section 6). Good for one request.

    `file` is open for reading at the start of its `size` bytes. `progress` hears, on the sending
    thread, how many of them have left, and `size`. Setting `stop` ends the upload before the next
    piece. `within` is the seconds all of it may take from the first byte on.
    """

    def __init__(
        self,
        file: BinaryIO,
        size: int,
        parcel: OutgoingMedia,
        *,
        progress: Callable[[int, int], None] | None = None,
        stop: threading.Event | None = None,
        within: float = UPLOAD_WITHIN,
    ) -> None:
        self._file = file
        self._size = size
        self._name = parcel.name
        self._progress = progress
        self._stop = stop or threading.Event()
        self._within = within
        boundary = uuid.uuid4().hex
        self.content_type = f"multipart/form-data; boundary={boundary}"
        # The name people see goes with the message: here the ending alone counts, and a name with
        # quotes or foreign letters would only be a risk.
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
