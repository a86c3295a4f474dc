"""Files survive crashes, full disks, two editors at once, and what others put there."""

from __future__ import annotations

import os
import queue
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from msgspec import structs

from dingbridge.core.delivery.quota import Quota
from dingbridge.core.errors import BridgeError, StoredDataDamaged
from dingbridge.core.messages import Delivery, Message, Role
from dingbridge.core.sessions.state import (
    Binding,
    State,
    decode,
    encode,
    with_binding,
    with_quota,
    with_refused,
)
from dingbridge.core.sessions.transcript import (
    Arrival,
    DeliveryLine,
    Entry,
    SessionInfo,
    Transcript,
)
from dingbridge.core.timeouts import STATE_EVERY
from dingbridge.edges.storage import data_paths, own_files
from dingbridge.edges.storage.card import OwnerCard
from dingbridge.edges.storage.owner_lock import OwnerLock
from dingbridge.edges.storage.state_file import StateFile
from dingbridge.edges.storage.transcripts import Transcripts
from dingbridge.edges.storage.worker import Worker
from tests.support.disk import out_of_reach
from tests.support.neovim import find_neovim
from tests.support.processes import Child, run

POSIX = os.name == "posix"
NOW = 1_800_000_000.0
LONG_AFTER = 10 * NOW


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class Process:
    """Another Python that runs `code`, to be talked with by lines."""

    def __init__(self, code: str, *arguments: object) -> None:
        self.popen = Child(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """The next line it writes."""
        return self.popen.line()

    def go(self) -> None:
        """Give it a line."""
        assert self.popen.stdin is not None
        self.popen.stdin.write("go\n")
        self.popen.stdin.flush()

    def end(self) -> int:
        """Wait for its end."""
        return self.popen.wait(20)

    def close(self) -> None:
        self.popen.kill()
        self.popen.communicate()


StartProcess = Callable[..., Process]


@pytest.fixture
def start_process() -> Iterator[StartProcess]:
    started: list[Process] = []

    def start(code: str, *arguments: object) -> Process:
        started.append(Process(code, *arguments))
        return started[-1]

    yield start
    for process in started:
        process.close()


# --- whole files ----------------------------------------------------------------------------------


@pytest.mark.skipif(not POSIX, reason="permissions of POSIX")
def test_a_file_of_ours_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        own_files.write_whole(tmp_path / "whole", b"data")
        own_files.append_lines(tmp_path / "appended", b"data\n")
    finally:
        os.umask(before)
    assert mode(tmp_path / "whole") == mode(tmp_path / "appended") == 0o600


def test_writing_makes_the_folders_on_the_way(tmp_path: Path) -> None:
    own_files.write_whole(tmp_path / "a" / "b" / "file", b"data")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"data"


def test_a_failing_write_leaves_no_temporary_file_behind(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.mkdir()
    with pytest.raises(OSError, match="file"):
        own_files.write_whole(target, b"data")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(not POSIX, reason="resource limits of POSIX")
def test_the_old_content_survives_a_disk_that_fills_up(
    tmp_path: Path, start_process: StartProcess
) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old content")
    process = start_process(
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from dingbridge.edges.storage import own_files\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    own_files.write_whole(Path(sys.argv[1]), b'x' * 100_000)\n"
        "except OSError as error:\n"
        "    print(type(error).__name__, flush=True)\n",
        target,
    )
    assert process.line() == "OSError"
    assert target.read_bytes() == b"old content"
    assert list(tmp_path.iterdir()) == [target]


def test_a_line_after_a_torn_one_stands_on_its_own(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for line in (b"one\n", b"two\n"):
        own_files.append_lines(path, line)
    path.write_bytes(path.read_bytes()[:-3])
    own_files.append_lines(path, b"three\n")
    assert path.read_bytes() == b"one\nt\nthree\n"


def test_a_damaged_file_is_kept_beside_under_a_name_with_the_time(tmp_path: Path) -> None:
    kept = []
    for data in (b"first", b"second"):
        (tmp_path / "state.json").write_bytes(data)
        kept.append(own_files.set_aside(tmp_path / "state.json"))
    assert [path.read_bytes() for path in kept] == [b"first", b"second"]
    assert all(path.name.startswith("state.json.bad-2") for path in kept)
    assert not (tmp_path / "state.json").exists()


# --- the state file -------------------------------------------------------------------------------


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


# --- transcripts ----------------------------------------------------------------------------------


@pytest.fixture
def transcripts(tmp_path: Path) -> Transcripts:
    return Transcripts(tmp_path / "sessions")


def message(name: str, text: str = "hello") -> Message:
    return Message(name, Role.EDITOR, "You", text, NOW)


def start_session(transcripts: Transcripts, session: str, *messages: Message) -> SessionInfo:
    info = SessionInfo(session, f"Title of {session}", NOW)
    transcripts.append(session, Entry(session=info))
    for each in messages:
        transcripts.append(session, Entry(message=each))
    return info


def test_a_transcript_is_there_after_a_restart(transcripts: Transcripts, tmp_path: Path) -> None:
    info = start_session(transcripts, "s1", message("m1"))
    transcripts.append("s1", Entry(fate=DeliveryLine("m1", Delivery.SENT)))
    expected = structs.replace(message("m1"), delivery=Delivery.SENT)
    assert Transcripts(tmp_path / "sessions").load("s1") == Transcript(info, (expected,))


def new(name: str, text: str = "hello") -> Arrival:
    return Arrival(message(name, text), again=False)


def again(name: str, text: str = "hello") -> Arrival:
    return Arrival(message(name, text), again=True)


def test_a_robot_message_is_taken_once_however_often_it_is_handed_over(
    transcripts: Transcripts,
) -> None:
    assert transcripts.take("s1", [new("m1"), again("m1")]) == (True, False)
    assert transcripts.take("s1", [again("m1", "changed"), again("m2")]) == (False, True)
    assert transcripts.load("s1").messages == (message("m1"), message("m2"))


def test_robot_messages_that_come_together_stand_in_their_order(transcripts: Transcripts) -> None:
    info = start_session(transcripts, "s1")
    names = [f"m{number}" for number in range(100)]
    assert all(transcripts.take("s1", [new(name) for name in names]))
    assert transcripts.load("s1") == Transcript(info, tuple(message(name) for name in names))


def test_a_robot_message_of_which_a_crash_left_half_a_line_is_taken_again(
    transcripts: Transcripts, tmp_path: Path
) -> None:
    transcripts.take("s1", [new("m1")])
    path = tmp_path / "sessions" / "s1.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert transcripts.take("s1", [again("m1")]) == (True,)
    assert transcripts.load("s1").messages == (message("m1"),)
    assert transcripts.take("s1", [again("m2")]) == (True,)


def test_a_robot_message_that_is_quoted_in_another_one_is_taken(transcripts: Transcripts) -> None:
    transcripts.take("s1", [new("m1", 'it says "id":"m2"')])
    transcripts.append("s1", Entry(fate=DeliveryLine("m2", Delivery.SENT)))
    assert transcripts.take("s1", [again("m2")]) == (True,)


@pytest.mark.skipif(not POSIX, reason="resource limits of POSIX")
def test_of_robot_messages_for_which_the_disk_has_no_room_none_is_there(
    tmp_path: Path, start_process: StartProcess
) -> None:
    process = start_process(
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from dingbridge.core.messages import Message, Role\n"
        "from dingbridge.core.sessions.transcript import Arrival\n"
        "from dingbridge.edges.storage.transcripts import Transcripts\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "transcripts = Transcripts(Path(sys.argv[1]))\n"
        "def arrival(name):\n"
        "    text = 'x' * 300\n"
        "    return Arrival(Message(name, Role.DINGTALK, 'Zhang', text, 1.0), again=False)\n"
        "transcripts.take('s1', [arrival('m1')])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))\n"
        "try:\n"
        "    transcripts.take('s1', [arrival(f'm{number}') for number in range(2, 9)])\n"
        "except OSError as error:\n"
        "    print(type(error).__name__, flush=True)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "transcripts.take('s1', [arrival(f'm{number}') for number in range(2, 9)])\n"
        "print('taken', flush=True)\n",
        tmp_path,
    )
    assert [process.line(), process.line()] == ["OSError", "taken"]
    loaded = Transcripts(tmp_path).load("s1")
    assert [one.id for one in loaded.messages] == [f"m{number}" for number in range(1, 9)]
    assert loaded.damaged == 0


def test_what_stands_in_a_transcript_is_found_and_what_only_is_about_it_is_not(
    transcripts: Transcripts,
) -> None:
    start_session(transcripts, "s1", message("m1"), message("m2", 'it says "id":"m5"'))
    start_session(transcripts, "s2", message("m3"))
    transcripts.append("s2", Entry(fate=DeliveryLine("m4", Delivery.SENT)))
    wanted = [f"m{number}" for number in range(1, 7)]
    assert transcripts.standing(wanted, LONG_AFTER) == {}
    assert transcripts.standing(wanted, 0.0) == {"m1": "s1", "m2": "s1", "m3": "s2"}


def test_without_sessions_the_list_is_empty_and_a_missing_one_has_no_messages(
    transcripts: Transcripts,
) -> None:
    assert transcripts.list() == []
    assert transcripts.load("s1").messages == ()


def test_a_session_whose_file_cannot_be_read_just_now_is_listed_by_its_id(
    transcripts: Transcripts, tmp_path: Path
) -> None:
    readable, unreadable = (start_session(transcripts, name) for name in ("s1", "s2"))
    with out_of_reach(tmp_path / "sessions" / "s2.jsonl"):
        assert {(one.id, one.title) for one in transcripts.list()} == {
            ("s1", readable.title),
            ("s2", "s2"),
        }
    assert {one.title for one in transcripts.list()} == {readable.title, unreadable.title}


def test_the_session_that_was_written_to_last_comes_first(
    transcripts: Transcripts, tmp_path: Path
) -> None:
    infos = [start_session(transcripts, f"s{n}") for n in range(3)]
    for at, n in enumerate((2, 0, 1)):
        os.utime(tmp_path / "sessions" / f"s{n}.jsonl", (NOW + at, NOW + at))
    assert transcripts.list() == [infos[1], infos[0], infos[2]]


def test_strange_files_among_the_transcripts_keep_nobody_from_starting(
    transcripts: Transcripts, tmp_path: Path
) -> None:
    folder = tmp_path / "sessions"
    info = start_session(transcripts, "good")
    (folder / "folder.jsonl").mkdir()
    (folder / "my own notes.jsonl").write_bytes(b"notes")
    (folder / "other.txt").write_bytes(b"text")
    (folder / "gone.jsonl").symlink_to(folder / "nowhere")
    (folder / "damaged.jsonl").write_bytes(b'{"session": {"id": "\xff"}}\n')
    (folder / "empty.jsonl").write_bytes(b"")
    found = {entry.id: entry.title for entry in transcripts.list()}
    assert found == {
        "good": info.title,
        "folder": "folder",
        "damaged": "damaged",
        "empty": "empty",
    }


def test_the_file_name_is_the_id_whatever_the_file_says(
    transcripts: Transcripts, tmp_path: Path
) -> None:
    start_session(transcripts, "s1")
    (tmp_path / "sessions" / "s1.jsonl").rename(tmp_path / "sessions" / "copy.jsonl")
    assert [info.id for info in transcripts.list()] == ["copy"]


def test_after_a_crash_in_the_middle_of_a_line_the_next_message_is_kept(
    transcripts: Transcripts, tmp_path: Path
) -> None:
    start_session(transcripts, "s1", message("m1"), message("m2"))
    path = tmp_path / "sessions" / "s1.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    transcripts.append("s1", Entry(message=message("m3")))
    loaded = transcripts.load("s1")
    assert [each.id for each in loaded.messages] == ["m1", "m3"]
    assert loaded.damaged == 1


@pytest.mark.parametrize(
    "session",
    ["", ".", "..", "../s1", "a/b", "a\\b", "/etc/passwd", "s1\n", "s1\0", "-s1", "é", "x" * 101],
)
def test_no_id_leads_out_of_the_folder(transcripts: Transcripts, session: str) -> None:
    uses: list[Callable[[], object]] = [
        lambda: transcripts.load(session),
        lambda: transcripts.append(session, Entry(message=message("m1"))),
        lambda: transcripts.delete(session),
        lambda: transcripts.clear(SessionInfo(session, "title", NOW)),
    ]
    for use in uses:
        with pytest.raises(BridgeError, match="not the id of a session"):
            use()


def test_what_is_deleted_or_cleared_is_in_the_trash(
    transcripts: Transcripts, tmp_path: Path
) -> None:
    info = start_session(transcripts, "s1", message("m1"))
    transcripts.clear(info)
    assert transcripts.load("s1") == Transcript(info, ())
    transcripts.delete("s1")
    transcripts.delete("s1")
    assert transcripts.list() == []
    kept = sorted((tmp_path / "sessions" / "trash").glob("s1-*.jsonl"))
    assert len(kept) == 2
    assert b"hello" in kept[0].read_bytes()


def test_a_saved_transcript_can_be_loaded_as_a_new_session(
    transcripts: Transcripts, tmp_path: Path
) -> None:
    info = start_session(transcripts, "s1", message("m1", "line\nline"), message("m2"))
    copy = tmp_path / "copy"
    copy.write_bytes(transcripts.saved("s1"))
    loaded = transcripts.take_in(copy, "/home/me/my.jsonl", "s2")
    assert loaded.messages == (message("m1", "line\nline"), message("m2"))
    assert loaded.info == structs.replace(info, id="s2")
    assert transcripts.load("s2") == loaded


@pytest.mark.parametrize("data", [b"", b"# Notes\n", b'{"message": {}}\n', b"[" * 100_000, b"\xff"])
def test_a_file_that_is_no_transcript_is_not_loaded(
    transcripts: Transcripts, tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(BridgeError, match="/home/me/notes is not a transcript"):
        transcripts.take_in(tmp_path / "file", "/home/me/notes", "s2")
    assert transcripts.list() == []


# --- locks, and the card of who holds one ---------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from dingbridge.edges.storage.card import OwnerCard
from dingbridge.edges.storage.owner_lock import OwnerLock
lock = OwnerLock(Path(sys.argv[1]), "app")
print(lock.acquire(), flush=True)
lock.write_card(OwnerCard(7, "/socket", "a-secret"))
print("written", flush=True)
sys.stdin.readline()
lock.release()
print("released", flush=True)
sys.stdin.readline()
"""


def test_a_second_process_does_not_get_the_lock_but_learns_who_has_it(
    tmp_path: Path, start_process: StartProcess
) -> None:
    holder = start_process(HOLD, tmp_path)
    assert [holder.line(), holder.line()] == ["True", "written"]
    lock = OwnerLock(tmp_path, "app")
    assert not lock.acquire()
    assert lock.read_card() == OwnerCard(7, "/socket", "a-secret")
    holder.go()
    assert holder.line() == "released"
    assert lock.acquire()


def test_when_the_holder_is_killed_the_lock_is_free(
    tmp_path: Path, start_process: StartProcess
) -> None:
    holder = start_process(HOLD, tmp_path)
    assert [holder.line(), holder.line()] == ["True", "written"]
    holder.popen.kill()
    holder.end()
    assert OwnerLock(tmp_path, "app").acquire()


def test_a_lock_may_be_taken_by_one_thread_and_given_back_by_another(tmp_path: Path) -> None:
    lock = OwnerLock(tmp_path, "app")
    taken: list[bool] = []
    thread = threading.Thread(target=lambda: taken.append(lock.acquire()))
    thread.start()
    thread.join(10)
    assert taken == [True]
    assert not OwnerLock(tmp_path, "app").acquire()
    lock.release()
    assert OwnerLock(tmp_path, "app").acquire()


def test_giving_back_what_is_not_ours_changes_nothing(tmp_path: Path) -> None:
    holder, other = OwnerLock(tmp_path, "app"), OwnerLock(tmp_path, "app")
    assert holder.acquire()
    assert not other.acquire()
    other.release()
    assert not other.acquire()


def test_a_lock_that_was_given_back_is_not_taken_by_an_attempt_that_comes_late(
    tmp_path: Path,
) -> None:
    lock = OwnerLock(tmp_path, "app")
    lock.release()
    assert not lock.acquire()
    assert OwnerLock(tmp_path, "app").acquire()


@pytest.mark.parametrize(
    "card", [b"", b"{", b"\xff", b'{"pid": "x"}', b'{"secret": "\xff"}', b"[" * 100_000, None]
)
def test_a_damaged_card_of_the_holder_says_nothing(tmp_path: Path, card: bytes | None) -> None:
    lock = OwnerLock(tmp_path, "app")
    lock.write_card(OwnerCard(1, "/socket", "a-secret"))
    [path] = tmp_path.glob("owner-*.json")
    if card is None:
        path.unlink()
    else:
        path.write_bytes(card)
    assert lock.read_card() == OwnerCard()


def test_locks_are_held_one_by_one(tmp_path: Path) -> None:
    locks = [OwnerLock(tmp_path, app) for app in ("app1", "app2")]
    assert [lock.acquire() for lock in locks] == [True, True]
    locks[0].write_card(OwnerCard(1, data="/data"))
    assert locks[1].read_card() == OwnerCard()


def test_the_secret_of_a_card_shows_in_no_repr() -> None:
    assert "a-secret" not in repr(OwnerCard(1, "/socket", "a-secret"))


# --- the disk thread ------------------------------------------------------------------------------


class Loop:
    """Collects what the disk thread posts, to run it here."""

    def __init__(self) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.errors: list[Exception] = []
        self.refusals: list[Exception | None] = []
        self.disk = Worker(self.posted.put, self.errors.append, self.refusals.append)
        self.disk.start()

    def finish(self) -> None:
        """Wait for the disk and run everything it posted."""
        assert self.disk.finish(10)
        while not self.posted.empty():
            self.posted.get()()


def test_file_work_is_done_in_order_and_its_results_come_back_in_order() -> None:
    loop = Loop()
    done: list[int] = []
    results: list[int] = []

    def work(n: int) -> int:
        done.append(n)
        return n * n

    for n in range(50):
        loop.disk.do(lambda n=n: work(n), results.append)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    loop.finish()
    assert done == list(range(50))
    assert results == [n * n for n in range(50)]


def test_work_for_later_is_done_in_its_time_although_nothing_else_is_asked_for() -> None:
    loop = Loop()
    loop.disk.later("state", 0.05, lambda: loop.posted.put(lambda: None))
    loop.posted.get(timeout=10)
    loop.finish()


def test_work_for_later_is_done_once_and_at_the_end_at_the_latest() -> None:
    loop = Loop()
    done: list[str] = []
    for _ in range(100):
        loop.disk.later("state", 3600.0, lambda: done.append("later"))
    loop.disk.do(lambda: done.append("now"))
    loop.finish()
    assert done == ["now", "later"]


def test_a_disk_that_is_never_idle_does_its_work_for_later_all_the_same() -> None:
    loop = Loop()
    done = threading.Event()

    def again() -> None:
        if not done.is_set():
            loop.disk.do(again)

    loop.disk.do(again)
    loop.disk.later("state", 0.01, done.set)
    assert done.wait(10)
    loop.finish()


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), BridgeError("refused"), ValueError("a defect")],
)
def test_failed_file_work_is_told_and_the_next_goes_on(error: Exception) -> None:
    loop = Loop()
    results: list[str] = []

    def fail() -> str:
        raise error

    loop.disk.do(fail, results.append)
    loop.disk.do(lambda: "next", results.append)
    loop.finish()
    assert loop.errors == [error]
    assert results == ["next"]


def test_another_thread_waits_for_its_turn_and_gets_the_result() -> None:
    loop = Loop()
    done: list[str] = []
    loop.disk.do(lambda: done.append("before"))
    assert loop.disk.wait(lambda: list(done)) == ["before"]
    loop.finish()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("a defect")])
def test_a_thread_that_waits_is_told_what_went_wrong(error: Exception) -> None:
    loop = Loop()

    def fail() -> str:
        raise error

    with pytest.raises(type(error)) as raised:
        loop.disk.wait(fail)
    assert raised.value is error
    assert loop.disk.wait(lambda: "next") == "next"
    loop.finish()
    assert loop.errors == []


class Refusing:
    """A disk that refuses until it has room."""

    def __init__(self) -> None:
        self.has_room = False
        self.error: Exception = OSError(28, "No space left on device")
        self.written: list[str] = []

    def write(self, text: str) -> str:
        if not self.has_room:
            raise self.error
        self.written.append(text)
        return text


@pytest.mark.parametrize("error", [OSError(28, "No space"), BridgeError("somebody has it")])
def test_what_may_not_be_lost_is_tried_again_in_its_order_until_the_disk_takes_it(
    error: Exception,
) -> None:
    loop, file = Loop(), Refusing()
    file.error = error
    results: list[str] = []
    loop.disk.submit_durable("file", lambda: file.write("one"), results.append)
    loop.disk.submit_durable("file", lambda: file.write("two"), results.append)
    loop.disk.submit_durable("another", lambda: results.append("not held up"))
    assert loop.disk.wait(lambda: list(results)) == ["not held up"]
    file.has_room = True
    while len(results) < 3:
        loop.posted.get(timeout=10)()
    assert loop.errors == [error]
    assert file.written == ["one", "two"]
    assert results == ["not held up", "one", "two"]
    loop.finish()


def test_that_the_disk_refuses_something_is_told_until_it_has_taken_all_of_it() -> None:
    loop, file = Loop(), Refusing()
    loop.disk.submit_durable("file", lambda: file.write("one"))
    loop.disk.submit_durable("another", lambda: file.write("two"))
    loop.disk.wait(lambda: None)
    file.has_room = True
    while len(loop.refusals) < 2:
        loop.posted.get(timeout=10)()
    assert loop.refusals == [loop.errors[0], None]
    loop.finish()


def test_what_the_disk_refused_is_done_at_once_with_the_next_of_its_kind() -> None:
    loop, file = Loop(), Refusing()
    loop.disk.submit_durable("file", lambda: file.write("one"))
    loop.disk.wait(lambda: None)
    file.has_room = True
    loop.disk.submit_durable("file", lambda: file.write("two"))
    assert loop.disk.wait(lambda: list(file.written)) == ["one", "two"]
    loop.finish()


def test_what_the_disk_refused_is_tried_once_more_when_leaving() -> None:
    loop, file = Loop(), Refusing()
    loop.disk.submit_durable("file", lambda: file.write("one"))
    loop.disk.wait(lambda: None)
    file.has_room = True
    assert loop.disk.finish(10)
    assert file.written == ["one"]


def test_what_the_disk_refuses_to_the_end_does_not_count_as_done_when_leaving() -> None:
    loop, file = Loop(), Refusing()
    loop.disk.submit_durable("file", lambda: file.write("one"))
    assert not loop.disk.finish(0.3)


def test_what_the_disk_refuses_while_neovim_is_closed_is_tried_until_it_is_done() -> None:
    loop, file = Loop(), Refusing()
    tries: list[str] = []

    def write() -> None:
        tries.append("again")
        file.has_room = len(tries) > 4
        file.write("one")

    loop.disk.submit_durable("file", write)
    assert loop.disk.finish(10)
    assert file.written == ["one"]


@pytest.mark.parametrize("first", [OSError(28, "No space"), ValueError("a defect")])
def test_a_defect_is_told_and_not_tried_again(first: Exception) -> None:
    loop, file = Loop(), Refusing()
    file.error = first
    loop.disk.submit_durable("file", lambda: file.write("one"))
    loop.disk.wait(lambda: None)
    file.error = ValueError("another defect")
    loop.disk.submit_durable("file", lambda: file.write("two"))
    loop.disk.wait(lambda: None)
    file.has_room = True
    loop.disk.submit_durable("file", lambda: file.write("three"))
    loop.finish()
    assert file.written == ["three"]
    assert loop.errors[0] == first
    assert len(loop.errors) >= 2


def test_what_is_read_holds_what_was_written_before_even_if_the_disk_refused_it_first() -> None:
    loop, file = Loop(), Refusing()
    read: list[list[str]] = []
    loop.disk.submit_durable("file", lambda: file.write("one"))
    loop.disk.after("file", lambda: list(file.written), read.append)
    loop.disk.wait(lambda: None)
    file.has_room = True
    while not read:
        loop.posted.get(timeout=10)()
    assert read == [["one"]]
    loop.finish()


def test_what_cannot_be_read_holds_up_nothing_that_is_written_after_it() -> None:
    loop, file = Loop(), Refusing()
    unreadable = Refusing()
    loop.disk.submit_durable("file", lambda: file.write("one"))
    loop.disk.after("file", lambda: unreadable.write("never"), lambda _: None)
    loop.disk.wait(lambda: None)
    file.has_room = True
    loop.disk.submit_durable("file", lambda: file.write("two"))
    assert loop.disk.wait(lambda: list(file.written)) == ["one", "two"]
    loop.finish()


def test_leaving_does_not_wait_for_a_disk_that_hangs() -> None:
    loop = Loop()
    hang = threading.Event()
    loop.disk.do(hang.wait)
    assert not loop.disk.finish(0.01)
    hang.set()
    assert loop.disk.finish(10)


# --- where the files are --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nvim", "other/name", ""])
@pytest.mark.parametrize("with_folders", [True, False])
def test_the_folders_are_those_that_neovim_itself_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, with_folders: bool
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NVIM_APPNAME", name)
    for variable in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        if with_folders:
            monkeypatch.setenv(variable, str(tmp_path / variable))
        else:
            monkeypatch.delenv(variable, raising=False)
    asked = run(
        [
            *(find_neovim(), "--clean", "--headless", "-c"),
            "lua io.stdout:write(vim.fn.stdpath('data'), '\\n', vim.fn.stdpath('log'))",
            *("-c", "qa!"),
        ],
        text=True,
        check=True,
    )
    assert [
        str(data_paths.data_folder()),
        str(data_paths.log_folder()),
    ] == asked.stdout.splitlines()
