"""Stopping sends what is queued, reports every peer as left once, and removes the socket file."""

from __future__ import annotations

import os
from pathlib import Path

from dingbridge.edges.ipc import Connected, ConnectionLost, Heard, Joined, PeerLeft, Server, Timing
from tests.support.ipc_ends import (
    DEADLINE,
    STILL,
    Ends,
    exactly,
    framed,
    is_closed,
    posix,
    prove,
)


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
    server, owner = ends.server()
    clients = [ends.client(server.address, server.secret) for _ in range(10)]
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
