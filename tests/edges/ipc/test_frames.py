"""Frames arrive whole and in order, in both directions."""

from __future__ import annotations

import os
import queue
import threading

import pytest

from dingbridge.edges.ipc import FRAME_BYTES, Heard, Joined, LocalSocketError, Timing
from tests.support.ipc_ends import Ends


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
    with pytest.raises(LocalSocketError, match="longer than"):
        client.send(bytes(FRAME_BYTES + 1))
    with pytest.raises(LocalSocketError, match="longer than"):
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
    timing = Timing(heartbeat=0.02, silence=1.5)
    server, _, peer, _, guest = here.pair(timing)
    with pytest.raises(queue.Empty):
        guest.told.get(timeout=2.5)
    server.send(peer, b"after a while")
    assert guest.until(Heard).data == b"after a while"
