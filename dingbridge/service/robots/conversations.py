"""Decides which session an incoming message goes to, and keeps what is chosen."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

from msgspec import Struct, structs

from dingbridge.core.commands.status_replies import BoundRow, choose
from dingbridge.core.delivery.routing import of_session, reply_target
from dingbridge.core.messages import ConversationKind, Inbound, Outbound, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions import known_conversations, scopes
from dingbridge.core.sessions.state import (
    Binding,
    acquaintances_of,
    with_acquaintance,
    with_conversation,
    with_made,
)
from dingbridge.service.robots.state_cache import StateCache
from dingbridge.service.runtime import Runtime


class BoundEditor(Struct):
    """An editor of the robot.

    - `session` is its bound session, or empty.
    - `answers`: it has a responder.
    - `busy`: the responder is working.
    """

    pid: int
    cwd: str
    session: str = ""
    answers: bool = False
    busy: bool = False


class Conversations:
    """Maps conversations to the sessions of all editors. Service loop only.

    `members` are these editors; the hub changes them.
    """

    def __init__(
        self,
        robot: str,
        cache: StateCache,
        members: Mapping[int, BoundEditor],
        options: Callable[[], Options],
        runtime: Runtime,
    ) -> None:
        self._robot = robot
        self._runtime = runtime
        self._cache = cache
        self._members = members
        self._options = options
        self._spoke: dict[str, Target] = {}
        # Reply addresses by `Target.key`. In memory only: session webhooks are secrets.
        self._ways: OrderedDict[str, Target] = OrderedDict()
        # The 1:1 chats by the identity of the person.
        self._direct: dict[str, Target] = {}

    @property
    def editors(self) -> int:
        """How many editors use the robot."""
        return len(self._members)

    def bound(self) -> list[tuple[int, BoundEditor]]:
        """The editors with a bound session."""
        return [(name, member) for name, member in self._members.items() if member.session]

    def is_bound(self, session: str) -> bool:
        """Whether a member has the session bound."""
        return any(member.session == session for member in self._members.values())

    def sessions(self) -> tuple[str, ...]:
        """All bound sessions."""
        return tuple(sorted({member.session for member in self._members.values()} - {""}))

    def chosen(self, inbound: Inbound) -> str:
        """The session that the conversation wrote to last; empty without one. It may be closed."""
        return self._cache.state.conversations.get(self._key(inbound), "")

    def is_away(self, session: str) -> bool:
        """Whether the session is bound, but in no attached editor."""
        binding = self._cache.state.bindings.get(session)
        return binding is not None and not binding.scope and not self.is_bound(session)

    def is_made(self, session: str) -> bool:
        """Whether the session was made on demand."""
        binding = self._cache.state.bindings.get(session)
        return binding is not None and bool(binding.scope)

    def session_for(self, inbound: Inbound) -> str:
        """The session for a message; empty without one.

        If sessions are made on demand, it is the one made for this conversation. Otherwise it is
        the session that the conversation wrote to last, if an editor has it open, else the open
        session bound last: no message goes to a closed editor.
        """
        chosen = self.chosen(inbound)
        if scopes.is_made(self._options()):
            return chosen if self._is_theirs(chosen, inbound) else ""
        if chosen and self.is_bound(chosen):
            return chosen
        bindings = self._cache.state.bindings
        bound = [bindings[session] for session in self.sessions() if session in bindings]
        return max(bound, key=lambda one: one.time).session if bound else ""

    def _is_theirs(self, session: str, inbound: Inbound) -> bool:
        """Whether the sender may write to the session: it is bound in an attached editor, or made
        for them."""
        binding = self._cache.state.bindings.get(session)
        if binding is None:
            return False
        if binding.scope:
            return binding.scope == self._key(inbound)
        return self.is_bound(session)

    def session_or_new(self, inbound: Inbound) -> str:
        """The session for a message, which is made now if sessions are made on demand; empty
        without one."""
        session = self.session_for(inbound)
        return session or (self.make(inbound) if scopes.is_made(self._options()) else "")

    def make(self, inbound: Inbound) -> str:
        """Make a session on demand, which the conversation writes to from now on."""
        options, scope = self._options(), self._key(inbound)
        session = f"{options.account}-{self._runtime.new_id()}"
        start = scopes.start(options, inbound)
        now = self._runtime.now()
        binding = Binding(session, self._robot, start.title, start.cwd, now, scope=scope)
        bound = self.sessions()
        self._cache.change(lambda state: with_made(state, binding, bound))
        self.speak_to(session, inbound)
        return session

    def speak_to(self, session: str, inbound: Inbound) -> None:
        """Remember that the conversation writes to this session."""
        self._spoke[session] = reply_target(inbound)
        if inbound.conversation.kind is ConversationKind.SINGLE:
            self._direct[inbound.sender.identity] = self._spoke[session]
        self._ways[self._spoke[session].key] = self._spoke[session]
        self._ways.move_to_end(self._spoke[session].key)
        while len(self._ways) > known_conversations.MOST:
            self._ways.popitem(last=False)
        target = self._spoke[session].lasting
        key = self._key(inbound)
        binding = self._cache.state.bindings.get(session)
        known = binding is not None and (binding.target == target)
        if not known or self._cache.state.conversations.get(key) != session:
            self._cache.change(lambda state: with_conversation(state, key, session, target))

    def direct(self, identity: str) -> Target | None:
        """The 1:1 chat with a person who wrote in it to a session."""
        return self._direct.get(identity)

    def partner(self, session: str) -> Target | None:
        """The conversation that wrote to a session last; None if none did."""
        binding = self._cache.state.bindings.get(session)
        return self._spoke.get(session) or (binding.target if binding is not None else None)

    def met(self, inbound: Inbound) -> None:
        """Remember the names of a conversation and an admitted sender."""
        known = acquaintances_of(self._cache.state, self._robot)
        if known_conversations.met(known, inbound) is not known:
            self._cache.change(lambda state: with_acquaintance(state, self._robot, inbound))

    def addressed(self, outbound: Outbound, session: str) -> Outbound:
        """The message with a complete target, as far as it is known: the conversation of a session
        made on demand, the latest session webhook of a private chat."""
        target = outbound.target
        if not target.place and not target.session_webhook and self.is_made(session):
            # Earlier versions left it empty.
            target = of_session(session)
        known = acquaintances_of(self._cache.state, self._robot)
        target = known_conversations.resolved(known, target)
        if target.private:
            target = self._reachable(target, session)
        return structs.replace(outbound, target=target)

    def _reachable(self, target: Target, session: str) -> Target:
        """The target with its session webhook, if it is a private chat and one is known."""
        spoke = self._spoke.get(session)
        if target.key == of_session(session).key and self.is_made(session):
            binding = self._cache.state.bindings.get(session)
            target = spoke or (binding and binding.target) or target
        way = spoke if spoke and spoke.key == target.key else self._ways.get(target.key)
        return way or target

    def choose(self, wanted: str, inbound: Inbound, *, admin: bool) -> bool:
        """Let the conversation write to another session, by number or id. Returns whether it
        exists."""
        chosen = choose(self.rows(inbound, admin=admin), wanted)
        if chosen is None:
            return False
        self.speak_to(chosen.session, inbound)
        return True

    def rows(self, inbound: Inbound, *, admin: bool) -> list[BoundRow]:
        """The sessions that the sender may choose: bound ones, or those made for them. An `admin`
        sees both."""
        here = self.session_for(inbound)
        state = self._cache.state
        made_on_demand = scopes.is_made(self._options())
        rows = []
        if admin or not made_on_demand:
            for session, members in self._by_session().items():
                binding = state.bindings.get(session)
                if binding is not None:
                    busy = any(member.busy for member in members)
                    rows.append((session, binding.title, members[0].cwd, busy))
        if made_on_demand:
            key = self._key(inbound)
            mine = [one for one in state.bindings.values() if one.scope == key]
            for binding in sorted(mine, key=lambda one: one.time, reverse=True):
                rows.append((binding.session, binding.title, binding.cwd, False))
        return [BoundRow(*row, here=row[0] == here) for row in rows]

    def _by_session(self) -> dict[str, list[BoundEditor]]:
        """The editors of each bound session, in the order in which they attached."""
        found: dict[str, list[BoundEditor]] = {}
        for _, member in sorted(self.bound(), key=lambda pair: pair[0]):
            found.setdefault(member.session, []).append(member)
        return found

    def _key(self, inbound: Inbound) -> str:
        return scopes.key(self._options(), self._robot, inbound)
