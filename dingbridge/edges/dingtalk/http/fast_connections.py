"""Fast connections for short messages: a request is sent with one write, and an answer that arrived
completely is read at once. http.client's general way takes several times as long."""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Mapping
from http import client
from typing import Any

from msgspec import Struct
from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection

READ = 64 * 1024
"""Most bytes of an answer that are read at once."""

_LENGTH = re.compile(rb"\r\nContent-Length: \d+\r\n")
_PLAIN = re.compile(rb"HTTP/1\.1 ([2-5]\d\d)[^\r\n]*\r\n(?:[!-9;-~]+:[^\r\n]*\r\n)*\r\n")
_NAMED = re.compile(rb"\n(content-length|transfer-encoding|content-encoding|connection):", re.I)
_SIZE = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.I)


class _Head(Struct, frozen=True):
    """The cached head of a request with these headers: the bytes after the first line up to the
    length, and those after it.
    """

    headers: tuple[tuple[str, str], ...]
    before: bytes
    after: bytes


class CompleteAnswer(HTTPResponse):
    """An answer that was read completely."""

    def stream(
        self, amt: int | None = None, decode_content: bool | None = None
    ) -> Generator[bytes, None, None]:
        """Yield the whole body."""
        yield self.data or b""  # None for an empty one


class FastConnection(HTTPConnection):
    """A connection that caches the head of its last request: for the same headers, only the first
    line and the length are new. Unusual requests and answers are handled by the base class.
    """

    _held: bytearray | None = None
    _head: _Head | None = None
    _is_fast = False

    def request(  # type: ignore[override]  # as urllib3 has it, which differs from http.client
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        """Send a request."""
        self._is_fast = False
        if not isinstance(body, bytes):
            super().request(method, url, body, headers, **options)
            return
        known, given = self._head, tuple((headers or {}).items())
        if known is not None and known.headers == given and self.sock and url.startswith("/"):
            first = f"{method} {url} HTTP/1.1".encode("ascii")
            self._is_fast = True
            self.sock.settimeout(self.timeout)
            self.sock.sendall(b"%b%b%d%b%b" % (first, known.before, len(body), known.after, body))
            return
        self._held = bytearray()
        try:
            super().request(method, url, body, headers, **options)
        finally:
            request, self._held = bytes(self._held), None
        self.send(request)
        head = request[: len(request) - len(body)]
        if url.startswith("/") and (length := _LENGTH.search(head)) is not None:
            before = head[head.index(b"\r\n") : length.start()] + b"\r\nContent-Length: "
            self._head = _Head(given, before, head[length.end() - 2 :])

    def send(self, data: Any) -> None:
        """Send bytes, or collect those of a request until it is complete."""
        if self._held is None:
            super().send(data)
        else:
            self._held += data

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as above
        """Read the answer, completely if possible."""
        if not self._is_fast:
            return super().getresponse()
        self.sock.settimeout(self.timeout)
        data = self.sock.recv(READ)
        plain = _PLAIN.match(data)
        if plain is not None and _is_all(plain[0], len(data) - plain.end()):
            return CompleteAnswer(data[plain.end() :], status=int(plain[1]), preload_content=False)
        begun: Any = _Begun(self.sock, data)
        answer = client.HTTPResponse(begun, method="POST")
        answer.begin()
        if answer.will_close:
            self.close()  # the answer continues to read
        return HTTPResponse(
            answer,
            answer.getheaders(),  # type: ignore[arg-type]  # pairs are taken as well
            answer.status,
            preload_content=False,
            decode_content=False,
            original_response=answer,
            request_method="POST",
        )


class FastTlsConnection(FastConnection, HTTPSConnection):
    """The same over TLS."""


CLASSES: Mapping[Any, Any] = {
    HTTPConnection: FastConnection,
    HTTPSConnection: FastTlsConnection,
}
"""Replacements for the connection classes of a pool."""


def _is_all(head: bytes, size: int) -> bool:
    """Whether the answer is complete: its head announces a body of `size` bytes, no encoding, and a
    connection that stays open.
    """
    size_named = _SIZE.search(head)
    return len(_NAMED.findall(head)) == 1 and size_named is not None and int(size_named[1]) == size


class _Begun:
    """Replaces a socket from which these bytes were already read."""

    def __init__(self, connection: Any, data: bytes) -> None:
        self._parts = _Parts(data, connection.makefile("rb", buffering=0))

    def makefile(self, mode: str) -> io.BufferedReader:
        """A file with these bytes, then those of the socket."""
        return io.BufferedReader(self._parts)


class _Parts(io.RawIOBase):
    """Reads given bytes, then those of a file."""

    def __init__(self, data: bytes, rest: io.RawIOBase) -> None:
        self._data = data
        self._rest = rest

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read available bytes."""
        if not self._data:
            return self._rest.readinto(buffer)
        taken = self._data[: len(buffer)]
        self._data = self._data[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def close(self) -> None:
        """Close the file of the connection."""
        self._rest.close()
        super().close()
