"""The rate limit of one robot: its budget per conversation, and pauses the platform asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from msgspec import Struct, field, structs

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery.routing import Route
from dingbridge.core.dingtalk.limits import (
    BAN_PAUSE,
    RATE_PAUSE,
    RATE_PENALTY,
    ROBOT_MESSAGES,
    ROBOT_WINDOW,
)
from dingbridge.core.errors import RetryAfter
from dingbridge.core.messages import Target

CALLS_AT_ONCE = 20
"""OpenAPI sends within `CALLS_WINDOW`: the calls per second of the standard edition (§0)."""

CALLS_WINDOW = 1.0
"""Seconds that `CALLS_AT_ONCE` are counted over (§3, throttling)."""

_ALL = "*"
_OPENAPI = "OpenAPI"
_ROBOT_CODES = ("130101", "410100", "660026")
_SEND_CODES = ("send.too.fast", "send.bytoken.toofast", "too.many.")
_SEND_DOUBLINGS = 3


def key_of(route: Route, target: Target) -> str:
    """The key of the budget that a message by this route uses.

    A custom robot has one group, so one budget. A session webhook is counted by conversation, which
    is undocumented (doc/dingtalk.md §11). OpenAPI has no limit of messages per minute.
    """
    match route:
        case Route.WEBHOOK:
            return "webhook"
        case Route.SESSION:
            return f"session {target.conversation_id or target.user_id}"
        case Route.SINGLE:
            return f"{_OPENAPI} {target.user_id}"
        case Route.GROUP:
            return f"{_OPENAPI} {target.conversation_id}"


class Hold(Struct, frozen=True):
    """A pause that the platform asked for.

    `since` is Unix seconds; `hits` counts the "too fast" answers in a row, which lengthen the next
    pause.
    """

    since: float
    seconds: float
    reason: str
    hits: int = 0

    @property
    def end(self) -> float:
        """When it is over (Unix seconds)."""
        return self.since + self.seconds

    @property
    def forgotten(self) -> float:
        """When it no longer lengthens the next one.

        Ten minutes after the refusal; after a penalty pause, ten minutes after its end.
        """
        start = self.end if self.seconds >= RATE_PENALTY else self.since
        return max(start + RATE_PENALTY, self.end)


class Paced(Struct, frozen=True):
    """A robot's budget and pauses as they are stored. Times are Unix seconds.

    `sent` are the times of the last messages by key, oldest first; `holds` by what is held.
    """

    sent: dict[str, tuple[float, ...]] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)


class RateLimit:
    """The rate limit of one robot. `now` is Unix seconds, `chance` returns [0, 1).

    Keys come from `key_of`. A clock that is set back costs at most one more window or pause: times
    in the future count as now.
    """

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._sent: dict[str, deque[float]] = {}
        self._calls: deque[float] = deque()
        self._holds: dict[str, Hold] = {}

    @classmethod
    def restore(cls, paced: Paced, chance: Callable[[], float]) -> RateLimit:
        """The rate limit as an earlier process left it."""
        restored = cls(chance)
        restored._sent = {
            key: deque(sorted(times), ROBOT_MESSAGES) for key, times in paced.sent.items() if times
        }
        restored._holds = {
            scope: structs.replace(hold, seconds=min(hold.seconds, RATE_PENALTY))
            for scope, hold in paced.holds.items()
        }
        return restored

    def snapshot(self, now: float) -> Paced:
        """What a later process needs to know."""
        self._settle(now)
        return Paced({key: tuple(times) for key, times in self._sent.items()}, dict(self._holds))

    def ready_at(self, key: str, now: float) -> float:
        """The earliest time for one more message; `now` when at once.

        Ask again then: a pause may have been added, or the clock set back.
        """
        end = self.paused_until(key, now)
        if _is_openapi(key) and len(self._calls) >= CALLS_AT_ONCE:
            end = max(end, self._calls[-CALLS_AT_ONCE] + CALLS_WINDOW)
        return end

    def paused_until(self, key: str, now: float) -> float:
        """Like `ready_at`, without the imperceptible gap between two calls."""
        self._settle(now)
        ends = [hold.end for hold in self._holds_of(key)]
        times = self._sent.get(key)
        if times is not None and len(times) >= ROBOT_MESSAGES:
            ends.append(times[0] + ROBOT_WINDOW)
        return max(now, *ends) if ends else now

    def sent(self, key: str, now: float) -> None:
        """A message was sent, and may have arrived.

        Call it once the answer has come or is given up: the message arrived no later than that, so
        the platform never counts more in a window than is counted here.
        """
        self._settle(now)
        if not _is_openapi(key):
            self._sent.setdefault(key, deque(maxlen=ROBOT_MESSAGES)).append(now)
        elif (hold := self._holds.get(_OPENAPI)) is not None:
            self._holds[_OPENAPI] = structs.replace(hold, hits=0)

    def called(self, now: float) -> None:
        """OpenAPI was called, whatever it answered. When to call it: see `sent`."""
        self._settle(now)
        self._calls.append(now)

    def held(self, error: RetryAfter, key: str, now: float) -> float:
        """Apply the platform's refusal; returns the seconds to pause messages of `key`.

        - A robot's first "too fast" pauses its conversation for a minute, a second one within ten
          minutes as long as the platform's own penalty.
        - `send.too.fast` doubles three times, then pauses a minute; like calls per second and calls
          per minute it pauses all of OpenAPI.
        - A block page pauses everything (doc/dingtalk.md §10).
        """
        self._settle(now)
        scope = _scope(error, key)
        hits = self._holds[scope].hits if scope in self._holds else 0
        seconds = error.seconds
        code = error.code.casefold()
        if scope == _ALL or "qpm" in code:
            pass
        elif _is_robots(error, key):
            hits += 1
            seconds = max(seconds, RATE_PAUSE if hits == 1 else RATE_PENALTY)
        elif code.startswith(_SEND_CODES):
            hits += 1
            seconds = seconds * 2 ** (hits - 1) if hits <= _SEND_DOUBLINGS else RATE_PAUSE
        elif seconds < RATE_PAUSE:
            # Jitter: otherwise all who were refused in this second would retry in the same one.
            seconds += self._chance() - 0.5
        seconds = min(max(seconds, 0.0), RATE_PENALTY)
        hold = Hold(now, seconds, error.message, hits)
        before = self._holds.get(scope)
        if before is not None and before.end > hold.end:
            hold = structs.replace(before, hits=hits)
        self._holds[scope] = hold
        return max(one.end for one in self._holds_of(key)) - now

    def cool_down(self, now: float) -> tuple[float, str] | None:
        """The longest current pause: seconds left and, in words, why. None without one."""
        self._settle(now)
        pauses = [(hold.end - now, hold.reason) for hold in self._holds.values()]
        pauses += [
            (times[0] + ROBOT_WINDOW - now, say.ROBOT_WINDOW(most=ROBOT_MESSAGES))
            for times in self._sent.values()
            if len(times) >= ROBOT_MESSAGES
        ]
        longest = max(pauses, default=(0.0, ""))
        return longest if longest[0] > 0 else None

    def room(self, key: str, now: float) -> int:
        """How many messages may be sent without a pause; 0 when none may now."""
        if self.ready_at(key, now) > now:
            return 0
        if _is_openapi(key):
            return CALLS_AT_ONCE
        return ROBOT_MESSAGES - len(self._sent.get(key, ()))

    def _holds_of(self, key: str) -> list[Hold]:
        scopes = (_ALL, _OPENAPI, key) if _is_openapi(key) else (_ALL, key)
        return [self._holds[scope] for scope in scopes if scope in self._holds]

    def _settle(self, now: float) -> None:
        """Move times in the future to `now`, for good, and forget what is over."""
        if self._calls and self._calls[-1] > now:
            self._calls = deque(min(time, now) for time in self._calls)
        while self._calls and self._calls[0] + CALLS_WINDOW <= now:
            self._calls.popleft()
        for key, times in list(self._sent.items()):
            while times and times[0] + ROBOT_WINDOW <= now:
                times.popleft()
            if not times:
                del self._sent[key]
            elif times[-1] > now:
                self._sent[key] = deque((min(time, now) for time in times), ROBOT_MESSAGES)
        for scope, hold in list(self._holds.items()):
            if hold.forgotten <= now:
                del self._holds[scope]
            elif hold.since > now:
                self._holds[scope] = structs.replace(hold, since=now)


def _is_openapi(key: str) -> bool:
    return key.startswith(_OPENAPI)


def _is_robots(error: RetryAfter, key: str) -> bool:
    """Whether a robot was too fast; assumed if only the status or the words say so."""
    return error.code in _ROBOT_CODES or (not _is_openapi(key) and error.seconds >= RATE_PAUSE)


def _scope(error: RetryAfter, key: str) -> str:
    """What has to be paused."""
    if error.seconds >= BAN_PAUSE:
        return _ALL
    # Without a code, one person is flow-controlled (`flowControlledStaffIdList`, §3).
    return _OPENAPI if _is_openapi(key) and error.code else key
