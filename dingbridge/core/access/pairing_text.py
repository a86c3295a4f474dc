"""Access requests and pairings in words, for the user of the editor."""

from __future__ import annotations

import math

from dingbridge.core.access.pairing_state import (
    VALID_FOR,
    AccessKind,
    AccessRequest,
    Paired,
    Pairings,
    current,
)
from dingbridge.core.catalogue import access as say


def describe(pairings: Pairings, now: float) -> tuple[str, ...]:
    """One line for each open request, oldest first, then one for each pairing.

    The id comes before the name, because a name may contain what looks like an id.
    """
    pairings = current(pairings, now)
    asking = (_pending(one, now - one.asked) for one in pairings.requests)
    paired = (
        say.PAIRED_ONCE(who=who(one), minutes=whole_minutes(one.until - now))
        if one.until
        else say.PAIRED(who=who(one))
        for one in pairings.paired
    )
    return (*asking, *paired)


def who(one: AccessRequest | Paired) -> str:
    """The person or group of a request or pairing, for a line in the editor."""
    if isinstance(one, Paired) or one.kind is AccessKind.PERSON:
        subject = say.GROUP if one.kind is AccessKind.GROUP else say.PERSON
        return subject(id=one.id, name=one.label)
    return say.GROUP_ASKED_FOR(id=one.id, name=one.label, asker=one.asker, nick=one.nick)


def minutes_left(request: AccessRequest, now: float) -> int:
    """The minutes for which the code is still valid, at least 1."""
    return whole_minutes(request.asked + VALID_FOR - now)


# --- words --------------------------------------------------------------------------------------


def _pending(request: AccessRequest, seconds: float) -> str:
    """The line of a request that is so many seconds old."""
    if seconds < 60:
        return say.PENDING_NOW(code=request.code, who=who(request))
    return say.PENDING(code=request.code, who=who(request), minutes=int(seconds // 60))


def whole_minutes(seconds: float) -> int:
    """Seconds as minutes, rounded up, at least 1."""
    return max(1, math.ceil(seconds / 60))
