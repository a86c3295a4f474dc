"""All robots that the settings of attached editors name."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

from dingbridge.core.doctor.service_facts import RobotFacts
from dingbridge.core.options.declarations import Options
from dingbridge.core.timeouts import SENDS_WITHIN
from dingbridge.service.robots.robot import Member, Robot
from dingbridge.service.robots.robot_news import Ruling
from dingbridge.service.robots.robot_requests import Ask
from dingbridge.service.robots.robot_resources import RobotResources
from dingbridge.service.robots.shutdown import Shutdown

if TYPE_CHECKING:
    from dingbridge.service.robots.hub import Hub

LOOK_EVERY = 0.5
"""Seconds between two checks whether a robot without members has sent all that it can."""


class Robots:
    """All robots that the settings of attached editors name. Service loop only.

    Each robot is there once, and every editor that names it is a member of it. A robot whose last
    editor has left keeps its link for `linger` seconds, and longer while it has something to send.
    `emptied` is called when the last robot has ended.
    """

    def __init__(self, resources: RobotResources, emptied: Callable[[], None]) -> None:
        self.linger = 0.0
        self.resources = resources
        self._emptied = emptied
        self._robots: dict[str, Robot] = {}
        self._endings: list[Shutdown] = []
        self._numbers = itertools.count(1)

    def join(self, robot: str, options: Options, member: Member) -> int:
        """Make an editor's account a member of its robot. Returns the member's number."""
        found = self._robots.get(robot)
        if found is None:
            found = Robot(robot, options, self.resources)
            self._robots[robot] = found
            found.acquire()
        number = next(self._numbers)
        found.join(number, member)
        return number

    def configure(self, robot: str, number: int, options: Options) -> Ruling | None:
        """Use an editor's settings for a robot; the latest `setup()` wins. Returns the settings in
        force if another editor was set up later, else None."""
        return self._robots[robot].configure(number, options)

    def ask(self, robot: str, number: int, ask: Ask) -> bool:
        """Submit a member's request; see `Robot.ask`."""
        return self._robots[robot].ask(number, ask)

    def hears(self, robot: str, number: int) -> bool:
        """See `Robot.hears`."""
        return self._robots[robot].hears(number)

    def sending(self, robot: str) -> Robot | None:
        """The robot by which messages of `robot` leave; None when it is not one of ours."""
        own = [one for one in self._robots.values() if one.hub and one.sends(robot)]
        return min(own, key=lambda one: one.name != robot, default=None)

    def hub(self, robot: str) -> Hub | None:
        """The hub of the robot with this name; None unless it can be used."""
        found = self._robots.get(robot)
        return found.hub if found is not None else None

    def facts(self) -> tuple[RobotFacts, ...]:
        """What is known of each robot."""
        return tuple(robot.facts() for robot in self._robots.values())

    def left_behind(self, robot: str, messages: tuple[str, ...]) -> int:
        """Number of messages that stay in the outbox if a member leaves now, once `messages` are
        in it too; 0 while the robot has other members."""
        found = self._robots[robot]
        if len(found.members) > 1:
            return 0
        return found.hub.outgoing.queued_with(messages) if found.hub else len(messages)

    @property
    def is_empty(self) -> bool:
        """Whether there is no robot."""
        return not self._robots

    @property
    def is_sending(self) -> bool:
        """Whether a message waits that can leave soon."""
        now = self.resources.runtime.now()
        return any(robot.is_sending(now) for robot in self._robots.values())

    def retire(self, robot: str, number: int) -> None:
        """A member's editor has left, but a program still works for it."""
        self._robots[robot].retire(number)

    def leave(self, robot: str, number: int, *, at_once: bool) -> None:
        """Remove a member. After the last one the robot ends: `at_once` when the settings name
        another robot now, else as soon as nothing waits to be sent."""
        found = self._robots[robot]
        found.leave(number)
        if found.members:
            return
        if at_once:
            self._end(found)
        else:
            self._end_if_done(found, self.resources.runtime.now())

    def _end_if_done(self, robot: Robot, since: float) -> None:
        """End a robot that has had no members `since` then (Unix seconds), or check again later."""
        if robot.members or self._robots.get(robot.name) is not robot:
            return
        now = self.resources.runtime.now()
        left = robot.left_at + self.linger - now
        if left <= 0 and (now - since >= SENDS_WITHIN or not robot.is_sending(now)):
            self._end(robot)
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(max(left, LOOK_EVERY), self._end_if_done, robot, since)

    def _end(self, robot: Robot) -> None:
        del self._robots[robot.name]
        ending = robot.end()
        self._endings = [thread for thread in self._endings if thread.is_alive()]
        if ending is not None:
            self._endings.append(ending)
        if self.is_empty:
            self._emptied()

    def end_all(self) -> None:
        """End all robots, with the service."""
        for robot in list(self._robots.values()):
            self._end(robot)

    def wait_until_ended(self, seconds: float) -> None:
        """Return once the robots that have ended have no request under way, or after `seconds`. For
        the end of the service."""
        end = self.resources.runtime.now() + seconds
        for ending in self._endings:
            ending.join(max(0.0, end - self.resources.runtime.now()))
            # Records what was dropped, which the next service must not send.
            ending.close()
