"""An account of an attached editor as a member of its robot."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.delivery import outbox_records
from dingbridge.core.delivery.routing import robot_name
from dingbridge.core.options.declarations import Options
from dingbridge.edges.storage.robot_files import OUTBOX
from dingbridge.service.robots.robot_news import News, Ruling
from dingbridge.service.robots.robot_requests import Ask, SendMessage
from dingbridge.service.robots.robots import Robots


class RobotMembership:
    """An account's way to the owner of its robot. Service loop only.

    `heard` is told its news, `joined` when there is an owner, perhaps a new one; `set_up_at` says
    when the editor was given its settings (Unix seconds), `attends` what it shows (`Attends`);
    `pid` is its process.
    """

    def __init__(
        self,
        robots: Robots,
        heard: Callable[[News], None],
        joined: Callable[[], None],
        set_up_at: Callable[[], float],
        attends: Callable[[str], tuple[bool, float]],
        pid: int,
    ) -> None:
        self._robots = robots
        self.pid = pid
        self.attends = attends
        self.set_up_at = set_up_at
        self.heard = heard
        self.joined = joined
        self._robot = ""
        self._number = 0

    def configure(self, options: Options) -> Ruling | None:
        """Use these options from now on; join the editors that use the same robot. Returns what
        holds instead because another editor was set up later."""
        robot = robot_name(options)
        if robot != self._robot:
            self.leave(at_once=True)
            self._robot = robot
            if robot:
                self._number = self._robots.join(robot, options, self)
        return self._robots.configure(robot, self._number, options) if robot else None

    def notify(self, ask: Ask) -> bool:
        """Tell the owner something. Returns False while there is none to be told."""
        return bool(self._robot) and self._robots.ask(self._robot, self._number, ask)

    @property
    def is_shared(self) -> bool:
        """Whether other editors use the same robot."""
        return bool(self._robot) and self._robots.is_shared(self._robot)

    @property
    def is_heard(self) -> bool:
        """Whether there is an owner, which writes down what it was told."""
        return bool(self._robot) and self._robots.hears(self._robot, self._number)

    def write_down(
        self, sends: tuple[SendMessage, ...], then: Callable[[], None] = lambda: None
    ) -> None:
        """Put messages that no owner has answered into the journal, for the next one to find;
        `then` runs once they are on the disk."""
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
        """The editor was left: only what it still works on goes out."""
        if self._robot:
            self._robots.retire(self._robot, self._number)

    def leave(self, *, at_once: bool) -> None:
        """Leave the robot; see `Robots.leave`."""
        robot, self._robot = self._robot, ""
        if robot:
            self._robots.leave(robot, self._number, at_once=at_once)
