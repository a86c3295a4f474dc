"""Asks a robot's people for approvals, and takes their answers."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.access.policy import Admitted
from dingbridge.core.approvals import answer_text
from dingbridge.core.approvals.approval import (
    Answerer,
    ApprovalRequest,
    ClosedApproval,
    Decision,
    OpenApproval,
)
from dingbridge.core.catalogue import approvals as say
from dingbridge.core.delivery.routing import notify_target, reply_target
from dingbridge.core.dingtalk.cards import CardPressed
from dingbridge.core.messages import (
    SENDER_IDS,
    Conversation,
    ConversationKind,
    Inbound,
    Sender,
    Target,
)
from dingbridge.service.approvals.approvals import Approvals
from dingbridge.service.robots.approval_messages import ApprovalMessages
from dingbridge.service.robots.conversations import Conversations


class ApprovalQuestions:
    """The questions of one robot. Service loop only.

    A question goes to the person who asked for the turn, 1:1. Of a turn that was typed in Neovim
    it goes to the binding's 1:1 partner if that is an admin, else to the target of notifications.
    If there is neither, the editor alone asks.

    - `admit` returns the role of the person of a message; None without access.
    """

    def __init__(
        self,
        robot: str,
        approvals: Approvals,
        conversations: Conversations,
        messages: ApprovalMessages,
        admit: Callable[[Inbound], Admitted | None],
    ) -> None:
        self._robot = robot
        self._approvals = approvals
        self._conversations = conversations
        self._messages = messages
        self._admit = admit
        # The conversation that an answer comes from, which needs no other word.
        self._answering = ""
        # Whether the answer of a card has closed a request.
        self._has_closed = False

    def start(self) -> None:
        """Ask from now on."""
        self._approvals.join(self)
        self._approvals.know_admins(self._robot, lambda: self._messages.options.admins)

    def stop(self) -> None:
        """Ask no more: the robot is given up."""
        self._approvals.leave(self)
        self._approvals.know_admins(self._robot, None)

    # --- the port ApprovalListener ----------------------------------------------------------------

    def asked(self, approval: OpenApproval) -> None:
        """Ask for a decision, if this robot's people may answer."""
        if approval.request.robot != self._robot:
            return
        target = self._target(approval.request)
        if target is not None:
            self._messages.ask(approval, target)
        elif approval.request.asker:
            self._messages.warn(say.ASKED_HERE_ALONE(code=approval.code))

    def closed(self, approval: ClosedApproval) -> None:
        """Take back a question that did not leave yet; else say what was decided."""
        self._has_closed = True
        self._messages.close(approval, answering=self._answering)

    def _target(self, request: ApprovalRequest) -> Target | None:
        options = self._messages.options
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

    def pressed(self, pressed: CardPressed) -> None:
        """Answer a request by the button of a card. The card shows the result; words are for an
        answer that does not count."""
        answer = self._messages.answered(pressed)
        inbound = _of_presser(pressed)
        admitted = self._admit(inbound)
        if admitted is not None and self._messages.is_lost(pressed):
            self._messages.reply(reply_target(inbound), say.LOST())
        if answer is None or admitted is None:
            return
        self._has_closed = False
        words = self.answer(*answer, inbound, admin=admitted.role == "admin")
        if not self._has_closed:
            self._messages.reply(reply_target(inbound), words)

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


def _of_presser(pressed: CardPressed) -> Inbound:
    """A message that stands for a pressed button, which is checked as one that is typed 1:1."""
    return Inbound(
        id="",
        robot_code="",
        conversation=Conversation("", ConversationKind.SINGLE),
        sender=Sender(pressed.user_id, "", ""),
        mentioned=True,
        msgtype="card",
        text="",
        created=0.0,
    )
