"""A connection that fails ends with a reason, and no other connection notices."""

from __future__ import annotations

import socket
import threading
import tracemalloc
from pathlib import Path

import pytest

from dingbridge.edges.ipc import (
    FRAME_BYTES,
    UNSENT_BYTES,
    Connected,
    ConnectionLost,
    Heard,
    Joined,
    PeerLeft,
    ServerEvent,
)
from tests.support.ipc_ends import DEADLINE, Ends, framed, is_closed, linux, prove


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
