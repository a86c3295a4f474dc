"""Requests after the first: the short way with remembered headers, and open connections."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.edges.dingtalk.http import Http
from tests.support.costs import instructions
from tests.support.http_server import (
    SECRET,
    Server,
    StartServer,
    answer,
    answering,
    failure,
    keep_alive,
    may_have_arrived,
)


def then_answering(*pieces: bytes) -> Callable[[Server, socket.socket], None]:
    """Answer a first request as any other, and a second one on its connection with these bytes,
    each piece by itself; then close."""

    def behave(server: Server, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server.request(connection):
            connection.sendall(answer("200 OK", b"first"))
        if server.request(connection):
            for piece in pieces:
                connection.sendall(piece)
                threading.Event().wait(0.02)  # so that it comes by itself; if not, all is the same

    return behave


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([answer("200 OK", b'{"errcode":0}')], HttpAnswer(200, b'{"errcode":0}')),
        ([answer("500 Internal Server Error", b"")], HttpAnswer(500, b"")),
        ([answer("200 OK", b"12"), b"34"], HttpAnswer(200, b"12")),
        ([answer("200 OK", b"12345")[:-3], b"34", b"5"], HttpAnswer(200, b"12345")),
        (
            [b"HTTP/1.", b"1 404 Gone", b"\r\nContent-Length: 2\r\n", b"\r\n{}"],
            HttpAnswer(404, b"{}"),
        ),
        ([CHUNKED + b"2\r\n{}\r\n0\r\n\r\n"], HttpAnswer(200, b"{}")),
        ([CHUNKED, b"2\r\n{}\r\n", b"0\r\n\r\n"], HttpAnswer(200, b"{}")),
        (
            [answer("200 OK", b"2\r\n{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked")],
            HttpAnswer(200, b"{}"),
        ),
        (
            [answer("200 OK", gzip.compress(b"{}"), "content-encoding: gzip")],
            HttpAnswer(200, b"{}"),
        ),
        ([b"HTTP/1.1 100 Continue\r\n\r\n" + answer("201 Made")], HttpAnswer(201, b"{}")),
        ([b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n{}"], HttpAnswer(200, b"{}")),
        ([b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"], HttpAnswer(200, b"{}")),
        ([answer("302 Found", b"moved", "Location: http://[")], HttpAnswer(302, b"moved")),
    ],
)
def test_a_second_answer_is_read_in_whatever_form_it_comes(
    start_server: StartServer, pieces: list[bytes], expected: HttpAnswer
) -> None:
    server = start_server(then_answering(*pieces))
    http = Http(read_timeout=5.0)
    assert http.post(server.url, b"{}", {"x-token": "t"}) == HttpAnswer(200, b"first")
    assert http.post(server.url + "&more=1", b'{"a":1}', {"x-token": "t"}) == expected
    http.close()
    first, second = server.requests
    assert second == first.replace(SECRET.encode(), SECRET.encode() + b"&more=1").replace(
        b"Content-Length: 2", b"Content-Length: 7"
    ).replace(b"\r\n\r\n{}", b'\r\n\r\n{"a":1}')
    assert server.connections == 1


def test_another_header_is_sent_although_the_one_before_is_remembered(
    start_server: StartServer,
) -> None:
    server = start_server(keep_alive)
    http = Http()
    for token in ("one", "two", "two", "one"):
        http.post(server.url, b"{}", {"x-token": token})
    http.close()
    sent = [request.partition(b"x-token: ")[2][:3] for request in server.requests]
    assert sent == [b"one", b"two", b"two", b"one"]


@pytest.mark.parametrize("answers", ["Connection: close", "connection:close"])
def test_a_second_answer_that_closes_the_connection_is_believed(
    start_server: StartServer, answers: str
) -> None:
    def behave(server: Server, connection: socket.socket) -> None:
        server.request(connection)
        connection.sendall(answer("200 OK"))
        server.request(connection)
        connection.sendall(answer("200 OK", b"last", answers))
        server.request(connection)  # as long as the other side leaves it open

    server = start_server(behave)
    http = Http(read_timeout=5.0)
    http.post(server.url, b"{}")
    assert http.post(server.url, b"{}") == HttpAnswer(200, b"last")
    assert http.post(server.url, b"{}") == HttpAnswer(200, b"{}")
    http.close()
    assert server.connections == 2


@pytest.mark.parametrize("pieces", [[], [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"], [b"x"]])
def test_a_second_answer_that_breaks_off_leaves_the_fate_open(
    start_server: StartServer, pieces: list[bytes]
) -> None:
    server = start_server(then_answering(*pieces))
    http = Http(read_timeout=5.0)
    http.post(server.url, b"{}")
    assert may_have_arrived(failure(server.url, http))


def test_a_second_answer_that_does_not_come_leaves_the_fate_open(start_server: StartServer) -> None:
    leave = threading.Event()

    def behave(server: Server, connection: socket.socket) -> None:
        server.request(connection)
        connection.sendall(answer("200 OK"))
        server.request(connection)
        leave.wait(10)

    server = start_server(behave)
    http = Http(read_timeout=0.05)
    http.post(server.url, b"{}")
    error = failure(server.url, http)
    leave.set()
    assert may_have_arrived(error)


def test_a_short_request_on_an_open_connection_takes_little_work(start_server: StartServer) -> None:
    server = start_server(keep_alive)
    http = Http()
    for _ in range(2):
        http.post(server.url, b"{}")
    assert instructions(lambda: http.post(server.url, b"{}")) < 2_500
    http.close()


def test_a_connection_is_used_for_many_requests(start_server: StartServer) -> None:
    server = start_server(keep_alive)
    http = Http()
    for _ in range(3):
        http.post(server.url, b"{}")
    http.close()
    assert server.connections == 1


def test_a_connection_that_lay_idle_is_not_used_again(start_server: StartServer) -> None:
    server = start_server(keep_alive)
    http = Http(idle_connection=0.0)
    for _ in range(3):
        http.post(server.url, b"{}")
    http.close()
    assert server.connections == 3


def test_a_connection_that_the_other_side_closed_is_not_used_again(
    start_server: StartServer,
) -> None:
    closed = threading.Event()

    def close_after_one(server: Server, connection: socket.socket) -> None:
        server.request(connection)
        connection.sendall(answer("200 OK"))
        connection.close()
        closed.set()

    server = start_server(close_after_one)
    http = Http()
    http.post(server.url, b"{}")
    assert closed.wait(10)
    assert http.post(server.url, b"{}").status == 200
    assert server.connections == 2


def test_no_password_from_a_netrc_file_is_sent(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server = start_server(answering(answer("200 OK")))
    Http().post(server.url, b"{}")
    assert b"authorization" not in server.requests[0].lower()
