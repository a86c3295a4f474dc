"""Editors of one user speak to each other: in order, whole, with nobody else, and never stuck."""

from __future__ import annotations

import contextlib
import hmac
import os
import queue
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.edges.ipc import (
    FRAME_BYTES,
    UNSENT_BYTES,
    Client,
    Connected,
    ConnectionLost,
    ExchangeError,
    Heard,
    Joined,
    Moved,
    PeerLeft,
    Server,
    ServerEvent,
    SocketLost,
    Timing,
)
from dingbridge.edges.ipc.connection import (
    HEARTBEAT,
    AwakeClock,
    PeerConnection,
    Unwanted,
    prove_as_client,
    prove_as_server,
)
from dingbridge.edges.ipc.server import STRANGERS
from tests.support.processes import Child, run

posix = pytest.mark.skipif(os.name != "posix", reason="Unix sockets and signals")
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a socket")

CALM = Timing()
QUICK = Timing(heartbeat=0.05, silence=0.6, proof=0.3, farewell=0.3)
STILL = Timing(heartbeat=60.0, silence=120.0)
"""What happens within `DEADLINE` has not waited for a heartbeat or its lack."""
DEADLINE = 15.0

E = TypeVar("E")


class Ear:
    """Everything one end told, in order."""

    def __init__(self) -> None:
        self.told: queue.Queue[Any] = queue.Queue()
        self.all: list[Any] = []

    def until(self, kind: type[E], where: Callable[[E], bool] = lambda _: True) -> E:
        """The next event of that kind that fits."""
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
        """The data of the next frames."""
        return [self.until(Heard).data for _ in range(count)]

    def drained(self) -> list[Any]:
        """All that was told until now."""
        with contextlib.suppress(queue.Empty):
            while True:
                self.all.append(self.told.get_nowait())
        return self.all


class Ends:
    """Servers, clients, sockets and processes that are gone after the test."""

    def __init__(self, tcp: bool) -> None:
        self.tcp = tcp
        self._stack = contextlib.ExitStack()

    def server(
        self, timing: Timing = CALM, notify: Callable[[ServerEvent], None] | None = None
    ) -> tuple[Server, Ear]:
        ear = Ear()
        server = Server(notify or ear.told.put, timing, tcp=self.tcp)
        self._stack.callback(_end, server)
        server.start()
        return server, ear

    def client(
        self, address: str, secret: str, timing: Timing = CALM, start: bool = True
    ) -> tuple[Client, Ear]:
        ear = Ear()
        client = Client(address, secret, ear.told.put, timing)
        self._stack.callback(_end, client)
        if start:
            client.start()
        return client, ear

    def pair(self, timing: Timing = CALM) -> tuple[Server, Ear, int, Client, Ear]:
        """A server and a client that are connected, and the client's number."""
        server, owner = self.server(timing)
        client, guest = self.client(server.address, server.secret, timing)
        guest.until(Connected)
        return server, owner, owner.until(Joined).peer, client, guest

    def call(self, address: str) -> socket.socket:
        """A bare connection."""
        connection = self._stack.enter_context(dial(address))
        connection.settimeout(DEADLINE)
        return connection

    def process(self, code: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
        """Another Python that runs `code`."""
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
    """What a client says first, in its plainest form."""
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
    """Waits until the other end closes."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        return True
    return True


def framed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


@pytest.fixture(params=["unix", "tcp"])
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    """Both kinds of local socket."""
    if request.param == "unix" and os.name != "posix":
        pytest.skip("no Unix sockets here")
    ends = Ends(tcp=request.param == "tcp")
    yield ends
    ends.close()


@pytest.fixture
def here() -> Iterator[Ends]:
    """The kind of local socket that is usual here."""
    ends = Ends(tcp=os.name != "posix")
    yield ends
    ends.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A private folder with a short name."""
    folder = Path(tempfile.mkdtemp(prefix="db-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def runtime(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's runtime folder."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def temporary(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder, on a system without runtime folders."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder / f"dingbridge-{os.geteuid()}"


# --- frames arrive whole and in order -----------------------------------------------------------


def test_ten_thousand_frames_arrive_in_order_both_ways(ends: Ends) -> None:
    server, owner, peer, client, guest = ends.pair()
    there = [f"there {n}".encode() * (n % 7) for n in range(10_000)]
    back = [f"back {n}".encode() * (n % 5) for n in range(10_000)]

    def answer() -> None:
        for data in back:
            server.send(peer, data)

    answering = threading.Thread(target=answer)
    answering.start()
    for data in there:
        client.send(data)
    answering.join()
    assert owner.hear(10_000) == there
    assert guest.hear(10_000) == back


def test_frames_of_all_sizes_arrive_whole(ends: Ends) -> None:
    server, owner, peer, client, guest = ends.pair()
    sizes = (0, 1, 3, 4, 5, 65_535, 65_536, 262_140, 262_144, 1_048_573, 10_000_000, 0)
    frames = [os.urandom(size) for size in sizes]
    for data in frames:
        client.send(data)
        server.send(peer, data)
    assert owner.hear(len(frames)) == frames
    assert guest.hear(len(frames)) == frames


def test_the_longest_frame_passes_and_a_longer_one_is_refused_to_its_sender(here: Ends) -> None:
    server, owner, peer, client, guest = here.pair()
    client.send(bytes(FRAME_BYTES))
    assert len(owner.until(Heard).data) == FRAME_BYTES
    with pytest.raises(ExchangeError, match="longer than"):
        client.send(bytes(FRAME_BYTES + 1))
    with pytest.raises(ExchangeError, match="longer than"):
        server.send(peer, bytes(FRAME_BYTES + 1))
    server.send(peer, b"still here")
    assert guest.until(Heard).data == b"still here"


def test_what_is_sent_before_the_connection_is_made_comes_first(ends: Ends) -> None:
    server, owner = ends.server()
    client, _ = ends.client(server.address, server.secret, start=False)
    client.send(b"one")
    client.send(b"two")
    client.start()
    client.send(b"three")
    assert owner.hear(3) == [b"one", b"two", b"three"]


def test_many_clients_each_get_their_own_answers(ends: Ends) -> None:
    server, owner = ends.server()
    clients = [ends.client(server.address, server.secret) for _ in range(30)]
    for number, (client, _) in enumerate(clients):
        client.send(b"I am %d" % number)
    for _ in clients:
        heard = owner.until(Heard)
        server.send(heard.peer, b"to you: " + heard.data)
    for number, (_, guest) in enumerate(clients):
        assert guest.until(Heard).data == b"to you: I am %d" % number
    assert len({event.peer for event in owner.all if isinstance(event, Joined)}) == 30


def test_a_quiet_connection_lasts(here: Ends) -> None:
    timing = Timing(heartbeat=0.02, silence=0.4)
    server, _, peer, _, guest = here.pair(timing)
    with pytest.raises(queue.Empty):
        guest.told.get(timeout=1.0)
    server.send(peer, b"after a while")
    assert guest.until(Heard).data == b"after a while"


# --- only who knows the secret ------------------------------------------------------------------


def test_a_client_with_a_wrong_secret_is_lost_and_never_heard(ends: Ends) -> None:
    server, owner = ends.server()
    client, guest = ends.client(server.address, "0" * 64)
    client.send(b"let me in")
    assert "before the secret was proved" in guest.until(ConnectionLost).reason
    good, _ = ends.client(server.address, server.secret)
    good.send(b"fine")
    assert owner.until(Heard).data == b"fine"
    assert [type(event) for event in owner.all] == [Joined, Heard]


def test_a_server_that_does_not_know_the_secret_gets_no_frame(here: Ends) -> None:
    with socket.create_server(("127.0.0.1", 0)) as impostor:
        client, guest = here.client(f"127.0.0.1:{impostor.getsockname()[1]}", "s" * 64)
        client.send(b"something private")
        connection, _ = impostor.accept()
        with connection:
            connection.sendall(b"N" * 32)
            exactly(connection, 64)
            connection.sendall(b"M" * 32)
            assert "does not know the secret" in guest.until(ConnectionLost).reason
            assert connection.recv(1) == b""
    assert [type(event) for event in guest.all] == [ConnectionLost]


def test_an_answer_cannot_be_used_again(here: Ends) -> None:
    server, _ = here.server()
    first, second = here.call(server.address), here.call(server.address)
    nonces = exactly(first, 32), exactly(second, 32)
    assert nonces[0] != nonces[1]
    answer = hmac.digest(server.secret.encode(), nonces[0] + b"client", "sha256") + b"n" * 32
    first.sendall(answer)
    assert len(exactly(first, 32)) == 32
    second.sendall(answer)
    assert is_closed(second)


def test_the_secret_is_never_on_the_wire_nor_shown(here: Ends) -> None:
    server, owner = here.server()
    wire = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as relay:
        client, guest = here.client(f"127.0.0.1:{relay.getsockname()[1]}", server.secret)
        near, _ = relay.accept()
        far = here.call(server.address)

        def copy(source: socket.socket, target: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(4096):
                    wire.extend(data)
                    target.sendall(data)

        copies = [threading.Thread(target=copy, args=pair) for pair in ((near, far), (far, near))]
        for thread in copies:
            thread.start()
        client.send(b"a word")
        heard = owner.until(Heard)
        server.send(heard.peer, b"an answer")
        assert guest.until(Heard).data == b"an answer"
        _end(client)
        near.shutdown(socket.SHUT_RDWR)
        far.shutdown(socket.SHUT_RDWR)
        for thread in copies:
            thread.join(DEADLINE)
        near.close()
    assert b"a word" in wire
    assert server.secret.encode() not in wire
    assert bytes.fromhex(server.secret) not in wire
    shown = repr((server, client, *owner.drained(), *guest.drained()))
    assert server.secret not in shown
    assert "a word" not in shown


@pytest.mark.parametrize(
    "said",
    [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + b"x" * 5000, bytes(64), b"\xff" * 31],
    ids=["nothing", "a web request", "a wrong proof", "half a proof"],
)
def test_a_stranger_is_shown_out_within_the_time_for_the_proof(here: Ends, said: bytes) -> None:
    server, owner = here.server(QUICK)
    stranger = here.call(server.address)
    with contextlib.suppress(ConnectionError):
        stranger.sendall(said)
    assert is_closed(stranger)
    good, _ = here.client(server.address, server.secret, QUICK)
    good.send(b"unmoved")
    assert owner.until(Heard).data == b"unmoved"
    assert [type(event) for event in owner.all] == [Joined, Heard]


def test_a_crowd_of_silent_strangers_does_not_keep_friends_out_for_long(here: Ends) -> None:
    server, owner = here.server(QUICK)
    crowd = [here.call(server.address) for _ in range(80)]
    assert all(is_closed(stranger) for stranger in crowd)
    client, _ = here.client(server.address, server.secret, QUICK)
    client.send(b"at last")
    assert owner.until(Heard).data == b"at last"


def test_only_so_many_strangers_are_listened_to_at_once(here: Ends) -> None:
    server, owner = here.server(Timing(proof=10 * DEADLINE))
    crowd = [here.call(server.address) for _ in range(STRANGERS + 1)]
    assert is_closed(crowd.pop())
    crowd[0].shutdown(socket.SHUT_WR)
    assert is_closed(crowd[0])
    client, _ = here.client(server.address, server.secret)
    client.send(b"in the free place")
    assert owner.until(Heard).data == b"in the free place"


@linux
def test_a_user_that_is_not_ours_is_refused_by_both_ends(
    here: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The system says whose the other end is. Who we are is said to be somebody else.
    server, owner = here.server()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert is_closed(here.call(server.address))
    _, guest = here.client(server.address, server.secret)
    assert guest.until(ConnectionLost).reason == "another user answers there"
    monkeypatch.undo()
    client, _ = here.client(server.address, server.secret)
    client.send(b"ours")
    assert owner.until(Heard).data == b"ours"
    assert [type(event) for event in owner.all] == [Joined, Heard]


@linux
@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="needs another user")
def test_another_user_is_refused_even_when_the_folder_was_opened(here: Ends, runtime: Path) -> None:
    server, _ = here.server()
    runtime.chmod(0o755)
    os.chmod(server.address, 0o666)
    code = (
        "import socket, sys\n"
        "connection = socket.socket(socket.AF_UNIX)\n"
        "connection.connect(sys.argv[1])\n"
        "print(len(connection.recv(32)))\n"
    )
    mine = here.process(code, server.address)
    assert mine.communicate(timeout=DEADLINE)[0].strip() == "32"
    # The system's own Python: the project's may lie where another user cannot read.
    other = run(
        ["/usr/bin/python3", "-c", code, server.address],
        user=65534,
        cwd="/",
        text=True,
        seconds=DEADLINE,
    )
    assert other.stdout.strip() == "0" or "ConnectionResetError" in other.stderr, other


@linux
@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="needs another user")
def test_a_client_says_nothing_to_another_users_server(here: Ends, folder: Path) -> None:
    folder.chmod(0o777)
    code = (
        "import os, socket, sys\n"
        "listener = socket.socket(socket.AF_UNIX)\n"
        "listener.bind(sys.argv[1])\n"
        "listener.listen()\n"
        "print('listening', flush=True)\n"
        "print(listener.accept()[0].recv(100), flush=True)\n"
    )
    trap = Child(
        ["/usr/bin/python3", "-c", code, str(folder / "trap.sock")],
        user=65534,
        cwd="/",
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert trap.stdout is not None
        assert trap.stdout.readline() == "listening\n"
        client, guest = here.client(str(folder / "trap.sock"), "s" * 64)
        client.send(b"private")
        assert guest.until(ConnectionLost).reason == "another user answers there"
        assert trap.stdout.readline() == "b''\n"
    finally:
        _kill(trap)


def test_what_was_said_shows_in_no_repr() -> None:
    assert repr(Heard(3, b"private")) == "Heard(peer=3, data=<7 bytes>)"


# --- what breaks ends with a reason, and for that peer alone ------------------------------------


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"\xff\xff\xff\xfe", "longer than"),
        ((FRAME_BYTES + 1).to_bytes(4, "big"), "longer than"),
        (framed(b"whole") + b"\x00\x00\x00\x09half", "within a frame"),
        (b"\x00\x00", "within a frame"),
        (b"", "it closed the connection"),
    ],
)
def test_a_peer_that_speaks_badly_leaves_with_a_reason(
    ends: Ends, said: bytes, reason: str
) -> None:
    server, owner, peer, client, guest = ends.pair()
    bad = ends.call(server.address)
    prove(bad, server.secret)
    number = owner.until(Joined).peer
    bad.sendall(said)
    bad.shutdown(socket.SHUT_WR)
    assert reason in owner.until(PeerLeft).reason
    if b"whole" in said:
        assert Heard(number, b"whole") in owner.all
    assert is_closed(bad)
    server.send(peer, b"untouched")
    assert guest.until(Heard).data == b"untouched"
    client.send(b"untouched too")
    assert owner.until(Heard).peer == peer


def test_a_reader_that_is_stuck_is_dropped_before_it_eats_the_memory(here: Ends) -> None:
    server, owner, peer, _, guest = here.pair()
    stuck = here.call(server.address)
    prove(stuck, server.secret)
    number = owner.until(Joined).peer
    megabyte = bytes(1024 * 1024)
    tracemalloc.start()
    try:
        for _ in range(400):
            server.send(number, megabyte)
        assert "does not read" in owner.until(PeerLeft, lambda event: event.peer == number).reason
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * UNSENT_BYTES
    server.send(peer, b"not stuck")
    assert guest.until(Heard).data == b"not stuck"


def test_a_client_is_lost_when_its_server_does_not_read(here: Ends) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client, guest = here.client(f"127.0.0.1:{listener.getsockname()[1]}", "s" * 64)
        for _ in range(70):
            client.send(bytes(1024 * 1024))
        assert "does not read" in guest.until(ConnectionLost).reason


def test_a_dropped_peer_gets_what_was_sent_before(ends: Ends) -> None:
    def dismiss(event: ServerEvent) -> None:
        owner.told.put(event)
        if isinstance(event, Heard):
            server.send(event.peer, b"you have to go")
            server.drop(event.peer)
            server.send(event.peer, b"too late")

    server, owner = ends.server(notify=dismiss)
    client, guest = ends.client(server.address, server.secret)
    client.send(b"may I stay?")
    assert owner.until(PeerLeft).reason == "dropped"
    guest.until(ConnectionLost)
    assert guest.all == [Connected(), Heard(0, b"you have to go"), guest.all[-1]]


def test_sending_to_somebody_unknown_is_no_error(here: Ends) -> None:
    server, _, peer, _, guest = here.pair()
    server.send(peer + 1, b"nobody")
    server.drop(peer + 1)
    server.send(peer, b"you")
    assert guest.until(Heard).data == b"you"


def test_last_words_are_heard_although_their_speaker_reads_nothing(ends: Ends) -> None:
    gone = threading.Event()

    def answer_late(event: ServerEvent) -> None:
        owner.told.put(event)
        if isinstance(event, Heard) and event.data == b"first":
            gone.wait(DEADLINE)
            server.send(event.peer, bytes(1000))

    server, owner = ends.server(notify=answer_late)
    speaker = ends.call(server.address)
    prove(speaker, server.secret)
    speaker.sendall(framed(b"first"))
    owner.until(Heard)
    speaker.sendall(framed(b"last words"))
    speaker.close()
    gone.set()
    assert owner.until(Heard).data == b"last words"
    owner.until(PeerLeft)


@pytest.mark.parametrize(
    "address",
    ["", "nonsense", "127.0.0.1:", "127.0.0.1:99999", "192.0.2.1:80", "/nowhere/at/all", "/" * 300],
)
def test_a_client_that_cannot_connect_is_lost_once(here: Ends, address: str) -> None:
    client, guest = here.client(address, "s" * 64)
    client.join(DEADLINE)
    (lost,) = guest.drained()
    assert isinstance(lost, ConnectionLost)
    assert "nobody answers" in lost.reason or "no address" in lost.reason


def test_a_port_that_nobody_listens_on_is_lost(here: Ends) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client, guest = here.client(f"127.0.0.1:{port}", "s" * 64)
    guest.until(ConnectionLost)
    client.join(DEADLINE)
    assert [type(event) for event in guest.drained()] == [ConnectionLost]


@linux
def test_a_server_too_busy_to_take_the_call_is_lost(here: Ends, folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "full.sock"))
        listener.listen(0)
        here.call(str(folder / "full.sock"))
        _, guest = here.client(str(folder / "full.sock"), "s" * 64)
        assert "nobody answers" in guest.until(ConnectionLost).reason


# --- peers that vanish --------------------------------------------------------------------------

SERVE = """
import sys
from dingbridge.edges.ipc import Heard, Server, Timing
def tell(event):
    if isinstance(event, Heard):
        server.send(event.peer, event.data)
server = Server(tell, Timing(heartbeat=float(sys.argv[1]), silence=float(sys.argv[2])))
server.start()
print(server.address, server.secret, flush=True)
sys.stdin.read()
"""
ATTEND = """
import sys
from dingbridge.edges.ipc import Client, Timing
def tell(event):
    print(type(event).__name__, getattr(event, "reason", ""), flush=True)
client = Client(sys.argv[3], sys.argv[4], tell, Timing(float(sys.argv[1]), float(sys.argv[2])))
client.start()
sys.stdin.read()
"""


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def serve(ends: Ends, timing: Timing) -> tuple[subprocess.Popen[str], str, str]:
    process = ends.process(SERVE, timing.heartbeat, timing.silence)
    address, secret = line_of(process).split()
    return process, address, secret


def test_a_killed_server_is_noticed_at_once(here: Ends, runtime: Path) -> None:
    process, address, secret = serve(here, STILL)
    client, guest = here.client(address, secret, STILL)
    client.send(b"echo")
    assert guest.until(Heard).data == b"echo"
    process.kill()
    assert "silent" not in guest.until(ConnectionLost).reason


@posix
def test_a_stopped_server_is_noticed_by_its_silence(here: Ends, runtime: Path) -> None:
    process, address, secret = serve(here, QUICK)
    _, guest = here.client(address, secret, QUICK)
    guest.until(Connected)
    os.kill(process.pid, signal.SIGSTOP)
    lost = guest.until(ConnectionLost)
    assert "silent" in lost.reason
    assert lost.silence >= QUICK.silence
    _, late = here.client(address, secret, QUICK)
    assert "did not prove" in late.until(ConnectionLost).reason


@posix
def test_a_stopped_client_is_noticed_by_its_silence(here: Ends, runtime: Path) -> None:
    server, owner = here.server(QUICK)
    process = here.process(ATTEND, QUICK.heartbeat, QUICK.silence, server.address, server.secret)
    peer = owner.until(Joined).peer
    os.kill(process.pid, signal.SIGSTOP)
    left = owner.until(PeerLeft)
    assert left.peer == peer
    assert "silent" in left.reason
    os.kill(process.pid, signal.SIGCONT)
    assert line_of(process) == "Connected"
    assert line_of(process).startswith("ConnectionLost")


@posix
def test_a_connection_outlives_a_sleep_of_the_whole_machine(here: Ends, runtime: Path) -> None:
    server, address, secret = serve(here, QUICK)
    client = here.process(ATTEND, QUICK.heartbeat, QUICK.silence, address, secret)
    assert line_of(client) == "Connected"
    for process in (server, client):
        os.kill(process.pid, signal.SIGSTOP)
    threading.Event().wait(3 * QUICK.silence)
    for process in (client, server):
        os.kill(process.pid, signal.SIGCONT)
    threading.Event().wait(3 * QUICK.silence)
    server.kill()
    assert "silent" not in line_of(client)


def test_after_a_jump_of_the_clock_a_peer_is_asked_before_it_is_given_up() -> None:
    times = iter([0.0, 0.5, 3600.0, 3601.0, 3602.0, 3603.0, 3604.0])
    clock = AwakeClock(CALM.heartbeat, lambda: next(times))
    line = proven_line(clock.now())
    for _ in range(4):
        now = clock.now()
        line.tick(now)
        assert line.sendable, "asks at once, and again"
        line.write(len, now)
    with pytest.raises(Unwanted, match="silent"):
        line.tick(clock.now())


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from([0, 1])), max_size=8))
def test_two_ends_that_live_never_part_however_rarely_they_speak(
    frames: list[tuple[float, int]],
) -> None:
    ends = proven_pair(0.0)
    now, beats, waiting = 0.0, 0, sorted(at for at, _ in frames)
    who = [speaker for _, speaker in sorted(frames)]
    while now < 300.0:
        following = min(end.due() for end in ends)
        now = max(now, min([following, *waiting[:1]]))
        if waiting and waiting[0] <= now:
            ends[who.pop(0)].put(b"a frame", waiting.pop(0))
        for end in ends:
            end.tick(now)
        for end, other in (ends, ends[::-1]):
            beats += end.sendable
            carry(end, other, now)
            list(other.frames())
    lively = (len(frames) + 1) * (CALM.lively + 1) / CALM.heartbeat
    assert beats <= 2 * (lively + 300.0 / CALM.calm_heartbeat + 1) + len(frames)


def test_who_asks_for_something_after_a_long_calm_waits_no_longer_than_ever() -> None:
    line = proven_line(0.0)
    for now in (*map(float, range(1, 11)), 40.0, 70.0):
        line.tick(now)
        line.write(len, now)
        line.hear(HEARTBEAT, now)
        list(line.frames())
    line.put(b"a command", 80.0)
    line.write(len, 80.0)
    line.tick(80.0 + CALM.silence - 0.1)
    with pytest.raises(Unwanted, match="silent"):
        line.tick(80.0 + CALM.silence)


def test_a_long_wait_that_was_meant_counts_in_full() -> None:
    times = iter([0.0, 25.0, 3600.0])
    clock = AwakeClock(1.0, lambda: next(times))
    clock.waits(30.0)
    assert clock.now() == 25.0
    assert clock.now() == 26.0


def carry(one: PeerConnection, other: PeerConnection, now: float) -> None:
    """What one end says reaches the other."""
    said: list[bytes] = []
    while one.sendable:
        one.write(lambda view: said.append(bytes(view)) or len(view), now)  # type: ignore[func-returns-value]  # append, then the length
    for data in said:
        other.hear(data, now)


def proven_pair(now: float) -> tuple[PeerConnection, PeerConnection]:
    """Both ends of a connection that have proved themselves."""
    server = PeerConnection(prove_as_server("s"), CALM, now)
    client = PeerConnection(prove_as_client("s"), CALM, now)
    carry(server, client, now)
    carry(client, server, now)
    carry(server, client, now)
    assert server.proven
    assert client.proven
    return server, client


def test_a_clock_that_goes_back_stands_still() -> None:
    times = iter([10.0, 10.5, 3.0, 3.25])
    clock = AwakeClock(1.0, lambda: next(times))
    assert [clock.now() for _ in range(3)] == [0.5, 0.5, 0.75]


def proven_line(now: float) -> PeerConnection:
    """A server's line whose client has proved itself."""
    line = PeerConnection(prove_as_server("s"), CALM, now)
    said: list[bytes] = []
    line.write(lambda view: said.append(bytes(view)) or len(view), now)  # type: ignore[func-returns-value]  # append, then the length
    proof = prove_as_client("s")
    next(proof)
    line.hear(proof.send(said[0])[0], now)
    assert line.proven
    line.write(len, now)
    return line


# --- the place ----------------------------------------------------------------------------------


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@posix
def test_the_socket_lies_in_the_users_runtime_folder(here: Ends, runtime: Path) -> None:
    server, _ = here.server()
    assert Path(server.address).parent == runtime
    assert mode(Path(server.address)) == 0o600


@posix
def test_without_a_runtime_folder_one_is_made_that_only_the_user_can_open(
    here: Ends, temporary: Path
) -> None:
    server, _ = here.server()
    again, _ = here.server()
    assert Path(server.address).parent == Path(again.address).parent == temporary
    assert mode(temporary) == 0o700
    assert mode(Path(server.address)) == 0o600


@posix
def test_a_socket_whose_folder_was_taken_away_is_opened_anew_and_its_peers_stay(
    here: Ends, runtime: Path
) -> None:
    server, owner, peer, _, guest = here.pair()
    before = server.address
    server.look()
    server.send(peer, b"one")
    assert guest.hear(1) == [b"one"]
    assert server.address == before
    shutil.rmtree(runtime)
    runtime.mkdir(mode=0o700)
    server.look()
    owner.until(Moved)
    assert server.address != before
    assert mode(Path(server.address)) == 0o600
    _, newcomer = here.client(server.address, server.secret)
    newcomer.until(Connected)
    assert owner.until(Joined).peer != peer
    server.send(peer, b"two")
    assert guest.hear(1) == [b"two"]
    assert not [event for event in owner.drained() if isinstance(event, PeerLeft)]


@posix
def test_a_socket_that_cannot_be_opened_anew_is_told_with_what_to_do(
    here: Ends, temporary: Path
) -> None:
    server, owner = here.server()
    shutil.rmtree(temporary)
    temporary.touch()
    server.look()
    assert str(temporary) in owner.until(SocketLost).error.fix
    temporary.unlink()
    server.look()
    owner.until(Moved)
    _, guest = here.client(server.address, server.secret)
    guest.until(Connected)


@posix
@pytest.mark.parametrize("fault", ["open", "link", "relative", "missing", "long"])
def test_a_runtime_folder_that_is_not_private_is_not_used(
    here: Ends, temporary: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.chdir(folder)
    offered = folder / ("runtime" if fault != "long" else "r" * 90)
    if fault != "missing":
        offered.mkdir(mode=0o700)
    if fault == "open":
        offered.chmod(0o750)
    if fault == "link":
        offered.rename(folder / "target")
        offered.symlink_to(folder / "target")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "runtime" if fault == "relative" else str(offered))
    server, _ = here.server()
    assert Path(server.address).parent == temporary


@posix
@pytest.mark.parametrize(
    ("fault", "words"),
    [("open", "open to other users"), ("link", "is a link"), ("file", "is a link or a file")],
)
def test_a_temporary_folder_that_others_may_have_made_is_refused(
    temporary: Path, folder: Path, fault: str, words: str
) -> None:
    if fault == "open":
        temporary.mkdir()
        temporary.chmod(0o777)
    elif fault == "link":
        (folder / "target").mkdir(mode=0o700)
        temporary.symlink_to(folder / "target")
    else:
        temporary.touch()
    with pytest.raises(ExchangeError, match=words) as refused:
        Server(lambda event: None)
    assert str(temporary) in refused.value.fix
    assert not list(folder.glob("**/*.sock"))


@linux
@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="needs another user")
def test_a_temporary_folder_of_another_user_is_refused(temporary: Path) -> None:
    temporary.mkdir(mode=0o700)
    os.chown(temporary, 65534, 65534)
    with pytest.raises(ExchangeError, match="another user"):
        Server(lambda event: None)


@posix
def test_a_temporary_folder_with_a_long_name_is_passed_over(
    here: Ends, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    (folder / ("t" * 80)).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder / ("t" * 80)))
    server, _ = here.server()
    assert Path(server.address).parent == Path("/tmp") / f"dingbridge-{os.geteuid()}"


@posix
def test_a_folder_that_cannot_be_made_is_an_error_with_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "gone"))
    with pytest.raises(ExchangeError, match="No such file"):
        Server(lambda event: None)


@posix
def test_socket_files_of_killed_servers_are_removed_and_no_others(
    here: Ends, runtime: Path
) -> None:
    living, _ = here.server()
    for name in ("dingbridge-old.sock", "dingbridge-young.sock", "foreign.sock"):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(runtime / name))
    an_hour_ago = time.time() - 3600
    for path in (runtime / "dingbridge-old.sock", runtime / "foreign.sock", living.address):
        os.utime(path, (an_hour_ago, an_hour_ago))
    server, _ = here.server()
    left = {path.name for path in runtime.iterdir()}
    assert left == {
        "dingbridge-young.sock",
        "foreign.sock",
        Path(living.address).name,
        Path(server.address).name,
    }


@linux
def test_a_server_without_descriptors_takes_callers_again_when_it_has_some(
    here: Ends, runtime: Path
) -> None:
    code = (
        "import logging, resource, sys\n"
        "from dingbridge.edges.ipc import Server, Timing\n"
        "logging.basicConfig(stream=sys.stdout)\n"
        "server = Server(lambda event: None, Timing(heartbeat=0.1, proof=1.0))\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
        "server.start()\n"
        "print(server.address, server.secret, flush=True)\n"
        "sys.stdin.readline()\n"
    )
    process = here.process(code)
    address, secret = line_of(process).split()
    crowd = [here.call(address) for _ in range(30)]
    assert "no more connections for now" in line_of(process)
    assert is_closed(crowd[0])
    for stranger in crowd:
        stranger.close()
    _, guest = here.client(address, secret)
    guest.until(Connected)
    said = process.communicate("\n", timeout=DEADLINE)[0]
    assert said.count("no more connections") < 60, "it spun"


@linux
def test_without_descriptors_neither_end_is_made(here: Ends) -> None:
    code = (
        "import os, resource\n"
        "from dingbridge.edges.ipc import Client, ExchangeError, Server\n"
        "free = os.dup(0)\n"
        "os.close(free)\n"
        "for spare in range(9):\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (free + spare, free + 20))\n"
        "    for make in (lambda: Server(print), lambda: Client('/x', 's', print)):\n"
        "        try:\n"
        "            make().stop()\n"
        "            print('made')\n"
        "        except ExchangeError as error:\n"
        "            print(error)\n"
    )
    process = here.process(code, stderr=subprocess.STDOUT)
    said = process.communicate(timeout=DEADLINE)[0]
    assert "Too many open files" in said
    assert "made" in said
    assert "Traceback" not in said, said


# --- the end ------------------------------------------------------------------------------------


def test_stopping_a_server_sends_what_is_queued_and_tells_everybody(ends: Ends) -> None:
    server, owner, peer, client, guest = ends.pair()
    frames = [os.urandom(1_000_000) for _ in range(8)]
    for data in frames:
        server.send(peer, data)
    server.stop()
    server.send(peer, b"after the end")
    assert guest.hear(len(frames)) == frames
    assert "closed" in guest.until(ConnectionLost).reason
    server.join(DEADLINE)
    client.join(DEADLINE)
    assert owner.drained()[-1] == PeerLeft(peer, "stopped")
    assert isinstance(guest.drained()[-1], ConnectionLost)


def test_a_client_stopped_right_after_its_start_still_says_what_it_was_given(ends: Ends) -> None:
    server, owner = ends.server()
    client, guest = ends.client(server.address, server.secret, start=False)
    client.send(b"goodbye")
    client.start()
    client.stop()
    assert owner.until(Heard).data == b"goodbye"
    assert owner.until(PeerLeft).reason == "it closed the connection"
    assert guest.until(ConnectionLost).reason == "stopped"


def test_what_a_peer_says_before_it_hears_of_the_end_is_still_heard(ends: Ends) -> None:
    server, owner = ends.server(Timing(farewell=DEADLINE))
    peer = ends.call(server.address)
    prove(peer, server.secret)
    owner.until(Joined)
    server.stop()
    assert peer.recv(1) == b""
    peer.sendall(framed(b"already written"))
    peer.close()
    assert owner.until(Heard).data == b"already written"
    assert owner.until(PeerLeft).reason == "stopped"


def test_a_stranger_does_not_hold_up_the_end(ends: Ends) -> None:
    server, _ = ends.server(Timing(proof=4 * DEADLINE, farewell=4 * DEADLINE))
    stranger = ends.call(server.address)
    exactly(stranger, 32)
    server.stop()
    server.join(DEADLINE)
    assert not server.is_alive()
    assert is_closed(stranger)


def test_each_that_joined_leaves_exactly_once(ends: Ends) -> None:
    server, owner = ends.server(QUICK)
    clients = [ends.client(server.address, server.secret, QUICK) for _ in range(10)]
    for _, guest in clients:
        guest.until(Connected)
    for client, _ in clients[:5]:
        client.stop()
    server.stop()
    server.stop()
    server.join(DEADLINE)
    for client, guest in clients:
        client.join(DEADLINE)
        assert [type(event) for event in guest.drained()] == [Connected, ConnectionLost]
    joined = sorted(event.peer for event in owner.drained() if isinstance(event, Joined))
    left = sorted(event.peer for event in owner.all if isinstance(event, PeerLeft))
    assert len(joined) == 10
    assert left == joined


@posix
def test_the_socket_file_is_gone_after_the_end(here: Ends, runtime: Path) -> None:
    server, _, _, _, _ = here.pair()
    assert list(runtime.iterdir())
    server.stop()
    server.join(DEADLINE)
    assert not list(runtime.iterdir())


@posix
def test_a_server_that_never_ran_leaves_no_file(here: Ends, runtime: Path) -> None:
    server = Server(lambda event: None)
    assert list(runtime.iterdir())
    server.stop()
    assert not list(runtime.iterdir())
    server.start()
    server.join(DEADLINE)
    assert not server.is_alive()


def test_a_client_stopped_before_its_start_is_lost_at_its_start(here: Ends) -> None:
    client, guest = here.client("127.0.0.1:1", "s" * 64, start=False)
    client.stop()
    client.send(b"unheard")
    client.start()
    assert guest.until(ConnectionLost).reason == "stopped"


def test_stopping_is_quick_when_nobody_is_there_and_bounded_when_somebody_is_stuck(
    ends: Ends,
) -> None:
    idle, _ = ends.server(STILL)
    idle.stop()
    idle.join(DEADLINE)
    assert not idle.is_alive()

    server, owner = ends.server()
    stuck, stranger = ends.call(server.address), ends.call(server.address)
    prove(stuck, server.secret)
    for _ in range(30):
        server.send(1, bytes(1_000_000))
    owner.until(Joined)
    server.stop()
    server.join(DEADLINE)
    assert not server.is_alive()
    assert owner.until(PeerLeft) == PeerLeft(1, "stopped")
    assert is_closed(stranger)


def test_an_idle_end_sends_at_once(ends: Ends) -> None:
    # An end that only looked around with each heartbeat would miss every deadline here.
    server, owner, peer, client, guest = ends.pair(STILL)
    for number in range(20):
        client.send(b"ping %d" % number)
        assert owner.until(Heard).data == b"ping %d" % number
        server.send(peer, b"pong %d" % number)
        assert guest.until(Heard).data == b"pong %d" % number


# --- arbitrary bytes ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def steady() -> Iterator[tuple[Ends, Server, Ear, int, Client]]:
    """A server with one good client, which outlives all that others send."""
    ends = Ends(tcp=os.name != "posix")
    server, owner, peer, client, _ = ends.pair(Timing(proof=0.2))
    yield ends, server, owner, peer, client
    ends.close()


CHUNKS = st.lists(
    st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=40).map(framed),
        st.just(HEARTBEAT),
        st.integers(0, 2**32 - 1).map(lambda size: size.to_bytes(4, "big")),
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(proved=st.booleans(), chunks=CHUNKS, abrupt=st.booleans())
def test_whatever_bytes_come_the_server_and_its_other_peers_go_on(
    steady: tuple[Ends, Server, Ear, int, Client], proved: bool, chunks: list[bytes], abrupt: bool
) -> None:
    _, server, owner, peer, client = steady
    with dial(server.address) as caller:
        caller.settimeout(DEADLINE)
        if proved:
            prove(caller, server.secret)
        with contextlib.suppress(ConnectionError):
            for chunk in chunks:
                caller.sendall(chunk)
            if not abrupt:
                caller.shutdown(socket.SHUT_WR)
                assert is_closed(caller)
    if proved:
        number = owner.until(Joined).peer
        owner.until(PeerLeft, lambda event: event.peer == number)
        heard = [e.data for e in owner.all if isinstance(e, Heard) and e.peer == number]
        if not abrupt:
            assert heard == frames_in(b"".join(chunks))
    owner.all.clear()
    client.send(b"still here")
    assert owner.until(Heard).peer == peer
    assert [type(event) for event in owner.all] == [Heard]
    assert server.is_alive()


def frames_in(stream: bytes) -> list[bytes]:
    """The whole frames at the start of a stream, up to the first that is too long."""
    frames = []
    while len(stream) >= 4:
        size = int.from_bytes(stream[:4], "big")
        if size == 0xFFFFFFFF:
            stream = stream[4:]
            continue
        if size > FRAME_BYTES or len(stream) < 4 + size:
            break
        frames.append(stream[4 : 4 + size])
        stream = stream[4 + size :]
    return frames


@settings(max_examples=60, deadline=None)
@given(said=st.lists(st.binary(min_size=1, max_size=200), max_size=4))
def test_whatever_bytes_a_false_server_sends_the_client_ends_with_one_loss(
    said: list[bytes],
) -> None:
    ear = Ear()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        client = Client(address, "s" * 64, ear.told.put, Timing(proof=0.2))
        client.start()
        connection, _ = listener.accept()
        with connection, contextlib.suppress(ConnectionError):
            for data in said:
                connection.sendall(data)
        client.join(DEADLINE)
    assert [type(event) for event in ear.drained()] == [ConnectionLost]
