"""Keep-alive, ping timeout and reconnect back-off of the stream connection."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from dingbridge.core.errors import LinkError, LinkRefused
from dingbridge.core.timeouts import (
    LINK_BACK_OFF_LONGEST,
    LINK_LOGIN_PAUSE,
    LINK_REFUSED_PAUSE,
    LINK_STABLE,
    LOOK_EVERY,
    PING_AFTER,
    PONG_WITHIN,
    SLEPT,
)

_A_LITTLE = 0.005


class LinkState(str, Enum):
    """The stream connection's state."""

    OFF = "off"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"


class Check(str, Enum):
    """The watchdog's verdict."""

    FINE = "fine"
    PING = "ping"
    DEAD = "dead"


class KeepAliveTiming(Struct, frozen=True):
    """The intervals of the watchdog, in seconds."""

    look_every: float = LOOK_EVERY
    ping_after: float = PING_AFTER
    pong_within: float = PONG_WITHIN
    slept: float = SLEPT
    stable: float = LINK_STABLE


class Watchdog:
    """Decides whether a connection is still alive.

    Times are monotonic seconds, except `wall`, which is Unix seconds. While a laptop sleeps, the
    monotonic clock may stop and the wall clock continue; a jump of either means that the socket is
    probably dead (doc/dingtalk.md §4.5).
    """

    def __init__(
        self, now: float, wall: float, timing: KeepAliveTiming = KeepAliveTiming()
    ) -> None:
        self._timing = timing
        self._heard = now
        self._pinged: float | None = None
        self._looked = now
        self._wall = wall

    def heard(self, now: float) -> None:
        """Data arrived: the connection is alive."""
        self._heard = now
        self._pinged = None

    def check(self, now: float, wall: float) -> Check:
        """Call it when `wait` is over; on `PING` send one at once."""
        slept = max(now - self._looked, wall - self._wall) > self._timing.slept
        self._looked, self._wall = now, wall
        if slept:
            # One ping decides: a live server answers within the limit.
            self._pinged = now
            return Check.PING
        if self._pinged is not None:
            return Check.DEAD if now - self._pinged > self._timing.pong_within else Check.FINE
        if now - self._heard > self._timing.ping_after:
            self._pinged = now
            return Check.PING
        return Check.FINE

    def wait(self, now: float) -> float:
        """Seconds until the next `check`, at most."""
        timing = self._timing
        if self._pinged is not None:
            due = self._pinged + timing.pong_within
        else:
            due = self._heard + timing.ping_after
        # Slightly late, so that the time has passed by every clock.
        return min(max(due - now, 0.0) + _A_LITTLE, timing.look_every)


class Reconnect:
    """The back-off of reconnects: doubling with jitter, reset by a stable connection."""

    def __init__(self, timing: KeepAliveTiming = KeepAliveTiming()) -> None:
        self._timing = timing
        self._failures = 0
        self._refusals = 0

    def lasted(self, seconds: float) -> None:
        """A connection lasted `seconds`; a stable one resets the failures."""
        if seconds >= self._timing.stable:
            self._failures = self._refusals = 0

    def wait(self, chance: float, error: LinkError | None = None) -> float:
        """Seconds until the next attempt, by the `error` of the last one. `chance` is in [0, 1).

        Only refused credentials, which a person has to change, get the long pause at once: other
        refusals may be temporary (doc/dingtalk.md §4.1).
        """
        # The exponent is bounded: a weekend offline has more than a thousand failures.
        seconds = 2.0 ** min(self._failures, 16)
        self._failures += 1
        if isinstance(error, LinkRefused):
            seconds = max(seconds, LINK_REFUSED_PAUSE * 2.0 ** min(self._refusals, 16))
            self._refusals += 1
        seconds = min(seconds, LINK_BACK_OFF_LONGEST) * (0.75 + chance / 4)
        is_login = isinstance(error, LinkRefused) and error.login
        return max(seconds, LINK_LOGIN_PAUSE) if is_login else seconds
