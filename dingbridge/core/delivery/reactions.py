"""The states and retries of a reaction; `pending_reactions` decides which messages have one.

A message is in one of these states:

    show() ──▶ to add ──added──▶ shown ──remove()──▶ to remove ──removed──▶ (forgotten)
                 │                 ▲                     │
                 │                 └───────show()────────┘
                 └──remove(), or given up──▶ (forgotten)

- One step is under way at a time. If what is wanted changes meanwhile, its outcome decides what
  follows from what is wanted then.
- What may be shown is stored first, so that a later process can remove it. An attempt to add that
  may have arrived counts as shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from dingbridge.core.delivery.quota import Quota, used_up
from dingbridge.core.errors import DeliveryError, FreshToken, Retryable, RetryAfter, Unreachable

ADD_AGAIN: Final = (0.4, 1.2)
"""Seconds before the second and third attempt to add: DingTalk may not know the message yet."""

REMOVE_AGAIN: Final = (1.5, 5.0)
"""Seconds before the second and third attempt to remove."""

ADD_WITHIN: Final = 5.0
"""Seconds after which a reaction is not worth adding any more."""

OFFLINE_PAUSE: Final = 30.0
"""Seconds between attempts to remove while offline; these attempts are unlimited."""

CALL_EVERY: Final = 0.05
"""Seconds between two calls: an app may call each interface 20 times a second (§0)."""

STORE_EVERY: Final = 1.0
"""Seconds between two writes of reactions that are about to be added."""


class Reaction(Struct, frozen=True):
    """A label on a message. `name` is what it shows, even if the option has changed since."""

    robot_code: str
    conversation_id: str
    message_id: str
    name: str


class ReactionCall(Struct, frozen=True):
    """Step: add a reaction to its message, or remove it."""

    reaction: Reaction
    adds: bool


class StoreReactions(Struct, frozen=True):
    """Step: write down the reactions that messages may show from now on."""

    reactions: tuple[Reaction, ...]


class _Mark(Struct):
    """The reaction of one message. `due` is when to do what is wanted, None for never."""

    reaction: Reaction
    due: float | None = None
    until: float = 0.0
    is_wanted: bool = False
    is_shown: bool = False
    is_stored: bool = False
    attempts: int = 0


class MessageReactions:
    """The reactions of one robot. Times are seconds of any monotonic clock.

    Carry out what `next_step` returns, and report the outcome to `ended`.
    """

    def __init__(self, left: Iterable[Reaction] = (), now: float = 0.0) -> None:
        """`left` is what an earlier process has stored; it is removed."""
        self._marks = {
            one.message_id: _Mark(one, due=now, is_shown=True, is_stored=True) for one in left
        }
        self._step: ReactionCall | StoreReactions | None = None
        self._called: _Mark | None = None
        self._call_at = self._store_at = now

    def stored(self) -> tuple[Reaction, ...]:
        """What must be stored at present; less than `StoreReactions` once some are removed."""
        return tuple(mark.reaction for mark in self._marks.values() if mark.is_stored)

    def show(self, reaction: Reaction, now: float) -> None:
        """A message is worked on."""
        mark = self._marks.setdefault(reaction.message_id, _Mark(reaction))
        self._want(mark, now, wanted=True)

    def remove(self, message_id: str, now: float) -> None:
        """A message was answered, or never will be."""
        if message_id in self._marks:
            self._want(self._marks[message_id], now, wanted=False)

    def next_step(self, now: float) -> ReactionCall | StoreReactions | None:
        """What to do now; None while a step is under way or none is due. Removing goes first."""
        if self._step is not None:
            return None
        for mark in list(self._marks.values()):
            if mark.is_wanted and now > mark.until:
                self._plan(mark, None)
        due = [mark for mark in self._marks.values() if mark.due is not None and mark.due <= now]
        ready = [mark for mark in due if mark.is_stored]
        if len(ready) < len(due) and now >= self._store_at:
            for mark in self._marks.values():
                mark.is_stored = True
            self._store_at = now + STORE_EVERY
            self._step = StoreReactions(self.stored())
        elif ready and now >= self._call_at:
            self._called = mark = min(ready, key=lambda one: (one.is_wanted, one.due))
            mark.attempts += 1
            self._step = ReactionCall(mark.reaction, mark.is_wanted)
        return self._step

    def next_at(self) -> float | None:
        """When a step is due, if nothing changes before; None for never, or while one runs."""
        at = (
            max(mark.due, self._call_at if mark.is_stored else self._store_at)
            for mark in self._marks.values()
            if mark.due is not None
        )
        return min(at, default=None) if self._step is None else None

    def ended(self, error: DeliveryError | None, now: float) -> None:
        """The step under way succeeded or failed; the type of the error decides what follows."""
        step, mark, self._step, self._called = self._step, self._called, None, None
        if mark is None or not isinstance(step, ReactionCall):
            return
        self._call_at = now + (error.seconds if isinstance(error, RetryAfter) else CALL_EVERY)
        if error is None or (step.adds and error.may_have_arrived):
            mark.is_shown = step.adds
        if error is None or mark.is_wanted != step.adds:
            self._begin(mark, now)
        else:
            self._plan(mark, self._again_at(mark, error, now))

    def _want(self, mark: _Mark, now: float, *, wanted: bool) -> None:
        if mark.is_wanted != wanted:
            mark.is_wanted = wanted
            if mark is not self._called:
                self._begin(mark, now)

    def _begin(self, mark: _Mark, now: float) -> None:
        mark.attempts, mark.until = 0, now + ADD_WITHIN
        self._plan(mark, None if mark.is_shown == mark.is_wanted else now)

    def _plan(self, mark: _Mark, due: float | None) -> None:
        mark.due = due
        if due is None and not mark.is_shown:
            self._marks.pop(mark.reaction.message_id, None)

    def _again_at(self, mark: _Mark, error: DeliveryError, now: float) -> float | None:
        """When to repeat what failed; None to give up."""
        if isinstance(error, Unreachable) and not mark.is_wanted:
            mark.attempts -= 1
            return now + OFFLINE_PAUSE
        pauses = ADD_AGAIN if mark.is_wanted else REMOVE_AGAIN
        passes = isinstance(error, Retryable | FreshToken | RetryAfter)
        if passes and mark.attempts <= len(pauses):
            return now + pauses[mark.attempts - 1]
        if not mark.is_wanted:
            # In a month with calls to spare, a later process removes it.
            mark.is_shown = used_up(Quota(), 0.0, error.code).gone
        return None
