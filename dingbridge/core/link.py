"""When the stream connection is alive, when to probe it, and how long to wait before a new one."""

from __future__ import annotations

from enum import Enum

from dingbridge.core.patience import (
    LINK_BACK_OFF_LONGEST,
    LINK_REFUSED_PAUSE,
    LINK_STABLE,
    PING_AFTER,
    PONG_WITHIN,
    SLEPT,
)


class LinkState(str, Enum):
    """The stream connection's state."""

    OFF = "off"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"
    HELD_ELSEWHERE = "held elsewhere"


class Check(str, Enum):
    """What the watchdog asks for."""

    FINE = "fine"
    PING = "ping"
    DEAD = "dead"


class Watchdog:
    """Decides from the clock alone whether a connection still lives.

    Times are monotonic seconds but for `wall`, which is Unix seconds: on a sleeping laptop the
    monotonic clock may stand still while the wall clock goes on, and either jump means that the
    socket is probably gone (protocol section 4.5).
    """

    def __init__(self, now: float, wall: float) -> None:
        self._heard = now
        self._pinged: float | None = None
        self._looked = now
        self._wall = wall

    def heard(self, now: float) -> None:
        """Anything at all came in, which proves the connection."""
        self._heard = now
        self._pinged = None

    def check(self, now: float, wall: float) -> Check:
        """To be asked every few seconds; `PING` is answered by sending one at once."""
        slept = max(now - self._looked, wall - self._wall) > SLEPT
        self._looked, self._wall = now, wall
        if slept:
            # One probe settles it: a live server answers within the limit.
            self._pinged = now
            return Check.PING
        if self._pinged is not None:
            return Check.DEAD if now - self._pinged > PONG_WITHIN else Check.FINE
        if now - self._heard > PING_AFTER:
            self._pinged = now
            return Check.PING
        return Check.FINE


class Reconnect:
    """How long to wait before the next attempt: doubling with jitter, calm after a stable time."""

    def __init__(self) -> None:
        self._failures = 0

    def lasted(self, seconds: float) -> None:
        """A connection lived for `seconds`; a stable one forgets the failures before it."""
        if seconds >= LINK_STABLE:
            self._failures = 0

    def wait(self, chance: float, *, refused: bool = False) -> float:
        """Seconds until the next attempt. `chance` is in [0, 1). `refused`: the platform rejects
        our credentials or set-up, which only a person can change."""
        seconds = min(float(2**self._failures), LINK_BACK_OFF_LONGEST)
        self._failures += 1
        if refused:
            seconds = max(seconds, LINK_REFUSED_PAUSE)
        return seconds * (0.75 + chance / 2)
