"""Uploads and downloads as they really go: in pieces, bounded, and never half."""

from __future__ import annotations

import gzip
import io
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from dingbridge.core.dingtalk.media import MEGABYTE, PROGRESS_BYTES, OutgoingMedia
from dingbridge.core.errors import DeliveryError, Refused, Retryable, Unreachable
from dingbridge.edges.dingtalk.http import Http, Upload
from dingbridge.edges.storage.media_folder import OutgoingFile
from tests.support.http_server import Server, StartServer, answer, answering

PDF = OutgoingMedia("file", '报告 "1".pdf')
SECRET = "access_token=0123456789abcdef"


class Sink:
    """Takes the pieces of a download."""

    def __init__(self) -> None:
        self.data = b""

    def __call__(self, piece: bytes) -> None:
        self.data += piece


def upload(server: Server, data: bytes, size: int | None = None, **words: object) -> None:
    source = OutgoingFile(Path(PDF.name), io.BytesIO(data), len(data) if size is None else size)
    body = Upload(source, PDF, **words)  # type: ignore[arg-type]  # the tests give what it takes
    Http().upload(server.url, body)


def test_an_upload_is_a_form_of_a_known_length(start_server: StartServer) -> None:
    server = start_server(answering(answer("200 OK")))
    data = bytes(range(256)) * 1000
    heard: list[tuple[int, int]] = []
    upload(server, data, progress=lambda sent, of: heard.append((sent, of)))
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert f"Content-Length: {len(body)}".encode() in head
    boundary = b"--" + head.split(b"boundary=")[1].split(b"\r\n")[0]
    _, kind, file, end = body.split(boundary)
    assert kind == b'\r\nContent-Disposition: form-data; name="type"\r\n\r\nfile\r\n'
    part_head, _, part = file.partition(b"\r\n\r\n")
    assert b'name="media"; filename="file.pdf"' in part_head
    assert part == data + b"\r\n"
    assert end == b"--\r\n"
    assert heard[-1] == (len(data), len(data))
    assert heard == sorted(heard)


def test_an_upload_ends_at_once_when_it_is_stopped(start_server: StartServer) -> None:
    server = start_server(answering(answer("200 OK")))
    stop = threading.Event()
    heard: list[int] = []

    def progress(sent: int, _: int) -> None:
        heard.append(sent)
        stop.set()

    with pytest.raises(Retryable, match="stopped"):
        upload(server, b"x" * MEGABYTE, progress=progress, stop=stop)
    assert len(heard) == 1


def test_an_upload_that_takes_too_long_ends(start_server: StartServer) -> None:
    server = start_server(answering(answer("200 OK")))
    with pytest.raises(Retryable, match="longer than"):
        upload(server, b"x" * MEGABYTE, within=-1)


def test_a_file_that_shrinks_while_it_is_sent_is_refused(start_server: StartServer) -> None:
    server = start_server(answering(answer("200 OK")))
    with pytest.raises(Refused, match="shorter"):
        upload(server, b"x" * 10, size=100)


def test_of_a_file_that_grows_only_its_first_size_is_sent(start_server: StartServer) -> None:
    server = start_server(answering(answer("200 OK")))
    upload(server, b"abcdef", size=3)
    assert b"\r\n\r\nabc\r\n--" in server.requests[0]


def test_a_broken_upload_may_be_repeated_and_tells_no_secret(start_server: StartServer) -> None:
    def read_and_leave(server: Server, connection: socket.socket) -> None:
        server.request(connection)

    server = start_server(read_and_leave)
    with pytest.raises(Retryable) as broken:
        upload(server, b"x")
    assert not broken.value.may_have_arrived
    assert SECRET not in str(broken.value)


def test_nothing_left_when_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    body = Upload(OutgoingFile(Path("x"), io.BytesIO(b"x"), 1), PDF)
    with pytest.raises(Unreachable):
        Http().upload(f"http://127.0.0.1:{port}/?{SECRET}", body)


# --- downloads ------------------------------------------------------------------------------------


def fetch(server: Server, **words: object) -> bytes:
    sink = Sink()
    limits = {"most": 10 * MEGABYTE, **words}
    count = Http().download(server.url, sink, **limits)  # type: ignore[arg-type]  # the tests give what it takes
    assert count == len(sink.data)
    return sink.data


def test_a_download_arrives_byte_for_byte_and_sends_nothing_of_ours(
    start_server: StartServer,
) -> None:
    data = bytes(range(256)) * 4000
    server = start_server(answering(answer("200 OK", data)))
    heard: list[tuple[int, int]] = []
    assert fetch(server, progress=lambda done, of: heard.append((done, of))) == data
    assert heard[-1] == (len(data), len(data))
    head = server.requests[0].lower()
    assert b"token:" not in head
    assert b"authorization" not in head


def test_a_file_in_chunks_or_packed_arrives_too(start_server: StartServer) -> None:
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    assert fetch(start_server(answering(chunked))) == b"abcde"
    packed = answer("200 OK", gzip.compress(b"abcde"), "Content-Encoding: gzip")
    assert fetch(start_server(answering(packed))) == b"abcde"


def test_a_file_that_is_announced_as_too_large_is_not_begun(start_server: StartServer) -> None:
    server = start_server(answering(answer("200 OK", b"x" * 2_000_000)))
    sink = Sink()
    with pytest.raises(Refused, match=r"^it is larger than 1 MB$"):
        Http().download(server.url, sink, most=MEGABYTE)
    assert sink.data == b""


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_grows_beyond_the_limit_is_cut_off(
    start_server: StartServer,
    packed: bool,
) -> None:
    data = b"x" * 3_000_000
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
    if packed:
        data, head = gzip.compress(data), head + b"Content-Encoding: gzip\r\n"
    server = start_server(answering(head + b"\r\n" + data))
    sink = Sink()
    with pytest.raises(Refused, match="larger"):
        Http().download(server.url, sink, most=MEGABYTE)
    assert len(sink.data) <= MEGABYTE


def test_a_file_that_trickles_in_for_ever_is_given_up(start_server: StartServer) -> None:
    begun = threading.Event()

    def trickle(server: Server, connection: socket.socket) -> None:
        server.request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            connection.sendall(b"x")
            begun.wait(0.01)

    with pytest.raises(Retryable, match="too long"):
        fetch(start_server(trickle), within=0.2)
    with pytest.raises(Retryable, match=r"came to a standstill: [0-9]+ bytes in 0 s"):
        fetch(start_server(trickle), progress_within=0.2)


def test_a_slow_file_that_goes_on_is_not_given_up(start_server: StartServer) -> None:
    pieces, pause = 8, threading.Event()

    def steady(server: Server, connection: socket.socket) -> None:
        server.request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(pieces):
            connection.sendall(b"x" * PROGRESS_BYTES * 2)
            pause.wait(0.3)
        connection.close()

    data = fetch(start_server(steady), progress_within=1.5)
    assert len(data) == pieces * 2 * PROGRESS_BYTES


def test_a_download_can_be_stopped(start_server: StartServer) -> None:
    server = start_server(answering(answer("200 OK", b"x" * 3_000_000)))
    stop = threading.Event()
    with pytest.raises(Retryable, match="stopped"):
        fetch(server, stop=stop, progress=lambda *_: stop.set())


def test_a_file_that_ends_early_is_no_file(start_server: StartServer) -> None:
    short = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"
    with pytest.raises(Retryable, match="broke before the whole file was here"):
        fetch(start_server(answering(short)))


def test_a_download_without_an_answer_says_no_more_than_that(start_server: StartServer) -> None:
    def read_and_leave(server: Server, connection: socket.socket) -> None:
        server.request(connection)

    with pytest.raises(Retryable) as broken:
        fetch(start_server(read_and_leave))
    assert broken.value.message == "the connection broke before the answer"
    assert not broken.value.may_have_arrived


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        ("403 Forbidden", Refused, "not available any more"),
        ("404 Not Found", Refused, "not available any more"),
        ("302 Found", Refused, "could not be fetched"),
        ("206 Partial Content", Refused, "could not be fetched"),
        ("503 Busy", Retryable, "could not be fetched"),
    ],
)
def test_an_address_that_gives_no_file_says_so(
    start_server: StartServer,
    status: str,
    kind: type[DeliveryError],
    words: str,
) -> None:
    server = start_server(answering(answer(status, b"secret", "Location: http://127.0.0.1:1/")))
    with pytest.raises(kind, match=words) as refused:
        fetch(server)
    assert server.connections == 1
    assert SECRET not in str(refused.value)


def test_a_full_disk_is_told_as_such_and_not_as_a_network_fault(
    start_server: StartServer,
) -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    take: Callable[[bytes], None] = full
    server = start_server(answering(answer("200 OK", b"abc")))
    with pytest.raises(OSError, match="No space"):
        Http().download(server.url, take, most=MEGABYTE)
