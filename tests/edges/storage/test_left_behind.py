"""What an editor that leaves writes into the journal itself is sent by the service that lives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from dingbridge.core.delivery import outbox_records
from dingbridge.core.delivery.outbox_records import Done, Merged, OutboxRecord, Purpose, Queued
from dingbridge.core.messages import Delivery, Message, Outbound, Role, Target
from dingbridge.core.sessions.transcript import DeliveryLine, Entry
from dingbridge.edges.storage.robot_files import RobotFiles, SharedFiles, files_in
from dingbridge.edges.storage.worker import Worker

TARGET = Target(user_id="u")


def put(name: str, robot: str = "a") -> Queued:
    return Queued(robot, Outbound(name, TARGET, "hello"), Purpose.REPLY, "", time.time())


@pytest.fixture
def files(tmp_path: Path) -> Iterator[SharedFiles]:
    disk = Worker(lambda work: work(), lambda error: None)
    disk.start()
    yield files_in(tmp_path, disk)
    disk.finish(5)


def write(files: SharedFiles, *records: OutboxRecord) -> None:
    """Another editor writes these."""
    files.outbox.append(*(outbox_records.encode(record) for record in records))


def found(mine: RobotFiles) -> list[str]:
    return [put.outbound.id for put in mine.look()]


def test_what_another_editor_wrote_is_found_once_among_the_owners_own(files: SharedFiles) -> None:
    mine = RobotFiles(files, "a", "app")
    mine.read()
    assert found(mine) == []
    mine.append(put("own"))
    write(files, put("left"))
    mine.append(Done("nothing", 1.0))
    assert found(mine) == ["own", "left"]
    assert found(mine) == []


def test_what_the_owner_writes_itself_makes_it_read_nothing(files: SharedFiles) -> None:
    mine = RobotFiles(files, "a", "app")
    write(files, put("before"))
    assert found(mine) == ["before"]
    for n in range(3):
        mine.append(put(f"own{n}"))
        assert found(mine) == []


def test_only_what_waits_for_the_same_robot_is_found(files: SharedFiles) -> None:
    mine = RobotFiles(files, "a", "app")
    write(files, put("done"), put("others", "b"), put("m1"), put("m2"), put("left"))
    write(files, Done("done", time.time()), Merged(("m1", "m2"), Outbound("m1+2", Target(), "x")))
    assert found(mine) == ["left"]


@pytest.mark.parametrize("robot", ["a", "b"])
def test_it_is_found_though_the_journal_was_made_short_meanwhile(
    files: SharedFiles, robot: str
) -> None:
    mine = RobotFiles(files, "a", "app")
    write(files, *(put(f"m{n}", robot) for n in range(5)))
    write(files, *(Done(f"m{n}", 1.0) for n in range(5)))
    mine.look()
    write(files, put("left"))
    RobotFiles(files, robot, "app").compact({})
    assert found(mine) == ["left"]


def test_a_journal_that_was_made_short_is_another_one_also_at_the_same_size(
    files: SharedFiles,
) -> None:
    mine = RobotFiles(files, "a", "app")
    write(files, *(put(f"m{n}") for n in range(5)))
    write(files, *(Done(f"m{n}", 1.0) for n in range(5)))
    mine.look()
    _, size = files.outbox.mark()
    write(files, put("left"))
    RobotFiles(files, "a", "app").compact({})
    filler = put("x", "b")
    missing = size - files.outbox.mark()[1] - len(outbox_records.encode(filler)) - 1
    write(files, structs.replace(filler, outbound=Outbound("x" * (missing + 1), TARGET, "hello")))
    assert files.outbox.mark()[1] == size
    assert found(mine) == ["left"]


def test_the_end_in_a_transcript_and_the_messages_of_another_robot_are_found(
    files: SharedFiles,
) -> None:
    mine = RobotFiles(files, "a", "app")
    write(files, put("others", "b"), put("not asked", "b"), put("mine"))
    for name in ("sent", "waits", "mine", "also not asked"):
        message = Message(name, Role.EDITOR, "You", "hello", 1.0, Delivery.QUEUED)
        files.transcripts.append("s1", Entry(message=message))
    for name in ("sent", "also not asked"):
        files.transcripts.append("s1", Entry(fate=DeliveryLine(name, Delivery.SENT)))
    others, ended = mine.traces("s1", {"others", "sent", "waits", "mine", "nowhere"})
    assert others == {"others"}
    assert [(one.id, one.delivery) for one in ended] == [("sent", Delivery.SENT)]
    assert mine.traces("", {"others", "sent"}) == ({"others"}, ())


def test_a_message_whose_end_only_the_journal_knows_shows_it_in_its_session(
    files: SharedFiles,
) -> None:
    message = Message("m1", Role.EDITOR, "You", "hello", 1.0, Delivery.QUEUED)
    files.transcripts.append("s1", Entry(message=message))
    write(files, structs.replace(put("m1"), session="s1"), Done("m1", time.time()))
    RobotFiles(files, "a", "app").read()
    files.disk.wait(lambda: None)
    assert [one.delivery for one in files.transcripts.load("s1").messages] == [Delivery.SENT]
