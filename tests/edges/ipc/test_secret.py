"""Only a peer of the same user that knows the secret is heard."""

from __future__ import annotations

import contextlib
import hmac
import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from dingbridge.edges.ipc import ConnectionLost, Heard, Joined, Timing
from dingbridge.edges.ipc.server import STRANGERS
from tests.support.ipc_ends import DEADLINE, QUICK, Ends, _end, _kill, exactly, is_closed, linux
from tests.support.processes import Child, run


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
