"""Send attempts of unknown outcome, kept with the message until its end.

An answered attempt is dropped: its chunk was accepted or refused. An unanswered one stays whatever
becomes of later attempts, unless a custom robot accepts the same chunk: it recognises a repeat by
its key (doc/dingtalk.md §1).
"""

from __future__ import annotations

from msgspec import Struct, structs

from dingbridge.core.delivery.routing import Route


class Attempted(Struct, frozen=True, tag="tried"):
    """`text[start:end]` is about to be sent by `route`, or may have been.

    An empty range stands for a merged message that contained the text. `again`: the user wants it
    sent again although it may have arrived. In the journal it also has its time (Unix seconds) and
    the key of its rate limit (`rate_limit.key_of`).
    """

    id: str
    start: int
    end: int
    route: Route
    again: bool = False
    time: float = 0.0
    key: str = ""


Attempts = tuple[Attempted, ...]
"""No two alike, but for the last one, which may be under way and repeat an earlier one."""


def begun(attempts: Attempts, attempt: Attempted) -> Attempts:
    """Add the attempt that is about to be made."""
    return (*dict.fromkeys(attempts), structs.replace(attempt, time=0.0, key=""))


def answered(attempts: Attempts, end: int) -> Attempts:
    """Drop the last attempt, which was answered: the text before `end` was accepted, the rest not.

    Attempts that the custom robot recognised as the same chunk are dropped with it.
    """
    if not attempts or end < attempts[-1].end:
        return attempts[:-1]
    *before, last = attempts
    return tuple(one for one in before if not is_recognised(one, last))


def is_recognised(one: Attempted, other: Attempted) -> bool:
    """Whether DingTalk recognises one of them as a repeat of the other."""
    by_webhook = one.route is Route.WEBHOOK is other.route
    return by_webhook and (one.id, one.start, one.end) == (other.id, other.start, other.end)


def sent_again(attempts: Attempts) -> Attempts:
    """Mark all of them: the user wants the message sent again although it may have arrived."""
    return tuple(dict.fromkeys(structs.replace(one, again=True) for one in attempts))


def of_part(attempts: Attempts, message: str) -> Attempts:
    """The attempts of a merged message, for a member that is now sent on its own."""
    found = (structs.replace(one, id=message, start=0, end=0) for one in attempts)
    return tuple(dict.fromkeys(found))


def may_have_arrived(attempts: Attempts, start: int) -> bool:
    """Whether part of the text from `start` on may have arrived; all before it was accepted."""
    return any(one.end > start or one.end == one.start for one in attempts)
