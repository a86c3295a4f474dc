"""The owner's side of the exchange: routes what comes in, and serves all editors of one robot.

There is one hub for each robot. It is rebuilt from the files alone, so that another service can go
on at any moment.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from msgspec import Struct, structs

from dingbridge.core.catalogue import link
from dingbridge.core.delivery.compose import ComposeContext, written
from dingbridge.core.delivery.outbox import Outbox
from dingbridge.core.delivery.outbox_records import Purpose
from dingbridge.core.delivery.quota import Budget
from dingbridge.core.delivery.sent_messages import SentChunk, with_quote
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.messages import Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions import robot_state, scopes
from dingbridge.core.sessions.inbox import OpenMessage, Received
from dingbridge.core.sessions.state import State, with_sent_key
from dingbridge.core.timeouts import SENDS_WITHIN
from dingbridge.service.ports import Later, Link, Queue, Reactions, Records, Runtime
from dingbridge.service.robots import inbound_router, robot_news, robot_requests
from dingbridge.service.robots.access_control import AccessControl
from dingbridge.service.robots.addressed_queue import AddressedQueue
from dingbridge.service.robots.bindings import Bindings
from dingbridge.service.robots.conversations import BoundEditor, Conversations
from dingbridge.service.robots.editor_choice import Attends, EditorChoice
from dingbridge.service.robots.inbound_router import NOBODY, InboundRouter, RouterParts
from dingbridge.service.robots.pending_reactions import PendingReactions
from dingbridge.service.robots.quota_meter import QuotaMeter
from dingbridge.service.robots.robot_commands import RobotCommands
from dingbridge.service.robots.robot_news import News
from dingbridge.service.robots.robot_outbox import RobotOutbox
from dingbridge.service.robots.robot_requests import Ask
from dingbridge.service.robots.state_cache import StateCache
from dingbridge.service.robots.status_updates import StatusUpdates

log = logging.getLogger(__name__)


LAST_WORDS = (
    robot_requests.SendMessage
    | robot_requests.InSession
    | robot_requests.Asking
    | robot_requests.InTranscript
    | robot_requests.Unanswered
)
"""What a member may say whose editor was left while something was still under way in it."""


class HubPorts(Struct, frozen=True):
    """What the hub needs of the outside. `notify` reaches one member; `attends` says what its
    editor shows, and when its user was there; `later` runs a call on
    the loop, after 0 seconds at the end of the turn."""

    records: Records
    queue: Queue
    link: Link
    chance: Runtime
    notify: Callable[[int, News], None]
    reactions: Reactions
    attends: Attends
    later: Later


class Hub:
    """Everything that one robot's editors share. Service loop only."""

    def __init__(
        self, robot: str, ports: HubPorts, options: Options, state: State, outbox: Outbox
    ) -> None:
        self._robot = robot
        self._link = ports.link
        self._chance = ports.chance
        self._notify = ports.notify
        self._options = options
        self._records = ports.records
        self._remembered = StateCache(state, ports.records)
        self._members: dict[int, BoundEditor] = {}
        # Those whose editors were left while a program worked, with the session they had bound.
        self._retired: dict[int, str] = {}
        self._link_news = robot_news.LinkNews(LinkState.OFF.value)
        self._last_error = ""
        self._lacks_webhook = False
        self.cool_down = (0.0, "")
        self._let_in = robot_news.AccessChanged()
        self._state = StatusUpdates(ports.later, self._state_news, self.broadcast)
        self._conversations = Conversations(
            robot, self._remembered, self._members, lambda: self._options
        )
        self._bindings = Bindings(
            robot, self._members, self._remembered, ports.chance, ports.notify
        )
        self._editors = EditorChoice(self._members, self._conversations, ports.attends)
        self._usage = QuotaMeter(
            robot,
            self._remembered,
            ports.chance,
            self._budget,
            self.notice,
        )
        self._attention = PendingReactions(
            ports.reactions, ports.chance, lambda: self._options, lambda: self._usage.is_short
        )
        self.outgoing = RobotOutbox(
            robot,
            outbox,
            ports.records,
            AddressedQueue(ports.queue, self._conversations),
            ports.chance,
            self.broadcast,
            self._outbox_changed,
            self._attention.ended,
        )
        self._admission = AccessControl(
            robot,
            self._remembered,
            ports.chance,
            lambda: self._options,
            self._answer,
            self._call,
            self._access_changed,
            lambda received: self._reception.receive_kept(received),
        )
        receptionist = RobotCommands(
            self._conversations,
            ports.chance,
            lambda: self._options,
            self._state_news,
            lambda: len(self._members),
        )
        self._reception = InboundRouter(
            RouterParts(
                ports.records,
                ports.chance,
                self._members,
                self._conversations,
                self._admission,
                receptionist,
                lambda: self._options,
                ports.notify,
                self._editors,
                self._answer,
                self._attention,
                lambda inbound: with_quote(self._remembered.state.sent_keys, robot, inbound),
                lambda message: self.outgoing.knows(message),
            )
        )

    def start(self, inbox: dict[str, OpenMessage]) -> None:
        """Take up what an earlier owner left: send what waits, hand over what was received."""
        self.outgoing.start()
        self._reception.start(inbox)

    def settled(self) -> None:
        """The editors of an earlier owner are here by now; those that are not have left."""
        self._reception.settled()
        self.outgoing.settled()

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        self._options = options
        # Who was set up anew may know nothing any more.
        self._state.forget()
        self._hold_link()
        self._state.changed()

    # --- members --------------------------------------------------------------------------------

    def ask(self, member: int, ask: Ask) -> None:
        """A word of an editor."""
        is_last_word = member in self._retired and isinstance(ask, LAST_WORDS)
        if member in self._members or is_last_word or isinstance(ask, robot_requests.Hello):
            self._carry_out(member, ask)
        else:
            log.warning("an editor spoke before it said hello")

    def _carry_out(self, member: int, ask: Ask) -> None:
        problem = ""
        match ask:
            case robot_requests.Hello():
                self._join(member, ask)
            case robot_requests.Bind(session=session, title=title, cwd=cwd):
                self._bindings.bind(member, session, title, cwd)
                self._bound_changed()
            case robot_requests.Unbind(session=session):
                self._attention.left(session)
                self._bindings.unbind(member, session)
                self._bound_changed()
            case robot_requests.SendMessage():
                outbound = self._conversations.addressed(ask.outbound, ask.session)
                self.outgoing.send(structs.replace(ask, outbound=outbound))
            case robot_requests.Known(session=session, ids=ids):
                self.outgoing.answer_known(session, ids)
            case robot_requests.InSession(news=news):
                self.broadcast(news, but=member)
            case robot_requests.Asking():
                self._reception.asking(member, ask)
            case robot_requests.InTranscript(key=key):
                self._reception.handed(key)
            case robot_requests.Answers(answers=answers):
                self._members[member].answers = answers
            case robot_requests.Unanswered(turn=turn, left=left):
                self._reception.unanswered(member, turn, left=left)
            case robot_requests.PassOn(order=order):
                self._reception.pass_on(member, order)
            case robot_requests.Busy(busy=busy):
                self._members[member].busy = busy
            case robot_requests.Retry(id=message):
                if words := self.outgoing.retry(message):
                    self._notify(member, words)
            case robot_requests.Drop(id=message):
                problem = self.outgoing.drop(message)
            case robot_requests.ShowOutbox(prefix=prefix):
                self._notify(member, robot_news.OutboxLines(self.outgoing.describe(prefix)))
            case robot_requests.ShowPairings():
                self._notify(member, self._admission.list())
            case robot_requests.Pair(code=code, once=once):
                self._told(member, *self._admission.pair(code, once=once))
            case robot_requests.Deny(code=code):
                self._told(member, *self._admission.deny(code))
            case robot_requests.Revoke(id=name):
                self._told(member, *self._admission.revoke(name))
        if problem:
            self._notify(member, robot_news.Notice(problem, "error"))

    def _told(self, member: int, words: str, well: bool) -> None:
        """What was decided is told once it is on the disk: who was let in stays so."""
        answer = robot_news.Notice(words, "info" if well else "error")
        self._records.settled(lambda: self._notify(member, answer))

    def retire(self, member: int) -> None:
        """An editor was left, but a program still works on an answer in it, which may go out."""
        left = self._members.pop(member, None)
        if left is not None:
            self._retired[member] = left.session
            self._after_leaving()

    def leave(self, member: int) -> None:
        """An editor is gone: what it did not put into a transcript goes to another one."""
        left = self._members.pop(member, None)
        session = left.session if left is not None else self._retired.pop(member, None)
        if session is None:
            return
        if not self._conversations.is_bound(session):
            # Before anything goes to others, who work on it again.
            self._attention.member_left(session, is_last=not self._members)
        if left is not None:
            self._after_leaving()
        self._reception.hand_out(member)

    def _after_leaving(self) -> None:
        self._hold_link()
        self._state.changed()

    def _join(self, member: int, hello: robot_requests.Hello) -> None:
        self._members[member] = BoundEditor(hello.pid, hello.cwd, answers=hello.answers)
        # Before the answer, after which the editor carries out what its user asked for meanwhile.
        self._notify(member, self._state_news())
        self._notify(member, self._admission.let_in())
        self._notify(member, self._link_news)
        if hello.bound:
            self._bindings.come_back(member, hello.bound, hello.title, hello.cwd)
        elif not hello.again:
            self._bindings.restore(member, hello.cwd)
        self._bound_changed()

    def _bound_changed(self) -> None:
        self._hold_link()
        self._state.changed()
        self._reception.hand_out(NOBODY)

    def _hold_link(self) -> None:
        """The link is open as long as an editor has a session bound, or is there for those that are
        made on demand. Once all have left it stays as it was, until the owner ends."""
        if not self._members:
            return
        needed = self._members if scopes.is_made(self._options) else self._conversations.bound()
        if self._options.mode == "api" and needed:
            self._link.connect()
            return
        self._link.disconnect()
        if self._link_news.link != LinkState.OFF.value:
            self.link_changed(LinkState.OFF, "", "")

    # --- in -------------------------------------------------------------------------------------

    def arrived(self, batch: Sequence[Received]) -> None:
        """Robot messages that are written down and acked."""
        for received in batch:
            inbound_router.log_arrival(received.inbound, self._options.account)
        self._usage.count(pushes=len(batch))
        if not self._lacks_webhook and any(one.inbound.session_webhook is None for one in batch):
            self._lacks_webhook = True
            # The reply URL is a part of every robot message (protocol section 5.1).
            self.trouble(link.NO_SESSION_WEBHOOK(), "")
        self._state.counted()
        self._reception.arrived(batch)

    def _answer(self, target: Target, text: str) -> None:
        """A word of the bridge itself in a conversation, which is part of no session."""
        known = ComposeContext(self._options.secrets)
        made = written(self._chance.new_id(), text, target, self._options, known)
        self.outgoing.send(robot_requests.SendMessage(made.outbound, Purpose.WORD, ""))

    def _call(self, news: News) -> None:
        """Notify the most recently used editor with a bound session, if there is one."""
        bound = [name for name, _ in self._conversations.bound()]
        member = self._editors.latest(bound or self._members)
        if member is not None:
            self._notify(member, news)

    # --- news of the robot ----------------------------------------------------------------------

    def link_changed(self, link: LinkState, reason: str, fix: str, retry_in: float = 0.0) -> None:
        """The stream connection's state changed; it is opened again in `retry_in` seconds, unless
        that is 0."""
        next_try = self._chance.now() + retry_in if retry_in else 0.0
        self._link_news = robot_news.LinkNews(link.value, reason, fix, next_try)
        self.broadcast(self._link_news)
        self._state.changed()

    def trouble(self, sentence: str, code: str) -> None:
        """Something came in that could not be used; `code` is the platform's, if it sent one."""
        log.warning("%s", sentence)
        self._last_error = sentence
        self._usage.refused(code)
        self.notice(sentence)
        self._state.changed()

    def counted(self, calls: int, pushes: int, code: str) -> None:
        """The queue made calls; `code` is that of an answer that refused one."""
        self._usage.refused(code)
        if calls or pushes:
            self._usage.count(calls, pushes)
            self._state.counted()

    def sent(self, sent: SentChunk) -> None:
        """A chunk went out: it is remembered."""
        sent = structs.replace(sent, session=self.outgoing.session_of(sent.message))
        self._remembered.soon(lambda state: with_sent_key(state, self._robot, sent))

    def cooling_down(self, until: float, reason: str) -> None:
        """Nothing leaves before `until` (Unix seconds); 0 when that is over."""
        if (until, reason) != self.cool_down:
            self.cool_down = (until, reason)
            self._state.changed()

    def _budget(self) -> Budget:
        return Budget(self._options.quota_calls, self._options.quota_pushes)

    def is_sending(self, now: float) -> bool:
        """Whether a message is there, or about to be, that can leave within `SENDS_WITHIN`."""
        return not self.outgoing.is_empty and self.cool_down[0] - now <= SENDS_WITHIN

    # --- state ----------------------------------------------------------------------------------

    def _outbox_changed(self) -> None:
        self._attention.idle(idle=not self.outgoing.queued)
        self._state.changed()

    def _access_changed(self) -> None:
        """Somebody was refused, asks, or was decided about."""
        let_in = self._admission.let_in()
        if let_in != self._let_in:
            self._let_in = let_in
            self.broadcast(let_in)
        self._state.changed()

    def _state_news(self) -> robot_state.RobotState:
        until, reason = self.cool_down
        return robot_state.RobotState(
            link=self._link_news.link,
            queued=self.outgoing.queued,
            failed=self.outgoing.failed,
            refused=self._admission.refused,
            last_error=self.outgoing.last_error or self._last_error,
            cool_down_until=until,
            cool_down_reason=reason,
            quota=self._usage.describe(),
            admitted=self._admission.describe() if self._options.mode == "api" else "",
            asking=self._admission.asking,
            failed_ids=self.outgoing.latest_failed(),
            waiting_ids=self.outgoing.latest_waiting(),
            bound=self._conversations.sessions(),
        )

    def notice(self, words: str) -> None:
        """Warn the user, in the editor that was used last."""
        member = self._editors.latest(self._members)
        if member is not None:
            self._notify(member, robot_news.Notice(words, "warn"))

    def broadcast(self, news: News, *, but: int = NOBODY) -> None:
        """Tell all editors, or all others."""
        for member in list(self._members):
            if member != but:
                self._notify(member, news)
