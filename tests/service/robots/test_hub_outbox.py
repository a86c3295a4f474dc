"""What editors submit is queued once, and its end is reported to its session and to who asks."""

from __future__ import annotations

import pytest

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox import Outbox
from dingbridge.core.delivery.outbox_records import Done, Failed, Merged, Purpose, Queued, Sent
from dingbridge.core.delivery.routing import Route
from dingbridge.core.messages import Delivery, DeliveryReport, Message, Outbound, Role
from dingbridge.core.sessions import robot_state
from dingbridge.core.sessions.state import Binding, State
from dingbridge.core.timeouts import DONE_REMEMBERED, SENDS_WITHIN
from dingbridge.service.robots import robot_news
from dingbridge.service.robots.robot_news import Notice
from dingbridge.service.robots.robot_requests import (
    Ask,
    Bind,
    Deny,
    Drop,
    Pair,
    QueryDeliveries,
    Revoke,
)
from tests.support.hub import DROPPED, NOW, OWN, ROBOT, TARGET, RecordedRobot

NEVER_LEFT = say.NEVER_LEFT()


def test_a_message_is_queued_and_answered_once_it_is_on_the_disk(robot: RecordedRobot) -> None:
    robot.slow = True
    robot.send(1, "m1")
    assert robot.queue == []
    assert robot.fates_of(1, "m1") == []
    robot.catch_up()
    assert isinstance(robot.written[-1], Queued)
    assert [waiting.id for waiting in robot.queue] == ["m1"]
    assert robot.fates_of(1, "m1") == [(Delivery.QUEUED, "")]
    assert robot.heard(OWN, robot_state.RobotState)[-1].queued == 1


def test_something_is_sent_from_when_it_is_accepted_until_it_has_its_fate(
    robot: RecordedRobot,
) -> None:
    assert not robot.hub.is_sending(NOW)
    robot.slow = True
    robot.send(1, "m1")
    # Its editor may be left in the next moment.
    assert robot.hub.is_sending(NOW)
    robot.catch_up()
    assert robot.hub.is_sending(NOW)
    robot.hub.outgoing.heard((Done("m1", NOW),))
    assert not robot.hub.is_sending(NOW)


def test_something_may_be_sent_while_it_is_looked_for_what_an_editor_left(
    robot: RecordedRobot,
) -> None:
    robot.slow = True
    robot.hub.outgoing.look()
    assert robot.hub.is_sending(NOW)
    robot.catch_up()
    assert not robot.hub.is_sending(NOW)


def test_what_dingtalk_holds_up_for_longer_is_not_waited_for(robot: RecordedRobot) -> None:
    robot.send(1, "m1")
    robot.hub.health.cooling_down(NOW + SENDS_WITHIN, "too fast")
    assert robot.hub.is_sending(NOW)
    robot.hub.health.cooling_down(NOW + SENDS_WITHIN + 1, "for the rest of the day")
    assert not robot.hub.is_sending(NOW)


def test_a_message_that_is_handed_over_twice_is_queued_once(robot: RecordedRobot) -> None:
    robot.slow = True
    robot.send(1, "m1")
    robot.send(1, "m1")
    robot.catch_up()
    robot.send(1, "m1")
    assert [waiting.id for waiting in robot.queue] == ["m1"]
    assert set(robot.fates_of(1, "m1")) == {(Delivery.QUEUED, "")}


def test_the_end_of_a_message_is_written_into_its_transcript_and_told_to_everybody(
    robot: RecordedRobot,
) -> None:
    robot.send(1, "m1", "s2")
    robot.send(1, "m2", "s2")
    robot.send(1, "m3", "")
    robot.hub.outgoing.heard((Done("m1", NOW),))
    robot.hub.outgoing.heard((Failed("m2", "robot removed", NOW),))
    robot.hub.outgoing.heard((Done("m3", NOW),))
    assert robot.told_fates == [
        ("s2", "m1", Delivery.SENT, ""),
        ("s2", "m2", Delivery.FAILED, "robot removed"),
    ]
    for member in (OWN, 1):
        assert robot.fates_of(member, "m1")[-1] == (Delivery.SENT, "")
        assert robot.fates_of(member, "m2")[-1] == (Delivery.FAILED, "robot removed")
    state = robot.heard(1, robot_state.RobotState)[-1]
    assert (state.queued, state.failed, state.last_error) == (0, 1, "robot removed")


def test_progress_is_told_but_ends_nothing(robot: RecordedRobot) -> None:
    robot.send(1, "m1")
    robot.hub.outgoing.heard((DeliveryReport("m1", Delivery.RETRYING, "busy", 1, 3),))
    robot.hub.outgoing.heard((DeliveryReport("unknown", Delivery.RETRYING),))
    assert robot.fates_of(1, "m1")[-1] == (Delivery.RETRYING, "busy")
    assert robot.fates_of(1, "unknown") == []
    assert robot.told_fates == []


def test_messages_that_go_out_as_one_each_get_its_fate(robot: RecordedRobot) -> None:
    robot.send(1, "m1", "s2")
    robot.send(OWN, "m2", "s1")
    whole = Outbound("m1+2", TARGET, "both")
    robot.hub.outgoing.heard((Merged(("m1", "m2"), whole),))
    assert robot.fates_of(1, "m2")[-1][0] is Delivery.SENDING
    assert robot.heard(1, robot_state.RobotState)[-1].queued == 2
    robot.hub.outgoing.heard((DeliveryReport("m1+2", Delivery.RETRYING, "busy"),))
    assert robot.fates_of(OWN, "m2")[-1] == (Delivery.RETRYING, "busy")
    robot.hub.outgoing.heard((Failed("m1+2", "no", NOW),))
    assert robot.told_fates == [
        ("s2", "m1", Delivery.FAILED, "no"),
        ("s1", "m2", Delivery.FAILED, "no"),
    ]
    robot.ask(1, QueryDeliveries("s2", ("m1",)))
    assert robot.fates_of(1, "m1")[-1] == (Delivery.FAILED, "no")
    robot.send(1, "m1", "s2")
    assert len(robot.queue) == 2


def test_a_new_owner_sends_what_waits_where_it_was_and_tells_who_asks(robot: RecordedRobot) -> None:
    for n in range(4):
        robot.send(1, f"m{n}", "s2")
    for record in (
        *(Done("m0", NOW), Attempted("m1", 0, 3, Route.SINGLE), Sent("m1", 3)),
        *(Attempted("m1", 3, 5, Route.SINGLE), Failed("m3", "refused", NOW)),
    ):
        robot.written.append(record)
    later = robot.of_disk()
    later.hub.start({})
    assert [waiting.id for waiting in later.queue] == ["m1", "m2"]
    assert (later.queue[0].start, later.queue[0].tried) == (
        3,
        (Attempted("m1", 3, 5, Route.SINGLE),),
    )
    later.join(1, "/two", bound="s2")
    later.ask(1, QueryDeliveries("s2", ("m0", "m1", "m2", "m3", "m9")))
    # Another editor may still hand it over.
    assert later.fates_of(1, "m9") == []
    later.hub.settled()
    assert [later.fates_of(1, f"m{n}") for n in (0, 1, 2, 3, 9)] == [
        [(Delivery.SENT, "")],
        [(Delivery.QUEUED, "an attempt was not answered: it may have arrived")],
        [(Delivery.QUEUED, "")],
        [(Delivery.FAILED, "refused")],
        [(Delivery.FAILED, NEVER_LEFT)],
    ]
    # Their transcript lacked these ends, or they were not asked for.
    assert later.told_fates == [
        ("s2", "m0", Delivery.SENT, ""),
        ("s2", "m3", Delivery.FAILED, "refused"),
        ("s2", "m9", Delivery.FAILED, NEVER_LEFT),
    ]


def test_a_session_is_told_to_be_bound_once_that_is_on_the_disk(robot: RecordedRobot) -> None:
    robot.slow = True
    robot.ask(1, Bind("s3", "Three", "/two"))
    assert robot.heard(1, robot_news.SessionBound) == []
    robot.catch_up()
    assert robot.heard(1, robot_news.SessionBound) == [robot_news.SessionBound("s3")]


def test_an_editor_that_comes_back_does_not_become_the_one_bound_last() -> None:
    first = Binding("s1", ROBOT, "One", "/one", NOW - 20)
    second = Binding("s2", ROBOT, "Two", "/two", NOW - 10)
    later = RecordedRobot(State(bindings={"s1": first, "s2": second}))
    later.join(1, "/two", bound="s2")
    later.join(2, "/one", bound="s1")
    assert later.state.bindings["s1"].time == NOW - 20
    later.ask(2, Bind("s1", "One", "/one"))
    assert later.state.bindings["s1"].time == NOW


def test_who_asks_for_a_dropped_message_hears_that_it_was_dropped(robot: RecordedRobot) -> None:
    robot.send(1, "m1", "s2")
    robot.ask(1, Drop("m1"))
    robot.forget()
    robot.ask(1, QueryDeliveries("s2", ("m1",)))
    assert robot.fates_of(1, "m1") == [(Delivery.FAILED, DROPPED)]


def test_a_message_of_another_robot_is_left_to_that_one(robot: RecordedRobot) -> None:
    robot.others = {"m1"}
    robot.ask(1, QueryDeliveries("s2", ("m1", "m2")))
    assert robot.fates_of(1, "m1") == []
    assert robot.fates_of(1, "m2") == [(Delivery.FAILED, NEVER_LEFT)]
    assert robot.told_fates == [("s2", "m2", Delivery.FAILED, NEVER_LEFT)]


def left(*messages: str) -> tuple[Queued, ...]:
    return tuple(
        Queued(ROBOT, Outbound(name, TARGET, "bye"), Purpose.REPLY, "s9", NOW) for name in messages
    )


def test_what_an_editor_that_left_wrote_down_itself_is_taken_up_once(robot: RecordedRobot) -> None:
    robot.send(1, "m1", "s2")
    robot.left = left("m1", "m2")
    robot.hub.outgoing.look()
    robot.hub.outgoing.look()
    assert [waiting.id for waiting in robot.queue] == ["m1", "m2"]
    assert robot.fates_of(1, "m2") == [(Delivery.QUEUED, "")]
    robot.hub.outgoing.heard((Done("m2", NOW),))
    robot.hub.outgoing.look()
    assert len(robot.queue) == 2
    assert robot.told_fates == [("s9", "m2", Delivery.SENT, "")]


def test_what_is_being_written_down_is_not_told_as_never_left(robot: RecordedRobot) -> None:
    robot.slow = True
    robot.send(1, "m1", "s1")
    robot.ask(1, QueryDeliveries("s1", ("m1",)))
    assert robot.told_fates == []
    robot.catch_up()
    assert {fate for fate, _ in robot.fates_of(1, "m1")} == {Delivery.QUEUED}
    robot.ask(1, QueryDeliveries("s1", ("m1",)))
    assert {fate for fate, _ in robot.fates_of(1, "m1")} == {Delivery.QUEUED}


def test_what_stands_in_the_journal_is_not_told_as_never_left(robot: RecordedRobot) -> None:
    robot.left = left("m2")
    robot.ask(OWN, QueryDeliveries("s9", ("m2",)))
    assert robot.told_fates == []
    assert {fate for fate, _ in robot.fates_of(OWN, "m2")} == {Delivery.QUEUED}


@pytest.mark.parametrize(
    ("end", "reason"), [(Delivery.SENT, ""), (Delivery.FAILED, "robot removed")]
)
def test_the_end_that_a_transcript_shows_counts_when_the_outbox_has_forgotten_it(
    robot: RecordedRobot, end: Delivery, reason: str
) -> None:
    robot.ended["s2"] = (Message("m1", Role.EDITOR, "You", "hello", NOW, end, reason),)
    robot.ask(1, QueryDeliveries("s2", ("m1", "m2")))
    assert robot.told_fates == [("s2", "m2", Delivery.FAILED, NEVER_LEFT)]
    assert robot.fates_of(1, "m1") == [(end, reason)]


def test_an_owner_that_lives_for_days_forgets_what_was_done_more_than_a_day_ago() -> None:
    box = Outbox()
    robot = RecordedRobot(box=box)
    robot.join(OWN)
    for day in range(5):
        robot.time = NOW + day * DONE_REMEMBERED
        robot.send(OWN, f"m{day}")
        robot.send(OWN, f"n{day}")
        robot.hub.outgoing.heard((Done(f"m{day}", robot.time),))
        robot.ask(OWN, Drop(f"n{day}"))
    assert set(box.done) == {"m4", "n4"}
    assert box.dropped == {"n4"}


@pytest.mark.parametrize("ask", [Pair("AAAA"), Deny("AAAA"), Revoke("lisi")])
def test_what_was_decided_is_told_once_that_is_on_the_disk(robot: RecordedRobot, ask: Ask) -> None:
    robot.slow = True
    robot.ask(1, ask)
    assert robot.heard(1, Notice) == []
    robot.catch_up()
    assert len(robot.heard(1, Notice)) == 1
