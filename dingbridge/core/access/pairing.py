"""Who asked to be let in by a code, and whom the owner let in that way.

Everything here belongs to one robot. A stranger in a 1:1 chat asks for themselves, whoever mentions
the robot in a group asks for the group; the owner decides with the code in Neovim. Times are Unix
seconds. A time that lies ahead by more than its span was written by a clock that has been set back
since, and counts as over.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from enum import Enum

from msgspec import Struct, structs

from dingbridge.core.access import pairing_codes
from dingbridge.core.catalogue import access as say
from dingbridge.core.messages import ConversationKind, Inbound, Target
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.text import clean_name

VALID_FOR = 3600.0
"""How long a code can be used, in seconds."""

REPEAT_EVERY = 600.0
"""Who asks again is told the same code at most this often, in seconds."""

PENDING_EACH = 3
"""Requests (a count) that one person may have open: their own, and those of groups."""

PENDING_MOST = 100
"""Requests (a count) that are open at all; see `ask` for which one goes."""

PAIRED_MOST = 1000
"""People and groups (a count) that can be paired at a time."""

DENIED_FOR = 24 * 3600.0
"""How long who was denied may not ask again, in seconds."""

DENIED_MOST = 1000
"""Denials (a count) that are remembered; the oldest go."""

ONCE_FOR = 3600.0
"""How long somebody is let in who is let in once, in seconds."""

WRONG_MOST = 5
"""Wrong codes (a count) within `WRONG_WITHIN` after which none is taken for `CLOSED_FOR`."""

WRONG_WITHIN = 600.0
CLOSED_FOR = 600.0


class AccessKind(str, Enum):
    """What is let in: one person, or a group (in which the sender is asked about all the same)."""

    PERSON = "person"
    GROUP = "group"


class AccessRequest(Struct, frozen=True):
    """An open request. `id` is the person's identity or the group's conversation id.

    `label` is the nick or the group's title, chosen by anybody. `asker` is the identity of whoever
    asked and `nick` their name. `told` is when the code was last said. The next three fields say
    where an answer goes. `first` is the message that asked (see `first_message`); nobody sees it
    before the code is accepted.
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
        """The conversation in which it was asked, without the session webhook, which is secret."""
        private = "" if self.conversation_id or self.user_id else self.id
        return Target(
            self.conversation_id, self.user_id, self.robot_code, None, self.label, private
        )


class Paired(Struct, frozen=True):
    """A person or group that was let in; `until` is 0 for good."""

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
    """All there is to know of one robot. `wrong` are the times of the latest wrong codes."""

    paired: tuple[Paired, ...] = ()
    requests: tuple[AccessRequest, ...] = ()
    denied: tuple[Denied, ...] = ()
    wrong: tuple[float, ...] = ()
    closed_until: float = 0.0


class TellCode(Struct, frozen=True):
    """The stranger is to be told the code; `is_new` when the editor has not heard of it yet."""

    request: AccessRequest
    is_new: bool


class SayNothing(Struct, frozen=True):
    """Nothing is to be said; `reason` is for the log."""

    reason: str


class TooMany(Struct, frozen=True):
    """The asker has too many requests open; they get the refusal that came with `MayPair`."""


class Accepted(Struct, frozen=True):
    """The request that the code belonged to, and who is let in now."""

    request: AccessRequest
    paired: Paired


class Problem(Struct, frozen=True):
    """A code that was not taken: why, in a sentence for whoever entered it."""

    sentence: str


def current(pairings: Pairings, now: float) -> Pairings:
    """`pairings` without what is over."""
    return Pairings(
        paired=tuple(one for one in pairings.paired if _holds(one, now)),
        requests=tuple(one for one in pairings.requests if _within(VALID_FOR, one.asked, now)),
        denied=tuple(one for one in pairings.denied if _within(DENIED_FOR, one.time, now)),
        wrong=tuple(time for time in pairings.wrong if _within(WRONG_WITHIN, time, now)),
        closed_until=pairings.closed_until if _closed_for(pairings, now) else 0.0,
    )


def is_paired(pairings: Pairings, kind: AccessKind, id: str, now: float) -> bool:
    """Whether exactly this id was let in by a code and still is."""
    return any(
        one.kind is kind and one.id == id and _holds(one, now) for one in pairings.paired if id
    )


def ask(
    pairings: Pairings,
    inbound: Inbound,
    now: float,
    chance: Callable[[int], int],
    first: Received | None = None,
) -> tuple[Pairings, TellCode | SayNothing | TooMany]:
    """A stranger's message asks to be let in. `chance(n)` is a random number from 0 to n - 1 that
    nobody can foretell; `first` is what waits with a new request.

    There is one request for each person and each group, with one code, which is repeated at most
    every ten minutes: whoever writes a lot gets no more codes, and no more answers.

    Strangers must neither fill the list so that nobody else can ask, nor push out others. So a
    newcomer is never turned away because of others, and there is a limit for each asker: groups
    are made by anybody in a moment, and those that one person asks for count as theirs. When the
    list is full all the same, the oldest request goes of whoever has the most open. Who has but
    one thus loses it only to a hundred different identities with requests of their own, which the
    organisation hands out to a person each; and may then ask again at once.

    Who was denied is not answered, not even when asking for a group.
    """
    pairings = current(pairings, now)
    kind, id = _subject(inbound)
    asker, nick = inbound.sender.identity, inbound.sender.nick
    denied = {(one.kind, one.id) for one in pairings.denied}
    if (kind, id) in denied or (AccessKind.PERSON, asker) in denied:
        return pairings, SayNothing(f"the {kind.value} was denied less than a day ago")
    for known in pairings.requests:
        if (known.kind, known.id) == (kind, id):
            if _within(REPEAT_EVERY, known.told, now):
                return pairings, SayNothing("the code was said a moment ago")
            told = structs.replace(known, told=now)
            requests = tuple(told if one is known else one for one in pairings.requests)
            return structs.replace(pairings, requests=requests), TellCode(told, is_new=False)
    if sum(one.asker == asker for one in pairings.requests) >= PENDING_EACH:
        return pairings, TooMany()
    request = AccessRequest(
        code=pairing_codes.new_code({one.code for one in pairings.requests}, chance),
        kind=kind,
        id=id,
        label=clean_name(inbound.conversation.title if kind is AccessKind.GROUP else nick),
        asker=asker,
        nick=clean_name(nick),
        asked=now,
        told=now,
        conversation_id=inbound.conversation.id if kind is AccessKind.GROUP else "",
        user_id=inbound.sender.staff_id if kind is AccessKind.PERSON else "",
        robot_code=inbound.robot_code,
        first=first,
    )
    requests = _without_surplus((*pairings.requests, request))
    return structs.replace(pairings, requests=requests), TellCode(request, is_new=True)


def accept(
    pairings: Pairings, code: str, now: float, *, once: bool = False
) -> tuple[Pairings, Accepted | Problem]:
    """The owner lets in whom this code belongs to: for good, or `once`, which is for an hour."""
    pairings, request = _taken(pairings, code, now)
    if isinstance(request, Problem):
        return pairings, request
    others = tuple(
        one for one in pairings.paired if (one.kind, one.id) != (request.kind, request.id)
    )
    if len(others) >= PAIRED_MOST:
        return pairings, Problem(say.PAIRED_MOST(most=PAIRED_MOST))
    until = now + ONCE_FOR if once else 0.0
    paired = Paired(request.kind, request.id, request.label, now, until)
    pairings = _without_request(pairings, request)
    return structs.replace(pairings, paired=(*others, paired)), Accepted(request, paired)


def deny(pairings: Pairings, code: str, now: float) -> tuple[Pairings, AccessRequest | Problem]:
    """The owner refuses: the request is gone, and who it was for may not ask for a day."""
    pairings, request = _taken(pairings, code, now)
    if isinstance(request, Problem):
        return pairings, request
    denied = (*pairings.denied, Denied(request.kind, request.id, now))[-DENIED_MOST:]
    return structs.replace(_without_request(pairings, request), denied=denied), request


def revoke(pairings: Pairings, id: str, now: float) -> tuple[Pairings, tuple[Paired, ...]]:
    """Nobody with this identity or conversation id is paired any more. Also returns who was.

    Names are not looked at: two may bear the same one.
    """
    pairings = current(pairings, now)
    revoked = tuple(one for one in pairings.paired if one.id == id)
    kept = tuple(one for one in pairings.paired if one.id != id)
    return structs.replace(pairings, paired=kept), revoked


def describe(pairings: Pairings, now: float) -> tuple[str, ...]:
    """A line for each open request, then one for each pairing; the longest waiting come first.

    The id stands before the name, because a name may contain what looks like an id.
    """
    pairings = current(pairings, now)
    asking = (_pending(one, now - one.asked) for one in pairings.requests)
    paired = (
        say.PAIRED_ONCE(who=who(one), minutes=_minutes(one.until - now))
        if one.until
        else say.PAIRED(who=who(one))
        for one in pairings.paired
    )
    return (*asking, *paired)


def who(one: AccessRequest | Paired) -> str:
    """Whom a request would let in, or who was let in, for a line in the editor."""
    if isinstance(one, Paired) or one.kind is AccessKind.PERSON:
        subject = say.GROUP if one.kind is AccessKind.GROUP else say.PERSON
        return subject(id=one.id, name=one.label)
    return say.GROUP_ASKED_FOR(id=one.id, name=one.label, asker=one.asker, nick=one.nick)


def minutes_left(request: AccessRequest, now: float) -> int:
    """For how many minutes the code can be used, at least 1."""
    return _minutes(request.asked + VALID_FOR - now)


def _taken(
    pairings: Pairings, code: str, now: float
) -> tuple[Pairings, AccessRequest] | tuple[Pairings, Problem]:
    """The request that a code belongs to. Wrong codes count, whatever they are wrong for."""
    pairings = current(pairings, now)
    closed = _closed_for(pairings, now)
    if closed:
        return pairings, Problem(say.NO_MORE_CODES(minutes=_minutes(closed)))
    requests = {request.code: request for request in pairings.requests}
    found = pairing_codes.find(code, requests)
    if found:
        return pairings, requests[found]
    wrong, minutes = (*pairings.wrong, now), _minutes(VALID_FOR)
    if len(wrong) < WRONG_MOST:
        return structs.replace(pairings, wrong=wrong), Problem(say.WRONG_CODE(minutes=minutes))
    sentence = say.WRONG_CODE_LAST(minutes=minutes, closed=_minutes(CLOSED_FOR))
    return structs.replace(pairings, wrong=(), closed_until=now + CLOSED_FOR), Problem(sentence)


# --- what is kept -------------------------------------------------------------------------------


def _subject(inbound: Inbound) -> tuple[AccessKind, str]:
    if inbound.conversation.kind is ConversationKind.GROUP:
        return AccessKind.GROUP, inbound.conversation.id
    return AccessKind.PERSON, inbound.sender.identity


def _without_request(pairings: Pairings, request: AccessRequest) -> Pairings:
    kept = tuple(one for one in pairings.requests if one.code != request.code)
    return structs.replace(pairings, requests=kept)


def _without_surplus(requests: tuple[AccessRequest, ...]) -> tuple[AccessRequest, ...]:
    while len(requests) > PENDING_MOST:
        open_of = Counter(one.asker for one in requests)
        surplus = min(requests, key=lambda one: (-open_of[one.asker], one.asked))
        requests = tuple(one for one in requests if one is not surplus)
    return requests


def _holds(paired: Paired, now: float) -> bool:
    return not paired.until or 0 < paired.until - now < 2 * ONCE_FOR


def _closed_for(pairings: Pairings, now: float) -> float:
    """Seconds until a code is taken again; 0 when one is taken now."""
    left = pairings.closed_until - now
    return left if 0 < left < 2 * CLOSED_FOR else 0.0


def _within(seconds: float, time: float, now: float) -> bool:
    return abs(now - time) < seconds


# --- words --------------------------------------------------------------------------------------


def _pending(request: AccessRequest, seconds: float) -> str:
    """The line of a request that is so old."""
    if seconds < 60:
        return say.PENDING_NOW(code=request.code, who=who(request))
    return say.PENDING(code=request.code, who=who(request), minutes=int(seconds // 60))


def _minutes(seconds: float) -> int:
    return max(1, math.ceil(seconds / 60))
