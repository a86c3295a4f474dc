"""Every HTTP status and body is an answer, and no answer takes more memory than it should."""

from __future__ import annotations

import gzip
import socket

import pytest

from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.timeouts import ANSWER_BYTES
from dingbridge.edges.dingtalk.http import Http
from tests.support.http_server import SECRET, Server, StartServer, answer, answering


def test_a_json_body_is_posted_and_the_answer_comes_back(start_server: StartServer) -> None:
    server = start_server(answering(answer("200 OK", b'{"errcode":0}')))
    body = '{"text":"你好"}'.encode()
    assert Http().post(server.url, body, {"x-token": "t"}) == HttpAnswer(200, b'{"errcode":0}')
    [request] = server.requests
    head, _, sent = request.partition(b"\r\n\r\n")
    assert head.startswith(f"POST /robot/send?{SECRET} HTTP/1.1".encode())
    assert b"Content-Type: application/json; charset=utf-8" in head
    assert b"Accept: application/json\r\n" in head + b"\r\n"
    assert b"x-token: t" in head
    assert sent == body


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("400 Bad Request", b'{"code":"InvalidAuthentication"}'),
        ("500 Internal Server Error", b""),
        ("502 Bad Gateway", b"<html><h1>Bad Gateway</h1></html>"),
        ("200 OK", b"<html>please log in</html>"),
        ("200 OK", b"\xff\xfe\x00"),
    ],
)
def test_every_status_and_every_body_is_an_answer(
    start_server: StartServer, status: str, body: bytes
) -> None:
    server = start_server(answering(answer(status, body)))
    assert Http().post(server.url, b"{}") == HttpAnswer(int(status[:3]), body)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect"])
def test_a_redirect_is_an_answer_and_is_not_followed(
    start_server: StartServer, status: str
) -> None:
    elsewhere = start_server(answering(answer("200 OK")))
    server = start_server(answering(answer(status, b"moved", f"Location: {elsewhere.url}")))
    assert Http().post(server.url, b"{}") == HttpAnswer(int(status[:3]), b"moved")
    assert elsewhere.connections == 0


@pytest.mark.parametrize("location", ["http://[", "//", "\xff\xfe", "http://a:b:c/", ""])
def test_a_redirect_to_nonsense_is_an_answer_too(start_server: StartServer, location: str) -> None:
    head = f"HTTP/1.1 302 Found\r\nContent-Length: 5\r\nLocation: {location}\r\n\r\n"
    server = start_server(answering(head.encode("latin-1") + b"moved"))
    assert Http().post(server.url, b"{}") == HttpAnswer(302, b"moved")


@pytest.mark.parametrize("status", ["200 OK", "302 Found"])
def test_of_an_endless_answer_only_the_beginning_is_read(
    start_server: StartServer, status: str
) -> None:
    def endless(server: Server, connection: socket.socket) -> None:
        server.request(connection)
        connection.sendall(f"HTTP/1.1 {status}\r\nLocation: /elsewhere\r\n\r\n".encode())
        while True:
            connection.sendall(b"x" * 100_000)

    server = start_server(endless)
    found = Http().post(server.url, b"{}")
    assert found == HttpAnswer(int(status[:3]), b"x" * ANSWER_BYTES)


def test_a_small_answer_that_unpacks_to_a_huge_one_is_bounded(start_server: StartServer) -> None:
    bomb = gzip.compress(b"x" * 50_000_000)
    server = start_server(answering(answer("200 OK", bomb, "Content-Encoding: gzip")))
    assert Http().post(server.url, b"{}") == HttpAnswer(200, b"x" * ANSWER_BYTES)
