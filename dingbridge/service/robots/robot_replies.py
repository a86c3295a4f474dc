"""Sends texts of the bridge itself to a robot's conversations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dingbridge.core.approvals import question_text
from dingbridge.core.approvals.approval import OpenApproval
from dingbridge.core.delivery.compose import ComposeContext, written
from dingbridge.core.delivery.outbox_records import Purpose
from dingbridge.core.messages import DeliveryReport, Outbound, Target
from dingbridge.core.options.declarations import Options
from dingbridge.service.robots.robot_outbox import RobotOutbox
from dingbridge.service.robots.robot_requests import SendMessage
from dingbridge.service.runtime import Runtime


class RobotReplies:
    """Composes these texts and puts them into the outbox. Service loop only."""

    def __init__(
        self, runtime: Runtime, options: Callable[[], Options], outbox: RobotOutbox
    ) -> None:
        self._runtime = runtime
        self._options = options
        self._outbox = outbox

    @property
    def options(self) -> Options:
        """The options in force."""
        return self._options()

    def reply(self, target: Target, text: str) -> None:
        """Send a text that belongs to no session."""
        self.reply_traced(target, text)

    def reply_traced(self, target: Target, text: str) -> str:
        """The same; returns the message's id, for `listen`."""
        options = self._options()
        context = ComposeContext(options.secrets)
        made = written(self._runtime.new_id(), text, target, options, context)
        self.send((made.outbound,))
        return made.outbound.id

    def question(self, target: Target, approval: OpenApproval) -> tuple[Outbound, ...]:
        """The messages that ask for a decision."""
        name, now = self._runtime.new_id(), self._runtime.now()
        return question_text.question(name, approval, target, self._options(), now)

    def send(self, made: Sequence[Outbound]) -> None:
        """Send composed messages that belong to no session."""
        for outbound in made:
            self._outbox.send(SendMessage(outbound, Purpose.WORD, ""))

    def listen(
        self, messages: Sequence[str], listener: Callable[[DeliveryReport], None] | None
    ) -> None:
        """Call `listener` with each report on these messages; None removes it."""
        for message in messages:
            self._outbox.listen(message, listener)

    def withdraw(self, messages: Sequence[str]) -> bool:
        """Drop messages that have not left yet. Returns whether none of them has."""
        dropped = [self._outbox.withdraw(message) for message in messages]
        return all(dropped)
