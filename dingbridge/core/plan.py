"""One outbound message on its way: what to do next, after every answer.

A `Plan` is a pure state machine. The sender asks `next()` for a step, carries it out, and tells the
plan what came of it with `accepted()`, `waited()` or `failed(error)`. It keeps three promises:
chunks leave in order; the accepted chunks put together are the text, but for chunks that are
nothing but white space, which DingTalk refuses; and after a refusal nothing of the message is sent
any more (no text with holes).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from dingbridge.core import chunking
from dingbridge.core.errors import (
    DeliveryError,
    FreshToken,
    OtherRoute,
    Refused,
    Retryable,
    RetryAfter,
    TooLong,
    Unreachable,
)
from dingbridge.core.limits import SMALLEST_CHUNK_BYTES
from dingbridge.core.messages import Outbound
from dingbridge.core.patience import ANSWERED_TRIES, BACK_OFF_LONGEST, PAUSES
from dingbridge.core.routing import Route

KEY_CHARACTERS = 32
"""Length of a chunk's key, which goes out with it as `msgUuid`."""


class Chunk(Struct, frozen=True):
    """A piece `text[start:end]` of the message. `key` is the same each time the piece is sent."""

    start: int
    end: int
    key: str
    text: str


class Post(Struct, frozen=True):
    """Step: send this chunk by this route. `fresh_token`: with a newly fetched token."""

    route: Route
    chunk: Chunk
    fresh_token: bool = False


class Wait(Struct, frozen=True):
    """Step: let `seconds` pass, then ask again. `reason` says why, for the person waiting."""

    seconds: float
    reason: str


class Finished(Struct, frozen=True):
    """Step: nothing more to do. `error` is None when every chunk was accepted."""

    error: DeliveryError | None = None


Room = Callable[[Route], tuple[int, int]]
"""Ceilings for the text of one chunk by route: (characters, JSON-escaped bytes)."""


class Plan:
    """The way of one message through its routes.

    `routes`: best first. `room`: what a chunk may hold by route. `chance`: returns [0, 1), for
    jitter. `patient`: go on for ever while nothing can be reached or the platform asks to wait;
    otherwise give up after a few tries. `repeat`: send a chunk that may have arrived once more,
    also where the platform cannot recognise it. `start` is where an earlier attempt got to, and
    `tried` the chunk that was under way then (its range and route): by the same route it is cut the
    same, so that it has the same key.
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
        tried: tuple[int, int, Route] | None = None,
    ) -> None:
        self._outbound = outbound
        self._routes = deque(routes)
        self._room = room
        self._chance = chance
        self._patient = patient
        self._repeat = repeat
        self._chunks: deque[Chunk] = deque()
        self._sent = 0
        self._end: DeliveryError | None = None
        self._tries = 0
        self._offline = 0
        self._pauses = 0
        self._fresh_token = False
        self._wait: Wait | None = None
        if self._routes and tried is not None and not repeat and tried[2] is not Route.WEBHOOK:
            self._end = _may_have_arrived("the editor ended before DingTalk answered")
        elif self._routes:
            self._cut(start)
            if tried is not None and tried[2] is self._routes[0] and self._end is None:
                self._cut(tried[1])
                self._chunks.appendleft(self._chunk(*tried[:2]))
        else:
            self._end = DeliveryError(
                "no way to this target",
                fix="set `webhook`, or `app_key` and `app_secret` with "
                "`conversation_id` or `user_id`",
            )

    @property
    def progress(self) -> tuple[int, int]:
        """How many chunks were accepted, and how many there are as far as is known."""
        return self._sent, self._sent + len(self._chunks)

    def next(self) -> Post | Wait | Finished:
        """The next step. Asking twice without an answer in between gives the same step."""
        if self._end is not None or not self._chunks:
            return Finished(self._end)
        if self._wait is not None:
            return self._wait
        return Post(self._routes[0], self._chunks[0], self._fresh_token)

    def waited(self) -> None:
        """The time of the last `Wait` has passed."""
        self._wait = None

    def accepted(self) -> None:
        """The platform took the chunk."""
        self._chunks.popleft()
        self._sent += 1
        self._start_over()

    def failed(self, error: DeliveryError) -> None:
        """The platform did not take the chunk; decide by the type of `error`."""
        if not isinstance(error, Unreachable):
            self._offline = 0
        match error:
            case FreshToken() if not self._fresh_token:
                self._fresh_token = True
            case FreshToken() if self._patient and self._tries < ANSWERED_TRIES:
                self._wait = Wait(self._back_off(self._tries), error.message)
                self._tries += 1
            case TooLong():
                self._split(error)
            case OtherRoute():
                self._change_route(error)
            case RetryAfter(seconds=seconds) if self._patient or self._pauses < PAUSES:
                self._pauses += 1
                self._wait = Wait(seconds, error.message)
            case Unreachable() if self._patient:
                self._wait = Wait(self._back_off(self._offline), error.message)
                self._offline += 1
            case Retryable(may_have_arrived=True) if not self._may_repeat():
                self._end = _may_have_arrived(error.message)
            case Retryable() if self._tries < ANSWERED_TRIES:
                self._wait = Wait(self._back_off(self._tries), error.message)
                self._tries += 1
            case Retryable() if len(self._routes) > 1:
                self._change_route(error)
            case _:
                self._end = error

    def _back_off(self, tries: int) -> float:
        """1, 2, 4 … seconds with up to a quarter more, so that many senders do not march."""
        # The power is bounded because days offline are many tries.
        return min(2.0 ** min(tries, 16) * (1 + self._chance() / 4), BACK_OFF_LONGEST)

    def _may_repeat(self) -> bool:
        """Only the custom robot knows a repeated chunk, by its key (protocol section 1)."""
        return self._repeat or self._routes[0] is Route.WEBHOOK

    def _start_over(self) -> None:
        self._tries = 0
        self._offline = 0
        self._pauses = 0
        self._fresh_token = False
        self._wait = None

    def _change_route(self, error: DeliveryError) -> None:
        self._routes.popleft()
        if not self._routes:
            self._end = error
            return
        self._start_over()
        # The next route may have a lower ceiling: what is left is cut again for it.
        self._cut(self._chunks[0].start)

    def _split(self, error: DeliveryError) -> None:
        chunk = self._chunks[0]
        if chunking.encoded_size(chunk.text) <= SMALLEST_CHUNK_BYTES:
            self._end = error
            return
        first, _ = chunking.halve(chunk.text)
        middle = chunk.start + len(first)
        self._chunks.popleft()
        for half in (self._chunk(middle, chunk.end), self._chunk(chunk.start, middle)):
            if half.text.strip():
                self._chunks.appendleft(half)
        self._start_over()

    def _cut(self, start: int) -> None:
        """Make the chunks of what is left of the text, for the best route."""
        self._chunks.clear()
        characters, size = self._room(self._routes[0])
        if characters < 1 or size < chunking.LARGEST_CODE_POINT:
            self._end = Refused(
                "title, mentions and keyword leave no room for the text", fix="make them shorter"
            )
            return
        for piece in chunking.split(self._outbound.text[start:], characters, size):
            if piece.strip():
                self._chunks.append(self._chunk(start, start + len(piece)))
            start += len(piece)

    def _chunk(self, start: int, end: int) -> Chunk:
        name = f"{self._outbound.id}:{start}-{end}"
        key = hashlib.sha256(name.encode()).hexdigest()[:KEY_CHARACTERS]
        return Chunk(start, end, key, self._outbound.text[start:end])


def _may_have_arrived(why: str) -> Refused:
    return Refused(
        f"{why}: the message may have arrived and is not sent again",
        fix=":Chat retry sends it again",
    )
