"""The reaction on a message while it is worked on: when to add it, remove it, try again or not.

It is never in the way: one call at a time and only while no message waits, given up soon, not begun
at all while the quota is short. What may stand at a message is known by `outstanding`, so that a
later process can remove it. Protocol sections 7 and 10.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any, Final

from msgspec import Struct, structs

from dingbridge.core import json_wire
from dingbridge.core.delivery.quota import Budget, Quota, QuotaKind, used_up
from dingbridge.core.errors import DeliveryError, FreshToken, Retryable, RetryAfter, Unreachable
from dingbridge.core.messages import Inbound

ADD_AGAIN: Final = (0.4, 1.2)
"""Seconds before the second and third attempt to add one: it races the message (section 7)."""

REMOVE_AGAIN: Final = (1.5, 5.0)
"""Seconds before the second and third attempt to remove one (section 7)."""

ADD_WITHIN: Final = 5.0
"""Seconds after which a reaction that still waits for its turn is not worth adding any more."""

OFFLINE_PAUSE: Final = 30.0
"""Seconds between attempts to remove one while nothing can be reached; these are not counted."""

CALL_TIMEOUT: Final = 3.0
"""Seconds that a call for a reaction may take; ours, nothing is published."""

CALL_EVERY: Final = 0.05
"""Seconds between two calls: an app may call each interface 20 times a second (section 0)."""

PLANNED: Final = 1.0
"""Seconds for which what is to be added is written down together."""

MOST_OUTSTANDING: Final = 200
"""Reactions that are kept track of at most; the oldest is forgotten first."""

CALLS_KEPT: Final = 4
"""One part in so many of the month's calls is kept for messages: reactions do without."""

_ADD: Final = "/v1.0/robot/emotion/reply"
_REMOVE: Final = "/v1.0/robot/emotion/recall"
_TEXT_LABEL: Final = 2
_EMOTION_ID: Final = "2659900"
_BACKGROUND_ID: Final = "im_bg_1"
_PASSING: Final = (Retryable, FreshToken)


class Reaction(Struct, frozen=True):
    """A label at one message. `name` is what it shows, also when the option has changed since."""

    robot_code: str
    conversation_id: str
    message_id: str
    name: str


class AddReaction(Struct, frozen=True):
    """Step: show it."""

    reaction: Reaction


class RemoveReaction(Struct, frozen=True):
    """Step: take it away."""

    reaction: Reaction


Step = AddReaction | RemoveReaction


class _Entry(Struct, frozen=True):
    """What is known of one reaction. Times are seconds of the clock that the caller uses.

    `wanted`: its message is still worked on. `settled`: no step is due while that does not change.
    `shown`: it may stand there, and `maybe` what of that is left if the attempt under way fails.
    `tries` counts attempts at what is wanted now.
    """

    reaction: Reaction
    due: float
    until: float
    wanted: bool = True
    settled: bool = False
    shown: bool = False
    maybe: bool = False
    tries: int = 0


def reaction_to(inbound: Inbound, name: str) -> Reaction | None:
    """The reaction on this message; None when the option is off (`name` is empty)."""
    if not name.strip():
        return None
    return Reaction(inbound.robot_code, inbound.conversation.id, inbound.id, name.strip())


def quota_is_short(quota: Quota, budget: Budget) -> bool:
    """Whether what is left of the month's calls is for messages alone; two calls are a reaction."""
    if QuotaKind.CALLS in quota.spent:
        return True
    return bool(budget.calls) and quota.calls * CALLS_KEPT >= budget.calls * (CALLS_KEPT - 1)


def request(step: Step, robot_code: str) -> tuple[str, bytes]:
    """Path and body of the call for this step (section 7); both calls have the same body."""
    reaction = step.reaction
    label = {
        "emotionId": _EMOTION_ID,
        "emotionName": reaction.name,
        "text": reaction.name,
        "backgroundId": _BACKGROUND_ID,
    }
    body = {
        "robotCode": robot_code,
        "openMsgId": reaction.message_id,
        "openConversationId": reaction.conversation_id,
        "emotionType": _TEXT_LABEL,
        "emotionName": reaction.name,
        "textEmotion": label,
    }
    return (_ADD if isinstance(step, AddReaction) else _REMOVE), json_wire.encode(body)


class _Answer(Struct):
    success: Any = None


def accepted(body: bytes) -> bool:
    """Whether an answer with HTTP 200 means success: it says so itself as well (section 7)."""
    try:
        said = json_wire.decode(body, _Answer).success
    except json_wire.NotReadable:
        return False
    return said is True or json_wire.text_of(said).lower() == "true"


def _may_be_done(entry: _Entry, written: Container[Reaction] | None) -> bool:
    return not entry.wanted or written is None or entry.reaction in written


class ReactionSchedule:
    """All reactions of one robot. `now` is seconds of any clock that is never set back.

    Ask `next_step`, carry it out, and tell `succeeded` or `failed`; only one step is under way at a
    time. A message that is answered before its reaction was begun costs no call at all.
    """

    def __init__(self, outstanding: Iterable[Reaction] = (), now: float = 0.0) -> None:
        """`outstanding` is what an earlier process left behind: it is removed."""
        self._entries: dict[str, _Entry] = {}
        self._under_way: Step | None = None
        self._held_until = now
        for left in outstanding:
            entry = _Entry(left, due=now, until=now, wanted=False, shown=True, maybe=True)
            self._entries[left.message_id] = entry
        self._forget_oldest()

    def outstanding(self) -> tuple[Reaction, ...]:
        """What may stand at a message."""
        return tuple(entry.reaction for entry in self._entries.values() if entry.shown)

    def arrived(self, reaction: Reaction | None, now: float, *, short: bool = False) -> None:
        """A message is worked on. While the quota is `short`, nothing is added."""
        if reaction is None:
            return
        entry = self._entries.get(reaction.message_id)
        if entry is not None:
            # Worked on once more after a crash: what stands there from before may stay.
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
        """The message was answered, or never will be: its reaction goes, if it ever came."""
        entry = self._entries.get(message_id)
        if entry is None or not entry.wanted:
            return
        if entry.shown:
            self._put(entry, wanted=False, settled=False, tries=0, due=now)
        else:
            del self._entries[message_id]

    def may_stand(self, now: float) -> tuple[Reaction, ...]:
        """What may stand at a message, with what may be added within `PLANNED` seconds. Write it
        down, and `next_step` may add it: so many need one writing together."""
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
        """What to do now, if anything: nothing unless `idle`, that is, while no message waits, and
        of adding only what is in `written`, unless that is None.

        Removing goes before adding. `outstanding` already counts what the step adds.
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
        """When to ask for a step again, if nothing happens before; None if there will be none. What
        is not in `written` is not before `write_at`."""
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
        """The step did not succeed: what follows is decided by what the error is."""
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
        """Add it no more; remove it later if it may stand there."""
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
