"""HTTP as it really fails: every failure is one of ours, and none tells a secret."""

from __future__ import annotations

import gzip
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from requests import exceptions as foreign

from dingbridge.core.dingtalk.responses import HttpAnswer
from dingbridge.core.errors import DeliveryError, Refused, Retryable, Unreachable
from dingbridge.core.timeouts import ANSWER_BYTES
from dingbridge.edges.dingtalk.http import Http, translated
from tests.support.costs import instructions
from tests.support.identity import IDENTITY

SECRET = "access_token=0123456789abcdef"


Behaviour = Callable[[socket.socket], None]


class Server:
    """A listener on loopback that treats each connection as `behave` says, one at a time."""

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
                    # The other side left, as some of these tests want it.
                    continue

    def request(self, connection: socket.socket) -> bool:
        """Read one request; false when the other side has closed instead."""
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
        # Closing alone does not wake a thread that accepts.
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        finally:
            self._listener.close()
        self._thread.join(5)
        assert not self._thread.is_alive()


StartServer = Callable[[Callable[[Server, socket.socket], None]], Server]


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


def answering(answer: bytes) -> Callable[[Server, socket.socket], None]:
    """Read a request, give these bytes, and close."""

    def behave(server: Server, connection: socket.socket) -> None:
        if server.request(connection):
            connection.sendall(answer)

    return behave


def answer(status: str, body: bytes = b"{}", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def reset(connection: socket.socket) -> None:
    """Make closing the connection a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def failure(url: str, http: Http | None = None) -> DeliveryError:
    """Post, expect a failure, and check what holds for all of them."""
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
    """Whether this is a failure that leaves the message's fate open."""
    assert isinstance(error, Retryable)
    assert not isinstance(error, Unreachable)
    return error.may_have_arrived


# --- answers --------------------------------------------------------------------------------------


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


# --- a second request with the same headers, which goes the short way ----------------------------


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


# --- connections ----------------------------------------------------------------------------------


def keep_alive(server: Server, connection: socket.socket) -> None:
    while server.request(connection):
        connection.sendall(answer("200 OK"))


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


# --- failures -------------------------------------------------------------------------------------


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


# --- proxies and certificates ---------------------------------------------------------------------


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


# --- the foreign errors ---------------------------------------------------------------------------

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
