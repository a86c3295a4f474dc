"""The schedule of reactions: when to add one to a message, remove it, retry or give up.

Reactions never delay messages: one call at a time, only while no message waits, few retries, and
none are added while the quota is short. Each reaction is in one of these states:

    arrived() ──> to be added ── succeeded() ──> shown ── finished() ──> to be removed
                      │                                                       │
                      └─ finished(), or given up ──> (gone) <── succeeded() ──┘

A failed attempt to add that may have arrived counts as shown. `outstanding` is everything that may
be shown; the caller stores it before each call, so that a later process can remove it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

from msgspec import Struct, structs

from dingbridge.core.delivery.quota import Quota, used_up
from dingbridge.core.delivery.reaction_calls import AddReaction, Reaction, RemoveReaction, Step
from dingbridge.core.errors import DeliveryError, FreshToken, Retryable, RetryAfter, Unreachable

ADD_AGAIN: Final = (0.4, 1.2)
"""Seconds before the second and third attempt to add: DingTalk may not know the message yet
(§7)."""

REMOVE_AGAIN: Final = (1.5, 5.0)
"""Seconds before the second and third attempt to remove (§7)."""

ADD_WITHIN: Final = 5.0
"""Seconds after which a reaction is not worth adding any more."""

OFFLINE_PAUSE: Final = 30.0
"""Seconds between attempts to remove while offline; these attempts are unlimited."""

CALL_TIMEOUT: Final = 3.0
"""Timeout of a call in seconds; our choice, DingTalk publishes none."""

CALL_EVERY: Final = 0.05
"""Seconds between two calls: an app may call each interface 20 times a second (§0)."""

PLANNED: Final = 1.0
"""Seconds whose reactions are stored with one write."""

MOST_OUTSTANDING: Final = 200
"""Reactions that are tracked at most; the oldest are forgotten first."""
_PASSING: Final = (Retryable, FreshToken)


class _Entry(Struct, frozen=True):
    """What is known of one reaction. Times are seconds of the caller's clock.

    - `due`: the next attempt; `until`: after it, adding is not worth it
    - `wanted`: its message is still worked on
    - `settled`: no attempt is due while `wanted` stays the same
    - `shown`: it may be at the message; `maybe`: so even if the running attempt fails
    - `tries`: attempts at the present goal
    """

    reaction: Reaction
    due: float
    until: float
    wanted: bool = True
    settled: bool = False
    shown: bool = False
    maybe: bool = False
    tries: int = 0


def _may_be_done(entry: _Entry, written: Container[Reaction] | None) -> bool:
    return not entry.wanted or written is None or entry.reaction in written


class ReactionSchedule:
    """All reactions of one robot. `now` is seconds of any monotonic clock.

    Call `next_step`, run it, and report `succeeded` or `failed`; one step runs at a time. A message
    that is answered before its reaction was added costs no call.
    """

    def __init__(self, outstanding: Iterable[Reaction] = (), now: float = 0.0) -> None:
        """`outstanding` is what an earlier process left; it is removed."""
        self._entries: dict[str, _Entry] = {}
        self._under_way: Step | None = None
        self._held_until = now
        for left in outstanding:
            entry = _Entry(left, due=now, until=now, wanted=False, shown=True, maybe=True)
            self._entries[left.message_id] = entry
        self._forget_oldest()

    def outstanding(self) -> tuple[Reaction, ...]:
        """The reactions that may be at a message."""
        return tuple(entry.reaction for entry in self._entries.values() if entry.shown)

    def arrived(self, reaction: Reaction | None, now: float, *, short: bool = False) -> None:
        """A message is being worked on. While the quota is `short`, no reaction is added."""
        if reaction is None:
            return
        entry = self._entries.get(reaction.message_id)
        if entry is not None:
            # Worked on once more after a crash: its earlier reaction may stay.
            if not entry.wanted:
                leaving = isinstance(self._under_way, RemoveReaction) and (
                    self._under_way.reaction == entry.reaction
                )
                settled = not leaving or short
                self._put(entry, wanted=True, settled=settled, tries=0, until=now + ADD_WITHIN)
        elif not short:
            self._entries[reaction.message_id] = _Entry(reaction, due=now, until=now + ADD_WITHIN)
            self._forget_oldest()

    def finished(self, message_id: str, now: float) -> None:
        """The message was answered, or never will be: remove its reaction, if there is one."""
        entry = self._entries.get(message_id)
        if entry is None or not entry.wanted:
            return
        if entry.shown:
            self._put(entry, wanted=False, settled=False, tries=0, due=now)
        else:
            del self._entries[message_id]

    def may_stand(self, now: float) -> tuple[Reaction, ...]:
        """The reactions at messages, and those to be added within `PLANNED` seconds.

        Once they are stored, `next_step` may add them; one write serves all of them.
        """
        planned = [
            entry
            for entry in self._entries.values()
            if entry.wanted and not entry.settled and not entry.shown
            if entry.due <= now + PLANNED and now <= entry.until
        ]
        planned.sort(key=lambda entry: entry.due)
        most = int(PLANNED / CALL_EVERY)
        return (*self.outstanding(), *(entry.reaction for entry in planned[:most]))

    def next_step(
        self, now: float, *, idle: bool = True, written: Container[Reaction] | None = None
    ) -> Step | None:
        """The step to run now; None while a message waits (not `idle`), or nothing is due.

        Only reactions in `written` are added, unless it is None. Removing goes before adding.
        `outstanding` already counts what the step adds.
        """
        if self._under_way is not None:
            return None
        for entry in list(self._entries.values()):
            if entry.wanted and not entry.settled and now > entry.until:
                self._let_be(entry)
        due = [
            one
            for one in self._entries.values()
            if not one.settled and one.due <= now and _may_be_done(one, written)
        ]
        if not due or not idle or now < self._held_until:
            return None
        entry = min(due, key=lambda one: (one.wanted, one.due))
        self._put(entry, shown=True, tries=entry.tries + 1)
        make = AddReaction if entry.wanted else RemoveReaction
        self._under_way = make(entry.reaction)
        return self._under_way

    def next_at(
        self, written: Container[Reaction] | None = None, write_at: float = 0.0
    ) -> float | None:
        """When to ask for a step again; None if no step will come up.

        Reactions that are not in `written` are not due before `write_at`.
        """
        due = [
            entry.due if _may_be_done(entry, written) else max(entry.due, write_at)
            for entry in self._entries.values()
            if not entry.settled
        ]
        if self._under_way is not None or not due:
            return None
        return max(min(due), self._held_until)

    def succeeded(self, step: Step, now: float) -> None:
        """The platform accepted the step."""
        entry = self._ended(step, now)
        if entry is None:
            return
        if isinstance(step, AddReaction):
            self._put(entry, maybe=True, settled=entry.wanted)
        elif entry.wanted:
            self._put(entry, shown=False, maybe=False, due=now)
            if entry.settled:
                self._let_be(self._entries[step.reaction.message_id])
        else:
            del self._entries[step.reaction.message_id]

    def failed(self, step: Step, error: DeliveryError, now: float) -> None:
        """The step failed; the type of the error decides what follows."""
        if isinstance(error, RetryAfter):
            self._held_until = max(self._held_until, now + error.seconds)
        entry = self._ended(step, now)
        if entry is None:
            return
        if isinstance(step, AddReaction):
            self._not_added(entry, error, now)
        elif entry.wanted:
            self._put(entry, settled=True)
        else:
            self._not_removed(entry, error, now)

    def _not_added(self, entry: _Entry, error: DeliveryError, now: float) -> None:
        maybe = entry.maybe or (isinstance(error, Retryable) and error.may_have_arrived)
        self._put(entry, maybe=maybe, shown=maybe)
        entry = self._entries[entry.reaction.message_id]
        if entry.wanted and isinstance(error, _PASSING) and entry.tries <= len(ADD_AGAIN):
            self._put(entry, due=now + ADD_AGAIN[entry.tries - 1])
        elif entry.wanted or not maybe:
            self._let_be(entry)

    def _not_removed(self, entry: _Entry, error: DeliveryError, now: float) -> None:
        if isinstance(error, Unreachable):
            self._put(entry, tries=entry.tries - 1, due=now + OFFLINE_PAUSE)
        elif used_up(Quota(), 0.0, error.code).gone:
            self._put(entry, settled=True)  # for a later process, in a month with calls to spare
        elif isinstance(error, (*_PASSING, RetryAfter)) and entry.tries <= len(REMOVE_AGAIN):
            self._put(entry, due=now + REMOVE_AGAIN[entry.tries - 1])
        else:
            del self._entries[entry.reaction.message_id]

    def _let_be(self, entry: _Entry) -> None:
        """Stop trying to add it; if it may be there, it is removed later."""
        if entry.maybe:
            self._put(entry, settled=True, shown=True)
        else:
            del self._entries[entry.reaction.message_id]

    def _put(self, entry: _Entry, **changes: object) -> None:
        self._entries[entry.reaction.message_id] = structs.replace(entry, **changes)

    def _ended(self, step: Step, now: float) -> _Entry | None:
        if self._under_way != step:
            return None
        self._under_way = None
        self._held_until = max(self._held_until, now + CALL_EVERY)
        return self._entries.get(step.reaction.message_id)

    def _forget_oldest(self) -> None:
        for message_id in list(self._entries)[:-MOST_OUTSTANDING]:
            del self._entries[message_id]
