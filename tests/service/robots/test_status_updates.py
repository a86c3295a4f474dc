"""Editors get one status update of their robot for all that changes together."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from dingbridge.core.sessions.robot_state import RobotState
from dingbridge.service.robots.status_updates import StatusUpdates


class Robot:
    """Records the updates; `turn` ends a turn, `later` lets time go by."""

    def __init__(self) -> None:
        self.state = RobotState("off", 0, 0, 0)
        self.told: list[RobotState] = []
        self.waiting: list[tuple[float, Callable[[], None]]] = []
        self.news = StatusUpdates(
            lambda seconds, call: self.waiting.append((seconds, call)),
            lambda: self.state,
            self.told.append,
        )

    def turn(self, *, until: float = 0.0) -> None:
        """Run what is due until then (seconds)."""
        while due := [one for one in self.waiting if one[0] <= until]:
            self.waiting.remove(due[0])
            due[0][1]()


def test_the_last_state_of_a_turn_is_told_alone() -> None:
    robot = Robot()
    for queued in (1, 2, 3):
        robot.state = structs.replace(robot.state, queued=queued)
        robot.news.changed()
    robot.turn()
    assert [state.queued for state in robot.told] == [3]


def test_a_state_that_was_told_is_not_told_again_unless_somebody_may_not_know_it() -> None:
    robot = Robot()
    robot.news.changed()
    robot.turn()
    robot.news.changed()
    robot.turn()
    assert len(robot.told) == 1
    robot.news.forget()
    robot.news.changed()
    robot.turn()
    assert len(robot.told) == 2


def test_the_count_of_the_quota_is_told_once_in_a_while() -> None:
    robot = Robot()
    for number in range(100):
        robot.state = structs.replace(robot.state, quota=f"{number} of 100")
        robot.news.counted()
        robot.turn()
    assert robot.told == []
    robot.turn(until=10.0)
    assert [state.quota for state in robot.told] == ["99 of 100"]
