"""What is stored about the pairings of one robot, and for how long each part counts.

Times are Unix seconds. A time further ahead than its span was written by a clock that has been set
back since; it counts as expired.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from dingbridge.core.messages import Target
from dingbridge.core.sessions.inbox import Received

VALID_FOR = 3600.0
"""How long a code can be used, in seconds."""

DENIED_FOR = 24 * 3600.0
"""How long a denied person or group may not ask again, in seconds."""

ONCE_FOR = 3600.0
"""How long one-time access lasts, in seconds."""

WRONG_WITHIN = 600.0
CLOSED_FOR = 600.0


class AccessKind(str, Enum):
    """What a request or pairing is about: one person, or a group (whose senders are checked all the
    same).
    """

    PERSON = "person"
    GROUP = "group"


class AccessRequest(Struct, frozen=True):
    """An open access request.

    - `id`: the person's identity or the group's conversation id
    - `label`: the nick or the group's title, chosen by anybody
    - `asker`, `nick`: the identity and name of the person who asked
    - `told`: when the code was last sent
    - `conversation_id`, `user_id`, `robot_code`: where an answer goes
    - `first`: the message that asked (see `first_message`); it is shown to nobody before the code
      is accepted
    """

    code: str
    kind: AccessKind
    id: str
    label: str
    asker: str
    nick: str
    asked: float
    told: float
    conversation_id: str = ""
    user_id: str = ""
    robot_code: str = ""
    first: Received | None = None

    @property
    def target(self) -> Target:
        """The conversation of the request, without the session webhook, which is secret."""
        private = "" if self.conversation_id or self.user_id else self.id
        return Target(
            self.conversation_id, self.user_id, self.robot_code, None, self.label, private
        )


class Paired(Struct, frozen=True):
    """A person or group with access by a code; `until` is 0 for permanent access."""

    kind: AccessKind
    id: str
    label: str
    since: float
    until: float = 0.0


class Denied(Struct, frozen=True):
    """A person or group that may not ask for a day."""

    kind: AccessKind
    id: str
    time: float


class Pairings(Struct, frozen=True):
    """All that is stored for one robot. `wrong` are the times of the latest wrong codes."""

    paired: tuple[Paired, ...] = ()
    requests: tuple[AccessRequest, ...] = ()
    denied: tuple[Denied, ...] = ()
    wrong: tuple[float, ...] = ()
    closed_until: float = 0.0


def current(pairings: Pairings, now: float) -> Pairings:
    """`pairings` without what has expired."""
    return Pairings(
        paired=tuple(one for one in pairings.paired if _holds(one, now)),
        requests=tuple(one for one in pairings.requests if is_within(VALID_FOR, one.asked, now)),
        denied=tuple(one for one in pairings.denied if is_within(DENIED_FOR, one.time, now)),
        wrong=tuple(time for time in pairings.wrong if is_within(WRONG_WITHIN, time, now)),
        closed_until=pairings.closed_until if closed_for(pairings, now) else 0.0,
    )


def is_paired(pairings: Pairings, kind: AccessKind, id: str, now: float) -> bool:
    """Whether exactly this id got access by a code and still has it."""
    return any(
        one.kind is kind and one.id == id and _holds(one, now) for one in pairings.paired if id
    )


def _holds(paired: Paired, now: float) -> bool:
    return not paired.until or 0 < paired.until - now < 2 * ONCE_FOR


def closed_for(pairings: Pairings, now: float) -> float:
    """Seconds until codes are accepted again; 0 when they are accepted now."""
    left = pairings.closed_until - now
    return left if 0 < left < 2 * CLOSED_FOR else 0.0


def is_within(seconds: float, time: float, now: float) -> bool:
    """Whether `time` is less than so many seconds from now, past or future."""
    return abs(now - time) < seconds
