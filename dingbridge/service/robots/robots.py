"""The robots that editors use: each has one owner here, and every editor is a member of it."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dingbridge.core.catalogue import service as say
from dingbridge.core.delivery.routing import custom_robot
from dingbridge.core.errors import in_words
from dingbridge.core.options.declarations import Options
from dingbridge.core.timeouts import SENDS_WITHIN
from dingbridge.edges.dingtalk.openapi import AccessTokens
from dingbridge.edges.programs.process_identity import born
from dingbridge.edges.storage.card import OwnerCard
from dingbridge.edges.storage.robot_files import SharedFiles
from dingbridge.edges.storage.robot_locks import RobotLocks, holder
from dingbridge.protocol.command_queue import Post
from dingbridge.service.ports import Runtime
from dingbridge.service.robots.robot_news import News, Notice, Ruling
from dingbridge.service.robots.robot_requests import Ask, Hello
from dingbridge.service.robots.shutdown import Shutdown

if TYPE_CHECKING:
    from dingbridge.service.robots.hub import Hub
    from dingbridge.service.robots.robot import RobotService

log = logging.getLogger(__name__)


TRY_AFTER = (0.01, 0.03, 0.1, 0.5)
"""Seconds between two attempts to take a robot's lock; the last one repeats."""

LOOK_EVERY = 0.5
"""Seconds between two looks whether a robot that nobody uses has sent all it can."""

TELL_AFTER = 6
"""Attempts (a count) after which it is told that somebody else holds the lock."""

UNKNOWN_AFTER = 20
"""Attempts (a count) after which it is told although nobody knows who that is."""


class Member(Protocol):
    """An account of an attached editor, as its robot knows it. `pid` is Neovim's process."""

    pid: int

    def set_up_at(self) -> float:
        """When the editor was given its settings (Unix seconds)."""
        ...

    def attends(self, session: str) -> tuple[bool, float]:
        """What the editor shows: see `bridge.attending.Attends`."""
        ...

    def heard(self, news: News) -> None:
        """A word of the owner."""
        ...

    def joined(self) -> None:
        """There is an owner now, perhaps another one."""
        ...


class Robot:
    """One robot: its owner, once the lock is ours, and its members by number.

    locking ──lock──▶ starting ──files read──▶ serving ──last member left──▶ ending
    """

    def __init__(self, name: str, options: Options, robots: Robots) -> None:
        self.name = name
        self.options = options
        self._set_up_at, self._set_up_by = 0.0, 0
        self.members: dict[int, Member] = {}
        self._known: set[int] = set()
        self._retired: set[int] = set()
        self.left_at = 0.0
        """When the latest Neovim was left (Unix seconds), whatever still works for it."""
        self._robots = robots
        self._data = robots.folder.parent
        self._locks = RobotLocks(self._data, name)
        self._owner: RobotService | None = None
        self._is_serving = False
        self._is_ending = False
        self._tries = 0
        self._barred = ""

    def acquire(self) -> None:
        """Take the lock, again and again until it is ours: an earlier owner may be ending."""
        self._robots.files.disk.do(self._try, self._tried)

    def _try(self) -> str | None:
        """What keeps us from taking the locks; empty when they are ours, None when somebody has
        just one of them."""
        process = os.getpid()
        card = OwnerCard(process, born=born(process), data=str(self._data), holder="service")
        try:
            lock = self._locks.acquire(card)
        except OSError as cause:
            reason = cause.strerror or type(cause).__name__
            path = str(cause.filename or self._robots.folder)
            return in_words(say.FOLDER_UNWRITABLE(path=path, reason=reason), say.LET_WRITE())
        if lock is None:
            return ""
        # Not before it has lasted: an owner of ours may just be ending.
        if self._tries + 1 < TELL_AFTER:
            return None
        told = holder(lock)
        return told or (say.ROBOT_HELD_BY_UNKNOWN() if self._tries + 1 >= UNKNOWN_AFTER else None)

    def _tried(self, problem: str | None) -> None:
        if self._is_ending:
            self._robots.files.disk.do(self._locks.release)
        elif problem == "":
            self._own()
        else:
            if problem and problem != self._barred:
                self._barred = problem
                self._notify_all(Notice(problem, "error"))
            after = TRY_AFTER[min(self._tries, len(TRY_AFTER) - 1)]
            self._tries += 1
            asyncio.get_running_loop().call_later(after, self.acquire)

    def _own(self) -> None:
        # Loaded late: what talks to DingTalk costs a start of the service a tenth of a second.
        from dingbridge.service.robots.robot import RobotService

        robots = self._robots
        self._owner = RobotService(
            self.name,
            self.options,
            robots.files,
            robots.tokens,
            robots.chance,
            robots.post,
            self._notify,
            self._attends,
        )
        self._owner.start(self._serving)

    def _serving(self) -> None:
        if not self._is_ending:
            self._is_serving = True
            for member in list(self.members.values()):
                member.joined()

    def join(self, number: int, member: Member) -> None:
        """Add a member, which is told when there is an owner."""
        self.members[number] = member
        if self._is_serving:
            self._robots.post(lambda: self._greet(number))

    def _greet(self, number: int) -> None:
        if number in self.members:
            self.members[number].joined()

    def configure(self, number: int, options: Options) -> Ruling | None:
        """Use a member's options from now on, unless those in force were set up later, which it
        returns then."""
        member = self.members[number]
        if member.set_up_at() < self._set_up_at:
            return Ruling(self.options, self._set_up_by)
        self.options = options
        self._set_up_at, self._set_up_by = member.set_up_at(), member.pid
        if self._owner is not None:
            self._owner.configure(options)
        for other in self.members:
            if other != number:
                self._notify(other, Ruling(options, member.pid))
        return None

    def ask(self, number: int, ask: Ask) -> bool:
        """A word of a member. Returns False while there is no owner to hear it, and before the
        member has said hello, as it does when it is told that there is one."""
        if self._owner is None or not self._is_serving:
            return False
        if isinstance(ask, Hello):
            self._known.add(number)
        elif not self.hears(number):
            return False
        self._owner.hub.ask(number, ask)
        return True

    def hears(self, number: int) -> bool:
        """Whether we serve this member."""
        return self._is_serving and number in self._known

    def retire(self, number: int) -> None:
        """A member gets nothing any more; what it works on may still go out."""
        self.left_at = self._robots.chance.now()
        self._retired.add(number)
        if self._is_serving and self._owner is not None:
            self._owner.hub.retire(number)

    def leave(self, number: int) -> None:
        """A member is gone. The owner ends with the last one."""
        del self.members[number]
        self._known.discard(number)
        if number in self._retired:
            self._retired.remove(number)
        else:
            self.left_at = self._robots.chance.now()
        if self._is_serving and self._owner is not None:
            self._owner.hub.leave(number)
            self._owner.hub.outgoing.look()

    @property
    def hub(self) -> Hub | None:
        """What knows all of it; None while the robot is not ours."""
        return self._owner.hub if self._owner is not None and self._is_serving else None

    def sends(self, robot: str) -> bool:
        """Whether messages of that robot leave by it: settings of an app may have the webhook of a
        custom robot as well."""
        return robot in (self.name, custom_robot(self.options.webhook))

    def is_sending(self, now: float) -> bool:
        """Whether a message waits that can leave within `SENDS_WITHIN`."""
        return self._owner is not None and self._is_serving and self._owner.hub.is_sending(now)

    def end(self) -> Shutdown | None:
        """Close the link and give the lock back, as soon as nothing is under way any more. Returns
        the thread that waits for that."""
        self._is_ending, self._is_serving = True, False
        if self._owner is None:
            self._robots.files.disk.do(self._locks.release)
            return None
        self._owner.stop()
        ending = Shutdown(self._owner, self._robots.files, self._locks.release)
        ending.start()
        return ending

    def _notify(self, number: int, news: News) -> None:
        # Later: the hub is in the middle of something.
        self._robots.post(lambda: self._notify_now(number, news))

    def _notify_now(self, number: int, news: News) -> None:
        member = self.members.get(number)
        if member is not None:
            member.heard(news)

    def _attends(self, number: int, session: str) -> tuple[bool, float]:
        member = self.members.get(number)
        return member.attends(session) if member is not None else (False, 0.0)

    def _notify_all(self, news: News) -> None:
        for member in list(self.members.values()):
            member.heard(news)


class Robots:
    """All robots that the settings of attached editors name. Service loop only.

    `emptied` is called when there is none any more. A robot whose last editor has left keeps its
    link for `linger` seconds, and longer while it has something to send.
    """

    def __init__(
        self,
        folder: Path,
        files: SharedFiles,
        tokens: AccessTokens,
        chance: Runtime,
        post: Post,
        emptied: Callable[[], None],
    ) -> None:
        self.linger = 0.0
        self._emptied = emptied
        self.folder = folder
        self.files = files
        self.tokens = tokens
        self.chance = chance
        self.post = post
        self._robots: dict[str, Robot] = {}
        self._endings: list[Shutdown] = []
        self._numbers = itertools.count(1)

    def join(self, robot: str, options: Options, member: Member) -> int:
        """Make an editor's account a member of its robot; its number there."""
        found = self._robots.get(robot)
        if found is None:
            found = Robot(robot, options, self)
            self._robots[robot] = found
            found.acquire()
        number = next(self._numbers)
        found.join(number, member)
        return number

    def configure(self, robot: str, number: int, options: Options) -> Ruling | None:
        """An editor's settings for a robot; the newest `setup()` rules it. Returns what holds
        instead because another editor was set up later."""
        return self._robots[robot].configure(number, options)

    def ask(self, robot: str, number: int, ask: Ask) -> bool:
        """A word of a member. Returns False while there is nobody to hear it."""
        return self._robots[robot].ask(number, ask)

    def hears(self, robot: str, number: int) -> bool:
        """Whether there is an owner that the member has said hello to."""
        return self._robots[robot].hears(number)

    def sending(self, robot: str) -> Robot | None:
        """The one by which messages of that robot leave; None when that is none of ours."""
        own = [one for one in self._robots.values() if one.hub and one.sends(robot)]
        return min(own, key=lambda one: one.name != robot, default=None)

    def is_shared(self, robot: str) -> bool:
        """Whether several editors use the robot."""
        return len(self._robots[robot].members) > 1

    @property
    def is_empty(self) -> bool:
        """Whether no robot is used any more."""
        return not self._robots

    @property
    def is_sending(self) -> bool:
        """Whether a message waits that can leave soon."""
        now = self.chance.now()
        return any(robot.is_sending(now) for robot in self._robots.values())

    def retire(self, robot: str, number: int) -> None:
        """A member's editor was left, while it still works on something."""
        self._robots[robot].retire(number)

    def leave(self, robot: str, number: int, *, at_once: bool) -> None:
        """A member is gone: `at_once` because its settings name another robot, else because its
        editor was left."""
        found = self._robots[robot]
        found.leave(number)
        if found.members:
            return
        if at_once:
            self._end(found)
        else:
            self._end_if_done(found, self.chance.now())

    def _end_if_done(self, robot: Robot, since: float) -> None:
        """End a robot for which nothing works `since` then (Unix seconds), or look again later."""
        if robot.members or self._robots.get(robot.name) is not robot:
            return
        now = self.chance.now()
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
        """The service ends."""
        for robot in list(self._robots.values()):
            self._end(robot)

    def wait_until_ended(self, seconds: float) -> None:
        """Return once nothing of what has ended is under way, or after `seconds`. For the end of
        the service."""
        end = self.chance.now() + seconds
        for ending in self._endings:
            ending.join(max(0.0, end - self.chance.now()))
            # What its user has dropped must not be sent by the next service.
            ending.close()
