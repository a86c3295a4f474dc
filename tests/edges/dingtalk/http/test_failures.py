"""Each HTTP failure is one of ours, says if the message may have arrived, and tells no secret."""

from __future__ import annotations

import socket
import struct
import threading

import pytest
from requests import exceptions as foreign

from dingbridge.core.errors import DeliveryError, Refused, Retryable, Unreachable
from dingbridge.edges.dingtalk.http import Http, translated
from tests.support.http_server import (
    SECRET,
    Server,
    StartServer,
    answer,
    answering,
    failure,
    may_have_arrived,
)


def reset(connection: socket.socket) -> None:
    """Make closing the connection a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert isinstance(failure(f"http://127.0.0.1:{port}/?{SECRET}"), Unreachable)


def test_a_name_that_cannot_be_resolved_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_name(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    assert isinstance(failure(f"http://nowhere.invalid/?{SECRET}"), Unreachable)


def test_silence_after_the_request_leaves_its_fate_open(start_server: StartServer) -> None:
    leave = threading.Event()

    def hang(server: Server, connection: socket.socket) -> None:
        server.request(connection)
        leave.wait(10)

    server = start_server(hang)
    error = failure(server.url, Http(read_timeout=0.05))
    leave.set()
    assert may_have_arrived(error)
    assert "time" in error.message


@pytest.mark.parametrize("after_request", [False, True])
@pytest.mark.parametrize("by_reset", [False, True])
def test_a_connection_that_ends_without_an_answer_leaves_the_fate_open(
    start_server: StartServer, after_request: bool, by_reset: bool
) -> None:
    def end(server: Server, connection: socket.socket) -> None:
        if after_request:
            server.request(connection)
        if by_reset:
            reset(connection)

    error = failure(start_server(end).url)
    # A reset can be so early that there never was a connection, and then nothing can have arrived.
    at_once = by_reset and not after_request and isinstance(error, Unreachable)
    assert at_once or may_have_arrived(error)


@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{half",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnot a chunk",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n{}",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\x00" * 100,
    ],
)
def test_an_answer_that_is_no_http_or_only_half_leaves_the_fate_open(
    start_server: StartServer, broken: bytes
) -> None:
    assert may_have_arrived(failure(start_server(answering(broken)).url))


def test_an_answer_that_stops_in_the_middle_leaves_the_fate_open(
    start_server: StartServer,
) -> None:
    leave = threading.Event()

    def stop(server: Server, connection: socket.socket) -> None:
        server.request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{half")
        leave.wait(10)

    error = failure(start_server(stop).url, Http(read_timeout=0.05))
    leave.set()
    assert may_have_arrived(error)


@pytest.mark.parametrize(
    "url",
    [
        "",
        f"oapi.dingtalk.com/robot/send?{SECRET}",
        f"ftp://127.0.0.1/?{SECRET}",
        f"http://?{SECRET}",
        f"http://[::1?{SECRET}",
        f"http://127.0.0.1:99999/?{SECRET}",
        f"http://127.0.0.1:port/?{SECRET}",
        f"http://{'a' * 64}.com/?{SECRET}",
        f"http://a..b/?{SECRET}",
        f"http://*.dingtalk.com/?{SECRET}",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_the_settings_to_check(url: str) -> None:
    error = failure(url)
    assert isinstance(error, Refused)
    assert "`webhook`" in error.fix


@pytest.mark.parametrize("value", ["line\r\nbreak", "中文"])
def test_a_header_that_cannot_be_sent_is_refused(start_server: StartServer, value: str) -> None:
    server = start_server(answering(answer("200 OK")))
    with pytest.raises(Refused):
        Http().post(server.url, b"{}", {"x-token": value})


NEVER_LEFT = (Unreachable, False)
OPEN = (Retryable, True)
UNUSABLE = (Refused, None)
MAPPED: dict[type[foreign.RequestException], tuple[type[DeliveryError], bool | None]] = {
    foreign.ConnectTimeout: NEVER_LEFT,
    foreign.ProxyError: NEVER_LEFT,
    foreign.SSLError: NEVER_LEFT,
    foreign.ReadTimeout: OPEN,
    foreign.Timeout: OPEN,
    foreign.ConnectionError: OPEN,
    foreign.ChunkedEncodingError: OPEN,
    foreign.ContentDecodingError: OPEN,
    foreign.RetryError: OPEN,
    foreign.StreamConsumedError: OPEN,
    foreign.TooManyRedirects: OPEN,
    foreign.HTTPError: OPEN,
    foreign.InvalidJSONError: OPEN,
    foreign.JSONDecodeError: OPEN,
    foreign.RequestException: OPEN,
    foreign.InvalidURL: UNUSABLE,
    foreign.InvalidProxyURL: UNUSABLE,
    foreign.InvalidSchema: UNUSABLE,
    foreign.MissingSchema: UNUSABLE,
    foreign.InvalidHeader: UNUSABLE,
    foreign.URLRequired: UNUSABLE,
    foreign.UnrewindableBodyError: UNUSABLE,
}
"""What each error of requests means, and whether the message may have arrived."""


def all_kinds(kind: type[foreign.RequestException]) -> set[type[foreign.RequestException]]:
    return {kind}.union(*(all_kinds(below) for below in kind.__subclasses__()))


def test_no_error_of_requests_is_forgotten() -> None:
    ours = {
        kind for kind in all_kinds(foreign.RequestException) if kind.__module__ == foreign.__name__
    }
    assert ours == set(MAPPED)


@pytest.mark.parametrize("kind", MAPPED, ids=lambda kind: kind.__name__)
def test_every_error_of_requests_becomes_one_of_ours_without_the_address(
    kind: type[foreign.RequestException],
) -> None:
    url = f"https://oapi.dingtalk.com/robot/send?{SECRET}"
    if issubclass(kind, foreign.JSONDecodeError):
        cause: foreign.RequestException = kind(url, url, 0)
    else:
        cause = kind(f"something about {url}")
    error = translated(cause)
    expected, arrived = MAPPED[kind]
    assert type(error) is expected
    assert error.may_have_arrived is bool(arrived)
    assert "dingtalk.com" not in f"{error!r} {error.message} {error.fix}"
    assert error.message
