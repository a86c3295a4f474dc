"""Asks a robot's people for approvals, and takes their answers."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.approvals import answer_text
from dingbridge.core.approvals.approval import (
    Answerer,
    ApprovalRequest,
    ClosedApproval,
    Decision,
    OpenApproval,
)
from dingbridge.core.delivery.routing import notify_target, reply_target
from dingbridge.core.messages import SENDER_IDS, Inbound, Target
from dingbridge.service.approvals.approvals import Approvals
from dingbridge.service.robots.conversations import Conversations
from dingbridge.service.robots.robot_replies import RobotReplies


class _Question(Struct, frozen=True):
    """The messages that ask, and where."""

    target: Target
    messages: tuple[str, ...]


class ApprovalQuestions:
    """The questions of one robot. Service loop only.

    A question goes to the person who asked for the turn, 1:1. Of a turn that was typed in Neovim
    it goes to the binding's 1:1 partner if that is an admin, else to the target of notifications.
    If there is neither, the editor alone asks.
    """

    def __init__(
        self,
        robot: str,
        approvals: Approvals,
        conversations: Conversations,
        replies: RobotReplies,
    ) -> None:
        self._robot = robot
        self._approvals = approvals
        self._conversations = conversations
        self._replies = replies
        self._asked: dict[str, _Question] = {}
        # The conversation that an answer comes from, which needs no other word.
        self._answering = ""

    def start(self) -> None:
        """Ask from now on."""
        self._approvals.join(self)

    def stop(self) -> None:
        """Ask no more: the robot is given up."""
        self._approvals.leave(self)

    # --- the port ApprovalListener ----------------------------------------------------------------

    def asked(self, approval: OpenApproval) -> None:
        """Ask for a decision, if this robot's people may answer."""
        if approval.request.robot != self._robot:
            return
        target = self._target(approval.request)
        if target is not None:
            messages = self._replies.question(target, approval)
            self._asked[approval.code] = _Question(target, messages)

    def closed(self, approval: ClosedApproval) -> None:
        """Take back a question that did not leave yet; else say what was decided."""
        question = self._asked.pop(approval.code, None)
        if question is None or self._replies.withdraw(question.messages):
            return
        if question.target.key != self._answering:
            self._replies.reply(question.target, answer_text.told(approval))

    def _target(self, request: ApprovalRequest) -> Target | None:
        options = self._replies.options
        if options.mode != "api":
            return None
        if request.asker:
            direct = self._conversations.direct(request.asker)
            if direct is None and not request.asker.startswith(SENDER_IDS):
                return Target(user_id=request.asker, label=request.asker)
            return direct
        partner = self._conversations.partner(request.session)
        if partner is not None and partner.user_id in options.admins:
            return partner
        return notify_target(options)

    # --- answers ----------------------------------------------------------------------------------

    def answer(self, code: str, decision: Decision, inbound: Inbound, *, admin: bool) -> str:
        """Answer a request. Returns the reply."""
        self._answering = reply_target(inbound).key
        try:
            return self._approvals.answer(code, decision, self._by(inbound, admin=admin))
        finally:
            self._answering = ""

    def describe(self, inbound: Inbound, session: str, *, admin: bool, always: bool = False) -> str:
        """What waits for the sender, and what is always allowed in the session; with `always`,
        also that nothing is."""
        return self._approvals.describe(self._by(inbound, admin=admin), session, always=always)

    def status_lines(self, inbound: Inbound, session: str, *, admin: bool) -> tuple[str, ...]:
        """The lines of the status."""
        count = len(self._approvals.open_for(self._by(inbound, admin=admin)))
        return answer_text.status_lines(count, self._approvals.always_of(session))

    def forget_always(self, session: str) -> str:
        """Ask about everything in a session again. Returns the reply."""
        return answer_text.taken_back(self._approvals.forget_always(session))

    def _by(self, inbound: Inbound, *, admin: bool) -> Answerer:
        sender = inbound.sender
        return Answerer(self._robot, sender.identity, sender.nick, is_admin=admin)
