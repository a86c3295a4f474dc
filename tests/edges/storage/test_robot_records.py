"""What the service writes of a robot to disk: in bursts, and on a disk that refuses."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dingbridge.core.delivery import outbox_records
from dingbridge.core.delivery.outbox_records import Dropped, Purpose, Queued
from dingbridge.core.messages import Outbound, Target
from dingbridge.core.sessions import inbox
from dingbridge.edges.storage.robot_files import RobotFiles, SharedFiles, files_in
from dingbridge.edges.storage.robot_records import RobotRecords
from dingbridge.edges.storage.worker import Worker
from tests.support.disk import noted_syncs, out_of_reach
from tests.support.processes import until

MANY = 200


class DrivenRecords:
    """A robot's records, behind a disk thread and a host loop that the test turns by hand."""

    def __init__(self, folder: Path) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.errors: list[Exception] = []
        self.disk = Worker(self.posted.put, self.errors.append)
        self.disk.start()
        self.files: SharedFiles = files_in(folder, self.disk)
        robot_files = RobotFiles(self.files, "r", "app")
        self.records = RobotRecords(self.files, robot_files, lambda _: None, self.posted.put)
        self.accepted: list[str] = []

    def accept(self, name: str) -> None:
        """Ask for a message to be written down."""
        put = Queued(
            "r", Outbound(name, Target(user_id="u"), "text", "title"), Purpose.REPLY, "", 1.0
        )
        self.records.outbox(put, lambda: self.accepted.append(name))

    def turn_until(self, done: Callable[[], bool]) -> None:
        """Run what is posted until `done`."""
        while not done():
            self.posted.get(timeout=10)()

    def written(self) -> list[str]:
        """The ids in the journal."""
        records, damaged = self.files.outbox.read(outbox_records.decode)
        assert damaged == 0
        return [
            one.outbound.id if isinstance(one, Queued) else f"-{one.id}"
            for one in records
            if isinstance(one, Queued | Dropped)
        ]


@pytest.fixture
def robot(tmp_path: Path) -> Iterator[DrivenRecords]:
    made = DrivenRecords(tmp_path)
    yield made
    assert made.disk.finish(5)


def test_a_burst_of_messages_is_on_the_disk_with_few_writes_and_in_order(
    robot: DrivenRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = noted_syncs(monkeypatch, lambda: None)
    busy = threading.Event()
    robot.disk.do(busy.wait)
    names = [f"m{number}" for number in range(MANY)]
    for name in names:
        robot.accept(name)
    busy.set()
    robot.turn_until(lambda: len(robot.accepted) == MANY)
    assert robot.accepted == names
    assert robot.written() == names
    assert len(writes) < MANY / 10


def test_a_burst_that_the_disk_refused_is_written_once_and_in_order(
    robot: DrivenRecords, tmp_path: Path
) -> None:
    with out_of_reach(tmp_path / "chat-dingtalk-outbox.jsonl"):
        robot.accept("m1")
        robot.accept("m2")
        robot.turn_until(lambda: bool(robot.errors))
        robot.accept("m3")
        assert robot.accepted == []
    robot.turn_until(lambda: len(robot.accepted) == 3)
    assert robot.accepted == ["m1", "m2", "m3"]
    assert robot.written() == ["m1", "m2", "m3"]


def test_what_the_sender_writes_is_there_at_once_and_synced_within_a_moment(
    robot: DrivenRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs = noted_syncs(monkeypatch, lambda: None)
    robot.records.append(Dropped("m0", 1.0), sync=True)
    at_once = len(syncs)
    assert at_once > 0
    for number in range(MANY):
        robot.records.append(Dropped(f"m{number}", 1.0), sync=False)
    assert len(robot.written()) == MANY + 1
    assert len(syncs) < at_once + MANY / 10
    until(lambda: len(syncs) > at_once, "what was written is synced")


def test_before_anybody_is_asked_for_an_answer_that_is_on_the_disk_with_one_sync_for_a_turn(
    robot: DrivenRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs = noted_syncs(monkeypatch, lambda: None)
    at: list[int] = []
    for number in range(MANY):
        robot.records.asked(f"r {number}", "s", "program", lambda: at.append(len(syncs)))
    robot.turn_until(lambda: len(at) == MANY)
    assert {*at} == {1}
    assert robot.files.inbox.read(inbox.decode)[1] == 0


def test_a_command_from_a_phone_is_on_the_disk_before_it_is_carried_out(
    robot: DrivenRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs = noted_syncs(monkeypatch, lambda: None)
    at: list[int] = []
    robot.records.routed("r 1", "s", lambda: at.append(len(syncs)))
    robot.turn_until(lambda: bool(at))
    assert at == [1]
