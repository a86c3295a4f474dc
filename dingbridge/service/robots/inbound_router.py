"""Routes robot messages, each to one editor until it is done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from msgspec import structs

from dingbridge.core.dingtalk import addressees
from dingbridge.core.sessions.inbox import OpenMessage, Received
from dingbridge.service.editors.arrival_order import ArrivalOrder, ConversationKey
from dingbridge.service.robots import robot_news, robot_requests
from dingbridge.service.robots.admission import WAITS, Admission
from dingbridge.service.robots.editor_choice import EditorChoice
from dingbridge.service.robots.message_news import MessageNews
from dingbridge.service.robots.open_messages import NOBODY, ON_ITS_WAY, OpenMessages
from dingbridge.service.robots.robot_news import News

log = logging.getLogger(__name__)


class InboundRouter:
    """Routes every admitted message to one session, once. Service loop only.

    open ──route──▶ with an editor ──InTranscript──▶ done
      ▲──the editor leaves──┘

    - `notify` sends news to one member.
    """

    def __init__(
        self,
        messages: OpenMessages,
        admission: Admission,
        news: MessageNews,
        editors: EditorChoice,
        notify: Callable[[int, News], None],
    ) -> None:
        self._messages = messages
        self._admission = admission
        self._news = news
        self._editors = editors
        self._notify = notify
        # A message waits for one of its conversation that `receive_kept` still writes.
        self._arriving = ArrivalOrder()
        # A message waits for a command before it.
        self._on_their_way = ArrivalOrder()

    def start(self, inbox: Mapping[str, OpenMessage]) -> None:
        """Continue with the messages that an earlier service did not finish: they are routed when
        the first editor joins."""
        self._messages.restore(inbox)

    def settled(self) -> None:
        """The editors of an earlier service have joined by now, or have left."""
        self._editors.settled()
        self.hand_out(NOBODY)

    def arrived(self, batch: Iterable[Received]) -> None:
        """Route robot messages that are on disk and acked."""
        for received in batch:
            try:
                self._arriving.put(_place(received), partial(self._arrive, received))
            except Exception:  # any defect: the other messages of the batch are still routed
                log.exception("a message could not be routed")

    def receive_kept(self, received: Received) -> None:
        """Route a message that was kept until its sender got access, once it is on disk again.
        Later ones of its conversation wait for it."""

        def write(done: Callable[[], None]) -> None:
            self._messages.receive(received, lambda: self._arrive(received, done))

        self._arriving.put(_place(received), write)

    def _arrive(self, received: Received, done: Callable[[], None]) -> None:
        if not self._editors.are_there:
            self._messages.be_patient(received.key)
        try:
            self._bring(received.key, OpenMessage(received))
        finally:
            done()

    def hand_out(self, holder: int) -> None:
        """Route again every message of the member `holder`; `NOBODY` for those without an
        editor."""
        for key, entry in self._messages.held_by(holder):
            self._bring(key, entry)

    def _bring(self, key: str, entry: OpenMessage) -> None:
        """Route a message; while there is no editor, it waits."""
        self._messages.put(key, entry, NOBODY)
        if self._messages.is_answered(key, entry):
            self.handed(key)
        elif not self._editors.are_there or self._editors.is_awaited(entry.session):
            return
        elif entry.session:
            # It may stand in that transcript already, so it must go to no other.
            self._deliver(key, entry, again=True)
        else:
            self._admit(key, entry.received)

    def asking(self, member: int, ask: robot_requests.Asking) -> None:
        """A member is about to have a message answered: allow it once that is on disk."""
        may_ask = robot_news.MayAsk(ask.key)
        self._messages.asking(member, ask, lambda: self._notify(member, may_ask))

    def handed(self, key: str) -> None:
        """A message is done."""
        self._messages.done(key)

    def _admit(self, key: str, received: Received) -> None:
        is_patient = self._messages.is_patient(key)
        session = self._admission.session_for(received, is_patient=is_patient)
        if session is None:
            self.handed(key)
        elif session != WAITS:
            entry = OpenMessage(received, session)
            self._messages.put(key, entry, ON_ITS_WAY)
            place = (session, received.inbound.conversation.id)
            self._on_their_way.put(place, lambda done: self._send_on(key, entry, done))

    def _send_on(self, key: str, entry: OpenMessage, done: Callable[[], None]) -> None:
        """Deliver a message. A command stands in no transcript, so first its delivery is written to
        disk: it must not be carried out twice."""

        def deliver() -> None:
            self._deliver(key, entry, again=False)
            done()

        if addressees.is_command(entry.received.inbound):
            self._messages.routed(key, entry, deliver)
        else:
            deliver()

    def _deliver(self, key: str, entry: OpenMessage, *, again: bool) -> None:
        if not self._editors.are_there:
            self._messages.put(key, entry, NOBODY)
            return
        news = self._news.compose(key, entry, again=again)
        holder = self._editors.first(entry.session, answers=isinstance(news, robot_news.Deliver))
        self._messages.put(key, entry, holder)
        self._notify(holder, news)

    def pass_on(self, member: int, order: robot_news.CarryOut) -> None:
        """A member's editor does not answer a command: pass it on to the next one."""
        tried = (*order.tried, member)
        found = self._editors.next(order.session, tried)
        entry = self._messages.of(order.key, member)
        if found is None or entry is None:
            return
        self._messages.put(order.key, entry, found)
        self._notify(member, robot_news.AnswerWithdrawn(order.key))
        self._notify(found, structs.replace(order, tried=tried))


def _place(received: Received) -> ConversationKey:
    """Its conversation; the session is not chosen yet."""
    return ("", received.inbound.conversation.id)


def log_arrivals(batch: Sequence[Received], account: str) -> None:
    """Log who wrote where, as the set-up guides promise; the text only with `verbose`."""
    of_account = logging.getLogger(f"{__name__}.{account}")
    for received in batch:
        inbound = received.inbound
        of_account.info(
            "message from staff id %s (%s), conversationId %s",
            inbound.sender.staff_id or "-",
            inbound.sender.sender_id,
            inbound.conversation.id,
        )
        of_account.debug("its text: %s", inbound.text)
