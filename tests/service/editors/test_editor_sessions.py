"""Every editor that shows a session shows each of its messages, from any program."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from dingbridge.core.messages import Message, Role
from dingbridge.core.sessions import transcript
from dingbridge.core.sessions.transcript import Entry, SessionInfo
from dingbridge.edges.storage.robot_files import files_in
from dingbridge.edges.storage.worker import Worker
from dingbridge.protocol import updates
from dingbridge.service.adapters import SystemRuntime
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.sessions.store import SessionStore
from dingbridge.service.sessions.transcript_storage import TranscriptStorage
from dingbridge.service.sessions.unread_counts import UnreadCounts
from tests.support.disk import out_of_reach

SESSION = SessionInfo("s1", "Session", 1.0)


def message(name: str) -> Message:
    """A message whose text is its id."""
    return Message(name, Role.EDITOR, "You", name, 1.0)


class ShownMessages:
    """What an editor shows of the session when it carries out its updates."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def show(self, *shown: updates.Update) -> None:
        for update in shown:
            match update:
                case updates.ShowMessages(list=new):
                    self.names += [one.id for one in new if one.id not in self.names]
                case updates.ShowEnd(list=new, since=since):
                    known = [name for name in since if name in self.names]
                    self.names = [*(one.id for one in new), *known]
                case _:
                    pass

    def show_latest(self, make: Callable[[], updates.Update]) -> None:
        self.show(make())


class Desk:
    """Two editors, a disk thread, and the loop that the test turns by hand."""

    def __init__(self, folder: Path) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.disk = Worker(self.posted.put, lambda error: None, self._refused)
        self.disk.start()
        files = files_in(folder, self.disk)
        unread = UnreadCounts(lambda _: None)
        store = SessionStore(TranscriptStorage(files), SystemRuntime(), self.posted.put, unread)
        self.store = store
        store.infos[SESSION.id] = SESSION
        files.transcripts.begin(SESSION)
        self.transcript = next(folder.rglob(f"{SESSION.id}.jsonl"))
        self.screens = (ShownMessages(), ShownMessages())
        self.editors = [
            EditorSessions(cast(Any, screen), store, [SESSION]) for screen in self.screens
        ]

    def _refused(self, why: Exception | None) -> None:
        self.store.refused(str(why or ""))

    def turn(self) -> None:
        """Run all that is posted until the disk has taken everything."""
        over: list[bool] = []
        self.disk.settled(lambda: over.append(True))
        while not over:
            self.posted.get(timeout=10)()

    def turn_until(self, done: Callable[[], bool]) -> None:
        """Run what is posted until `done`."""
        while not done():
            self.posted.get(timeout=10)()

    def write(self, *names: str) -> None:
        """Another program adds messages."""
        with self.transcript.open("ab") as file:
            file.writelines(transcript.encode(Entry(message=message(name))) for name in names)

    def replace(self, *names: str) -> None:
        """Another program replaces the transcript by a file with these messages."""
        self.transcript.rename(self.transcript.with_suffix(".old"))
        self.write(*names)

    @property
    def names(self) -> list[list[str]]:
        return [screen.names for screen in self.screens]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Both editors show the session, which has the message `a`."""
    made = Desk(tmp_path)
    made.write("a")
    for editor in made.editors:
        editor.open(SESSION.id)
    made.turn()
    assert made.names == [["a"], ["a"]]
    yield made
    made.disk.finish(5)


def test_what_another_program_wrote_is_shown_by_all_editors_once_one_looks(desk: Desk) -> None:
    desk.write("b")
    desk.editors[0].watch(SESSION.id)
    desk.turn()
    assert desk.names == [["a", "b"], ["a", "b"]]
    desk.editors[1].watch(SESSION.id)
    desk.turn()
    assert desk.names == [["a", "b"], ["a", "b"]]


def test_another_file_in_the_place_of_a_transcript_is_shown_by_all_editors(desk: Desk) -> None:
    desk.replace("x")
    desk.editors[0].watch(SESSION.id)
    desk.turn()
    desk.turn()
    assert desk.names == [["x"], ["x"]]


def test_what_the_user_writes_while_another_file_is_read_stays_on_the_screen(desk: Desk) -> None:
    desk.replace("x")
    desk.editors[0].watch(SESSION.id)
    desk.editors[0].add(SESSION.id, message("typed"))
    desk.turn()
    desk.turn()
    assert desk.names[0] == ["x", "typed"]


def test_what_was_shown_while_the_disk_refused_it_goes_where_it_stands_on_the_disk(
    desk: Desk,
) -> None:
    with out_of_reach(desk.transcript):
        desk.store.arrive(SESSION.id, message("came"), again=False, then=lambda _: None)
        desk.posted.get(timeout=10)()  # from now on it is being written
        desk.editors[0].add(SESSION.id, message("typed"))
        desk.turn_until(lambda: bool(desk.store.trouble))
        desk.editors[0].add(SESSION.id, message("more"))
        assert desk.names == [["a", "typed", "more"]] * 2
    desk.turn()
    desk.turn()
    assert desk.names == [["a", "came", "typed", "more"]] * 2
