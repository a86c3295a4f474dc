"""After a restart a robot is as slow as DingTalk has to have it: the journal tells how slow."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from dingbridge.core.delivery import outbox, outbox_records
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox_journal import shortened
from dingbridge.core.delivery.outbox_records import (
    Done,
    Failed,
    OutboxRecord,
    Purpose,
    Queued,
    Sent,
)
from dingbridge.core.delivery.rate_limit import Hold, Paced
from dingbridge.core.delivery.restored_rate import rate_limit_of
from dingbridge.core.delivery.routing import Route
from dingbridge.core.dingtalk.limits import ROBOT_MESSAGES, ROBOT_WINDOW
from dingbridge.core.messages import Outbound, Target

NOW = 1_900_000_000.0
KEY = "webhook"


def put(name: str, robot: str = "r") -> Queued:
    return Queued(robot, Outbound(name, Target(), "text", "title"), Purpose.REPLY, "", NOW)


def tried(name: str, time: float, start: int = 0, end: int = 4) -> Attempted:
    return Attempted(name, start, end, Route.WEBHOOK, time=time, key=KEY)


def delivered(name: str, time: float) -> list[OutboxRecord]:
    """The records of a message that went at once."""
    return [put(name), tried(name, time - 0.1), Done(name, time)]


def went(records: list[OutboxRecord], now: float) -> tuple[float, ...]:
    """When the messages went that count at `now`."""
    return rate_limit_of(records, lambda: 0.0).snapshot(now).sent.get(KEY, ())


def test_what_was_delivered_counts_from_its_answer() -> None:
    records = [*delivered("m1", NOW), *delivered("m2", NOW + 5)]
    assert went(records, NOW + 6) == (NOW, NOW + 5)
    assert went(records, NOW + ROBOT_WINDOW + 1) == (NOW + 5,)


def test_each_chunk_counts() -> None:
    records: list[OutboxRecord] = [
        put("m1"),
        tried("m1", NOW, 0, 2),
        Sent("m1", 2, NOW + 1),
        tried("m1", NOW + 2, 2, 4),
        Done("m1", NOW + 3),
    ]
    assert went(records, NOW + 4) == (NOW + 1, NOW + 3)


def test_what_was_refused_does_not_count() -> None:
    records: list[OutboxRecord] = [
        put("m1"),
        tried("m1", NOW),
        Sent("m1", 0, NOW + 1),
        Failed("m1", "no", NOW + 1),
    ]
    assert went(records, NOW + 2) == ()


def test_what_was_not_answered_may_have_arrived_and_counts() -> None:
    assert went([put("m1"), tried("m1", NOW)], NOW + 1) == (NOW,)
    again: list[OutboxRecord] = [
        put("m1"),
        tried("m1", NOW),
        tried("m1", NOW + 10),
        Done("m1", NOW + 11),
    ]
    assert went(again, NOW + 12) == (NOW, NOW + 11)


def test_records_of_the_version_before_tell_no_times_and_count_nothing() -> None:
    old: list[OutboxRecord] = [
        put("m1"),
        Attempted("m1", 0, 4, Route.WEBHOOK),
        Sent("m1", 4),
        Done("m1", NOW),
    ]
    assert went([outbox_records.decode(outbox_records.encode(one)) for one in old], NOW + 1) == ()


def test_a_full_minute_of_messages_holds_up_the_next_one_after_a_restart() -> None:
    records = [
        record for n in range(ROBOT_MESSAGES) for record in delivered(f"m{n}", NOW + n * 0.5)
    ]
    pace = rate_limit_of(records, lambda: 0.0)
    assert pace.ready_at(KEY, NOW + 30) == NOW + ROBOT_WINDOW


def test_a_pause_that_dingtalk_asked_for_holds_after_a_restart() -> None:
    hold = Hold(NOW, 600.0, "too fast", 2)
    records: list[OutboxRecord] = [
        put("m1"),
        Sent("", 0, robot="r", paced=Paced(holds={KEY: hold})),
    ]
    assert rate_limit_of(records, lambda: 0.0).ready_at(KEY, NOW + 1) == NOW + 600


def compacted(records: list[OutboxRecord], robot: str, now: float) -> list[OutboxRecord]:
    lines = shortened([outbox_records.encode(record) for record in records], robot, now)
    return [outbox_records.decode(line) for line in lines]


@given(
    st.lists(
        st.tuples(st.sampled_from(["taken", "refused", "open", "held"]), st.floats(0, 90)),
        max_size=60,
    ),
    st.floats(0, 200),
)
def test_a_shorter_journal_means_the_same_pace_and_keeps_little_of_it(
    steps: list[tuple[str, float]], later: float
) -> None:
    records: list[OutboxRecord] = []
    time = NOW
    for number, (what, pause) in enumerate(steps):
        time += pause
        name = f"m{number}"
        records += [put(name), tried(name, time)]
        if what == "taken":
            records.append(Done(name, time))
        elif what == "refused":
            records += [Sent(name, 0, time), Failed(name, "no", time)]
        elif what == "held":
            so_far = rate_limit_of(records[:-1], lambda: 0.0).snapshot(time)
            hold = {KEY: Hold(time, 30.0, "too fast", 1)}
            records += [Sent(name, 0, time), Sent("", 0, robot="r", paced=Paced(so_far.sent, hold))]
    now = time + later
    short = compacted(records, "r", now)
    assert sum(isinstance(one, Sent) and one.paced is not None for one in short) <= 1
    before, after = (rate_limit_of(each, lambda: 0.0).snapshot(now) for each in (records, short))
    assert after == before


def test_the_pace_of_one_robot_is_not_that_of_another() -> None:
    records: list[OutboxRecord] = [
        *delivered("m1", NOW),
        put("x1", "other"),
        Attempted("x1", 0, 4, Route.WEBHOOK, time=NOW + 1, key=KEY),
        Done("x1", NOW + 1),
    ]
    short = compacted(compacted(records, "r", NOW + 2), "other", NOW + 2)
    for robot, time in (("r", NOW), ("other", NOW + 1)):
        kept = [one for one in short if isinstance(one, Sent) and one.robot == robot]
        assert went(list(kept), NOW + 2) == (time,)


class OldTried(Struct, frozen=True, tag="tried"):
    """`Attempted` as version 0.1.0 reads it."""

    id: str
    start: int
    end: int
    route: Route
    again: bool = False


class OldSent(Struct, frozen=True, tag="sent"):
    """`Sent` as version 0.1.0 reads it: of one about no message it takes no notice."""

    id: str
    end: int


def test_the_version_before_reads_what_is_written_now() -> None:
    held = Paced({KEY: (NOW,)}, {KEY: Hold(NOW, 60.0, "too fast", 1)})
    sent, paced = Sent("m1", 4, NOW + 1), Sent("", 0, robot="r", paced=held)
    written: list[OutboxRecord] = [tried("m1", NOW), sent, paced]
    read = [
        msgspec.json.decode(outbox_records.encode(one), type=OldTried | OldSent) for one in written
    ]
    assert read == [OldTried("m1", 0, 4, Route.WEBHOOK), OldSent("m1", 4), OldSent("", 0)]


def test_a_record_about_no_message_changes_nothing_of_the_outbox() -> None:
    records: list[OutboxRecord] = [put("m1"), tried("m1", NOW)]
    before = outbox.fold(records).waiting
    told = Sent("", 0, robot="r", paced=Paced({KEY: (NOW,)}))
    assert outbox.fold([*records, told]).waiting == before
