"""Attempts to send a chunk whose outcome is not known: remembered with the message until its end.

An attempt that was answered is not among them: what was taken has left, what was refused has not.
One that was not answered stays, whatever becomes of later ones; only the custom robot knows a
repeat of the same chunk by its key (protocol section 1), so that there it counts as the same.
"""

from __future__ import annotations

from msgspec import Struct, structs

from dingbridge.core.routing import Route


class Tried(Struct, frozen=True, tag="tried"):
    """`text[start:end]` is about to leave by `route`, or may have left. An empty range stands for a
    merged message that the text was a part of. `again`: the user wants it sent again, although it
    may have arrived."""

    id: str
    start: int
    end: int
    route: Route
    again: bool = False


Attempts = tuple[Tried, ...]
"""No two alike, but for the last one, which may be under way and repeat an earlier one."""


def begun(attempts: Attempts, attempt: Tried) -> Attempts:
    """One more is under way."""
    return (*dict.fromkeys(attempts), attempt)


def answered(attempts: Attempts, end: int) -> Attempts:
    """The last one was answered: all of the text before `end` was taken, and nothing behind it."""
    if not attempts or end < attempts[-1].end:
        return attempts[:-1]
    *before, last = attempts
    return tuple(one for one in before if not is_recognised(one, last))


def is_recognised(one: Tried, other: Tried) -> bool:
    """Whether DingTalk knows that one of them is a repeat of the other."""
    by_webhook = one.route is Route.WEBHOOK is other.route
    return by_webhook and (one.id, one.start, one.end) == (other.id, other.start, other.end)


def sent_again(attempts: Attempts) -> Attempts:
    """The user wants it sent again all the same."""
    return tuple(dict.fromkeys(structs.replace(one, again=True) for one in attempts))


def of_part(attempts: Attempts, message: str) -> Attempts:
    """The same for a message that went out in a merged one, and now goes on its own."""
    found = (structs.replace(one, id=message, start=0, end=0) for one in attempts)
    return tuple(dict.fromkeys(found))


def may_have_arrived(attempts: Attempts, start: int) -> bool:
    """Whether some of the text from `start`, up to which all was taken, may have arrived."""
    return any(one.end > start or one.end == one.start for one in attempts)
