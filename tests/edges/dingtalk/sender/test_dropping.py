"""A message that the user drops leaves once or not at all, whatever the queue does at that moment.

The platform and the journal are played by recordings: each of their calls is a moment at which the
user may drop a message.
"""

from __future__ import annotations

import errno
import json
import threading
import time
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.core.delivery import outbox
from dingbridge.core.delivery.outbox import Outbox, QueuedMessage
from dingbridge.core.delivery.outbox_records import (
    Done,
    Dropped,
    Failed,
    OutboxRecord,
    Purpose,
    Queued,
)
from dingbridge.core.delivery.rate_limit import Paced, RateLimit
from dingbridge.core.delivery.send_queue import SEPARATOR
from dingbridge.core.delivery.sender_events import SenderEvent
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.limits import ROBOT_WINDOW
from dingbridge.core.errors import Retryable
from dingbridge.core.messages import Delivery, DeliveryReport, Outbound, Target
from dingbridge.core.options.settings import read
from dingbridge.edges.dingtalk.openapi import AccessToken
from dingbridge.edges.dingtalk.sender import RobotClient, RobotSender

OPTIONS = {"webhook": "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"}
PATIENCE = 20.0
"""Seconds for a queue that has everything it needs."""


class Run:
    """A queue with a few messages, the user who drops some of them, and what left.

    `drops` are the messages that the user drops at each moment, by their numbers; `refused` are the
    posts that the platform refuses for good, by theirs.
    """

    def __init__(
        self, count: int, drops: list[list[int]], refused: set[int], sent: int, ago: float = 0.0
    ) -> None:
        self.records: list[OutboxRecord] = []
        self.arrived: list[str] = []
        self.names = [f"m{n}" for n in range(count)]
        self._drops = iter(drops)
        self._refused = refused
        self._posts = 0
        self._settled = threading.Event()
        # So many of the 20 a minute are gone: what is too much for the rest is merged.
        pace = RateLimit.restore(Paced({"webhook": (time.time() - ago,) * sent}), lambda: 0.0)
        client = RobotClient(read(OPTIONS, {}), self, AccessToken())
        self._sender = RobotSender(lambda: client, self._hear, self, pace)
        for name in self.names:
            put = Queued(
                "r", Outbound(name, Target(), f"text of {name}"), Purpose.NOTIFICATION, "", 1.0
            )
            self.records.append(put)
            self._sender.put(QueuedMessage("r", put.outbound, put.kind, "", 1.0))

    def go(self) -> Outbox:
        """Send, and drop at the moments."""
        self._moment()
        self._sender.start()
        return self.settle()

    def settle(self) -> Outbox:
        """The outbox once nothing waits any more."""
        settled = self._settled.wait(PATIENCE)
        self._sender.stop()
        self._sender.join(PATIENCE)
        assert settled, self.records
        return outbox.fold(self.records)

    def texts(self) -> list[str]:
        """What arrived, taken apart again."""
        return sorted(text for whole in self.arrived for text in whole.split(SEPARATOR))

    # --- its ports: the log of attempts, the poster, and what the queue tells ---

    def record(self, record: OutboxRecord, *, sync: bool = False) -> None:
        self._moment()
        self.records.append(record)
        self._moment()

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        self._moment()
        number, self._posts = self._posts, self._posts + 1
        if number in self._refused:
            answer = HttpAnswer(200, b'{"errcode":430104,"errmsg":"improper content"}')
        else:
            self.arrived.append(json.loads(body)["markdown"]["text"])
            answer = HttpAnswer(200, b'{"errcode":0,"errmsg":"ok"}')
        self._moment()
        return answer

    def _hear(self, event: SenderEvent) -> None:
        self._moment()

    def _moment(self) -> None:
        for number in next(self._drops, []):
            name = self.names[number % len(self.names)]
            if self._sender.drop(name):
                self.records.append(Dropped(name, 2.0))
        if not outbox.fold(self.records).waiting:
            self._settled.set()


@settings(max_examples=150)
@given(
    st.integers(1, 5),
    st.lists(st.lists(st.integers(0, 4), max_size=2), max_size=12),
    st.sets(st.integers(0, 3)),
    st.sampled_from([0, 18]),
)
def test_whenever_a_message_is_dropped_it_arrives_or_is_dropped_or_failed_and_only_one_of_these(
    count: int, drops: list[list[int]], refused: set[int], sent: int
) -> None:
    # What is refused as one goes out again one by one, as soon as there is room for that.
    run = Run(count, drops, refused, sent, ago=ROBOT_WINDOW - 0.2)
    box = run.go()
    failed = {one.id for letter in box.dead.values() for one in letter.waiting.everyone()}
    delivered = [name for name in run.names if name in box.done and name not in box.dropped]
    assert run.texts() == sorted(f"text of {name}" for name in delivered)
    assert {*delivered, *failed, *box.dropped} == set(run.names)
    assert not failed & {*delivered, *box.dropped}


def test_what_was_dropped_before_the_others_went_out_as_one_is_not_among_them() -> None:
    run = Run(4, [[0]], set(), sent=18)
    box = run.go()
    assert run.texts() == ["text of m1", "text of m2", "text of m3"]
    assert box.dropped == {"m0"}


def test_a_part_of_what_goes_out_as_one_is_not_taken_out_of_it() -> None:
    # From the second moment on the queue writes down that it has merged them.
    run = Run(4, [[], [0], [1], [2]], set(), sent=18)
    box = run.go()
    assert run.arrived == [SEPARATOR.join(f"text of {name}" for name in run.names)]
    assert not box.dropped
    assert set(run.names) <= set(box.done)


def test_a_message_that_was_taken_is_done_though_it_was_dropped_at_that_moment() -> None:
    run = Run(1, [[], [], [], [], [], [0]], set(), sent=0)
    box = run.go()
    assert run.arrived == ["text of m0"]
    assert isinstance(run.records[-1], Done)
    assert not box.dropped


def test_a_message_that_is_dropped_while_it_is_refused_does_not_fail() -> None:
    run = Run(1, [[], [], [], [], [], [0]], {0}, sent=0)
    box = run.go()
    assert box.dropped == {"m0"}
    assert not [record for record in run.records if isinstance(record, Failed)]


class RefusingRun(Run):
    """One message, which the user drops during its request. That has no answer, and from then on
    the disk refuses records, until `accept`."""

    def __init__(self) -> None:
        super().__init__(1, [], set(), sent=0)
        self.requests = 0
        self._refuses = False
        self._is_queued_again = threading.Event()

    def until_refused(self) -> None:
        """Run until the message is queued again."""
        self._sender.start()
        assert self._is_queued_again.wait(PATIENCE)

    def accept(self) -> None:
        """The disk accepts records again."""
        self._refuses = False
        self._sender.drop("another")  # so that the queue looks again

    def drop(self) -> bool:
        """The user drops the message once more."""
        return self._sender.drop("m0")

    def end(self) -> tuple[str, ...]:
        """The service ends. Returns what it has to record as dropped."""
        self._sender.stop()
        self._sender.join(PATIENCE)
        return self._sender.given_up()

    def record(self, record: OutboxRecord, *, sync: bool = False) -> None:
        if self._refuses:
            raise OSError(errno.ENOSPC, "no space left")
        super().record(record, sync=sync)

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        self.requests += 1
        self._sender.drop("m0")
        self._refuses = True
        raise Retryable("no answer", may_have_arrived=True)

    def _hear(self, event: SenderEvent) -> None:
        if isinstance(event, DeliveryReport) and event.delivery is Delivery.RETRYING:
            self._is_queued_again.set()


def test_what_was_dropped_on_its_way_while_the_disk_refused_that_is_not_sent_again() -> None:
    run = RefusingRun()
    run.until_refused()
    run.accept()
    assert run.settle().dropped == {"m0"}
    assert run.requests == 1
    assert run.end() == ()


def test_what_was_dropped_while_the_disk_refused_that_is_recorded_by_the_service_as_it_ends() -> (
    None
):
    run = RefusingRun()
    run.until_refused()
    assert run.end() == ("m0",)


def test_what_was_dropped_while_the_disk_refused_that_can_be_dropped_once_more() -> None:
    run = RefusingRun()
    run.until_refused()
    assert run.drop()
    assert run.end() == ()
