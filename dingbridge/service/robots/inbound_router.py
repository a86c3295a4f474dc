"""Routes robot messages: who may write, which session a message is for, which editor takes it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, structs

from dingbridge.core.access.policy import Admitted
from dingbridge.core.catalogue import remote as say
from dingbridge.core.delivery.routing import reply_target
from dingbridge.core.messages import Inbound, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions import inbox, scopes
from dingbridge.core.sessions.inbox import OpenMessage, Received
from dingbridge.service.editors.arrival_order import ArrivalOrder
from dingbridge.service.robots import robot_news, robot_requests
from dingbridge.service.robots.access_control import AccessControl
from dingbridge.service.robots.conversations import BoundEditor, Conversations
from dingbridge.service.robots.editor_choice import EditorChoice
from dingbridge.service.robots.pending_reactions import PendingReactions
from dingbridge.service.robots.robot_commands import RobotCommands
from dingbridge.service.robots.robot_news import News
from dingbridge.service.robots.robot_ports import Records
from dingbridge.service.runtime import Runtime

log = logging.getLogger(__name__)

NOBODY = -1
ON_ITS_WAY = -2
"""In the place of a member: no editor has the message, or it waits for a command before it."""


class RouterParts(Struct, frozen=True):
    """What the router works with.

    - `notify` sends news to one member, `answer` a text to a conversation.
    - `with_quote` completes a message with the text that it quotes.
    - `has_left` tells whether the outbox knows a message by its id.
    """

    records: Records
    runtime: Runtime
    members: Mapping[int, BoundEditor]
    conversations: Conversations
    access: AccessControl
    commands: RobotCommands
    options: Callable[[], Options]
    notify: Callable[[int, News], None]
    editors: EditorChoice
    answer: Callable[[Target, str], None]
    reactions: PendingReactions
    with_quote: Callable[[Inbound], Inbound]
    has_left: Callable[[str], bool]


class InboundRouter:
    """Routes every admitted message to one session, once. Service loop only.

    open ──route──▶ with an editor ──InTranscript──▶ done
      ▲──the editor leaves──┘
    """

    def __init__(self, parts: RouterParts) -> None:
        self._records = parts.records
        self._runtime = parts.runtime
        self._members = parts.members
        self._conversations = parts.conversations
        self._access = parts.access
        self._commands = parts.commands
        self._options = parts.options
        self._notify = parts.notify
        self._answer = parts.answer
        self._editors = parts.editors
        self._reactions = parts.reactions
        self._with_quote = parts.with_quote
        self._has_left = parts.has_left
        # Messages that came while there was no editor.
        self._patient: set[str] = set()
        self._open: dict[str, tuple[OpenMessage, int]] = {}
        # A message waits for a command before it.
        self._on_their_way = ArrivalOrder()
        self._settled = False

    def start(self, inbox: dict[str, OpenMessage]) -> None:
        """Continue with the messages that an earlier service did not finish."""
        # They are routed when the first editor joins.
        self._open = {key: (entry, NOBODY) for key, entry in inbox.items()}
        self._patient = set(inbox)

    def settled(self) -> None:
        """The editors of an earlier service have joined by now, or have left."""
        self._settled = True
        self.hand_out(NOBODY)

    def arrived(self, batch: Iterable[Received]) -> None:
        """Route robot messages that are on disk and acked."""
        for received in batch:
            if not self._members:
                self._patient.add(received.key)
            try:
                self._bring(received.key, OpenMessage(received))
            except Exception:  # any defect: the other messages of the batch are still routed
                log.exception("a message could not be routed")

    def receive_kept(self, received: Received) -> None:
        """Route a message that was kept until its sender got access, once it is on disk again."""
        self._records.received(received, lambda: self.arrived([received]))

    def hand_out(self, holder: int) -> None:
        """Route again every message of the member `holder`; `NOBODY` for those without an
        editor."""
        held = [(key, entry) for key, (entry, held_by) in self._open.items() if held_by == holder]
        for key, entry in held:
            self._bring(key, entry)

    def _bring(self, key: str, entry: OpenMessage) -> None:
        """Route a message; while there is no editor, it waits."""
        self._open[key] = (entry, NOBODY)
        if entry.asked and self._is_over(key, entry):
            self.handed(key)
            return
        if not self._members or (entry.session and self._is_awaited(entry.session)):
            return
        if entry.session:
            # It may stand in that transcript already, so it must go to no other.
            self._deliver(key, entry, again=True)
        else:
            self._take(key, entry.received)

    def _is_over(self, key: str, entry: OpenMessage) -> bool:
        """Whether a message whose responder was asked is done: the editor keeps track of a Lua
        function, and a program's answer may have been sent before the crash."""
        answer = inbox.answer_id(inbox.message_id(key))
        return entry.asked == "function" or self._has_left(answer)

    def asking(self, member: int, ask: robot_requests.Asking) -> None:
        """A member is about to have a message answered: allow it once that is on disk."""
        entry, holder = self._open.get(ask.key, (None, NOBODY))
        if entry is not None and holder == member:
            self._open[ask.key] = (structs.replace(entry, asked=ask.by), holder)
            may_ask = robot_news.MayAsk(ask.key)
            self._records.asked(
                ask.key, entry.session, ask.by, lambda: self._notify(member, may_ask)
            )

    def handed(self, key: str) -> None:
        """A message is done."""
        self._patient.discard(key)
        if self._open.pop(key, None) is not None:
            self._records.handed(key)

    def _is_awaited(self, session: str) -> bool:
        """Whether the editor with that session may be about to join, after an earlier service: its
        messages must not go to another one."""
        return not self._settled and self._conversations.is_away(session)

    def _take(self, key: str, received: Received) -> None:
        inbound = received.inbound
        admitted = self._access.verdict(received, reply_target(inbound))
        if admitted is None:
            self.handed(key)
        elif not self._is_awaited(self._conversations.chosen(inbound)):
            self._admit(key, received, admitted)

    def _admit(self, key: str, received: Received, admitted: Admitted) -> None:
        inbound = received.inbound
        self._conversations.met(inbound)
        said = self._commands.answer(inbound, admitted)
        if said is not None and said.words:
            self._answer(reply_target(inbound), said.words)
        if said is not None and not said.goes_on:
            log.debug("message %r was answered here and goes to no session", inbound.id)
            self.handed(key)
            return
        session = self._conversations.session_for(inbound)
        if not session and scopes.is_made(self._options()):
            session = f"{self._options().account}-{self._runtime.new_id()}"
            self._conversations.make(session, inbound, self._runtime.now())
        if not session:
            self._nobody_for(key, received)
            return
        log.debug("message %r goes to session %s", inbound.id, session)
        self._conversations.speak_to(session, inbound)
        entry = OpenMessage(received, session)
        self._open[key] = (entry, ON_ITS_WAY)
        place = (session, inbound.conversation.id)
        self._on_their_way.put(place, lambda done: self._send_on(key, entry, done))

    def _send_on(self, key: str, entry: OpenMessage, done: Callable[[], None]) -> None:
        """Deliver a message. A command stands in no transcript, so first its delivery is written to
        disk: it must not be carried out twice."""

        def deliver() -> None:
            self._deliver(key, entry, again=False)
            done()

        if self._commands.is_command(entry.received.inbound):
            self._records.routed(key, entry.session, deliver)
        else:
            deliver()

    def _nobody_for(self, key: str, received: Received) -> None:
        """No editor has a session bound. A message that came while there was no editor waits."""
        if key not in self._patient:
            self._answer(reply_target(received.inbound), say.NOBODY_THERE())
            self.handed(key)

    def _deliver(self, key: str, entry: OpenMessage, *, again: bool) -> None:
        if not self._members:
            self._open[key] = (entry, NOBODY)
            return
        news = self._news(key, entry, again=again)
        holder = self._editors.first(entry.session, answers=isinstance(news, robot_news.Deliver))
        self._open[key] = (entry, holder)
        self._notify(holder, news)

    def pass_on(self, member: int, order: robot_news.CarryOut) -> None:
        """A member's editor does not answer a command: pass it on to the next one."""
        tried = (*order.tried, member)
        found = self._editors.next(order.session, tried)
        entry, holder = self._open.get(order.key, (None, NOBODY))
        if found is None or entry is None or holder != member:
            return
        self._open[order.key] = (entry, found)
        self._notify(member, robot_news.AnswerWithdrawn(order.key))
        self._notify(found, structs.replace(order, tried=tried))

    def unanswered(self, member: int, turn: robot_news.Turn, *, left: bool) -> None:
        """Pass a question on to another editor's responder. If there is none, a slow editor may
        still answer; for one that has left, the asker gets a reply."""
        tried = (*turn.tried, member)
        found = self._editors.next(turn.question.session, tried, answers=True)
        if found is not None:
            if not left:
                self._notify(member, robot_news.AnswerWithdrawn(turn.question.message.id))
            self._notify(found, robot_news.AnswerInstead(structs.replace(turn, tried=tried)))
        elif left:
            self._answer(turn.target, say.CLOSED())

    def _news(self, key: str, entry: OpenMessage, *, again: bool) -> News:
        inbound, session = entry.received.inbound, entry.session
        if entry.asked:
            return robot_news.ProgramAnswerLost(key, inbound, session)
        options = self._options()
        start = None
        if self._conversations.is_made(session):
            start = scopes.start(options, inbound)
        if self._commands.is_command(inbound):
            admin = inbound.sender.identity in options.admins
            return robot_news.CarryOut(key, inbound, session, again, admin, start)
        inbound = self._with_quote(inbound)
        if not inbound.says_nothing:
            self._reactions.worked_on(inbound, session)
        instructions = scopes.instructions(options, inbound)
        return robot_news.Deliver(key, inbound, session, again, start, instructions)


def log_arrival(inbound: Inbound, account: str) -> None:
    """Log who wrote where, as the set-up guides promise; the text only with `verbose`."""
    of_account = logging.getLogger(f"{__name__}.{account}")
    of_account.info(
        "message from staff id %s (%s), conversationId %s",
        inbound.sender.staff_id or "-",
        inbound.sender.sender_id,
        inbound.conversation.id,
    )
    of_account.debug("its text: %s", inbound.text)
