"""Quota, rate limits and the cost of a message are counted, and reported when they matter."""

from __future__ import annotations

from dingbridge.core.delivery import outbox
from dingbridge.core.delivery.outbox_records import Done, Purpose, Queued
from dingbridge.core.messages import Outbound
from dingbridge.core.sessions import robot_state
from dingbridge.service.robots.robot_news import Notice
from tests.support.costs import instructions
from tests.support.hub import NOW, OWN, ROBOT, TARGET, RecordedRobot


def test_calls_and_pushes_are_counted_and_80_percent_is_told_once_to_everybody() -> None:
    robot = RecordedRobot(quota={"calls": 10, "pushes": 5})
    robot.join(OWN, bound="s1")
    robot.join(1)
    for _ in range(4):
        robot.say("hello")
    robot.hub.health.counted(7, 0, "")
    [words] = robot.heard(1, Notice)
    assert "4 of 5 pushes" in words.text
    assert words.level == "warn"
    robot.hub.health.counted(1, 0, "")
    assert "8 of 10 API calls" in robot.heard(1, Notice)[-1].text
    robot.hub.health.counted(1, 1, "")
    assert len(robot.heard(1, Notice)) == 2
    used = robot.state.quotas[ROBOT]
    assert (used.calls, used.pushes) == (9, 5)
    assert "9 of 10 API calls, 5 of 5 pushes" in latest_quota(robot)


def latest_quota(robot: RecordedRobot) -> str:
    """The month's use as a newcomer hears it."""
    robot.join(9)
    return robot.heard(9, robot_state.RobotState)[-1].quota


def test_a_quota_that_is_gone_is_remembered_and_shown(robot: RecordedRobot) -> None:
    robot.hub.health.trouble("no pushes are left", "20001")
    robot.hub.health.counted(0, 0, "90020")
    assert robot.state.quotas[ROBOT].gone
    assert latest_quota(robot).count("used up") == 2
    assert [news.text for news in robot.heard(1, Notice)] == ["no pushes are left"]
    assert robot.heard(1, robot_state.RobotState)[-1].last_error == "no pushes are left"


def test_a_cool_down_is_told_when_it_changes(robot: RecordedRobot) -> None:
    for _ in range(3):
        robot.hub.health.cooling_down(NOW + 60, "sent too fast")
    [state] = robot.heard(1, robot_state.RobotState)
    assert (state.cool_down_until, state.cool_down_reason) == (NOW + 60, "sent too fast")
    robot.hub.health.cooling_down(0.0, "")
    assert robot.heard(1, robot_state.RobotState)[-1].cool_down_until == 0


def test_a_message_costs_as_much_behind_ten_thousand_as_behind_ten() -> None:
    def cost(waiting: int) -> int:
        """The instructions that a few messages take."""
        box = outbox.fold(
            Queued(ROBOT, Outbound(f"w{n}", TARGET, "hi"), Purpose.NOTIFICATION, "", NOW)
            for n in range(waiting)
        )
        robot = RecordedRobot(box=box)
        robot.join(OWN)

        def send_some() -> None:
            for n in range(5):
                robot.send(OWN, f"m{n}")
                robot.hub.outgoing.heard((Done(f"m{n}", NOW),))

        return instructions(send_some)

    cost(10)  # what is done once for all
    assert cost(10_000) < 1.1 * cost(10)
