"""Transcripts on disk: what a crash, a power cut or another program leaves of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Delivery, Message
from dingbridge.core.sessions.transcript import (
    Arrival,
    DeliveryLine,
    Entry,
    SessionInfo,
    Transcript,
)
from dingbridge.edges.storage import saved_transcripts
from dingbridge.edges.storage.transcripts import Transcripts
from tests.support.disk import out_of_reach
from tests.support.storage import NOW, POSIX, StartProcess, again, message

LONG_AFTER = 10 * NOW


@pytest.fixture
def transcripts(tmp_path: Path) -> Transcripts:
    return Transcripts(tmp_path / "sessions")


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
    copy.write_bytes(saved_transcripts.saved(transcripts, "s1", "my.jsonl"))
    loaded = saved_transcripts.take_in(transcripts, copy, "/home/me/my.jsonl", "s2")
    assert loaded.messages == (message("m1", "line\nline"), message("m2"))
    assert loaded.info == structs.replace(info, id="s2")
    assert transcripts.load("s2") == loaded


@pytest.mark.parametrize("data", [b"", b"# Notes\n", b'{"message": {}}\n', b"[" * 100_000, b"\xff"])
def test_a_file_that_is_no_transcript_is_not_loaded(
    transcripts: Transcripts, tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(BridgeError, match="/home/me/notes is not a transcript"):
        saved_transcripts.take_in(transcripts, tmp_path / "file", "/home/me/notes", "s2")
    assert transcripts.list() == []
