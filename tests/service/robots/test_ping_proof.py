"""A ping proves the way from a person to the service and back, and disturbs nobody."""

from __future__ import annotations

from dingbridge.core.delivery.outbox_records import Done
from dingbridge.core.doctor import ping
from dingbridge.core.doctor.ping import PingStep
from dingbridge.core.doctor.ping_findings import PingReport
from dingbridge.core.messages import Delivery, DeliveryReport
from dingbridge.core.sessions import inbox
from tests.support.hub import OWN, TEAM, RecordedRobot

STEPS = ["awaited", "received", "read", "answered"]


def awaiting(robot: RecordedRobot, digits: str = "4821") -> list[PingStep]:
    """The steps so far, of a ping that is awaited from now on."""
    steps: list[PingStep] = []
    robot.hub.pings.expect(digits, ping.WITHIN, steps.append)
    return steps


def names(steps: list[PingStep]) -> list[str]:
    return [one.step for one in steps]


def accept_answer(robot: RecordedRobot) -> None:
    """DingTalk accepts the latest message."""
    message = robot.queue[-1].outbound.id
    robot.hub.outgoing.heard((Done(message, robot.time), DeliveryReport(message, Delivery.SENT)))


def test_each_step_is_told_once_and_the_message_reaches_no_session(robot: RecordedRobot) -> None:
    steps = awaiting(robot)
    key = robot.say("ping 4821")
    assert names(steps) == STEPS[:3]
    accept_answer(robot)
    assert names(steps) == STEPS
    assert robot.answers() == ["pong 4821"]
    assert robot.delivered(OWN) == robot.delivered(1) == []
    assert inbox.Handed(key) in robot.written


def test_a_ping_of_a_group_counts_too(robot: RecordedRobot) -> None:
    steps = awaiting(robot)
    robot.say("@Robot PING  4821 ", TEAM)
    assert names(steps) == STEPS[:3]


def test_the_ping_of_a_stranger_does_not_count_and_is_named_as_a_cause(
    robot: RecordedRobot,
) -> None:
    steps = awaiting(robot)
    robot.say("ping 4821", who="mallory")
    robot.pass_time(ping.WITHIN)
    assert names(steps) == ["awaited", "missed"]
    assert (steps[-1].refused, steps[-1].others) == (1, 0)
    [finding] = PingReport("4821").findings(steps[-1])
    assert "without access" in finding.fixes[0]


def test_other_messages_go_to_the_session_and_are_named_as_a_cause(robot: RecordedRobot) -> None:
    steps = awaiting(robot)
    for text in ("ping 4822", "please ping 4821", "ping"):
        robot.say(text)
    robot.pass_time(ping.WITHIN)
    assert len(robot.delivered(1)) == 3
    assert steps[-1].others == 3
    [finding] = PingReport("4821").findings(steps[-1])
    assert "exactly" in finding.fixes[0]


def test_where_nothing_came_another_connection_of_the_app_is_explained(
    robot: RecordedRobot,
) -> None:
    steps = awaiting(robot)
    robot.pass_time(ping.WITHIN)
    [finding] = PingReport("4821").findings(steps[-1])
    assert "although the link is open" in finding.sentence
    assert "two machines with one app get a part each" in finding.fixes[0]


def test_a_late_ping_is_answered_and_reaches_no_session_either(robot: RecordedRobot) -> None:
    steps = awaiting(robot)
    robot.pass_time(ping.WITHIN)
    robot.say("ping 4821")
    assert names(steps) == ["awaited", "missed"]
    assert robot.answers() == ["pong 4821"]
    assert robot.delivered(1) == []
    robot.pass_time(ping.LATE)
    robot.say("ping 4821")
    assert [text for _, text, _ in robot.delivered(1)] == ["ping 4821"]


def test_a_second_ping_with_the_same_digits_tells_nothing_more(robot: RecordedRobot) -> None:
    steps = awaiting(robot)
    robot.say("ping 4821")
    robot.say("ping 4821")
    assert names(steps) == STEPS[:3]
    assert robot.delivered(1) == []


def test_an_answer_that_is_refused_is_the_last_step(robot: RecordedRobot) -> None:
    steps = awaiting(robot)
    robot.say("ping 4821")
    message = robot.queue[-1].outbound.id
    robot.hub.outgoing.heard((DeliveryReport(message, Delivery.FAILED, "no"),))
    assert (steps[-1].step, steps[-1].reason) == ("failed", "no")
    robot.pass_time(ping.WITHIN)
    assert steps[-1].step == "failed"
