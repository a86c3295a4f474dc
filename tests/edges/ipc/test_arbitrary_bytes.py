"""Whatever bytes a peer sends, nobody else notices."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.edges.ipc import (
    FRAME_BYTES,
    Client,
    ConnectionLost,
    Heard,
    Joined,
    PeerLeft,
    Server,
    Timing,
)
from dingbridge.edges.ipc.connection import HEARTBEAT
from tests.support.ipc_ends import DEADLINE, Ends, EventLog, dial, framed, is_closed, prove


@pytest.fixture(scope="module")
def steady() -> Iterator[tuple[Ends, Server, EventLog, int, Client]]:
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
    steady: tuple[Ends, Server, EventLog, int, Client],
    proved: bool,
    chunks: list[bytes],
    abrupt: bool,
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
    events = EventLog()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        client = Client(address, "s" * 64, events.told.put, Timing(proof=0.2))
        client.start()
        connection, _ = listener.accept()
        with connection, contextlib.suppress(ConnectionError):
            for data in said:
                connection.sendall(data)
        client.join(DEADLINE)
    assert [type(event) for event in events.drained()] == [ConnectionLost]
