"""One outbound message on its way: what to do next, after every answer.

A `Plan` is a pure state machine. The sender asks `next()` for a step, carries it out, and tells the
plan what came of it with `accepted()`, `waited()` or `failed(error)`. It keeps three promises:
chunks leave in order; the accepted chunks put together are the text, but for chunks that are
nothing but white space, which DingTalk refuses; and after a refusal nothing of the message is sent
any more (no text with holes). An attempt whose outcome is not known is remembered until the end,
which says so (see `attempts`).

Each of several chunks carries its number and the total as far as it is known: when a chunk turns
out too long, or the next route takes less, the count goes on with a new total. What an earlier
attempt sent counts as the chunks that the present route makes of it.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery import attempts
from dingbridge.core.delivery.attempts import Attempted, Attempts
from dingbridge.core.delivery.routing import Route, of_another_robot
from dingbridge.core.dingtalk.limits import SMALLEST_CHUNK_BYTES
from dingbridge.core.errors import (
    DeliveryError,
    FreshToken,
    OtherRoute,
    Refused,
    Retryable,
    RetryAfter,
    TooLong,
    Uncertain,
    Unreachable,
)
from dingbridge.core.markdown.blocks import Blocks
from dingbridge.core.markdown.chunking import LARGEST_CODE_POINT, Cutter, encoded_size
from dingbridge.core.messages import Outbound
from dingbridge.core.timeouts import ANSWERED_TRIES, BACK_OFF_LONGEST, PAUSES

KEY_CHARACTERS = 32
"""Length of a chunk's key, which goes out with it as `msgUuid`."""


class Chunk(Struct, frozen=True):
    """The piece of the message from `start` to `end`. `text` is what is sent for it: the piece and
    what the cut made necessary (`Cutter.sent`). `key` is the same each time the piece is sent."""

    start: int
    end: int
    key: str
    text: str


class PostChunk(Struct, frozen=True):
    """Step: send this chunk by this route."""

    route: Route
    chunk: Chunk


class Wait(Struct, frozen=True):
    """Step: let `seconds` pass, then ask again. `reason` says why, for the person waiting."""

    seconds: float
    reason: str


class Finished(Struct, frozen=True):
    """Step: nothing more to do. `error` is None when every chunk was accepted. `uncertain`: what
    failed may have arrived all the same, what was accepted may be there twice."""

    error: DeliveryError | None = None
    uncertain: bool = False


Room = Callable[[Route], tuple[int, int]]
"""Ceilings for the text of one chunk by route: (characters, JSON-escaped bytes)."""


class Plan:
    """The way of one message through its routes.

    `routes`: best first. `room`: what a chunk may hold by route. `chance`: returns [0, 1), for
    jitter. `patient`: go on for ever while nothing can be reached or the platform asks to wait;
    otherwise give up after a few tries. `repeat`: send a chunk that may have arrived once more,
    also where the platform cannot recognise it. `start` is where an earlier plan got to, and
    `tried` its attempts of unknown outcome: by the same route such a chunk is cut the same, so that
    it has the same key.
    """

    def __init__(
        self,
        outbound: Outbound,
        routes: tuple[Route, ...],
        room: Room,
        chance: Callable[[], float],
        *,
        patient: bool = True,
        repeat: bool = True,
        start: int = 0,
        tried: Attempts = (),
    ) -> None:
        self._outbound = outbound
        self._routes = deque(routes)
        self._room = room
        self._chance = chance
        self._patient = patient
        self._repeat = repeat
        self._tried = tried
        self._blocks = Blocks(outbound.text)
        self._left: deque[tuple[int, int]] = deque()
        self._taken = 0
        self._end: DeliveryError | None = None
        self._tries = 0
        self._offline = 0
        self._pauses = 0
        self._token_refused = False
        self._wait: Wait | None = None
        self._start = start
        if self._routes:
            self._taken = self._cut(start, self._tried_chunk(start))
            self._stop_repeats(say.NOT_ANSWERED_BEFORE())
        elif outbound.target.private:
            self._end = DeliveryError(
                say.NOBODY_KNOWS_HOW(),
                fix=say.WAIT_THEN_RETRY(),
            )
        elif outbound.target.custom_robot:
            self._end = of_another_robot()
        else:
            self._end = DeliveryError(
                say.NO_WAY(),
                fix=say.SET_A_WAY(),
            )

    @property
    def progress(self) -> tuple[int, int]:
        """How many chunks were accepted, and how many there are as far as is known, with those of
        earlier attempts."""
        return self._taken, self._taken + len(self._left)

    @property
    def tried(self) -> Attempts:
        """The attempts whose outcome is not known, with those before this plan."""
        return self._tried

    def next(self) -> PostChunk | Wait | Finished:
        """The next step. Asking twice without an answer in between gives the same step."""
        if self._end is not None:
            return Finished(self._end, attempts.may_have_arrived(self._tried, self._start))
        if not self._left:
            return Finished(None, bool(self._tried))
        if self._wait is not None:
            return self._wait
        return PostChunk(self._routes[0], self._chunk(*self._left[0]))

    def waited(self) -> None:
        """The time of the last `Wait` has passed."""
        self._wait = None

    def accepted(self) -> None:
        """The platform took the chunk."""
        attempt = self._attempt
        self._tried = attempts.answered(attempts.begun(self._tried, attempt), attempt.end)
        self._start = attempt.end
        self._left.popleft()
        self._taken += 1
        self._start_over()

    def failed(self, error: DeliveryError) -> None:
        """The platform did not take the chunk; decide by the type of `error`."""
        if error.may_have_arrived:
            self._tried = tuple(dict.fromkeys((*self._tried, self._attempt)))
        if not isinstance(error, Unreachable):
            self._offline = 0
        match error:
            case FreshToken() if not self._token_refused:
                self._token_refused = True
            case FreshToken() if self._patient and self._tries < ANSWERED_TRIES:
                self._wait_for(self._back_off(self._tries), error)
                self._tries += 1
            case TooLong() if not self._outbound.file_name:
                self._split(error)
            case OtherRoute():
                self._change_route(error)
            case RetryAfter(seconds=seconds) if self._patient or self._pauses < PAUSES:
                self._pauses += 1
                self._wait_for(seconds, error)
            case Unreachable() if self._patient:
                self._wait_for(self._back_off(self._offline), error)
                self._offline += 1
            case Retryable() if self._tries < ANSWERED_TRIES:
                self._wait_for(self._back_off(self._tries), error)
                self._tries += 1
            case Retryable() if len(self._routes) > 1:
                self._change_route(error)
            case _:
                self._end = error
        self._stop_repeats(error.message)

    def in_words(self, error: DeliveryError) -> str:
        """Why the message waits, for the person waiting."""
        perhaps = attempts.may_have_arrived(self._tried, self._start)
        return say.PERHAPS(reason=error.message) if perhaps else error.message

    def _wait_for(self, seconds: float, error: DeliveryError) -> None:
        self._wait = Wait(seconds, self.in_words(error))

    @property
    def _attempt(self) -> Attempted:
        return Attempted(self._outbound.id, *self._left[0], self._routes[0])

    def _stop_repeats(self, why: str) -> None:
        """End here when the next attempt could bring for the second time what must not come twice:
        DingTalk would not know it again, and the user has not asked for it."""
        if self._repeat or self._end is not None or not self._left:
            return
        attempt = self._attempt
        if any(not (one.again or attempts.is_recognised(one, attempt)) for one in self._tried):
            self._end = Uncertain(
                say.NOT_REPEATED(reason=why),
                fix=say.LOOK_FIRST(),
            )

    def _tried_chunk(self, start: int) -> tuple[int, int] | None:
        """The range of the chunk that the best route was tried with last, from `start` on."""
        for one in reversed(self._tried):
            if one.route is self._routes[0] and start <= one.start < one.end:
                return one.start, one.end
        return None

    def _back_off(self, tries: int) -> float:
        """1, 2, 4 … seconds with up to a quarter more, so that many senders do not march."""
        # The power is bounded because days offline are many tries.
        return min(2.0 ** min(tries, 16) * (1 + self._chance() / 4), BACK_OFF_LONGEST)

    def _start_over(self) -> None:
        self._tries = 0
        self._offline = 0
        self._pauses = 0
        self._token_refused = False
        self._wait = None

    def _change_route(self, error: DeliveryError) -> None:
        self._routes.popleft()
        if not self._routes:
            self._end = error
            return
        self._start_over()
        # The next route may have a lower ceiling: what is left is cut again for it.
        self._cut(self._left[0][0])

    def _split(self, error: DeliveryError) -> None:
        start, end = self._left[0]
        if encoded_size(self._outbound.text[start:end]) <= SMALLEST_CHUNK_BYTES:
            self._end = error
            return
        middle = self._cutter.middle(start, end)
        self._left.popleft()
        self._left.extendleft(reversed(self._visible([(start, middle), (middle, end)])))
        self._start_over()

    def _cut(self, start: int, first: tuple[int, int] | None = None) -> int:
        """Make the chunks of what is left of the text, for the best route. `first` is the one that
        this route was tried with. Returns how many chunks this route makes of what is before."""
        self._left.clear()
        characters, size = self._room(self._routes[0])
        if characters < 1 or size < LARGEST_CODE_POINT:
            self._end = Refused(say.NO_ROOM(), fix=say.MAKE_SHORTER())
            return 0
        self._cutter = Cutter(self._blocks, characters, size)
        whole = self._cutter.pieces()
        before = sum(1 for piece in self._visible(whole) if piece[0] < start)
        if first is not None:
            self._left.append(first)
            start = first[1]
        self._left.extend(self._visible(self._cutter.pieces(start) if start else whole))
        return before

    def _visible(self, pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
        return [(start, end) for start, end in pieces if self._outbound.text[start:end].strip()]

    def _chunk(self, start: int, end: int) -> Chunk:
        name = f"{self._outbound.id}:{start}-{end}"
        key = hashlib.sha256(name.encode()).hexdigest()[:KEY_CHARACTERS]
        total = self._taken + len(self._left)
        return Chunk(start, end, key, self._cutter.sent(start, end, self._taken + 1, total))
