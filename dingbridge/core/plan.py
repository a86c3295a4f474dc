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
    Retryable,
    RetryAfter,
    TooLong,
    Unreachable,
)
from dingbridge.core.limits import SMALLEST_CHUNK_BYTES
from dingbridge.core.messages import Outbound
from dingbridge.core.patience import ANSWERED_TRIES, BACK_OFF_LONGEST, PAUSES
from dingbridge.core.routing import Route


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
    jitter. `patient`: go on for ever while nothing can be reached; otherwise treat being offline
    like any other passing failure.
    """

    def __init__(
        self,
        outbound: Outbound,
        routes: tuple[Route, ...],
        room: Room,
        chance: Callable[[], float],
        *,
        patient: bool = True,
    ) -> None:
        self._outbound = outbound
        self._routes = deque(routes)
        self._room = room
        self._chance = chance
        self._patient = patient
        self._chunks: deque[Chunk] = deque()
        self._sent = 0
        self._end: DeliveryError | None = None
        self._tries = 0
        self._pauses = 0
        self._fresh_token = False
        self._wait: Wait | None = None
        if self._routes:
            self._chunks.extend(self._cut(0, len(outbound.text)))
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
        match error:
            case FreshToken() if not self._fresh_token:
                self._fresh_token = True
            case TooLong():
                self._split(error)
            case OtherRoute():
                self._change_route(error)
            case RetryAfter(seconds=seconds) if self._pauses < PAUSES:
                self._pauses += 1
                self._wait = Wait(seconds, error.message)
            case Unreachable() if self._patient:
                self._wait = Wait(self._back_off(), error.message)
            case Retryable() if self._tries < ANSWERED_TRIES:
                self._wait = Wait(self._back_off(), error.message)
            case Retryable() if len(self._routes) > 1:
                self._change_route(error)
            case _:
                self._end = error

    def _back_off(self) -> float:
        """1, 2, 4 … seconds with up to a quarter more, so that many senders do not march."""
        seconds = min(float(2**self._tries), BACK_OFF_LONGEST)
        self._tries += 1
        return seconds * (1 + self._chance() / 4)

    def _start_over(self) -> None:
        self._tries = 0
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
        start = self._chunks[0].start
        self._chunks = deque(self._cut(start, len(self._outbound.text)))

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

    def _cut(self, start: int, end: int) -> list[Chunk]:
        chunks = []
        for piece in chunking.split(self._outbound.text[start:end], *self._room(self._routes[0])):
            if piece.strip():
                chunks.append(self._chunk(start, start + len(piece)))
            start += len(piece)
        return chunks

    def _chunk(self, start: int, end: int) -> Chunk:
        name = f"{self._outbound.id}:{start}-{end}"
        key = hashlib.sha256(name.encode()).hexdigest()[:32]
        return Chunk(start, end, key, self._outbound.text[start:end])
