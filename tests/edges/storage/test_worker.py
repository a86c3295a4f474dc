"""What is added to transcripts in a burst is written together, and keeps its place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dingbridge.core.messages import Message, Role
from dingbridge.core.sessions.transcript import Entry, SessionInfo
from dingbridge.edges.storage import own_files as edges_files
from dingbridge.edges.storage.robot_files import SharedFiles, files_in
from dingbridge.edges.storage.worker import Worker
from dingbridge.service.sessions.transcript_storage import TranscriptStorage
from tests.support.disk import out_of_reach

INFO = SessionInfo("s1", "One", 1.0)
MANY = 200


class Folder:
    """A data folder whose disk thread may be kept busy."""

    def __init__(self, folder: Path) -> None:
        self.errors: list[Exception] = []
        self.refused = threading.Event()
        self.disk = Worker(lambda call: call(), self.errors.append, lambda _: self.refused.set())
        self.disk.start()
        self.files: SharedFiles = files_in(folder, self.disk)
        self.storage = TranscriptStorage(self.files)

    def add(self, *names: str) -> None:
        for name in names:
            message = Message(name, Role.EDITOR, "You", f"text {name}", 1.0)
            self.storage.append(INFO, Entry(message=message))

    def while_busy(self, ask: Callable[[], None]) -> None:
        """Ask for something that the disk thread does later, and wait for it."""
        busy, done = threading.Event(), threading.Event()
        self.disk.do(busy.wait)
        ask()
        busy.set()
        self.disk.settled(done.set)
        assert done.wait(10)

    def texts(self) -> list[str]:
        return [one.id for one in self.files.transcripts.load("s1").messages]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path)
    yield made
    assert made.disk.finish(5)


def test_a_burst_is_one_write_and_in_order(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[int] = []
    really = edges_files.append_lines

    def counted(path: Path, lines: bytes, *, sync: bool = False) -> edges_files.Added:
        writes.append(lines.count(b"\n"))
        return really(path, lines, sync=sync)

    names = [f"m{number}" for number in range(MANY)]
    folder.storage.begin(INFO)
    folder.while_busy(lambda: None)
    monkeypatch.setattr(edges_files, "append_lines", counted)
    folder.while_busy(lambda: folder.add(*names))
    assert folder.texts() == names
    assert writes == [MANY]


def test_what_is_added_behind_a_clearing_stays_and_what_was_before_it_goes(folder: Folder) -> None:
    def ask() -> None:
        folder.add("before")
        folder.storage.clear(INFO, lambda: None)
        folder.add("behind", "last")

    folder.while_busy(ask)
    assert folder.texts() == ["behind", "last"]


def test_what_the_disk_refused_is_written_once_with_what_came_meanwhile(
    folder: Folder, tmp_path: Path
) -> None:
    folder.while_busy(lambda: folder.add("m1"))
    with out_of_reach(tmp_path / "dingbridge" / "sessions" / "s1.jsonl"):
        folder.add("m2")
        assert folder.refused.wait(10)
        folder.add("m3")
    folder.while_busy(lambda: folder.add("m4"))
    assert folder.texts() == ["m1", "m2", "m3", "m4"]
