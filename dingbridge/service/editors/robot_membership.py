"""Connects the accounts of an editor with their robots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from dingbridge.core.delivery import outbox_records
from dingbridge.core.delivery.routing import robot_name
from dingbridge.core.options.declarations import Options
from dingbridge.edges.storage.robot_files import OUTBOX
from dingbridge.service.robots.robot_news import News, Ruling
from dingbridge.service.robots.robot_requests import Ask, SendMessage
from dingbridge.service.robots.robots import Robots


class RobotUser(Protocol):
    """An editor that uses robots. `pid` is Neovim's process id."""

    pid: int
    set_up_at: float
    """The time of the editor's `setup()`, in Unix seconds."""

    def attends(self, session: str) -> tuple[bool, float]:
        """What the editor shows; see `Attends`."""
        ...

    def heard(self, account: str, news: News) -> None:
        """The robot of an account sends news."""
        ...

    def joined(self, account: str) -> None:
        """The robot of an account can be used from now on."""
        ...


class RobotMembership:
    """One account as a member of its robot: the port `Exchange`, and the robot's `Member`. Service
    loop only."""

    def __init__(self, robots: Robots, account: str, editor: RobotUser) -> None:
        self._robots = robots
        self._account = account
        self._editor = editor
        self.pid = editor.pid
        self.attends = editor.attends
        self._robot = ""
        self._number = 0

    def set_up_at(self) -> float:
        """The time of the editor's `setup()`, in Unix seconds."""
        return self._editor.set_up_at

    def heard(self, news: News) -> None:
        """The robot sends news."""
        self._editor.heard(self._account, news)

    def joined(self) -> None:
        """The robot can be used from now on."""
        self._editor.joined(self._account)

    def configure(self, options: Options) -> Ruling | None:
        """Use these options, and join their robot. Returns the options in force if another editor
        was set up later, else None."""
        robot = robot_name(options)
        if robot != self._robot:
            self.leave(at_once=True)
            self._robot = robot
            if robot:
                self._number = self._robots.join(robot, options, self)
        return self._robots.configure(robot, self._number, options) if robot else None

    def notify(self, ask: Ask) -> bool:
        """Submit a request to the robot. Returns False while the robot cannot be used."""
        return bool(self._robot) and self._robots.ask(self._robot, self._number, ask)

    def left_behind(self, asked: tuple[SendMessage, ...]) -> int:
        """Number of messages that wait until the robot is set up again if the account leaves it
        now, with `asked`, which it has not confirmed; 0 while other editors use it."""
        if not self._robot:
            return len(asked)
        return self._robots.left_behind(self._robot, tuple(ask.outbound.id for ask in asked))

    @property
    def is_heard(self) -> bool:
        """Whether the robot can be used, so that it writes down what it gets."""
        return bool(self._robot) and self._robots.hears(self._robot, self._number)

    def write_down(
        self, sends: tuple[SendMessage, ...], then: Callable[[], None] = lambda: None
    ) -> None:
        """Append messages that no robot has confirmed to the journal. `then` runs once they are
        durable."""
        now = self._robots.resources.runtime.now()
        lines = [
            outbox_records.encode(
                outbox_records.Queued(self._robot, ask.outbound, ask.kind, ask.session, now)
            )
            for ask in sends
        ]
        if lines and self._robot:
            files = self._robots.resources.files
            files.disk.submit_durable(OUTBOX, lambda: files.outbox.append(*lines), lambda _: then())

    def retire(self) -> None:
        """The editor has left: send only what its programs still answer."""
        if self._robot:
            self._robots.retire(self._robot, self._number)

    def leave(self, *, at_once: bool) -> None:
        """Leave the robot; see `Robots.leave`."""
        robot, self._robot = self._robot, ""
        if robot:
            self._robots.leave(robot, self._number, at_once=at_once)


class Memberships:
    """The memberships of an editor, by account. Service loop only."""

    def __init__(self, robots: Robots, editor: RobotUser) -> None:
        self._robots = robots
        self._editor = editor
        self._memberships: dict[str, RobotMembership] = {}

    def join(self, account: str) -> RobotMembership:
        """Create the membership of an account."""
        membership = RobotMembership(self._robots, account, self._editor)
        self._memberships[account] = membership
        return membership

    def write_down(self, unanswered: Mapping[str, tuple[SendMessage, ...]]) -> None:
        """Append messages, by account, to the journal, unless their robot has them."""
        for account, asks in unanswered.items():
            if not self._memberships[account].is_heard:
                self._memberships[account].write_down(asks)

    def retire(self) -> None:
        """The editor has left: send only what its programs still answer."""
        for membership in self._memberships.values():
            membership.retire()

    def leave(self) -> None:
        """Leave all robots."""
        for membership in self._memberships.values():
            membership.leave(at_once=False)
