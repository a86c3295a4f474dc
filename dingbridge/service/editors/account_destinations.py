"""The conversations of an account's sessions, and where messages typed in a session go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import structs

from dingbridge.core.access.policy import staff_ids
from dingbridge.core.catalogue import sessions as say
from dingbridge.core.delivery import routing
from dingbridge.core.errors import BridgeError
from dingbridge.core.listing import comma_list
from dingbridge.core.messages import Inbound, Message, Role, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions import destinations, targets
from dingbridge.core.sessions.destinations import Destination, Destinations
from dingbridge.protocol import updates
from dingbridge.service.editors.sessions import EditorSessions


class SessionDestinations:
    """Keeps the conversations of each session apart, so that no text goes to another session's
    conversation. Service loop only."""

    def __init__(
        self, account: str, sessions: EditorSessions, options: Callable[[], Options]
    ) -> None:
        self._account = account
        self._sessions = sessions
        self._options = options
        self._by_session: dict[str, Destinations] = {}

    def of(self, session: str) -> Destinations:
        """The known conversations of a session.

        Until one has written to the session, its target is the configured one. For a session made
        on demand it is `routing.of_session`, which only the robot can resolve.
        """
        known = self._known(session)
        info = self._sessions.info(session)
        if info is not None and info.account:
            return known if known.current else known.or_else(routing.of_session(session))
        if self._sessions.bindings.get(session) == self._account:
            return known.or_else(routing.configured_target(self._options()))
        return known

    def _choices(self, session: str) -> Destinations:
        """The conversations among which the user can choose for a session: with the people who may
        write, although they have not yet."""
        options, known = self._options(), self.of(session)
        is_bound = self._sessions.bindings.get(session) == self._account
        can_write = is_bound and options.mode == "api"
        return known.with_people(staff_ids(options)) if can_write else known

    def _known(self, session: str) -> Destinations:
        return self._by_session.get(session, Destinations())

    def target(self, session: str) -> Target | None:
        """Where a new text of the session goes; None if unknown."""
        return self.of(session).target

    def spoke(self, session: str, target: Target) -> None:
        """A conversation wrote to the session, or the user wrote to it: it is the current one."""
        if target.key != routing.of_session(session).key:
            self._change(session, self._known(session).spoke(target))

    def heard(self, session: str, inbound: Inbound) -> None:
        """A robot message is new in the session. One that waited for access to be given does not
        redirect new texts: the user did something else meanwhile."""
        target, shown = routing.reply_target(inbound), self.of(session).current
        if inbound.was_kept and shown not in ("", routing.of_session(session).key):
            self._change(session, self._known(session).joined(target))
        else:
            self.spoke(session, target)

    def met(self, session: str, target: Target) -> None:
        """A conversation that is known already wrote again: its reply address may be new."""
        known = self._known(session)
        if known.at(target.key) is None:
            known = known.learnt([target])
        others = (target if one.key == target.key else one for one in known.known)
        self._change(session, structs.replace(known, known=tuple(others)))

    def learn(self, session: str, messages: Iterable[Message]) -> None:
        """Collect the conversations in a transcript. Those of other robots are left out: their ids
        mean nothing to this one."""
        robot = routing.robot_name(self._options())
        spoke: dict[str, Target] = {}
        others: dict[str, Target] = {}
        for message in reversed(tuple(messages)):
            found = spoke if message.role is Role.DINGTALK else others
            if message.robot == robot and message.target and message.target not in found:
                address = targets.whole(message.target)
                if address.target.key == routing.of_session(session).key:
                    continue
                label = destinations.label(message.target_name)
                found[message.target] = structs.replace(address.target, label=label)
        known = self._known(session)
        self._change(session, known.learnt(spoke.values(), others.values()))

    def find(self, session: str, words: str) -> Target:
        """The conversation that `words` names. Raises `BridgeError` if there is none."""
        known = self._choices(session)
        target = known.find(words)
        if target is None:
            names = comma_list(known.names().values())
            fix = say.KNOWN_ARE(known=names) if names else say.NOBODY_HAS_WRITTEN()
            raise BridgeError(say.NO_CONVERSATION(name=words), fix=fix)
        return target

    def choose(self, session: str, target: Target) -> None:
        """Send new texts to this conversation, even if another one writes."""
        self._change(session, self._known(session).chose(target))

    def follow(self, session: str) -> None:
        """Send new texts to the conversation that wrote last."""
        self._change(session, self._known(session).following())

    def forget(self) -> None:
        """Forget all conversations: the account belongs to another robot now."""
        sessions = tuple(self._by_session)
        self._by_session.clear()
        for session in sessions:
            self._sessions.readdressed(session)

    def begun_for(self, session: str, wanted: Destination) -> Target | None:
        """The target of a text that the user began for the conversation `wanted`.

        None if it was begun without one and none is known yet. Settings that change the robot after
        that change the target: the user saw them. Raises `BridgeError` if the conversation cannot
        be reached any more.
        """
        known = self.of(session)
        robot = routing.robot_name(self._options())
        if wanted.outdated and wanted.robot != robot:
            return known.target
        if not wanted.target and known.target is None:
            return None
        target = destinations.checked(wanted, self._account, robot)
        return target and (known.at(target.key) or target)

    def destination(self, session: str, target: Target | None) -> Destination:
        """The target in the form that the editor shows."""
        if target is None:
            return destinations.NOBODY
        return self._shown(target, self.of(session).names())

    def _shown(self, target: Target, names: Mapping[str, str]) -> Destination:
        return Destination(
            targets.written(self._account, target),
            names.get(target.key) or destinations.name(target),
            routing.robot_name(self._options()),
        )

    def marked(self, session: str, message: Message, target: Target) -> Message:
        """The message with its conversation filled in."""
        there = self.destination(session, target)
        return structs.replace(
            message, target=there.target, target_name=there.name, robot=there.robot
        )

    def update(self, session: str) -> updates.ShowDestinations:
        """The update that shows the session's conversations."""
        known = self._choices(session)
        names = known.names()
        rows = {one.key: self._shown(one, names) for one in known.known}
        return updates.ShowDestinations(
            session,
            self._account,
            routing.robot_name(self._options()),
            rows.get(known.current, destinations.NOBODY),
            known.is_chosen,
            tuple(rows.values()),
        )

    def _change(self, session: str, known: Destinations) -> None:
        before = self._by_session.get(session)
        self._by_session[session] = known
        if known != before:
            self._sessions.readdressed(session)
