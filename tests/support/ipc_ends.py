"""Servers and clients of the local socket, with the events that they report."""

from __future__ import annotations

import contextlib
import hmac
import os
import queue
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from dingbridge.edges.ipc import Client, Connected, Heard, Joined, Server, ServerEvent, Timing
from tests.support.processes import Child

posix = pytest.mark.skipif(os.name != "posix", reason="Unix sockets and signals")
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a socket")
CALM = Timing()
QUICK = Timing(heartbeat=0.05, silence=0.6, proof=1.0, farewell=0.3)
STILL = Timing(heartbeat=60.0, silence=120.0)
"""What happens within `DEADLINE` has not waited for a heartbeat or its lack."""
DEADLINE = 15.0
E = TypeVar("E")


class EventLog:
    """The events of one end, in order."""

    def __init__(self) -> None:
        self.told: queue.Queue[Any] = queue.Queue()
        self.all: list[Any] = []

    def until(self, kind: type[E], where: Callable[[E], bool] = lambda _: True) -> E:
        """The next event of that kind for which `where` holds."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                event = self.told.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {kind.__name__}; told so far: {self.all}") from None
            self.all.append(event)
            if isinstance(event, kind) and where(event):
                return event

    def hear(self, count: int) -> list[bytes]:
        """The data of the next `count` frames."""
        return [self.until(Heard).data for _ in range(count)]

    def drained(self) -> list[Any]:
        """All events so far."""
        with contextlib.suppress(queue.Empty):
            while True:
                self.all.append(self.told.get_nowait())
        return self.all


class Ends:
    """Creates servers, clients, sockets and processes, and closes them after the test."""

    def __init__(self, tcp: bool) -> None:
        self.tcp = tcp
        self._stack = contextlib.ExitStack()

    def server(
        self, timing: Timing = CALM, notify: Callable[[ServerEvent], None] | None = None
    ) -> tuple[Server, EventLog]:
        events = EventLog()
        server = Server(notify or events.told.put, timing, tcp=self.tcp)
        self._stack.callback(_end, server)
        server.start()
        return server, events

    def client(
        self, address: str, secret: str, timing: Timing = CALM, start: bool = True
    ) -> tuple[Client, EventLog]:
        events = EventLog()
        client = Client(address, secret, events.told.put, timing)
        self._stack.callback(_end, client)
        if start:
            client.start()
        return client, events

    def pair(self, timing: Timing = CALM) -> tuple[Server, EventLog, int, Client, EventLog]:
        """A connected server and client, and the client's number."""
        server, owner = self.server(timing)
        client, guest = self.client(server.address, server.secret, timing)
        guest.until(Connected)
        return server, owner, owner.until(Joined).peer, client, guest

    def call(self, address: str) -> socket.socket:
        """A plain socket connected to that address."""
        connection = self._stack.enter_context(dial(address))
        connection.settimeout(DEADLINE)
        return connection

    def process(self, code: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
        """A Python process that runs `code`."""
        process = Child(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **options,
        )
        self._stack.callback(_kill, process)
        return process

    def close(self) -> None:
        self._stack.close()


def _end(thread: Server | Client) -> None:
    thread.stop()
    if thread.ident is not None:
        thread.join(DEADLINE)
        assert not thread.is_alive()


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def dial(address: str) -> socket.socket:
    if address.startswith("/"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(address)
        return connection
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)))


def prove(connection: socket.socket, secret: str) -> None:
    """Prove the secret over a plain socket, as a client does."""
    nonce = exactly(connection, 32)
    proof = hmac.digest(secret.encode(), nonce + b"client", "sha256")
    connection.sendall(proof + b"n" * 32)
    assert exactly(connection, 32) == hmac.digest(secret.encode(), b"n" * 32 + b"server", "sha256")


def exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        assert more, f"closed after {data!r}"
        data += more
    return data


def is_closed(connection: socket.socket) -> bool:
    """Wait until the other end closes."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        return True
    return True


def framed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
