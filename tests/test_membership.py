"""Joining and leaving the editors of a robot, where timing is hard to meet from outside."""

from __future__ import annotations

import os
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dingbridge.core import inbox, outbox
from dingbridge.core.exchange import News, Words
from dingbridge.core.inbox import Received
from dingbridge.core.messages import (
    Conversation,
    ConversationKind,
    Inbound,
    Outbound,
    Sender,
    Target,
)
from dingbridge.core.outbox import Kind, Put
from dingbridge.core.routing import robot_name
from dingbridge.core.settings import read
from dingbridge.edges.openapi import AccessTokens
from dingbridge.edges.storage.disk import Disk
from dingbridge.edges.storage.lock import Card, OwnerLock
from dingbridge.edges.storage.robot import Gate, files_in
from dingbridge.live import LiveChance
from dingbridge.membership import Barred, LiveExchange, Owned, Search

NOWHERE = "http://127.0.0.1:1"
OPTIONS = read(
    {
        "app_key": "key",
        "app_secret": "s3cr3t",
        "user_id": "zhangsan",
        "endpoint": {"api": NOWHERE, "oapi": NOWHERE},
    },
    {},
)
OFF = read({"enabled": False}, {})
ROBOT = robot_name(OPTIONS)


class Host:
    """A host loop that this test turns by hand, with its disk thread and its membership."""

    def __init__(self, folder: Path) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.errors: list[Exception] = []
        self.news: list[News] = []
        self.joined = threading.Event()
        self.disk = Disk(self.posted.put, self.errors.append)
        self.disk.start()
        self.files = files_in(folder, self.disk)
        self.folder = folder / "dingbridge"
        self.exchange = LiveExchange(
            self.folder,
            self.files,
            AccessTokens(),
            1,
            LiveChance(),
            self.posted.put,
            self.news.append,
            self.joined.set,
        )

    def turn(self) -> None:
        """Run the next thing that was posted."""
        self.posted.get(timeout=10)()

    def turn_until_free(self, lock: OwnerLock) -> None:
        """Run what is posted until the robot can be had by somebody else."""
        end = time.monotonic() + 10
        while not lock.acquire():
            assert time.monotonic() < end, "nobody gave the robot up"
            try:
                self.posted.get(timeout=0.01)()
            except queue.Empty:
                continue

    def stop(self) -> None:
        """Leave, and end the threads."""
        self.exchange.leave()
        self.exchange.wait_until_left(5)
        assert self.disk.finish(5)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path)
    yield made
    made.stop()


def test_who_is_told_to_leave_while_reading_what_was_left_serves_nobody(host: Host) -> None:
    message = Outbound("m1", Target(user_id="zhangsan"), "hello", "title")
    put = outbox.encode(Put(ROBOT, message, Kind.NOTIFICATION, "", time.time()))
    host.files.outbox.append(put)
    host.exchange.configure(OPTIONS)
    busy = threading.Event()
    host.disk.do(busy.wait)
    host.turn()
    host.exchange.configure(OFF)
    busy.set()
    other = OwnerLock(host.folder, ROBOT)
    host.turn_until_free(other)
    card = Card(2, "address", "secret")
    other.write_card(card)
    host.disk.wait(lambda: None)
    while not host.posted.empty():
        host.turn()
    host.disk.wait(lambda: None)
    assert other.read_card() == card
    records, _ = host.files.outbox.read(outbox.decode)
    assert [type(record) for record in records] == [Put]
    assert not host.joined.is_set()
    other.release()


def test_who_is_told_to_leave_before_hearing_that_the_robot_is_its_own_serves_nobody(
    host: Host,
) -> None:
    host.exchange.configure(OPTIONS)
    owned = host.posted.get(timeout=10)
    host.exchange.configure(OFF)
    owned()
    other = OwnerLock(host.folder, ROBOT)
    host.turn_until_free(other)
    assert not host.joined.is_set()
    other.release()


def test_who_is_told_to_leave_before_its_card_is_written_writes_none(host: Host) -> None:
    host.exchange.configure(OPTIONS)
    host.turn()
    started = host.posted.get(timeout=10)
    busy = threading.Event()
    host.disk.do(busy.wait)
    started()
    host.exchange.configure(OFF)
    busy.set()
    other = OwnerLock(host.folder, ROBOT)
    host.turn_until_free(other)
    assert other.read_card() == Card()
    other.release()


def test_an_editor_goes_on_looking_after_the_disk_refused_the_lock(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "dingbridge")
    told: queue.Queue[object] = queue.Queue()
    (tmp_path / "owner-r.lock").mkdir()
    search = Search(OwnerLock(tmp_path, "r"), told.put)
    search.start()
    end = time.monotonic() + 10
    while "no connection to the owner (4 times)" not in caplog.text:
        assert time.monotonic() < end, caplog.text
    (tmp_path / "owner-r.lock").rmdir()
    assert isinstance(told.get(timeout=10), Barred)
    assert told.get(timeout=10) == Owned()
    search.join(5)
    assert "(3 times)" not in caplog.text


def test_a_robot_that_was_set_up_for_a_moment_can_be_used_by_others(host: Host) -> None:
    for _ in range(40):
        host.exchange.configure(OPTIONS)
        host.exchange.configure(OFF)
    host.turn_until_free(OwnerLock(host.folder, ROBOT))


def test_a_folder_that_cannot_be_written_is_told_once_and_tried_until_it_can(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "dingbridge")
    host.folder.write_bytes(b"")
    host.exchange.configure(OPTIONS)
    end = time.monotonic() + 10
    while "no connection to the owner (4 times)" not in caplog.text:
        assert time.monotonic() < end, caplog.text
    host.folder.unlink()
    while not host.joined.is_set():
        host.turn()
    told = [news for news in host.news if isinstance(news, Words)]
    assert [news.level for news in told] == ["error"]
    assert str(host.folder) in told[0].text
    assert "goes on by itself" in told[0].text


@pytest.mark.skipif(os.name != "posix", reason="other systems have no socket files")
def test_an_owner_that_could_open_no_socket_says_so_once_and_opens_one_when_it_can(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="db-") as folder:
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        in_the_way = Path(folder, f"dingbridge-{os.geteuid()}")
        in_the_way.touch()
        host.exchange.configure(OPTIONS)
        while not host.joined.is_set():
            host.turn()
        host.disk.wait(lambda: None)
        lock = OwnerLock(host.folder, ROBOT)
        assert (lock.read_card().pid, lock.read_card().address) == (1, "")
        in_the_way.unlink()
        while not lock.read_card().address:
            host.turn()
            host.disk.wait(lambda: None)
        told = [news.text for news in host.news if isinstance(news, Words)]
        assert [text for text in told if "cannot attach" in text] == told[:1]
        host.exchange.configure(OFF)
        host.exchange.wait_until_left(5)


def test_nothing_is_acked_once_the_next_owner_has_read_what_is_there(host: Host) -> None:
    sender = Sender("s", "x", "Zhang San")
    conversation = Conversation("c", ConversationKind.SINGLE)
    inbound = Inbound("1", "robot", conversation, sender, False, "text", "hello", 1.0)
    gate = Gate(host.files)
    gate.record(Received("key", "robot/1", inbound, time.time()))
    gate.close()
    with pytest.raises(OSError, match="does not hold the link"):
        gate.record(Received("key", "robot/2", inbound, time.time()))
    records, _ = host.files.inbox.read(inbox.decode)
    assert [record.key for record in records if isinstance(record, Received)] == ["robot/1"]
