"""Fixtures with HTTP servers on loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from tests.support.http_server import Server, StartServer


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    started: list[Server] = []

    def start(behave: Callable[[Server, socket.socket], None]) -> Server:
        server = Server(lambda connection: behave(server, connection))
        started.append(server)
        return server

    yield start
    for server in started:
        server.close()


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
