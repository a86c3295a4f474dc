"""Pairing: strangers request access with a code, which the owner accepts or denies in Neovim.

All of it belongs to one robot. A stranger in a 1:1 chat requests access for themselves, a person
who mentions the robot in a group requests it for the group. Times are Unix seconds. Every function
takes the stored state and returns the new one:

    ask ──> open request ── accept ──> paired ── revoke, or the hour is over ──> (gone)
                │
                ├── deny ──> denied for a day
                └── an hour without a decision ──> (gone)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from msgspec import Struct, structs

from dingbridge.core.access import pairing_codes
from dingbridge.core.access.pairing_state import (
    CLOSED_FOR,
    ONCE_FOR,
    VALID_FOR,
    AccessKind,
    AccessRequest,
    Denied,
    Paired,
    Pairings,
    closed_for,
    current,
    is_within,
)
from dingbridge.core.access.pairing_text import whole_minutes
from dingbridge.core.catalogue import access as say
from dingbridge.core.messages import ConversationKind, Inbound
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.text import clean_name

REPEAT_EVERY = 600.0
"""The same code is sent again at most this often, in seconds."""

PENDING_EACH = 3
"""Requests that one person may have open: their own and those for groups."""

PENDING_MOST = 100
"""Requests that may be open in all; see `ask` for which one is removed."""

PAIRED_MOST = 1000
"""People and groups that can be paired at a time."""

DENIED_MOST = 1000
"""Denials that are stored; the oldest are removed."""

WRONG_MOST = 5
"""Wrong codes within `WRONG_WITHIN` after which none is accepted for `CLOSED_FOR`."""


class TellCode(Struct, frozen=True):
    """Outcome: send the code to the stranger. `is_new`: the editor was not notified of it yet."""

    request: AccessRequest
    is_new: bool


class SayNothing(Struct, frozen=True):
    """Outcome: send nothing; `reason` is for the log."""

    reason: str


class TooMany(Struct, frozen=True):
    """Outcome: the person has too many open requests; reply with the refusal of `MayPair`."""


class Accepted(Struct, frozen=True):
    """The request of the code, and the new pairing."""

    request: AccessRequest
    paired: Paired


class Problem(Struct, frozen=True):
    """A rejected code: a sentence for the person who entered it."""

    sentence: str


def ask(
    pairings: Pairings,
    inbound: Inbound,
    now: float,
    chance: Callable[[int], int],
    first: Received | None = None,
) -> tuple[Pairings, TellCode | SayNothing | TooMany]:
    """Open an access request for a stranger's message, or find the open one.

    `chance(n)` returns an unpredictable number from 0 to n - 1. `first` is stored with a new
    request.

    There is one request per person and per group, with one code, which is repeated at most every
    ten minutes: writing more gets a stranger neither more codes nor more answers.

    Strangers must neither fill the list so that nobody else can ask, nor push out others. A
    newcomer is therefore never turned away because of others, and the limit is per asker: anybody
    can create a group in a moment, so requests for groups count for the person who made them. When
    the list is full, the oldest request of the asker with the most open ones is removed. An asker
    with a single request loses it only to a hundred other identities with requests of their own
    (the organisation gives each person one identity), and may ask again at once.

    Denied people get no answer, not even when they ask for a group.
    """
    pairings = current(pairings, now)
    kind, id = _subject(inbound)
    asker, nick = inbound.sender.identity, inbound.sender.nick
    denied = {(one.kind, one.id) for one in pairings.denied}
    if (kind, id) in denied or (AccessKind.PERSON, asker) in denied:
        return pairings, SayNothing(f"the {kind.value} was denied less than a day ago")
    for known in pairings.requests:
        if (known.kind, known.id) == (kind, id):
            if is_within(REPEAT_EVERY, known.told, now):
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
    """Accept the request of this code: permanently, or for an hour with `once`."""
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
    """Deny and remove the request of this code; its person or group may not ask for a day."""
    pairings, request = _taken(pairings, code, now)
    if isinstance(request, Problem):
        return pairings, request
    denied = (*pairings.denied, Denied(request.kind, request.id, now))[-DENIED_MOST:]
    return structs.replace(_without_request(pairings, request), denied=denied), request


def revoke(pairings: Pairings, id: str, now: float) -> tuple[Pairings, tuple[Paired, ...]]:
    """Remove the pairings of this identity or conversation id. Also returns those removed.

    Names are ignored: two may bear the same one.
    """
    pairings = current(pairings, now)
    revoked = tuple(one for one in pairings.paired if one.id == id)
    kept = tuple(one for one in pairings.paired if one.id != id)
    return structs.replace(pairings, paired=kept), revoked


def _taken(
    pairings: Pairings, code: str, now: float
) -> tuple[Pairings, AccessRequest] | tuple[Pairings, Problem]:
    """The request of a code. Wrong codes are counted for accepting and denying alike."""
    pairings = current(pairings, now)
    closed = closed_for(pairings, now)
    if closed:
        return pairings, Problem(say.NO_MORE_CODES(minutes=whole_minutes(closed)))
    requests = {request.code: request for request in pairings.requests}
    found = pairing_codes.find(code, requests)
    if found:
        return pairings, requests[found]
    wrong, minutes = (*pairings.wrong, now), whole_minutes(VALID_FOR)
    if len(wrong) < WRONG_MOST:
        told = say.WRONG_CODE_OF_OPEN if requests else say.WRONG_CODE
        return structs.replace(pairings, wrong=wrong), Problem(told(minutes=minutes))
    sentence = say.WRONG_CODE_LAST(minutes=minutes, closed=whole_minutes(CLOSED_FOR))
    return structs.replace(pairings, wrong=(), closed_until=now + CLOSED_FOR), Problem(sentence)


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
