"""What to send next of a message: chunks, routes, and the delay before a failed request is retried.

`Plan` is a pure state machine. The sender asks `next()` for a step, runs it, and reports the
outcome:

    PostChunk ── accepted() ──> PostChunk (next chunk) … ──> Finished()
        │
        └─ failed(error), by the type of the error:
             FreshToken, Retryable, RetryAfter, Unreachable ──> Wait ── waited() ──> PostChunk
             OtherRoute ──> PostChunk (the rest is cut for the next route)
             TooLong    ──> PostChunk (the chunk is halved)
             all others, no route left, too many tries ──> Finished(error)

Guarantees:

- chunks are sent in order
- the accepted chunks together are the text, except chunks of white space only, which DingTalk
  refuses
- after a refusal nothing more of the message is sent (no text with holes)
- an attempt of unknown outcome is remembered until the end, which reports it (see `attempts`)

Each of several chunks carries its number and the total known so far: if a chunk turns out too long,
or the next route takes less, the numbers continue with a new total. What an earlier plan sent
counts as the chunks that the present route makes of it.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery import attempts
from dingbridge.core.delivery.attempts import Attempted, Attempts
from dingbridge.core.delivery.plan_steps import Chunk, Finished, PostChunk, Wait
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


Room = Callable[[Route], tuple[int, int]]
"""The largest text of a chunk by route: (characters, JSON-escaped bytes)."""


class RetryPolicy(Struct, frozen=True):
    """How long and how fast a plan retries.

    - `chance`: returns [0, 1), for jitter
    - `patient`: retry without limit while nothing can be reached or the platform asks to wait;
      otherwise give up after a few tries
    - `repeat`: send a chunk that may have arrived once more, even if the platform cannot recognise
      it
    """

    chance: Callable[[], float]
    patient: bool = True
    repeat: bool = True


class SentSoFar(Struct, frozen=True):
    """What earlier plans did for the message.

    The text before `start` was accepted; `tried` are attempts of unknown outcome. By the same route
    such a chunk is cut the same, and so has the same key.
    """

    start: int = 0
    tried: Attempts = ()


NOTHING_SENT = SentSoFar()


class Plan:
    """The delivery of one message through its routes, the best one first.

    `room` gives the space for a chunk's text by route.
    """

    def __init__(
        self,
        outbound: Outbound,
        routes: tuple[Route, ...],
        room: Room,
        retry: RetryPolicy,
        sent: SentSoFar = NOTHING_SENT,
    ) -> None:
        self._outbound = outbound
        self._routes = deque(routes)
        self._room = room
        self._retry = retry
        self._start = sent.start
        self._tried = sent.tried
        self._blocks = Blocks(outbound.text)
        self._left: deque[tuple[int, int]] = deque()
        self._taken = 0
        self._end: DeliveryError | None = None
        self._tries = 0
        self._offline = 0
        self._pauses = 0
        self._token_refused = False
        self._wait: Wait | None = None
        if self._routes:
            self._taken = self._cut(sent.start, self._tried_chunk(sent.start))
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
        """How many chunks were accepted, and how many there are as far as known.

        Both include those of earlier plans.
        """
        return self._taken, self._taken + len(self._left)

    @property
    def tried(self) -> Attempts:
        """The attempts of unknown outcome, including those before this plan."""
        return self._tried

    def next(self) -> PostChunk | Wait | Finished:
        """The next step. The same until an outcome is reported."""
        if self._end is not None:
            return Finished(self._end, attempts.may_have_arrived(self._tried, self._start))
        if not self._left:
            return Finished(None, bool(self._tried))
        if self._wait is not None:
            return self._wait
        return PostChunk(self._routes[0], self._chunk(*self._left[0]))

    def waited(self) -> None:
        """The last `Wait` is over."""
        self._wait = None

    def accepted(self) -> None:
        """The platform accepted the chunk."""
        attempt = self._attempt
        self._tried = attempts.answered(attempts.begun(self._tried, attempt), attempt.end)
        self._start = attempt.end
        self._left.popleft()
        self._taken += 1
        self._start_over()

    def failed(self, error: DeliveryError) -> None:
        """The platform did not accept the chunk; the type of `error` decides what follows."""
        if error.may_have_arrived:
            self._tried = tuple(dict.fromkeys((*self._tried, self._attempt)))
        if not isinstance(error, Unreachable):
            self._offline = 0
        match error:
            case FreshToken() if not self._token_refused:
                self._token_refused = True
            case FreshToken() if self._retry.patient and self._tries < ANSWERED_TRIES:
                self._wait_for(self._back_off(self._tries), error)
                self._tries += 1
            case TooLong() if not self._outbound.file_name:
                self._split(error)
            case OtherRoute():
                self._change_route(error)
            case RetryAfter(seconds=seconds) if self._retry.patient or self._pauses < PAUSES:
                self._pauses += 1
                self._wait_for(seconds, error)
            case Unreachable() if self._retry.patient:
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
        """End if the next attempt could deliver a chunk twice although it must not.

        That is: DingTalk would not recognise it, and the user has not asked for it.
        """
        if self._retry.repeat or self._end is not None or not self._left:
            return
        attempt = self._attempt
        if any(not (one.again or attempts.is_recognised(one, attempt)) for one in self._tried):
            self._end = Uncertain(
                say.NOT_REPEATED(reason=why),
                fix=say.LOOK_FIRST(),
            )

    def _tried_chunk(self, start: int) -> tuple[int, int] | None:
        """The range of the latest attempt by the best route, from `start` on."""
        for one in reversed(self._tried):
            if one.route is self._routes[0] and start <= one.start < one.end:
                return one.start, one.end
        return None

    def _back_off(self, tries: int) -> float:
        """1, 2, 4 … seconds with up to a quarter more, so that senders do not retry in step."""
        # Bounded, because there are many tries in days offline.
        return min(2.0 ** min(tries, 16) * (1 + self._retry.chance() / 4), BACK_OFF_LONGEST)

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
        # The next route may take less per chunk: the rest is cut again.
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
        """Cut the rest of the text for the best route, beginning with `first` if it was tried.

        Returns the number of chunks that this route makes of the text before.
        """
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
