"""What was cleared or deleted comes back, with what came meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec import structs

from dingbridge.core.messages import Message
from dingbridge.core.sessions.transcript import Entry, SessionInfo, Transcript
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.transcripts import Transcripts
from tests.support.storage import NOW, message


@pytest.fixture
def transcripts(tmp_path: Path) -> Transcripts:
    return Transcripts(tmp_path / "sessions")


def start(transcripts: Transcripts, session: str, *messages: Message) -> SessionInfo:
    info = SessionInfo(session, f"Title of {session}", NOW)
    transcripts.append(session, *(Entry(message=each) for each in messages), info=info)
    return info


def add(transcripts: Transcripts, session: str, name: str) -> None:
    transcripts.append(session, Entry(message=message(name)))


def names(transcripts: Transcripts, session: str) -> list[str]:
    return [one.id for one in transcripts.load(session).messages]


def test_a_deleted_session_comes_back_with_its_title(transcripts: Transcripts) -> None:
    info = structs.replace(start(transcripts, "s-1", message("m1")), title="Renamed")
    transcripts.rename(info)
    transcripts.delete("s-1")
    assert transcripts.list() == []
    assert transcripts.bring_back() == info
    assert transcripts.load("s-1") == Transcript(info, (message("m1"),))
    assert transcripts.list() == [info]
    assert transcripts.bring_back() is None


def test_a_cleared_session_gets_its_messages_back_above_those_that_came_since(
    transcripts: Transcripts,
) -> None:
    info = start(transcripts, "s1", message("m1"))
    transcripts.clear(info)
    add(transcripts, "s1", "m2")
    transcripts.clear(info)
    add(transcripts, "s1", "m3")
    assert names(transcripts, "s1") == ["m3"]
    assert transcripts.bring_back() == info
    assert names(transcripts, "s1") == ["m2", "m3"]
    assert transcripts.bring_back() == info
    assert names(transcripts, "s1") == ["m1", "m2", "m3"]


def test_what_was_removed_last_comes_back_first(transcripts: Transcripts) -> None:
    for session in ("b", "a", "c"):
        start(transcripts, session, message("m"))
    for session in ("c", "b", "a"):
        transcripts.delete(session)
    back = [transcripts.bring_back() for _ in range(4)]
    assert [one.id if one else None for one in back] == ["a", "b", "c", None]


def test_a_torn_line_costs_no_other_message(transcripts: Transcripts, tmp_path: Path) -> None:
    info = start(transcripts, "s1", message("m1"), message("m2"))
    path = tmp_path / "sessions" / "s1.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    transcripts.clear(info)
    add(transcripts, "s1", "m3")
    transcripts.bring_back()
    assert names(transcripts, "s1") == ["m1", "m3"]


def test_a_crash_in_the_middle_doubles_nothing(
    transcripts: Transcripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = start(transcripts, "s1", message("m1"))
    transcripts.clear(info)
    add(transcripts, "s1", "m2")
    with monkeypatch.context() as patch:

        def crash(*_: object, **__: object) -> None:
            raise OSError("power cut")

        patch.setattr(Path, "unlink", crash)
        with pytest.raises(OSError, match="power cut"):
            transcripts.bring_back()
    assert names(transcripts, "s1") == ["m1", "m2"]
    assert transcripts.bring_back() == info
    assert names(transcripts, "s1") == ["m1", "m2"]


def test_the_title_comes_back_if_the_disk_refused_a_step_of_the_removal(
    transcripts: Transcripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = structs.replace(start(transcripts, "s1", message("m1")), title="Renamed")
    transcripts.rename(info)
    replace = os.replace
    done: list[Path] = []
    with monkeypatch.context() as patch:

        def refuse(source: Path, target: Path) -> None:
            if done:
                raise OSError("disk full")
            done.append(target)
            replace(source, target)

        patch.setattr(os, "replace", refuse)
        with pytest.raises(OSError, match="disk full"):
            transcripts.delete("s1")
    transcripts.delete("s1")
    assert transcripts.list() == []
    assert transcripts.bring_back() == info
    assert names(transcripts, "s1") == ["m1"]


def test_other_files_in_the_trash_stay_there(transcripts: Transcripts, tmp_path: Path) -> None:
    trash = tmp_path / "sessions" / "trash"
    own_files.make_own_folder(trash)
    (trash / "notes.jsonl").write_text("mine")
    assert transcripts.bring_back() is None
    assert (trash / "notes.jsonl").read_text() == "mine"
