"""Robot messages on their way into the transcripts: together, in order, and once."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dingbridge.core.messages import Message, Role
from dingbridge.core.sessions.transcript import SessionInfo, TranscriptPart
from dingbridge.core.sessions.unread import Unread
from dingbridge.edges.storage.robot_files import files_in
from dingbridge.edges.storage.worker import Worker
from dingbridge.protocol import updates
from dingbridge.service.adapters import SystemRuntime
from dingbridge.service.sessions.store import AT_ONCE, SessionStore
from dingbridge.service.sessions.transcript_storage import TranscriptStorage
from dingbridge.service.sessions.unread_counts import UnreadCounts
from tests.support.disk import noted_syncs, out_of_reach

MANY = 20
SESSION = "s1"


class Store:
    """A session store behind a disk thread, and the loop that the test turns by hand."""

    def __init__(self, folder: Path) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.errors: list[Exception] = []
        self.disk = Worker(self.posted.put, self.errors.append)
        self.disk.start()
        self.files = files_in(folder, self.disk)
        self.unread = UnreadCounts(lambda _: None)
        self.store = SessionStore(
            TranscriptStorage(self.files), SystemRuntime(), self.posted.put, self.unread
        )
        self.store.infos[SESSION] = SessionInfo(SESSION, "Session", 1.0)
        self.store.join(self)
        self.shown: list[list[str]] = []
        self.taken: list[tuple[str, bool]] = []

    def listed(self) -> None:
        """A view's."""

    def changed(self, session: str, update: updates.ShowMessages | updates.ShowDelivery) -> None:
        """A view's."""
        assert isinstance(update, updates.ShowMessages)
        self.shown.append([message.text for message in update.list])

    def added(self, session: str, part: TranscriptPart) -> None:
        """A view's."""

    def renamed(self, session: str) -> None:
        """A view's."""

    def deleted(self, info: SessionInfo, following: str) -> None:
        """A view's."""

    def arrive(self, name: str, *, again: bool = False) -> None:
        """A robot message comes."""
        message = Message(f"id of {name}", Role.DINGTALK, "Zhang", name, 1.0)
        self.store.arrive(
            SESSION, message, again=again, then=lambda new: self.taken.append((name, new))
        )

    def add(self, name: str) -> None:
        """The user writes something."""
        self.store.add(SESSION, Message(f"id of {name}", Role.EDITOR, "You", name, 1.0))

    def turn_until(self, done: Callable[[], bool]) -> None:
        """Run what is posted until `done`."""
        while not done():
            self.posted.get(timeout=10)()

    def finish_writing(self) -> None:
        """Wait until the disk has everything."""
        over: list[bool] = []
        self.disk.settled(lambda: over.append(True))
        self.turn_until(lambda: bool(over))

    def on_disk(self) -> list[str]:
        """The texts in the transcript."""
        return [one.text for one in self.files.transcripts.load(SESSION).messages]


@contextmanager
def no_trash(data: Path) -> Iterator[None]:
    """The disk refuses to clear and to delete."""
    trash = data / "dingbridge" / "sessions" / "trash"
    trash.touch()
    yield
    trash.unlink()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path)
    yield made
    made.disk.finish(5)


def test_what_comes_in_one_turn_is_written_and_shown_together_in_its_order(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs = noted_syncs(monkeypatch, lambda: None)
    names = [f"message {number}" for number in range(MANY)]
    for name in names:
        store.arrive(name)
    store.turn_until(lambda: len(store.taken) == MANY)
    assert store.taken == [(name, True) for name in names]
    assert store.shown == [names]
    assert store.on_disk() == names
    assert len(syncs) == 1


def test_more_than_a_batch_holds_comes_in_several(store: Store) -> None:
    names = [f"message {number}" for number in range(3 * AT_ONCE)]
    for name in names:
        store.arrive(name)
    store.turn_until(lambda: len(store.taken) == len(names))
    assert [text for batch in store.shown for text in batch] == names == store.on_disk()
    assert max(map(len, store.shown)) <= AT_ONCE


def test_what_the_disk_refused_is_there_once_and_in_order_later(
    store: Store, tmp_path: Path
) -> None:
    store.arrive("first")
    store.turn_until(lambda: len(store.taken) == 1)
    transcript = tmp_path / "dingbridge" / "sessions" / f"{SESSION}.jsonl"
    with out_of_reach(transcript):
        store.arrive("second")
        store.arrive("third")
        store.turn_until(lambda: bool(store.errors))
        store.arrive("fourth")
    store.turn_until(lambda: len(store.taken) == 4)
    assert store.on_disk() == ["first", "second", "third", "fourth"]
    assert store.shown == [["first"], ["second", "third"], ["fourth"]]


def test_what_is_written_while_something_comes_is_shown_behind_it_as_it_stands_on_the_disk(
    store: Store,
) -> None:
    store.arrive("came")
    store.posted.get(timeout=10)()  # from now on it is being written
    store.add("written")
    store.add("more")
    assert store.shown == []
    store.arrive("later")
    store.turn_until(lambda: len(store.taken) == 2)
    store.add("at once")
    store.arrive("last")
    store.turn_until(lambda: len(store.taken) == 3)
    names = ["came", "written", "more", "later", "at once", "last"]
    assert store.shown == [[name] for name in names]
    assert store.on_disk() == names


def test_what_is_written_while_the_disk_refuses_what_came_is_shown_all_the_same(
    store: Store, tmp_path: Path
) -> None:
    store.arrive("first")
    store.turn_until(lambda: len(store.taken) == 1)
    store.shown.clear()
    with out_of_reach(tmp_path / "dingbridge" / "sessions" / f"{SESSION}.jsonl"):
        store.arrive("came")
        store.posted.get(timeout=10)()
        store.add("written")
        store.turn_until(lambda: bool(store.errors))
        store.store.refused("no room")
        store.add("more")
        assert store.shown == [["written"], ["more"]]
    store.turn_until(lambda: len(store.taken) == 2)
    store.store.refused("")
    store.add("at once")
    assert store.shown == [["written"], ["more"], ["came"], ["at once"]]


def test_a_message_that_comes_twice_in_a_turn_is_shown_once(store: Store) -> None:
    store.arrive("once")
    store.arrive("once", again=True)
    store.arrive("other")
    store.turn_until(lambda: len(store.taken) == 3)
    assert store.taken == [("once", True), ("once", False), ("other", True)]
    assert store.shown == [["once", "other"]]
    assert store.on_disk() == ["once", "other"]


def test_a_session_that_is_cleared_loses_what_came_before(store: Store) -> None:
    store.arrive("before")
    store.store.clear(SESSION)
    store.arrive("after")
    store.turn_until(lambda: len(store.taken) == 2)
    assert store.on_disk() == ["after"]


def test_what_was_deleted_comes_back_to_the_top_of_the_list_for_messages_to_come(
    store: Store,
) -> None:
    store.add("before")
    store.store.delete(SESSION)
    back: list[SessionInfo | None] = []
    store.store.bring_back(back.append)
    store.turn_until(lambda: bool(back))
    assert back[0] is not None
    assert [*store.store.infos] == [SESSION]
    store.add("after")
    store.arrive("came")
    store.turn_until(lambda: len(store.taken) == 1)
    assert store.on_disk() == ["before", "after", "came"]


@pytest.mark.parametrize("remove", [SessionStore.clear, SessionStore.delete])
def test_what_the_disk_refused_to_clear_or_to_delete_comes_back_once_it_is_gone(
    store: Store, tmp_path: Path, remove: Callable[[SessionStore, str], None]
) -> None:
    store.add("before")
    store.finish_writing()
    back: list[SessionInfo | None] = []
    with no_trash(tmp_path):
        remove(store.store, SESSION)
        store.turn_until(lambda: bool(store.errors))
        store.store.bring_back(back.append)
    store.turn_until(lambda: bool(back))
    assert [info and info.id for info in back] == [SESSION]
    assert store.on_disk() == ["before"]
    store.store.bring_back(back.append)
    store.turn_until(lambda: len(back) == 2)
    assert back[1] is None


def test_one_undo_after_the_other_brings_back_what_was_deleted_before(store: Store) -> None:
    other = store.store.new("Other")
    store.add("before")
    for session in (other, SESSION):
        store.store.delete(session)
    back: list[SessionInfo | None] = []
    for _ in range(3):
        store.store.bring_back(back.append)
    store.turn_until(lambda: len(back) == 3)
    assert [info and info.id for info in back] == [SESSION, other, None]


@pytest.mark.parametrize("remove", [SessionStore.clear, SessionStore.delete])
def test_messages_stay_unread_until_the_disk_has_removed_them(
    store: Store, tmp_path: Path, remove: Callable[[SessionStore, str], None]
) -> None:
    store.arrive("before")
    store.turn_until(lambda: len(store.taken) == 1)
    with no_trash(tmp_path):
        remove(store.store, SESSION)
        store.turn_until(lambda: bool(store.errors))
        assert store.unread.counts == {SESSION: Unread(1, "id of before")}
        store.arrive("after")
    store.turn_until(lambda: len(store.taken) == 2)
    assert store.unread.counts == {SESSION: Unread(1, "id of after")}


def test_a_session_is_named_by_the_first_message_of_a_batch_once(store: Store) -> None:
    session = store.store.new("")
    first = store.store.infos[session]
    assert first.is_untitled
    for text in ("first", "second"):
        message = Message(text, Role.DINGTALK, "Zhang", text, 1.0)
        store.store.arrive(
            session, message, again=False, then=lambda new: store.taken.append(("", new))
        )
    store.turn_until(lambda: len(store.taken) == 2)
    assert store.store.infos[session].title == "first"
    store.store.rename(session, "Given")
    store.store.add(session, Message("third", Role.EDITOR, "You", "third", 1.0))
    store.finish_writing()
    assert store.files.transcripts.load(session).info.title == "Given"
    [listed] = [one for one in store.files.transcripts.list() if one.id == session]
    assert (listed.title, listed.is_untitled) == ("Given", False)
