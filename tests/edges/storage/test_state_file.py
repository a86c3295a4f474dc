"""The state file: what several editors write at once is kept, and a damaged file is set aside."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from dingbridge.core.delivery.quota import Quota
from dingbridge.core.errors import BridgeError, StoredDataDamaged
from dingbridge.core.sessions.state import (
    Binding,
    State,
    decode,
    encode,
    with_binding,
    with_quota,
    with_refused,
)
from dingbridge.core.timeouts import STATE_EVERY
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.card import OwnerCard
from dingbridge.edges.storage.owner_lock import OwnerLock
from dingbridge.edges.storage.state_file import StateFile
from tests.support.storage import NOW, POSIX, StartProcess, mode


def bind(session: str) -> Callable[[State], State]:
    return lambda state: with_binding(state, Binding(session))


def test_without_a_state_file_the_bridge_starts_clean(tmp_path: Path) -> None:
    assert StateFile(tmp_path / "state.json").read() == (State(), None)


def test_what_is_changed_is_there_for_the_next_editor(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "state.json"
    StateFile(path).update(bind("s1"))
    StateFile(path).update(lambda state: with_refused(state, "m1", NOW))
    state, damaged = StateFile(path).read()
    assert damaged is None
    assert state == State(bindings={"s1": Binding("s1")}, refused={"m1": NOW})


@pytest.mark.skipif(not POSIX, reason="permissions of POSIX")
def test_state_and_lock_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    StateFile(tmp_path / "state.json").update(bind("s1"))
    lock = OwnerLock(tmp_path, "app")
    assert lock.acquire()
    lock.write_card(OwnerCard(1, "/socket", "a-secret"))
    assert {mode(path) for path in tmp_path.iterdir() if path.is_file()} == {0o600}


def test_a_change_that_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    StateFile(path).update(lambda state: state)
    assert not path.exists()


def counted(number: int) -> Callable[[State], State]:
    return lambda state: with_quota(state, "robot1", Quota("2026-08", calls=number))


def test_what_may_wait_is_written_with_the_next_change_of_state_and_in_its_order(
    tmp_path: Path,
) -> None:
    file = StateFile(tmp_path / "state.json")
    assert [file.soon(counted(number)) for number in range(1000)] == [True] + [False] * 999
    assert not file.path.exists()
    file.update(bind("first"))
    state, _ = StateFile(file.path).read()
    assert (list(state.bindings), state.quotas["robot1"].calls) == (["first"], 999)
    written = file.path.stat().st_ino
    file.flush()
    assert file.path.stat().st_ino == written
    assert file.soon(counted(7))
    file.flush()
    assert StateFile(file.path).read()[0].quotas["robot1"].calls == 7


def test_changes_of_state_that_are_asked_for_together_are_written_once(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state.json")
    file.soon(bind("first"))
    file.soon(bind("second"))
    file.keep()
    written = file.path.stat().st_ino
    file.keep()
    assert file.path.stat().st_ino == written
    assert set(StateFile(file.path).read()[0].bindings) == {"first", "second"}


@pytest.mark.skipif(os.name != "posix", reason="a folder can be synced there")
def test_a_change_of_state_outlives_a_power_cut_that_would_bring_the_old_file_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    sync = os.fsync

    def noted(file: int) -> None:
        synced.append(os.fstat(file).st_ino)
        sync(file)

    monkeypatch.setattr(os, "fsync", noted)
    file, folder = StateFile(tmp_path / "state.json"), tmp_path.stat().st_ino
    file.update(bind("first"))
    assert synced.count(folder) == 1
    file.soon(counted(7))
    file.flush()
    assert synced.count(folder) == 1
    # Also where the file was written for something that may be lost.
    file.keep()
    assert synced.count(folder) == 2


def test_what_may_wait_is_kept_while_the_disk_refuses_it(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "folder" / "state.json")
    file.soon(counted(7))
    file.path.parent.write_text("no folder")
    with pytest.raises(OSError, match="folder"):
        file.flush()
    file.path.parent.unlink()
    file.flush()
    assert StateFile(file.path).read()[0].quotas["robot1"].calls == 7


def test_the_state_file_is_written_for_counts_once_a_second(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state.json")
    assert file.due_in() == 0.0
    file.update(bind("first"))
    assert 0.0 < file.due_in() <= STATE_EVERY


def test_what_another_process_wrote_since_is_not_overwritten_with_what_we_knew(
    tmp_path: Path,
) -> None:
    file, other = StateFile(tmp_path / "state.json"), StateFile(tmp_path / "state.json")
    for number in range(3):
        file.update(bind(f"ours {number}"))
        other.update(bind(f"another's {number}"))
    assert len(StateFile(file.path).read()[0].bindings) == 6


ADD_MANY = """
import sys
from pathlib import Path
from dingbridge.core.sessions.state import with_refused
from dingbridge.edges.storage.state_file import StateFile
file = StateFile(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for n in range(40):
    file.update(lambda state: with_refused(state, f"{sys.argv[2]}/{n}", 1e10))
"""


def test_two_editors_that_write_at_once_lose_nothing_of_each_other(
    tmp_path: Path, start_process: StartProcess
) -> None:
    path = tmp_path / "state.json"
    processes = [start_process(ADD_MANY, path, name) for name in ("a", "b")]
    for process in processes:
        assert process.line() == "ready"
    for process in processes:
        process.go()
    assert [process.end() for process in processes] == [0, 0]
    refused = decode(path.read_bytes()).refused
    assert set(refused) == {f"{name}/{n}" for name in ("a", "b") for n in range(40)}


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff\xfe\x00", b'{"version": 2}', b"[" * 100_000, b"null"]
)
def test_a_state_file_that_cannot_be_read_is_set_aside_and_the_bridge_starts_clean(
    tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(data)
    state, damaged = StateFile(path).read()
    assert state == State()
    assert damaged is not None
    assert Path(damaged.set_aside).read_bytes() == data
    assert Path(damaged.set_aside).name in damaged.message
    assert "bind the session again" in damaged.message
    assert StateFile(path).read() == (State(), None), "it is said once"


def test_a_state_file_damaged_while_we_run_is_told_and_the_change_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"{")
    with pytest.raises(StoredDataDamaged, match="set aside"):
        StateFile(path).update(bind("s1"))
    assert decode(path.read_bytes()).bindings == {"s1": Binding("s1")}


READ_STATE = """
import sys
from pathlib import Path
from dingbridge.edges.storage.state_file import StateFile
print("ready", flush=True)
state, damaged = StateFile(Path(sys.argv[1])).read()
print(state.bindings["s1"].session, damaged, flush=True)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at a process by /proc")
def test_a_good_file_that_another_editor_wrote_meanwhile_is_not_set_aside(
    tmp_path: Path, start_process: StartProcess
) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"{ damaged")
    lock = f"{path}.lock"
    with FileLock(lock, mode=0o600):
        process = start_process(READ_STATE, path)
        assert process.line() == "ready"
        # It sleeps only between two looks at the lock, for which it has read the damaged file.
        status = Path("/proc", str(process.popen.pid), "stat")
        while status.read_text().rpartition(") ")[2][0] != "S":
            assert process.popen.poll() is None
        own_files.write_whole(path, encode(with_binding(State(), Binding("s1"))))
    assert process.line() == "s1 None"
    assert [each.name for each in tmp_path.glob("*.bad-*")] == []


def test_an_editor_that_never_lets_go_of_the_state_file_is_told_and_not_waited_for(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state.json"
    with (
        FileLock(f"{path}.lock", mode=0o600),
        pytest.raises(BridgeError, match="another process"),
    ):
        StateFile(path, lock_within=0.01).update(bind("s1"))
    StateFile(path, lock_within=0.01).update(bind("s1"))


def test_a_change_that_fails_leaves_the_file_free_and_as_it_was(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state.json")
    file.update(bind("s1"))

    def fail(_: State) -> State:
        raise BridgeError("no")

    with pytest.raises(BridgeError, match="no"):
        file.update(fail)
    StateFile(tmp_path / "state.json", lock_within=0.01).update(bind("s2"))
