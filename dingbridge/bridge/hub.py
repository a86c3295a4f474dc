"""The owner's side of the exchange: routes what comes in, and serves all editors of one app.

There is one hub for each app, in the editor that owns it. It is rebuilt from the files alone, so
that another editor can take over at any moment.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from msgspec import Struct, structs

from dingbridge.bridge import reception
from dingbridge.bridge.addressed_queue import AddressedQueue
from dingbridge.bridge.admission import Admission
from dingbridge.bridge.attention import Attention
from dingbridge.bridge.conversations import Conversations, Member
from dingbridge.bridge.outgoing import Outgoing
from dingbridge.bridge.ports import Chance, Link, Queue, Reactions, Records
from dingbridge.bridge.reception import NOBODY, OWN, Parts, Reception
from dingbridge.bridge.receptionist import Receptionist
from dingbridge.bridge.remembered import Remembered
from dingbridge.bridge.usage import Usage
from dingbridge.core import exchange, scopes
from dingbridge.core.catalogue import link
from dingbridge.core.catalogue import service as say
from dingbridge.core.exchange import Ask, News
from dingbridge.core.inbox import Open, Received
from dingbridge.core.link import LinkState
from dingbridge.core.messages import Target
from dingbridge.core.options import Options
from dingbridge.core.outbox import Kind, Outbox
from dingbridge.core.quota import Budget
from dingbridge.core.sent_keys import Sent, with_quote
from dingbridge.core.state import (
    State,
    binding_for,
    binding_of,
    with_binding,
    with_sent_key,
    without_binding,
)
from dingbridge.core.writing import Circumstances, written

log = logging.getLogger(__name__)


class Ports(Struct, frozen=True):
    """What the hub needs of the outside. `tell` reaches one member."""

    records: Records
    queue: Queue
    link: Link
    chance: Chance
    tell: Callable[[int, News], None]
    reactions: Reactions


class Hub:
    """Everything that one app's editors share. Host loop of the owner only."""

    def __init__(
        self, robot: str, ports: Ports, options: Options, state: State, outbox: Outbox
    ) -> None:
        self._robot = robot
        self._link = ports.link
        self._chance = ports.chance
        self._tell = ports.tell
        self._options = options
        self._records = ports.records
        self._remembered = Remembered(state, ports.records)
        self._members: dict[int, Member] = {}
        self._link_news = exchange.LinkNews(LinkState.OFF.value)
        self._last_error = ""
        self._lacks_webhook = False
        self._cool_down = (0.0, "")
        self._let_in = exchange.LetIn()
        self._conversations = Conversations(
            robot, self._remembered, self._members, lambda: self._options
        )
        self._usage = Usage(
            robot,
            self._remembered,
            ports.chance,
            self._budget,
            lambda warning: self._broadcast(exchange.Words(warning, "warn")),
        )
        self._attention = Attention(
            ports.reactions, ports.chance, lambda: self._options, lambda: self._usage.is_short
        )
        self.outgoing = Outgoing(
            robot,
            outbox,
            ports.records,
            AddressedQueue(ports.queue, self._conversations),
            ports.chance,
            self._broadcast,
            self._outbox_changed,
            self._attention.ended,
        )
        self._admission = Admission(
            robot,
            self._remembered,
            ports.chance,
            lambda: self._options,
            self._answer,
            self._call,
            self._access_changed,
            lambda received: self._reception.receive_kept(received),
        )
        receptionist = Receptionist(
            self._conversations,
            ports.chance,
            lambda: self._options,
            self._state_news,
            lambda: len(self._members),
        )
        self._reception = Reception(
            Parts(
                ports.records,
                ports.chance,
                self._members,
                self._conversations,
                self._admission,
                receptionist,
                lambda: self._options,
                ports.tell,
                self._answer,
                self._attention,
                lambda inbound: with_quote(self._remembered.state.sent_keys, robot, inbound),
            )
        )

    def start(self, inbox: dict[str, Open]) -> None:
        """Take up what an earlier owner left: send what waits, hand over what was received."""
        self.outgoing.start()
        self._reception.start(inbox)

    def settled(self) -> None:
        """The editors of an earlier owner are here by now; those that are not have left."""
        self._reception.settled()

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        self._options = options
        self._hold_link()
        self._tell_state()

    # --- members --------------------------------------------------------------------------------

    def ask(self, member: int, ask: Ask) -> None:
        """A word of an editor."""
        if member in self._members or isinstance(ask, exchange.Hello):
            self._carry_out(member, ask)
        else:
            log.warning("an editor spoke before it said hello")

    def _carry_out(self, member: int, ask: Ask) -> None:
        problem = ""
        match ask:
            case exchange.Hello():
                self._join(member, ask)
            case exchange.Bind(session=session, title=title, cwd=cwd):
                self._bind(member, session, title, cwd, self._chance.now())
            case exchange.Unbind(session=session):
                self._unbind(member, session)
            case exchange.Send():
                outbound = self._conversations.addressed(ask.outbound, ask.session)
                self.outgoing.send(structs.replace(ask, outbound=outbound))
            case exchange.Known(session=session, ids=ids):
                self.outgoing.answer_known(session, ids)
            case exchange.Handed(key=key):
                self._handed(member, key)
            case exchange.Busy(busy=busy):
                self._members[member].busy = busy
            case exchange.Retry(id=message):
                if words := self.outgoing.retry(message):
                    self._tell(member, words)
            case exchange.Drop(id=message):
                problem = self.outgoing.drop(message)
            case exchange.ShowOutbox(prefix=prefix):
                self._tell(member, exchange.Letters(self.outgoing.describe(prefix)))
            case exchange.ShowPairings():
                self._tell(member, self._admission.list())
            case exchange.Mark(number=number):
                self._records.settled(lambda: self._tell(member, exchange.Marked(number)))
            case exchange.Pair(code=code, once=once):
                self._told(member, *self._admission.pair(code, once=once))
            case exchange.Deny(code=code):
                self._told(member, *self._admission.deny(code))
            case exchange.Revoke(id=name):
                self._told(member, *self._admission.revoke(name))
        if problem:
            self._tell(member, exchange.Words(problem, "error"))

    def _told(self, member: int, words: str, well: bool) -> None:
        """What was decided is told once it is on the disk: who was let in stays so."""
        answer = exchange.Words(words, "info" if well else "error")
        self._records.settled(lambda: self._tell(member, answer))

    def leave(self, member: int) -> None:
        """An editor is gone: what it did not put into a transcript goes to another one."""
        if self._members.pop(member, None) is None:
            return
        self._hold_link()
        self._reception.hand_out(member)

    def _join(self, member: int, hello: exchange.Hello) -> None:
        self._members[member] = Member(hello.pid, hello.cwd)
        # Before the answer, after which the editor carries out what its user asked for meanwhile.
        self._tell(member, self._state_news())
        self._tell(member, self._admission.let_in())
        reason = self._link_news.reason or say.TAKES_OVER()
        self._tell(member, structs.replace(self._link_news, reason=reason))
        holder = next((one for one in self._members.values() if one.session == hello.bound), None)
        if hello.bound and hello.supposed and holder is not None:
            self._tell(member, exchange.Released(hello.bound, holder.pid))
            self._restore(member, hello.cwd)
        elif hello.bound:
            known = self._remembered.state.bindings.get(hello.bound)
            # It comes back with what it had bound: which one was bound last stays as it was.
            time = known.time if known else self._chance.now()
            self._bind(member, hello.bound, hello.title, hello.cwd, time)
        elif not hello.again:
            self._restore(member, hello.cwd)
        self._hold_link()
        self._reception.hand_out(NOBODY)

    def _restore(self, member: int, cwd: str) -> None:
        """Give a newcomer the binding of its project folder, if there is a free one."""
        taken = {one.session for one in self._members.values()}
        binding = binding_for(self._remembered.state, self._robot, cwd, taken)
        if binding is None:
            self._tell(member, exchange.Restore())
            return
        self._members[member].session = binding.session
        self._tell(member, exchange.Restore(binding.session, binding.target))

    def _bind(self, member: int, session: str, title: str, cwd: str, time: float) -> None:
        for other, holder in self._members.items():
            if holder.session == session and other != member:
                holder.session = ""
                self._tell(other, exchange.Released(session, self._members[member].pid))
        before = self._members[member].session
        self._members[member].session = session
        known = binding_of(self._remembered.state, self._robot, session)
        binding = structs.replace(known, title=title, cwd=cwd, time=time)

        def change(state: State) -> State:
            if before and before != session:
                state = without_binding(state, before, instead=session)
            return with_binding(state, binding)

        self._remembered.change(change, lambda: self._tell_bound(member, session))
        self._hold_link()
        self._tell_state()
        self._reception.hand_out(NOBODY)

    def _tell_bound(self, member: int, session: str) -> None:
        """The session is this member's, and this is the conversation that it goes on with."""
        target = binding_of(self._remembered.state, self._robot, session).target
        self._tell(member, exchange.Bound(session, target))

    def _handed(self, member: int, key: str) -> None:
        """A robot message stands in its transcript. Whoever has bound the session meanwhile has
        read that before."""
        session = self._reception.handed(key)
        for other, holder in self._members.items():
            if session and holder.session == session and other != member:
                self._tell_bound(other, session)

    def _unbind(self, member: int, session: str) -> None:
        if self._members[member].session == session:
            self._members[member].session = ""
        if any(one.session == session for one in self._members.values()):
            # Another editor has bound it since.
            return
        self._attention.left(session)
        self._remembered.change(lambda state: without_binding(state, session))
        self._hold_link()
        self._tell_state()

    def _hold_link(self) -> None:
        """The link is open as long as an editor has a session bound, or is there for those that are
        made on demand."""
        needed = self._members if scopes.is_made(self._options) else self._conversations.bound()
        if self._options.mode == "api" and needed:
            self._link.connect()
            return
        self._link.disconnect()
        if self._link_news.link != LinkState.OFF.value:
            self.link_changed(LinkState.OFF, "", "")

    # --- in -------------------------------------------------------------------------------------

    def arrived(self, received: Received) -> None:
        """A robot message that is written down and acked."""
        reception.log_arrival(received.inbound, self._options.account)
        self._usage.count(pushes=1)
        if received.inbound.session_webhook is None and not self._lacks_webhook:
            self._lacks_webhook = True
            # The reply URL is a part of every robot message (protocol section 5.1).
            self.trouble(link.NO_SESSION_WEBHOOK(), "")
        self._tell_state()
        self._reception.arrived(received)

    def _answer(self, target: Target, text: str) -> None:
        """A word of the bridge itself in a conversation, which is part of no session."""
        known = Circumstances(self._options.secrets)
        made = written(self._chance.new_id(), text, target, self._options, known)
        self.outgoing.send(exchange.Send(made.outbound, Kind.WORD, ""))

    def _call(self, news: News) -> None:
        """Tell the editors that have a session bound, else the owner's own."""
        called = [name for name, _ in self._conversations.bound()]
        for member in called or [name for name in self._members if name == OWN]:
            self._tell(member, news)

    # --- news of the robot ----------------------------------------------------------------------

    def link_changed(self, link: LinkState, reason: str, fix: str, retry_in: float = 0.0) -> None:
        """The stream connection's state changed; it is opened again in `retry_in` seconds, unless
        that is 0."""
        next_try = self._chance.now() + retry_in if retry_in else 0.0
        self._link_news = exchange.LinkNews(link.value, reason, fix, next_try)
        self._broadcast(self._link_news)
        self._tell_state()

    def trouble(self, sentence: str, code: str) -> None:
        """Something came in that could not be used; `code` is the platform's, if it sent one."""
        log.warning("%s", sentence)
        self._last_error = sentence
        self._usage.refused(code)
        self._broadcast(exchange.Words(sentence, "warn"))
        self._tell_state()

    def counted(self, calls: int, pushes: int, code: str) -> None:
        """The queue made calls; `code` is that of an answer that refused one."""
        self._usage.refused(code)
        if calls or pushes:
            self._usage.count(calls, pushes)
            self._tell_state()

    def sent(self, sent: Sent) -> None:
        """A chunk went out: it is remembered, and written down with the count of its call."""
        sent = structs.replace(sent, session=self.outgoing.session_of(sent.message))
        self._remembered.soon(lambda state: with_sent_key(state, self._robot, sent))

    def cooling_down(self, until: float, reason: str) -> None:
        """Nothing leaves before `until` (Unix seconds); 0 when that is over."""
        if (until, reason) != self._cool_down:
            self._cool_down = (until, reason)
            self._tell_state()

    def _budget(self) -> Budget:
        return Budget(self._options.quota_calls, self._options.quota_pushes)

    # --- state ----------------------------------------------------------------------------------

    def _outbox_changed(self) -> None:
        self._attention.idle(idle=not self.outgoing.queued)
        self._tell_state()

    def _access_changed(self) -> None:
        """Somebody was refused, asks, or was decided about."""
        let_in = self._admission.let_in()
        if let_in != self._let_in:
            self._let_in = let_in
            self._broadcast(let_in)
        self._tell_state()

    def _tell_state(self) -> None:
        self._broadcast(self._state_news())

    def _state_news(self) -> exchange.State:
        until, reason = self._cool_down
        own = self._members.get(OWN)
        return exchange.State(
            owner_pid=own.pid if own else 0,
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
        )

    def _broadcast(self, news: News) -> None:
        for member in list(self._members):
            self._tell(member, news)
