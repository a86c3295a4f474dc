"""Sends the question for an approval, and its result: by a card, else by a text."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import Struct

from dingbridge.core.approvals import answer_text
from dingbridge.core.approvals.approval import ClosedApproval, Decision, OpenApproval
from dingbridge.core.catalogue import approvals as say
from dingbridge.core.dingtalk.cards import CardPressed
from dingbridge.core.messages import Delivery, DeliveryReport, Outbound, Target
from dingbridge.core.options.declarations import Options
from dingbridge.service.robots.approval_cards import ApprovalCards
from dingbridge.service.robots.robot_ports import CardCalls
from dingbridge.service.robots.robot_replies import RobotReplies
from dingbridge.service.runtime import Runtime


class _Question(Struct):
    """Where a question was asked, and the ids of its messages; none where only a card asks."""

    target: Target
    messages: tuple[str, ...] = ()


class ApprovalMessages:
    """The open questions of one robot. Service loop only.

    - `cards` makes the requests for cards.
    - `warn` shows a warning to the user.
    """

    def __init__(
        self, replies: RobotReplies, cards: CardCalls, runtime: Runtime, warn: Callable[[str], None]
    ) -> None:
        self.warn = warn
        self._replies = replies
        self._cards = ApprovalCards(cards, runtime, lambda: replies.options, warn)
        self._asked: dict[str, _Question] = {}

    @property
    def options(self) -> Options:
        """The options in force."""
        return self._replies.options

    def ask(self, approval: OpenApproval, target: Target) -> None:
        """Ask for a decision."""
        made = self._replies.question(target, approval)
        self._asked[approval.code] = _Question(target)
        by_text = partial(self._ask_by_text, approval.code, made)
        # A card shows less than a file.
        if len(made) > 1 or not self._cards.ask(approval, made[0], by_text):
            by_text()

    def _ask_by_text(self, code: str, made: tuple[Outbound, ...]) -> None:
        question = self._asked.get(code)
        if question is not None:
            question.messages = tuple(outbound.id for outbound in made)
            self._replies.listen(question.messages, partial(self._reported, code))
            self._replies.send(made)

    def _reported(self, code: str, report: DeliveryReport) -> None:
        """A message of an open question was sent, or could not be."""
        if report.delivery is Delivery.FAILED and not report.dropped:
            self.warn(say.REFUSED_SO_HERE_ALONE(code=code, reason=report.reason))

    def close(self, approval: ClosedApproval, *, answering: str) -> None:
        """Take back a question that did not leave yet; else show the result, unless the answer came
        from that conversation, `answering`."""
        question = self._asked.pop(approval.code, None)
        if question is None:
            return
        self._replies.listen(question.messages, None)

        def show() -> None:
            if question.target.key != answering:
                self._replies.reply(question.target, answer_text.told(approval))

        # A text may ask beside a card of which nobody knows whether it arrived.
        has_text = bool(question.messages)
        has_card = self._cards.close(approval, (lambda: None) if has_text else show)
        is_withdrawn = has_text and self._replies.withdraw(question.messages)
        if not is_withdrawn and (has_text or not has_card):
            show()

    def answered(self, pressed: CardPressed) -> tuple[str, Decision] | None:
        """The code and decision of a pressed button; None for what is no answer."""
        return self._cards.answered(pressed)

    def is_lost(self, pressed: CardPressed) -> bool:
        """Whether this is a button of a card that is not known any more."""
        return self._cards.is_lost(pressed)

    def reply(self, target: Target, text: str) -> None:
        """Send a text of the bridge itself."""
        self._replies.reply(target, text)
