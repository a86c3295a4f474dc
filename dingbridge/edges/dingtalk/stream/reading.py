"""Reads the frames of a stream socket in batches."""

from __future__ import annotations

import ssl

import websocket
from websocket import ABNF

from dingbridge.core.catalogue import link as say
from dingbridge.core.dingtalk.limits import READ_TIMEOUT
from dingbridge.core.errors import LinkLost
from dingbridge.edges.dingtalk.stream import sockets

MOST = 256
"""Most frames (a count) in one batch, which is made durable by one sync."""

_PIECE = 64 * 1024
_FAILURES = (websocket.WebSocketException, OSError, ValueError)
_MESSAGES = (ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY, ABNF.OPCODE_CONT)


def is_message(frame: ABNF) -> bool:
    """Whether it is a data frame, not a control frame."""
    return frame.opcode in _MESSAGES


class _NotThere(Exception):
    """The rest of the frame has not arrived yet."""


class FrameReader:
    """Reads the frames of one connection, for its thread.

    websocket-client reads a frame from `_take` and continues when the rest has arrived, so no call
    blocks on half a frame, or on the socket while TLS has buffered data.
    """

    def __init__(self, connection: websocket.WebSocket) -> None:
        self._connection = connection
        self._piece = bytearray(_PIECE)
        self._came = memoryview(b"")
        self._lost: LinkLost | None = None
        connection.frame_buffer.recv = self._take
        connection.settimeout(READ_TIMEOUT)

    def batch(self, seconds: float) -> list[ABNF]:
        """All messages and control frames that arrived, in order, at most `MOST`.

        Waits up to `seconds` for the first one; empty if none came. Raises `LinkLost` if the
        connection is lost, after everything that arrived was returned.
        """
        batch: list[ABNF] = []
        try:
            if self._lost is not None:
                raise self._lost
            while len(batch) < MOST:
                frame = self._next()
                if frame is not None:
                    batch.append(frame)
                elif not self._read(0.0 if batch else seconds):
                    break
        except _FAILURES as cause:
            self._lost = LinkLost(say.SOCKET_BROKE(reason=sockets.words(cause)))
            self._lost.__cause__ = cause
        except LinkLost as error:
            self._lost = error
        if self._lost is not None and not batch:
            raise self._lost
        return batch

    def _next(self) -> ABNF | None:
        """The next message or control frame; None if it is not complete."""
        connection = self._connection
        while True:
            try:
                frame: ABNF = connection.recv_frame()  # type: ignore[no-untyped-call]  # websocket-client left it untyped
            except _NotThere:
                return None
            if not is_message(frame):
                return frame
            parts = connection.cont_frame
            parts.validate(frame)
            parts.add(frame)
            if parts.is_fire(frame):
                message: ABNF = parts.extract(frame)[1]
                return message

    def _take(self, count: int) -> bytes:
        """At most `count` bytes; called by websocket-client."""
        if not self._came:
            raise _NotThere
        taken, self._came = self._came[:count], self._came[count:]
        return bytes(taken)

    def _read(self, seconds: float) -> bool:
        """Read what arrives within `seconds`. Returns whether anything did."""
        connection = self._connection
        raw = connection.sock
        if raw is None:
            raise LinkLost(say.SERVER_CLOSED())
        raw.settimeout(seconds)
        try:
            count = raw.recv_into(self._piece)
        except (BlockingIOError, ssl.SSLWantReadError, TimeoutError):
            return False
        finally:
            # This timeout is for writes; reads of a quiet socket wait less.
            raw.settimeout(READ_TIMEOUT)
        if not count:
            raise LinkLost(say.SERVER_CLOSED())
        self._came = memoryview(self._piece)[:count]
        return True
