"""The ids of the messages of a day stand in the inbox, and cost nothing while they do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from dingbridge.core.dingtalk.limits import SEEN_SECONDS
from dingbridge.core.messages import Conversation, ConversationKind, Inbound, Sender
from dingbridge.core.sessions import inbox
from dingbridge.core.sessions.inbox import Received
from dingbridge.edges.storage.journal import Journal
from dingbridge.edges.storage.robot_files import RobotFiles, SharedFiles, StreamGate, files_in
from dingbridge.edges.storage.worker import Worker

ROBOT = "robot"


@pytest.fixture
def files(tmp_path: Path) -> Iterator[SharedFiles]:
    disk = Worker(lambda work: work(), lambda error: None)
    disk.start()
    yield files_in(tmp_path, disk)
    disk.finish(5)


def seen_ids(count: int) -> dict[str, float]:
    return {f"robot/seen-{number}": time.time() for number in range(count)}


def test_the_ids_that_0_1_left_in_the_state_file_are_moved_to_the_inbox_once(
    files: SharedFiles,
) -> None:
    seen = {**seen_ids(3), "robot/old": time.time() - SEEN_SECONDS}
    files.state.update(lambda state: structs.replace(state, seen=seen))
    for _ in range(2):
        left = RobotFiles(files, ROBOT, "app").read()
        assert {key for key in left.seen if key != "robot/old"} == set(seen_ids(3))
        assert files.state.read()[0].seen == {}
        records, _damaged = files.inbox.read(inbox.decode)
        assert set(inbox.times(records)) == set(seen_ids(3))


def test_ids_that_a_neovim_of_0_1_dropped_from_the_inbox_are_put_back(files: SharedFiles) -> None:
    robot_files = RobotFiles(files, ROBOT, "app")
    robot_files.compact(seen_ids(3))
    files.inbox.rewrite(lambda lines: [])
    robot_files.compact(seen_ids(3))
    assert set(robot_files.read().seen) == set(seen_ids(3))


def received(key: str) -> Received:
    conversation = Conversation("c", ConversationKind.SINGLE)
    sender = Sender("s", "x", "Zhang San")
    inbound = Inbound(key, "robot", conversation, sender, False, "text", "hello", 1.0)
    return Received("app", key, inbound, time.time())


def test_a_message_costs_no_more_when_fifty_thousand_were_seen(
    files: SharedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrites = 0
    rewrite = Journal.rewrite

    def counted(*arguments: Any) -> None:
        nonlocal rewrites
        rewrites += 1
        rewrite(*arguments)

    robot_files = RobotFiles(files, ROBOT, "app")
    robot_files.compact(seen_ids(50_000))
    monkeypatch.setattr(Journal, "rewrite", counted)
    gate = StreamGate(files)
    before = files.inbox.mark()
    for first in range(0, 3000, 100):
        keys = [f"robot/{number}" for number in range(first, first + 100)]
        gate.record([received(key) for key in keys])
        robot_files.append_inbox(*(inbox.encode(inbox.Handed(key)) for key in keys), sync=False)
    assert rewrites == 0
    assert files.inbox.mark()[0] == before[0]
    assert files.inbox.mark()[1] - before[1] < 3000 * 1000
    # It is made short once it has grown by as much as it held.
    filler = inbox.encode(inbox.Handed("x" * before[1]))
    robot_files.append_inbox(filler, sync=False)
    robot_files.append_inbox(inbox.encode(inbox.Handed("robot/1")), sync=False)
    assert rewrites == 1
