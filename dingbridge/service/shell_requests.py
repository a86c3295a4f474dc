"""Requests of the shell command: messages to send, reports, and pings to await."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import structs

from dingbridge.core.delivery.outbox_records import Purpose
from dingbridge.core.doctor.service_facts import ServiceFacts
from dingbridge.core.messages import Delivery, DeliveryReport
from dingbridge.protocol.frames import encode
from dingbridge.protocol.shell_frames import (
    AwaitPing,
    ForShell,
    FromShell,
    Notify,
    NotServed,
    PingStepped,
    ReportAsked,
    ServiceReport,
    Told,
)
from dingbridge.service.robots import robot_requests
from dingbridge.service.robots.robot import Robot
from dingbridge.service.robots.robots import Robots


class ShellRequests:
    """Carries them out; messages under way are by the number of their connection. Service loop
    only.

    - `facts` returns what is known of the service.
    """

    def __init__(
        self,
        robots: Robots,
        facts: Callable[[], ServiceFacts],
        send: Callable[[int, bytes], None],
    ) -> None:
        self._robots = robots
        self._facts = facts
        self._send = send
        self._waiting: dict[int, ShellMessage] = {}

    def hear(self, number: int, asked: FromShell) -> None:
        """Carry out a request."""
        match asked:
            case Notify():
                self._notify(number, asked)
            case ReportAsked():
                self._answer(number, ServiceReport(self._facts()))
            case AwaitPing():
                self._await(number, asked)

    def _answer(self, number: int, frame: ForShell) -> None:
        self._send(number, encode(frame))

    def _await(self, number: int, asked: AwaitPing) -> None:
        hub = self._robots.hub(asked.robot)
        if hub is None:
            self._answer(number, NotServed())
            return
        hub.pings.expect(
            asked.digits, asked.seconds, lambda step: self._answer(number, PingStepped(step))
        )

    def _notify(self, number: int, asked: Notify) -> None:
        """Send a message for the shell."""
        robot = self._robots.sending(asked.robot)
        if robot is None or number in self._waiting:
            self._answer(number, NotServed())
            return
        self._waiting[number] = ShellMessage(robot, asked, lambda told: self._answer(number, told))
        self._waiting[number].start()

    def left(self, number: int) -> None:
        """The command has disconnected: give up its message."""
        notification = self._waiting.pop(number, None)
        if notification is not None:
            notification.give_up()


class ShellMessage:
    """One message. It stays in the outbox until it is sent or given up.

    accepting ──on disk──▶ queued ──sent, refused or given up──▶ ended
    """

    def __init__(self, robot: Robot, asked: Notify, notify: Callable[[Told], None]) -> None:
        self._robot = robot
        self._asked = asked
        self._message = asked.outbound.id
        self._notify = notify
        self._why = DeliveryReport(self._message, Delivery.QUEUED)
        self._is_late = False
        self._has_ended = False

    def start(self) -> None:
        """Submit the message. For one submitted before, its delivery is reported."""
        hub = self._robot.hub
        if hub is not None:
            hub.outgoing.listen(self._message, self._heard)
            hub.outgoing.send(
                robot_requests.SendMessage(self._asked.outbound, Purpose.NOTIFICATION, "")
            )
            asyncio.get_running_loop().call_later(self._asked.seconds, self.give_up)

    def _heard(self, report: DeliveryReport) -> None:
        if report.delivery in (Delivery.SENT, Delivery.FAILED):
            self._end(report)
        elif self._is_late:
            # It became durable after it was given up, and is queued in this turn.
            asyncio.get_running_loop().call_soon(self._drop)
        else:
            if report.delivery is Delivery.RETRYING:
                self._why = report
            self._notify(Told(report))

    def _end(self, report: DeliveryReport) -> None:
        """Report the final delivery. A failed message leaves the outbox: the caller decides whether
        to send it again."""
        if self._has_ended:
            return
        self._has_ended = True
        hub = self._robot.hub
        if hub is not None:
            hub.outgoing.listen(self._message, None)
        if report.delivery is Delivery.FAILED and not report.dropped:
            self._drop()
        if self._is_late and report.dropped:
            self._notify_late(may_have_arrived=report.may_have_arrived)
        else:
            self._notify(Told(report))

    def give_up(self) -> None:
        """Start no new attempt. The result of an attempt under way is still reported."""
        if self._has_ended or self._is_late:
            return
        self._is_late = True
        hub = self._robot.hub
        if hub is not None and not self._why.reason:
            # It was not tried: others are before it, or the robot waits.
            unanswered = hub.outgoing.is_unanswered
            _, reason = hub.health.cool_down
            self._why = structs.replace(self._why, reason=reason, unanswered=unanswered)
        if not self._drop():
            # It is being written to disk, or was merged with others: do not wait for that.
            self._notify_late(may_have_arrived=True)

    def _notify_late(self, *, may_have_arrived: bool) -> None:
        failed = structs.replace(
            self._why, delivery=Delivery.FAILED, may_have_arrived=may_have_arrived
        )
        self._notify(Told(failed, late=True))

    def _drop(self) -> bool:
        """Drop it from the outbox. Returns whether that is possible now."""
        hub = self._robot.hub
        return hub is not None and not hub.outgoing.drop(self._message)
