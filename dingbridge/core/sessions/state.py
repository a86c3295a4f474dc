"""The state file: what is stored between runs, and the changes to it."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from msgspec import Struct, field, structs

from dingbridge.core import json_wire
from dingbridge.core.access.pairing_state import Pairings
from dingbridge.core.catalogue import files as say
from dingbridge.core.delivery import sent_messages
from dingbridge.core.delivery.quota import Quota
from dingbridge.core.delivery.reactions import Reaction
from dingbridge.core.delivery.sent_messages import SentChunk, SentKeys, remember
from dingbridge.core.messages import Inbound, Target
from dingbridge.core.sessions import known_conversations
from dingbridge.core.sessions.known_conversations import Acquaintances, KnownConversation
from dingbridge.core.sessions.unread import Unread
from dingbridge.core.timeouts import REFUSAL_EVERY

VERSION = 1

OPENINGS = 6
OPENINGS_WINDOW = 60.0
"""A link is opened at most `OPENINGS` times in so many seconds, over all editors."""

RELEASED_MOST = 100
"""Released sessions (a count) whose conversations are remembered; the oldest are removed."""

REFUSED_MOST = 1000
"""Refusals (a count) that are remembered; the oldest are removed."""

MADE_MOST = 500
"""Sessions created on demand (a count) that are remembered; the oldest are removed."""


class Binding(Struct, frozen=True):
    """A session that is bound to a robot.

    - `robot`: names the app
    - `cwd`: the project folder of the editor that bound it; `time`: when (Unix seconds)
    - `scope`: empty, or for a session created on demand the key of its conversations (`scopes.key`)
    - the other ids: the conversation that spoke to it last, empty without one

    The session webhook is a secret and stays in memory.
    """

    session: str
    robot: str = ""
    title: str = ""
    cwd: str = ""
    time: float = 0.0
    conversation_id: str = ""
    user_id: str = ""
    robot_code: str = ""
    label: str = ""
    scope: str = ""
    private: str = ""

    @property
    def target(self) -> Target | None:
        """Where the session's messages go, if somebody spoke to it before."""
        if not (self.conversation_id or self.user_id or self.private):
            return None
        return Target(
            conversation_id=self.conversation_id,
            user_id=self.user_id,
            robot_code=self.robot_code,
            label=self.label,
            private=self.private,
        )


class State(Struct, frozen=True):
    """The state file's content. Times are Unix seconds.

    - `bindings`: by session
    - `released`: earlier bindings, the latest last; a session that is bound again keeps its
      conversation
    - `conversations`: the session of each conversation, by id
    - `seen`: ids of robot messages as 0.1 left them; they are in the inbox now
    - `refused`: times of refusals, by a name for each
    - `quotas`, `pairings`: by robot
    - `opened`: when links were opened in the last minute
    - `sent_keys`, `reactions`, `acquaintances`: sent chunks, reactions that may be at messages, and
      the conversations that spoke, by robot
    - `unread`: the messages that no editor has shown yet, by session
    - `muted`: until when the notices of a robot are held back
    """

    version: int = VERSION
    bindings: dict[str, Binding] = field(default_factory=dict)
    released: dict[str, Binding] = field(default_factory=dict)
    conversations: dict[str, str] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    refused: dict[str, float] = field(default_factory=dict)
    quotas: dict[str, Quota] = field(default_factory=dict)
    opened: tuple[float, ...] = ()
    pairings: dict[str, Pairings] = field(default_factory=dict)
    sent_keys: SentKeys = field(default_factory=dict)
    reactions: dict[str, tuple[Reaction, ...]] = field(default_factory=dict)
    acquaintances: dict[str, dict[str, KnownConversation]] = field(default_factory=dict)
    unread: dict[str, Unread] = field(default_factory=dict)
    muted: dict[str, float] = field(default_factory=dict)


def decode(data: bytes) -> State:
    """Read the state file. Raises `ValueError` for anything else."""
    try:
        state = msgspec.json.decode(data, type=State)
    except msgspec.DecodeError as cause:
        raise ValueError(str(cause)) from cause
    except RecursionError as cause:
        raise ValueError(say.TOO_DEEP()) from cause
    if state.version != VERSION:
        raise ValueError(say.UNKNOWN_VERSION(version=state.version))
    return state


def encode(state: State) -> bytes:
    """The state file's bytes."""
    return msgspec.json.format(json_wire.encode(msgspec.to_builtins(state)), indent=1)


def binding_for(state: State, robot: str, cwd: str) -> Binding | None:
    """The binding for an editor to restore: the latest of its project folder."""
    found = [
        binding
        for binding in state.bindings.values()
        if binding.robot == robot and binding.cwd == cwd and not binding.scope
    ]
    return max(found, key=lambda one: one.time, default=None)


def binding_of(state: State, robot: str, session: str) -> Binding:
    """The session's binding to this robot, current or released.

    A binding to another robot does not count: its ids mean nothing here.
    """
    known = state.bindings.get(session) or state.released.get(session)
    return known if known is not None and known.robot == robot else Binding(session, robot)


def with_binding(state: State, binding: Binding) -> State:
    """`state` with this session bound."""
    released = {name: one for name, one in state.released.items() if name != binding.session}
    bindings = {**state.bindings, binding.session: binding}
    return structs.replace(state, bindings=bindings, released=released)


def with_title(state: State, session: str, title: str) -> State:
    """`state` with this title of a session, if that is bound."""
    known = state.bindings.get(session)
    return state if known is None else with_binding(state, structs.replace(known, title=title))


def with_made(state: State, binding: Binding, bound: Collection[str]) -> State:
    """`state` with this session, which was created on demand.

    If there are too many, the oldest are removed, those without a conversation first, but none of
    those `bound` in an editor.
    """
    state = with_binding(state, binding)
    made = [one for one in state.bindings.values() if one.scope]
    spoken_to = set(state.conversations.values())
    free = [one for one in made if one.session not in bound and one.session != binding.session]
    free.sort(key=lambda one: (one.session in spoken_to, one.time))
    gone = {one.session for one in free[: max(0, len(made) - MADE_MOST)]}
    if not gone:
        return state
    bindings = {name: one for name, one in state.bindings.items() if name not in gone}
    conversations = {key: one for key, one in state.conversations.items() if one not in gone}
    return structs.replace(state, bindings=bindings, conversations=conversations)


def without_binding(state: State, session: str, instead: str = "") -> State:
    """`state` with this session released.

    Its conversations speak to `instead` from now on, or to no session; where its own messages went
    stays stored for it.
    """
    conversations = {
        conversation: instead if bound == session else bound
        for conversation, bound in state.conversations.items()
        if bound != session or instead
    }
    bindings = {name: binding for name, binding in state.bindings.items() if name != session}
    released = [(name, one) for name, one in state.released.items() if name not in state.bindings]
    if session in state.bindings:
        released.append((session, state.bindings[session]))
    latest = dict(released[-RELEASED_MOST:])
    return structs.replace(state, bindings=bindings, released=latest, conversations=conversations)


def with_conversation(state: State, conversation: str, session: str, target: Target) -> State:
    """`state` in which the conversation speaks to that session, and was the last to do so."""
    state = structs.replace(state, conversations={**state.conversations, conversation: session})
    binding = state.bindings.get(session)
    if binding is None:
        return state
    return with_binding(
        state,
        structs.replace(
            binding,
            conversation_id=target.conversation_id,
            user_id=target.user_id,
            robot_code=target.robot_code,
            label=target.label,
            private=target.private,
        ),
    )


def with_quota(state: State, robot: str, quota: Quota) -> State:
    """`state` with the month's usage of a robot."""
    return structs.replace(state, quotas={**state.quotas, robot: quota})


def with_muted(state: State, robot: str, until: float) -> State:
    """`state` in which the notices of a robot are held back until then; 0: no longer."""
    others = {name: time for name, time in state.muted.items() if name != robot}
    return structs.replace(state, muted={**others, robot: until} if until else others)


def pairings_of(state: State, robot: str) -> Pairings:
    """The access requests and pairings of a robot."""
    return state.pairings.get(robot, Pairings())


def with_pairings(state: State, robot: str, pairings: Pairings) -> State:
    """`state` with these pairings of a robot."""
    return structs.replace(state, pairings={**state.pairings, robot: pairings})


def acquaintances_of(state: State, robot: str) -> Acquaintances:
    """The conversations that spoke to a robot."""
    return state.acquaintances.get(robot, {})


def with_acquaintance(state: State, robot: str, inbound: Inbound) -> State:
    """`state` with the conversation of a message to a robot."""
    known = known_conversations.met(acquaintances_of(state, robot), inbound)
    return structs.replace(state, acquaintances={**state.acquaintances, robot: dict(known)})


def with_sent_key(state: State, robot: str, sent: SentChunk) -> State:
    """`state` with one more sent chunk of a robot, so that a quote of it can be shown."""
    return structs.replace(state, sent_keys=remember(state.sent_keys, robot, sent))


def with_recalled(state: State, robot: str, message: str) -> State:
    """`state` after a message of a robot was removed from DingTalk."""
    return structs.replace(state, sent_keys=sent_messages.recalled(state.sent_keys, robot, message))


def with_reactions(state: State, robot: str, outstanding: tuple[Reaction, ...]) -> State:
    """`state` with the reactions that a robot may have left at messages."""
    others = {name: left for name, left in state.reactions.items() if name != robot}
    reactions = {**others, robot: outstanding} if outstanding else others
    return structs.replace(state, reactions=reactions)


def with_opened(state: State, now: float) -> State:
    """`state` with one more opening of a link; those older than a minute are removed."""
    kept = tuple(time for time in state.opened if now - OPENINGS_WINDOW < time <= now)
    return structs.replace(state, opened=(*kept, now))


def may_open_at(state: State, now: float) -> float:
    """When the next link may be opened.

    Restarts in quick succession can stop DingTalk's routing to an app for a long time.
    """
    recent = [time for time in state.opened if now - OPENINGS_WINDOW < time <= now]
    if len(recent) < OPENINGS:
        return now
    return recent[-OPENINGS] + OPENINGS_WINDOW


def without_seen(state: State, known: Collection[str]) -> State:
    """`state` without these message ids, which are in the inbox now."""
    seen = {key: time for key, time in state.seen.items() if key not in known}
    return structs.replace(state, seen=seen)


def with_refused(state: State, about: str, now: float) -> State:
    """`state` with the time of a refusal; `about` names it. Old entries are removed."""
    kept = {each: time for each, time in state.refused.items() if time > now - REFUSAL_EVERY}
    refused = sorted({**kept, about: now}.items(), key=lambda entry: entry[1])
    return structs.replace(state, refused=dict(refused[-REFUSED_MOST:]))
