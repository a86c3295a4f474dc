"""Proxies and certificates: which are used, and what is reported when they do not work."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.errors import Refused, Unreachable
from dingbridge.edges.dingtalk.http import Http
from tests.support.http_server import (
    SECRET,
    Server,
    StartServer,
    answer,
    answering,
    failure,
    keep_alive,
)
from tests.support.identity import IDENTITY


def proxied(server: Server) -> Http:
    return Http(f"http://127.0.0.1:{server.port}", read_timeout=5.0)


@pytest.mark.parametrize("status", ["502 Bad Gateway", "407 Proxy Authentication Required"])
def test_a_proxy_that_lets_nobody_through_is_named_as_the_reason(
    start_server: StartServer, status: str
) -> None:
    proxy = start_server(answering(answer(status)))
    error = failure(f"https://oapi.dingtalk.com/?{SECRET}", proxied(proxy))
    assert isinstance(error, Unreachable)
    assert "proxy" in error.message
    assert "`proxy`" in error.fix
    assert proxy.requests[0].startswith(b"CONNECT oapi.dingtalk.com:443")
    assert SECRET.encode() not in proxy.requests[0]


def test_a_proxys_own_answer_to_plain_http_is_an_answer(start_server: StartServer) -> None:
    proxy = start_server(answering(answer("502 Bad Gateway", b"<html>")))
    found = proxied(proxy).post("http://oapi.dingtalk.com/", b"{}")
    assert found == HttpAnswer(502, b"<html>")


def test_a_proxy_that_is_not_there_is_named_as_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure("http://oapi.dingtalk.com/", Http(f"http://127.0.0.1:{port}"))
    assert isinstance(error, Unreachable)
    assert "proxy" in error.message


def test_the_proxy_of_the_environment_is_used_unless_one_is_set(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_environment = start_server(answering(answer("200 OK")))
    chosen = start_server(answering(answer("200 OK")))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{of_environment.port}")
    proxied(chosen).post("http://oapi.dingtalk.com/", b"{}")
    assert (of_environment.connections, chosen.connections) == (0, 1)
    Http().post("http://oapi.dingtalk.com/", b"{}")
    assert (of_environment.connections, chosen.connections) == (1, 1)


@pytest.mark.parametrize(
    "proxy", ["foo://127.0.0.1:1", "http://", "http://[", "socks5://127.0.0.1:1"]
)
def test_a_proxy_whose_address_makes_no_sense_is_refused(proxy: str) -> None:
    error = failure("http://127.0.0.1/", Http(proxy))
    assert isinstance(error, Refused)
    assert "`proxy`" in error.fix


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """A file with the certificate and its key."""
    path = tmp_path / "identity.pem"
    path.write_text(IDENTITY)
    return path


def over_tls(identity: Path) -> Callable[[Server, socket.socket], None]:
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    settings.load_cert_chain(identity)

    def behave(server: Server, connection: socket.socket) -> None:
        with settings.wrap_socket(connection, server_side=True) as secure:
            if server.request(secure):
                secure.sendall(answer("200 OK"))

    return behave


def https(server: Server) -> str:
    return server.url.replace("http:", "https:")


def test_a_certificate_that_nobody_vouches_for_is_told_with_what_to_do(
    start_server: StartServer, identity: Path
) -> None:
    error = failure(https(start_server(over_tls(identity))))
    assert isinstance(error, Unreachable)
    assert "certificate" in error.message
    assert "REQUESTS_CA_BUNDLE" in error.fix


def test_an_own_certificate_counts_once_it_is_named_with_and_without_a_proxy(
    start_server: StartServer, identity: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(identity))
    server = start_server(over_tls(identity))
    assert Http().post(https(server), b"{}").status == 200

    def intercept(proxy: Server, connection: socket.socket) -> None:
        proxy.request(connection)
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        over_tls(identity)(proxy, connection)

    assert proxied(start_server(intercept)).post(https(server), b"{}").status == 200
    assert server.connections == 1


def test_certificates_that_are_not_there_are_told(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    error = failure(https(start_server(keep_alive)))
    assert isinstance(error, Unreachable)
    assert "REQUESTS_CA_BUNDLE" in error.fix


def test_a_server_that_speaks_no_tls_is_unreachable(start_server: StartServer) -> None:
    def plain(_: Server, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer("200 OK"))

    assert isinstance(failure(https(start_server(plain))), Unreachable)
