"""The socket lies in a folder that only the user can open, and is opened anew when it goes."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from dingbridge.edges.ipc import (
    Connected,
    Joined,
    LocalSocketError,
    Moved,
    PeerLeft,
    Server,
    SocketLost,
)
from tests.support.ipc_ends import DEADLINE, Ends, is_closed, line_of, linux, posix


@pytest.fixture
def temporary(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder, on a system without runtime folders."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder / f"dingbridge-{os.geteuid()}"


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
    with pytest.raises(LocalSocketError, match=words) as refused:
        Server(lambda event: None)
    assert str(temporary) in refused.value.fix
    assert not list(folder.glob("**/*.sock"))


@linux
@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="needs another user")
def test_a_temporary_folder_of_another_user_is_refused(temporary: Path) -> None:
    temporary.mkdir(mode=0o700)
    os.chown(temporary, 65534, 65534)
    with pytest.raises(LocalSocketError, match="another user"):
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
    with pytest.raises(LocalSocketError, match="No such file"):
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
        "from dingbridge.edges.ipc import Client, LocalSocketError, Server\n"
        "free = os.dup(0)\n"
        "os.close(free)\n"
        "for spare in range(9):\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (free + spare, free + 20))\n"
        "    for make in (lambda: Server(print), lambda: Client('/x', 's', print)):\n"
        "        try:\n"
        "            make().stop()\n"
        "            print('made')\n"
        "        except LocalSocketError as error:\n"
        "            print(error)\n"
    )
    process = here.process(code, stderr=subprocess.STDOUT)
    said = process.communicate(timeout=DEADLINE)[0]
    assert "Too many open files" in said
    assert "made" in said
    assert "Traceback" not in said, said
