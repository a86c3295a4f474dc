"""Proves the way from a person in DingTalk to the service and back, by a message `ping 4821`."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dingbridge.core.access.policy import Admitted
from dingbridge.core.catalogue import remote as say
from dingbridge.core.dingtalk import addressees
from dingbridge.core.doctor import ping
from dingbridge.core.doctor.ping import PingStep
from dingbridge.core.messages import Delivery, DeliveryReport, Target
from dingbridge.core.sessions.inbox import Received
from dingbridge.service.robots.access_control import AccessControl
from dingbridge.service.robots.robot_commands import CommandReply, RobotCommands
from dingbridge.service.robots.robot_replies import RobotReplies
from dingbridge.service.runtime import Later


class _Awaited(Struct):
    """A ping that is awaited: who gets its steps, and what came before it."""

    notify: Callable[[PingStep], None]
    refused: int
    others: int = 0
    is_over: bool = False


class PingProof:
    """Answers awaited pings, and passes all other messages on to the commands. Service loop only.

    awaited ──a person with access sends it──▶ read ──DingTalk accepts the answer──▶ answered
       └──time over──▶ missed; for `ping.LATE` more it is answered, and goes to no session
    """

    def __init__(
        self,
        commands: RobotCommands,
        replies: RobotReplies,
        access: AccessControl,
        later: Later,
        now: Callable[[], float],
    ) -> None:
        self._commands = commands
        self._replies = replies
        self._access = access
        self._later = later
        self._now = now
        self._awaited: dict[str, _Awaited] = {}

    def expect(self, digits: str, seconds: float, notify: Callable[[PingStep], None]) -> None:
        """Await `ping DIGITS` for so long. `notify` gets each step."""
        self._awaited[digits] = awaited = _Awaited(notify, self._access.refused)
        notify(PingStep("awaited", self._now()))
        self._later(seconds, lambda: self._missed(awaited))
        self._later(seconds + ping.LATE, lambda: self._forget(digits, awaited))

    def _missed(self, awaited: _Awaited) -> None:
        if not awaited.is_over:
            awaited.is_over = True
            refused = self._access.refused - awaited.refused
            step = PingStep("missed", self._now(), others=awaited.others, refused=refused)
            awaited.notify(step)

    def _forget(self, digits: str, awaited: _Awaited) -> None:
        if self._awaited.get(digits) is awaited:
            del self._awaited[digits]

    def answer(self, received: Received, admitted: Admitted, target: Target) -> CommandReply | None:
        """Answer a ping or a command. Returns None for a message that is neither."""
        digits = ping.digits_in(addressees.without_mention(received.inbound.text))
        awaited = self._awaited.get(digits)
        if awaited is None:
            for each in self._awaited.values():
                each.others += 1
            return self._commands.answer(received.inbound, admitted)
        message = self._replies.reply_traced(target, say.PONG(digits=digits))
        if not awaited.is_over:
            awaited.is_over = True
            awaited.notify(PingStep("received", received.time))
            awaited.notify(PingStep("read", self._now()))
            self._replies.listen((message,), lambda report: self._reported(awaited, report))
        return CommandReply()

    def _reported(self, awaited: _Awaited, report: DeliveryReport) -> None:
        if report.delivery is Delivery.SENT:
            awaited.notify(PingStep("answered", self._now()))
        elif report.delivery is Delivery.FAILED:
            awaited.notify(PingStep("failed", self._now(), report.reason))
        else:
            return
        self._replies.listen((report.message_id,), None)
