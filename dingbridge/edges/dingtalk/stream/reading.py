"""The frames of a stream socket, as many at a time as are there."""

from __future__ import annotations

import ssl

import websocket
from websocket import ABNF

from dingbridge.core.catalogue import link as say
from dingbridge.core.dingtalk.limits import READ_TIMEOUT
from dingbridge.core.errors import LinkLost
from dingbridge.edges.dingtalk.stream import sockets

MOST = 256
"""Frames (a count) in one batch: so many are written down by one sync, and wait for it."""

_PIECE = 64 * 1024
_FAILURES = (websocket.WebSocketException, OSError, ValueError)
_MESSAGES = (ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY, ABNF.OPCODE_CONT)


def is_message(frame: ABNF) -> bool:
    """Whether it carries a message, or a part of one, rather than a word about the connection."""
    return frame.opcode in _MESSAGES


class _NotThere(Exception):
    """The rest of the frame did not come yet."""


class FrameReader:
    """What comes on one connection, for the thread that reads it.

    websocket-client reads a frame from `_take` and goes on where it was when the rest has come, so
    nothing ever waits for half a frame, nor asks the socket whether there is more when TLS has it
    already.
    """

    def __init__(self, connection: websocket.WebSocket) -> None:
        self._connection = connection
        self._piece = bytearray(_PIECE)
        self._came = memoryview(b"")
        self._lost: LinkLost | None = None
        connection.frame_buffer.recv = self._take
        connection.settimeout(READ_TIMEOUT)

    def batch(self, seconds: float) -> list[ABNF]:
        """Messages and control frames in their order: all that are there, at most `MOST`; waits so
        long for the first one, and is empty when none came.

        Raises `LinkLost` when the connection is lost, but not before all that came was returned.
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
        """A whole message or a control frame; None while it is not there."""
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
        """For websocket-client: at most `count` bytes."""
        if not self._came:
            raise _NotThere
        taken, self._came = self._came[:count], self._came[count:]
        return bytes(taken)

    def _read(self, seconds: float) -> bool:
        """Take in what is there, or comes within that time. Returns whether anything did."""
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
            # For what is sent: a quiet socket is looked at more often than that.
            raw.settimeout(READ_TIMEOUT)
        if not count:
            raise LinkLost(say.SERVER_CLOSED())
        self._came = memoryview(self._piece)[:count]
        return True
