"""An HTTP server that answers, disconnects or stays silent, as a test requires."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from dingbridge.core.errors import DeliveryError, Retryable, Unreachable
from dingbridge.edges.dingtalk.http import Http

SECRET = "access_token=0123456789abcdef"
Behaviour = Callable[[socket.socket], None]


class Server:
    """A listener on loopback that passes each connection to `behave`, one at a time."""

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/robot/send?{SECRET}"
        self.connections = 0
        self.requests: list[bytes] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                try:
                    self._behave(connection)
                except OSError:
                    # The client has disconnected, as some tests require.
                    continue

    def request(self, connection: socket.socket) -> bool:
        """Read one request. Returns False if the client has closed the connection."""
        received = b""
        while b"\r\n\r\n" not in received:
            part = connection.recv(65536)
            if not part:
                return False
            received += part
        head, _, body = received.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                while len(body) < int(value):
                    part = connection.recv(65536)
                    if not part:
                        return False
                    body += part
        self.requests.append(head + b"\r\n\r\n" + body)
        return True

    def close(self) -> None:
        # Closing alone does not wake a thread in accept().
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        finally:
            self._listener.close()
        self._thread.join(5)
        assert not self._thread.is_alive()


StartServer = Callable[[Callable[[Server, socket.socket], None]], Server]


def answering(answer: bytes) -> Callable[[Server, socket.socket], None]:
    """Read a request, send these bytes, and close."""

    def behave(server: Server, connection: socket.socket) -> None:
        if server.request(connection):
            connection.sendall(answer)

    return behave


def answer(status: str, body: bytes = b"{}", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def failure(url: str, http: Http | None = None) -> DeliveryError:
    """Post, expect a failure, and check what all failures have in common."""
    with pytest.raises(DeliveryError) as caught:
        (http or Http(read_timeout=5.0)).post(url, b"{}")
    error = caught.value
    words = f"{error!r} {error.message} {error.fix}"
    assert SECRET not in words
    assert "127.0.0.1" not in words
    assert error.message
    assert error.__cause__ is not None
    return error


def may_have_arrived(error: DeliveryError) -> bool:
    """Whether the message may have arrived despite this failure."""
    assert isinstance(error, Retryable)
    assert not isinstance(error, Unreachable)
    return error.may_have_arrived


def keep_alive(server: Server, connection: socket.socket) -> None:
    while server.request(connection):
        connection.sendall(answer("200 OK"))
