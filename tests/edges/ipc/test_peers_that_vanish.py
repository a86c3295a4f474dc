"""A peer that was killed, stopped or asleep is noticed, and one that lives is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.edges.ipc import Connected, ConnectionLost, Heard, Joined, PeerLeft, Timing
from dingbridge.edges.ipc.connection import (
    HEARTBEAT,
    AwakeClock,
    PeerConnection,
    Unwanted,
    prove_as_client,
    prove_as_server,
)
from tests.support.ipc_ends import CALM, QUICK, STILL, Ends, line_of, posix

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
    timing = Timing(heartbeat=0.05, silence=1.5)
    server, address, secret = serve(here, timing)
    client = here.process(ATTEND, timing.heartbeat, timing.silence, address, secret)
    assert line_of(client) == "Connected"
    for process in (server, client):
        os.kill(process.pid, signal.SIGSTOP)
    threading.Event().wait(2 * timing.silence)
    for process in (client, server):
        os.kill(process.pid, signal.SIGCONT)
    threading.Event().wait(2 * timing.silence)
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
