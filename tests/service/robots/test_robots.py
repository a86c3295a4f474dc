"""A robot is taken up and given up inside a service, where timing is hard to meet from outside."""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.delivery import outbox_records
from dingbridge.core.delivery.outbox_records import Purpose, Queued
from dingbridge.core.delivery.routing import robot_name
from dingbridge.core.messages import (
    Conversation,
    ConversationKind,
    Inbound,
    Outbound,
    Sender,
    Target,
)
from dingbridge.core.options.declarations import Options
from dingbridge.core.options.settings import read
from dingbridge.core.sessions import inbox
from dingbridge.core.sessions.inbox import Received
from dingbridge.edges.dingtalk.openapi import AccessTokens
from dingbridge.edges.programs.process_identity import born
from dingbridge.edges.storage.card import OwnerCard
from dingbridge.edges.storage.data_paths import robots_folder
from dingbridge.edges.storage.owner_lock import OwnerLock
from dingbridge.edges.storage.robot_files import StreamGate, files_in
from dingbridge.edges.storage.worker import Worker
from dingbridge.service import periodic
from dingbridge.service.adapters import SystemRuntime
from dingbridge.service.approvals.approvals import Approvals
from dingbridge.service.editors.robot_membership import RobotMembership
from dingbridge.service.robots.robot_lock import (
    REPORT_AFTER,
    REPORT_UNKNOWN_AFTER,
    TRY_AFTER,
)
from dingbridge.service.robots.robot_news import DeliveryUpdate, News, Notice
from dingbridge.service.robots.robot_requests import Hello, SendMessage, ShowOutbox
from dingbridge.service.robots.robot_resources import RobotResources
from dingbridge.service.robots.robots import Robots
from tests.support import processes

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


class _Timed(asyncio.SelectorEventLoop):
    """Notes for how long something is put off."""

    def __init__(self, pauses: list[float]) -> None:
        super().__init__()
        self._pauses = pauses

    def call_later(  # type: ignore[override]  # whatever else it is given is passed on
        self, delay: float, *args: Any, **kwargs: Any
    ) -> asyncio.TimerHandle:
        self._pauses.append(delay)
        return super().call_later(delay, *args, **kwargs)


class _Clock(SystemRuntime):
    """A clock that a test can put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        """Unix seconds."""
        return super().now() + self.ahead


class Loop:
    """A service's loop that this test turns by hand, with its disk thread and one editor."""

    def __init__(self, data: Path) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.errors: list[Exception] = []
        self.news: list[News] = []
        self.joins = 0
        self.emptied = 0
        self.pauses: list[float] = []
        self._asyncio = _Timed(self.pauses)
        self.disk = Worker(self.posted.put, self.errors.append)
        self.disk.start()
        self.folder = data / "dingbridge"
        self.files = files_in(data, self.disk)
        self.clock = _Clock()
        post = self.posted.put
        self.approvals = Approvals(self.clock, periodic.later(post))
        tokens = AccessTokens()
        resources = RobotResources(data, self.files, tokens, self.clock, post, self.approvals)
        self.robots = Robots(resources, self._empty)
        self.pid, self.set_up_at = 1, 0.0
        self.editor = RobotMembership(self.robots, "default", self)

    def attends(self, session: str) -> tuple[bool, float]:
        return False, 0.0

    def heard(self, account: str, news: News) -> None:
        self.news.append(news)

    def joined(self, account: str) -> None:
        self.joins += 1

    def _empty(self) -> None:
        self.emptied += 1

    def run(self, call: Callable[[], None]) -> None:
        """Run something on the loop, and what has become due there."""

        async def step() -> None:
            call()
            await asyncio.sleep(0)

        self._asyncio.run_until_complete(step())

    def configure(self, options: Options) -> None:
        """The editor uses these options from now on."""

        def configure() -> None:
            assert self.editor.configure(options) is None

        self.run(configure)

    def turn(self) -> None:
        """Run the next thing that was posted."""
        self.run(self.posted.get(timeout=10))

    def turn_until(self, look: Callable[[], bool], want: str) -> None:
        """Run what is posted, and what is due, until something is true."""
        end = time.monotonic() + 10
        while not look():
            assert time.monotonic() < end, want
            try:
                self.run(self.posted.get(timeout=0.005))
            except queue.Empty:
                self.run(lambda: None)

    def told(self) -> list[Notice]:
        """The notices that the user got."""
        return [news for news in self.news if isinstance(news, Notice)]

    def stop(self) -> None:
        """Leave, and end the threads."""
        self.run(lambda: self.editor.leave(at_once=True))
        self.robots.wait_until_ended(5)
        assert self.disk.finish(5)
        self._asyncio.close()


@pytest.fixture(autouse=True)
def _state_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    made = Loop(tmp_path / "data")
    yield made
    made.stop()


@pytest.fixture
def other() -> Iterator[OwnerLock]:
    """The robot's lock as a service of another data folder takes it."""
    lock = OwnerLock(robots_folder(), ROBOT)
    yield lock
    lock.release()


def test_a_minute_with_an_open_link_begins_when_neovim_is_left_and_not_when_its_program_ends(
    loop: Loop,
) -> None:
    loop.robots.linger = 60.0
    loop.configure(OPTIONS)
    loop.turn_until(lambda: loop.joins == 1, "a service")
    loop.run(loop.editor.retire)
    loop.clock.ahead = 61.0
    loop.run(lambda: loop.editor.leave(at_once=False))
    loop.turn_until(lambda: loop.emptied == 1, "its end")


def test_a_robot_that_is_given_up_while_what_was_left_is_read_is_served_by_nobody(
    loop: Loop, other: OwnerLock
) -> None:
    message = Outbound("m1", Target(user_id="zhangsan"), "hello", "title")
    put = outbox_records.encode(Queued(ROBOT, message, Purpose.NOTIFICATION, "", time.time()))
    loop.files.outbox.append(put)
    loop.configure(OPTIONS)
    busy = threading.Event()
    loop.disk.do(busy.wait)
    loop.turn()
    loop.configure(OFF)
    busy.set()
    loop.turn_until(other.acquire, "the robot's lock is free")
    card = OwnerCard(2, data="elsewhere")
    other.write_card(card)
    loop.disk.wait(lambda: None)
    while not loop.posted.empty():
        loop.turn()
    loop.disk.wait(lambda: None)
    assert other.read_card() == card
    records, _ = loop.files.outbox.read(outbox_records.decode)
    assert [type(record) for record in records] == [Queued]
    assert (loop.joins, loop.emptied) == (0, 1)
    assert not loop.editor.notify(ShowOutbox())


def test_what_stays_behind_with_a_robot_is_counted_once_from_when_it_is_asked_for(
    loop: Loop,
) -> None:
    loop.configure(OPTIONS)
    loop.turn_until(lambda: loop.joins == 1, "a robot that can be used")
    message = Outbound("m1", Target(user_id="zhangsan"), "hello", "title")
    ask = SendMessage(message, Purpose.NOTIFICATION, "")
    assert loop.editor.notify(Hello(1, "/"))
    assert loop.editor.notify(ask)
    assert loop.editor.left_behind((ask,)) == 1
    loop.turn_until(
        lambda: any(isinstance(news, DeliveryUpdate) for news in loop.news), "it is accepted"
    )
    assert loop.editor.left_behind((ask,)) == loop.editor.left_behind(()) == 1
    other = RobotMembership(loop.robots, "default", loop)
    assert other.configure(OPTIONS) is None
    assert loop.editor.left_behind(()) == 0
    loop.run(lambda: other.leave(at_once=True))


def test_a_robot_that_is_given_up_before_its_lock_was_seen_to_be_ours_is_served_by_nobody(
    loop: Loop, other: OwnerLock
) -> None:
    loop.configure(OPTIONS)
    tried = loop.posted.get(timeout=10)
    loop.configure(OFF)
    loop.run(tried)
    loop.turn_until(other.acquire, "the robot's lock is free")
    assert (loop.joins, loop.emptied) == (0, 1)


def test_who_holds_a_robot_is_written_down_only_while_it_is_held(
    loop: Loop, other: OwnerLock
) -> None:
    loop.configure(OPTIONS)
    loop.turn()
    started = loop.posted.get(timeout=10)
    busy = threading.Event()
    loop.disk.do(busy.wait)
    loop.run(started)
    loop.configure(OFF)
    busy.set()
    loop.turn_until(other.acquire, "the robot's lock is free")
    card = OwnerCard(2, data="elsewhere")
    other.write_card(card)
    loop.disk.wait(lambda: None)
    assert other.read_card() == card


def test_a_robot_that_was_set_up_for_a_moment_can_be_used_by_others(
    loop: Loop, other: OwnerLock
) -> None:
    for _ in range(40):
        loop.configure(OPTIONS)
        loop.configure(OFF)
    loop.turn_until(other.acquire, "the robot's lock is free")
    assert loop.robots.is_empty


def test_a_robot_that_is_set_up_again_while_it_is_given_up_is_served_again(loop: Loop) -> None:
    loop.configure(OPTIONS)
    loop.turn_until(lambda: loop.joins == 1, "the editor has joined")
    loop.configure(OFF)
    assert not loop.editor.notify(ShowOutbox())
    loop.configure(OPTIONS)
    loop.turn_until(lambda: loop.joins == 2, "the editor has joined again")
    # What is said before hello would be lost.
    assert not loop.editor.notify(ShowOutbox())
    assert loop.editor.notify(Hello(1, "/"))
    assert loop.editor.notify(ShowOutbox())
    assert loop.told() == []


@pytest.mark.parametrize("in_the_way", ["a folder is its file", "its folder is a file"])
def test_a_lock_that_the_disk_refuses_is_told_once_and_tried_until_it_can_be_had(
    loop: Loop, in_the_way: str
) -> None:
    folder = robots_folder()
    if in_the_way == "a folder is its file":
        wrong = folder / f"owner-{ROBOT}.lock"
        wrong.mkdir(parents=True)
    else:
        wrong = folder
        wrong.parent.mkdir(parents=True)
        wrong.touch()
    loop.configure(OPTIONS)
    loop.turn_until(lambda: bool(loop.told()), "the user is told")
    loop.turn_until(lambda: len(loop.pauses) == 5, "it is tried again")
    if wrong.is_dir():
        wrong.rmdir()
    else:
        wrong.unlink()
    loop.turn_until(lambda: loop.joins == 1, "the editor has joined")
    # A disk that refuses is not asked all the time.
    assert loop.pauses[:5] == [*TRY_AFTER, TRY_AFTER[-1]]
    [told] = loop.told()
    assert told.level == "error"
    assert str(wrong) in told.text
    assert "goes on then" in told.text


@pytest.mark.parametrize(
    "holder", ["another data folder", "dingbridge notify", "a Neovim that runs 0.1"]
)
def test_who_holds_a_robot_is_named_once_and_it_is_taken_when_that_is_gone(
    loop: Loop, holder: str
) -> None:
    is_old = holder == "a Neovim that runs 0.1"
    lock = OwnerLock(loop.folder if is_old else robots_folder(), ROBOT)
    process = os.getpid()
    card = {
        "another data folder": OwnerCard(
            process, born=born(process), data="/elsewhere", holder="service"
        ),
        "dingbridge notify": OwnerCard(process, born=born(process), holder="notify"),
        "a Neovim that runs 0.1": OwnerCard(process, "/a/socket", "its-secret"),
    }[holder]
    assert lock.acquire(card)
    loop.configure(OPTIONS)
    loop.turn_until(lambda: bool(loop.told()), "the user is told")
    loop.turn_until(lambda: len(loop.pauses) == REPORT_AFTER + 2, "it is tried again")
    assert loop.joins == 0
    lock.release()
    loop.turn_until(lambda: loop.joins == 1, "the editor has joined")
    [told] = loop.told()
    assert f"(process {process}" in told.text
    parts = {"another data folder": "/elsewhere", "a Neovim that runs 0.1": "dingbridge 0.1"}
    assert parts.get(holder, holder) in told.text
    assert "its-secret" not in told.text


@pytest.mark.parametrize("left", ["no card", "a service's card", "a card of 0.1"])
def test_nobody_is_named_who_is_not_known_to_hold_the_robot(loop: Loop, left: str) -> None:
    """Somebody has just taken the lock: what stands there is what the one before him wrote."""
    ended = processes.run([sys.executable, "-c", "import os; print(os.getpid())"])
    lock = OwnerLock(loop.folder, ROBOT)
    assert lock.acquire()
    if left != "no card":
        old = left == "a card of 0.1"
        lock.write_card(
            OwnerCard(int(ended.stdout))
            if old
            else OwnerCard(
                os.getpid(), born="long ago", data=str(loop.folder.parent), holder="service"
            )
        )
    loop.configure(OPTIONS)
    loop.turn_until(lambda: len(loop.pauses) == REPORT_AFTER + 2, "it is tried again")
    assert loop.told() == []
    # When that lasts, the user has to know all the same.
    loop.turn_until(lambda: bool(loop.told()), "the user is told")
    assert "not known here" in loop.told()[0].text
    assert len(loop.pauses) >= REPORT_UNKNOWN_AFTER
    lock.release()


def test_who_holds_a_robot_is_written_down_before_it_counts_as_held(
    loop: Loop, other: OwnerLock
) -> None:
    loop.configure(OPTIONS)
    loop.posted.get(timeout=10)  # the lock is ours, and nothing more has been done
    card = other.read_card()
    assert (card.pid, card.holder) == (os.getpid(), "service")
    assert card.data == str(loop.folder.parent)
    assert not other.acquire()


def test_a_robot_whose_lock_was_tried_often_is_free_once_it_is_given_up(
    loop: Loop, other: OwnerLock
) -> None:
    old = OwnerLock(loop.folder, ROBOT)
    assert old.acquire(OwnerCard(os.getpid()))
    loop.configure(OPTIONS)
    # Meanwhile the other lock is ours.
    loop.turn_until(lambda: len(loop.pauses) == 4, "it is tried again")
    assert not other.acquire()
    loop.configure(OFF)
    loop.turn_until(other.acquire, "the robot's lock is free")
    old.release()


def test_nothing_is_acked_once_the_next_owner_has_read_what_is_there(loop: Loop) -> None:
    sender = Sender("s", "x", "Zhang San")
    conversation = Conversation("c", ConversationKind.SINGLE)
    inbound = Inbound("1", "robot", conversation, sender, False, "text", "hello", 1.0)
    gate = StreamGate(loop.files)
    gate.record([Received("key", "robot/1", inbound, time.time())])
    gate.close()
    with pytest.raises(OSError, match="has given this robot up"):
        gate.record([Received("key", "robot/2", inbound, time.time())])
    records, _ = loop.files.inbox.read(inbox.decode)
    assert [record.key for record in records if isinstance(record, Received)] == ["robot/1"]
