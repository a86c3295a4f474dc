"""The owner's side of the exchange: routes what comes in, and serves all editors of one app.

There is one hub for each app, in the editor that owns it. It is rebuilt from the files alone, so
that another editor can take over at any moment.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from msgspec import Struct, structs

from dingbridge.bridge.conversations import Conversations, Member
from dingbridge.bridge.outgoing import Outgoing
from dingbridge.bridge.ports import Chance, Link, Queue, Records
from dingbridge.bridge.remembered import Remembered
from dingbridge.bridge.usage import Usage
from dingbridge.core import access, exchange, markdown, remote
from dingbridge.core.exchange import Ask, News
from dingbridge.core.inbox import Open, Received
from dingbridge.core.link import LinkState
from dingbridge.core.messages import Inbound, Outbound
from dingbridge.core.outbox import Kind, Outbox
from dingbridge.core.patience import REFUSAL_EVERY
from dingbridge.core.quota import Budget
from dingbridge.core.routing import reply_target
from dingbridge.core.settings import Options
from dingbridge.core.state import (
    Binding,
    State,
    binding_for,
    with_binding,
    with_refused,
    without_binding,
)

log = logging.getLogger(__name__)

OWN = 0
"""The member that lives in the owner's own editor."""

NOBODY = -1
ON_ITS_WAY = -2
"""In the place of a member: nobody holds the message, or it is being routed."""


class Ports(Struct, frozen=True):
    """What the hub needs of the outside. `tell` reaches one member."""

    records: Records
    queue: Queue
    link: Link
    chance: Chance
    tell: Callable[[int, News], None]


class Hub:
    """Everything that one app's editors share. Host loop of the owner only."""

    def __init__(
        self, robot: str, ports: Ports, options: Options, state: State, outbox: Outbox
    ) -> None:
        self._robot = robot
        self._records = ports.records
        self._link = ports.link
        self._chance = ports.chance
        self._tell = ports.tell
        self._options = options
        self._remembered = Remembered(state, ports.records)
        self._started = ports.chance.now()
        self._members: dict[int, Member] = {}
        self._conversations = Conversations(self._remembered, self._members)
        self._usage = Usage(
            robot,
            self._remembered,
            ports.chance,
            self._budget,
            lambda warning: self._broadcast(exchange.Words(warning, "warn")),
        )
        self._open: dict[str, tuple[Open, int]] = {}
        self._settled = False
        self._link_state = LinkState.OFF
        self._refused = 0
        self._last_error = ""
        self._cool_down = (0.0, "")
        self.outgoing = Outgoing(
            robot,
            outbox,
            ports.records,
            ports.queue,
            ports.chance,
            self._broadcast,
            self._tell_state,
        )

    def start(self, inbox: dict[str, Open]) -> None:
        """Take up what an earlier owner left: send what waits, hand over what was received."""
        self.outgoing.start()
        # Nobody holds these yet; they go out when the first editor says hello.
        self._open = {key: (entry, NOBODY) for key, entry in inbox.items()}

    def settled(self) -> None:
        """The editors of an earlier owner are here by now; those that are not have left."""
        self._settled = True
        self._hand_out(NOBODY)

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        self._options = options
        self._hold_link()
        self._tell_state()

    # --- members --------------------------------------------------------------------------------

    def ask(self, member: int, ask: Ask) -> None:
        """A word of an editor."""
        if isinstance(ask, exchange.Hello):
            self._join(member, ask)
        elif member not in self._members:
            log.warning("an editor spoke before it said hello")
        else:
            self._carry_out(member, ask)

    def _carry_out(self, member: int, ask: Ask) -> None:
        problem = ""
        match ask:
            case exchange.Bind(session=session, title=title, cwd=cwd):
                self._bind(member, session, title, cwd, self._chance.now())
            case exchange.Unbind(session=session):
                self._unbind(member, session)
            case exchange.Send():
                self.outgoing.send(ask)
            case exchange.Known(session=session, ids=ids):
                self.outgoing.answer_known(session, ids)
            case exchange.Handed(key=key):
                self._handed(key)
            case exchange.Busy(busy=busy):
                self._members[member].busy = busy
            case exchange.Retry(id=message):
                problem = self.outgoing.retry(message)
            case exchange.Drop(id=message):
                problem = self.outgoing.drop(message)
            case exchange.ShowOutbox():
                self._tell(member, exchange.Words(self.outgoing.describe()))
        if problem:
            self._tell(member, exchange.Words(problem, "error"))

    def leave(self, member: int) -> None:
        """An editor is gone: what it did not put into a transcript goes to another one."""
        if self._members.pop(member, None) is None:
            return
        self._hold_link()
        self._hand_out(member)

    def _join(self, member: int, hello: exchange.Hello) -> None:
        self._members[member] = Member(hello.pid, hello.cwd)
        # Before the answer, after which the editor carries out what its user asked for meanwhile.
        self._tell(member, self._state_news())
        self._tell(member, exchange.LinkNews(self._link_state.value, "another editor takes over"))
        if hello.bound:
            known = self._remembered.state.bindings.get(hello.bound)
            # It comes back with what it had bound: which one was bound last stays as it was.
            time = known.time if known else self._chance.now()
            self._bind(member, hello.bound, hello.title, hello.cwd, time)
        elif not hello.again:
            self._restore(member, hello.cwd)
        self._hold_link()
        self._hand_out(NOBODY)

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
        known = self._remembered.state.bindings.get(session) or Binding(session)
        binding = structs.replace(known, robot=self._robot, title=title, cwd=cwd, time=time)

        def change(state: State) -> State:
            if before and before != session:
                state = without_binding(state, before, instead=session)
            return with_binding(state, binding)

        self._remembered.change(change, lambda: self._tell(member, exchange.Bound(session)))
        self._hold_link()
        self._tell_state()
        self._hand_out(NOBODY)

    def _unbind(self, member: int, session: str) -> None:
        if self._members[member].session == session:
            self._members[member].session = ""
        if any(one.session == session for one in self._members.values()):
            # Another editor has bound it since.
            return
        self._remembered.change(lambda state: without_binding(state, session))
        self._hold_link()
        self._tell_state()

    def _hold_link(self) -> None:
        """The link is open as long as an editor has a session bound."""
        if self._options.mode == "api" and self._conversations.bound():
            self._link.connect()
            return
        self._link.disconnect()
        if self._link_state is not LinkState.OFF:
            self.link_changed(LinkState.OFF, "", "")

    # --- in -------------------------------------------------------------------------------------

    def arrived(self, received: Received) -> None:
        """A robot message that is written down and acked."""
        inbound = received.inbound
        log.info(
            "message from staff id %s (%s), conversationId %s",
            inbound.sender.staff_id or "-",
            inbound.sender.sender_id,
            inbound.conversation.id,
        )
        log.debug("its text: %s", inbound.text)
        self._usage.count(pushes=1)
        self._tell_state()
        self._open[received.key] = (Open(received), NOBODY)
        self._hand_out(NOBODY)

    def _hand_out(self, holder: int) -> None:
        """Bring everything that `holder` has, or nobody, where it belongs."""
        if not self._members:
            return
        for key, (entry, held_by) in list(self._open.items()):
            if held_by != holder:
                continue
            if entry.session and self._is_awaited(entry.session):
                self._open[key] = (entry, NOBODY)
            elif entry.session:
                # It may stand in that transcript already, so it must go to no other.
                self._deliver(key, entry, again=True)
            else:
                self._take(key, entry.received)

    def _is_awaited(self, session: str) -> bool:
        """Whether the editor with that session may still be on its way here from an earlier owner:
        what is meant for it must not go to another one."""
        return not self._settled and self._conversations.is_away(session)

    def _take(self, key: str, received: Received) -> None:
        inbound = received.inbound
        match access.admit(inbound, self._options.allow_from):
            case access.NotForUs(reason=reason):
                log.debug("passed over: %s", reason)
                self._handed(key)
            case access.Stranger(refusal=refusal):
                self._refuse(inbound, refusal)
                self._handed(key)
            case access.Admitted():
                self._admit(key, received)

    def _admit(self, key: str, received: Received) -> None:
        inbound = received.inbound
        if self._is_awaited(self._conversations.chosen(inbound)):
            return
        command = remote.read(inbound.text)
        if command is not None:
            self._say_to(inbound, self._conversations.answer(command, inbound))
            self._handed(key)
            return
        session = self._conversations.session_for(inbound)
        if not session:
            self._nobody_for(key, received)
            return
        self._conversations.speak_to(session, inbound)
        entry = Open(received, session)
        self._open[key] = (entry, ON_ITS_WAY)
        self._records.routed(key, session, lambda: self._deliver(key, entry, again=False))

    def _nobody_for(self, key: str, received: Received) -> None:
        """No editor has a session bound. What an earlier owner accepted waits until one has."""
        if received.time >= self._started:
            self._say_to(received.inbound, "现在没有打开的会话。No session is bound at the moment.")
            self._handed(key)

    def _deliver(self, key: str, entry: Open, *, again: bool) -> None:
        if not self._members:
            self._open[key] = (entry, NOBODY)
            return
        holder = self._holder_of(entry.session)
        self._open[key] = (entry, holder)
        self._tell(holder, exchange.Deliver(key, entry.received.inbound, entry.session, again))

    def _holder_of(self, session: str) -> int:
        """The editor that has the session bound; without one, any editor can write it down."""
        for name, member in self._members.items():
            if member.session == session:
                return name
        return OWN if OWN in self._members else next(iter(self._members))

    def _refuse(self, inbound: Inbound, refusal: str) -> None:
        identity = inbound.sender.identity
        now = self._chance.now()
        self._refused += 1
        log.warning("refused %s: not in allow_from", identity)
        if self._remembered.state.refused.get(identity, 0.0) <= now - REFUSAL_EVERY:
            self._remembered.change(lambda state: with_refused(state, identity, now))
            self._say_to(inbound, refusal)
        self._tell_state()

    def _say_to(self, inbound: Inbound, text: str) -> None:
        """A word of the bridge itself, which is part of no session."""
        outbound = Outbound(
            self._chance.new_id(), reply_target(inbound), text, markdown.title(text)
        )
        self.outgoing.send(exchange.Send(outbound, Kind.REPLY, ""))

    def _handed(self, key: str) -> None:
        if self._open.pop(key, None) is not None:
            self._records.handed(key)

    # --- news of the robot ----------------------------------------------------------------------

    def link_changed(self, link: LinkState, reason: str, fix: str) -> None:
        """The stream connection's state changed."""
        self._link_state = link
        self._broadcast(exchange.LinkNews(link.value, reason, fix))
        self._tell_state()

    def trouble(self, sentence: str, code: str) -> None:
        """Something came in that could not be used; `code` is the platform's, if it sent one."""
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

    def cooling_down(self, until: float, reason: str) -> None:
        """Nothing leaves before `until` (Unix seconds); 0 when that is over."""
        if (until, reason) != self._cool_down:
            self._cool_down = (until, reason)
            self._tell_state()

    def _budget(self) -> Budget:
        return Budget(self._options.quota_calls, self._options.quota_pushes)

    # --- state ----------------------------------------------------------------------------------

    def _tell_state(self) -> None:
        self._broadcast(self._state_news())

    def _state_news(self) -> exchange.State:
        until, reason = self._cool_down
        own = self._members.get(OWN)
        return exchange.State(
            owner_pid=own.pid if own else 0,
            link=self._link_state.value,
            queued=self.outgoing.queued,
            failed=self.outgoing.failed,
            refused=self._refused,
            last_error=self.outgoing.last_error or self._last_error,
            cool_down_until=until,
            cool_down_reason=reason,
            quota=self._usage.describe(),
        )

    def _broadcast(self, news: News) -> None:
        for member in list(self._members):
            self._tell(member, news)
