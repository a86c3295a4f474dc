"""How long an editor waits before it starts the service again, and for its answer."""

from __future__ import annotations

from typing import Literal

from dingbridge.core.timeouts import DISK_PAUSE, SILENT_AFTER

Cause = Literal["failed", "killed", "held"]

_PAUSES: dict[Cause, tuple[float, float]] = {
    # A service that cannot start costs a second of computing each time.
    "failed": (1.0, 60.0),
    # Not its own fault, and everybody waits for the next one.
    "killed": (0.1, 1.0),
    # Another process holds the lock, and may be ending.
    "held": (0.1, DISK_PAUSE),
}
"""First and longest pause after each cause, in seconds."""


class Pauses:
    """Pauses between attempts, in seconds; they double while the cause stays the same.

    >>> pauses = Pauses()
    >>> [pauses.after("failed") for _ in range(3)]
    [1.0, 2.0, 4.0]
    """

    def __init__(self) -> None:
        self._cause: Cause | None = None
        self._pause = 0.0

    def after(self, cause: Cause) -> float:
        """The pause after an attempt that failed for that cause."""
        first, longest = _PAUSES[cause]
        self._pause = min(2 * self._pause, longest) if cause == self._cause else first
        self._cause = cause
        return self._pause

    def reset(self) -> None:
        """Start with the shortest pause again: the service works."""
        self._cause = None


class Silence:
    """Measures how long the service has been silent. `now` is monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._heard = now

    def heard(self, now: float) -> None:
        """Something arrived from the service."""
        self._heard = max(now, self._heard)

    def seconds(self, now: float) -> float:
        """Seconds since something arrived."""
        return now - self._heard

    def is_long(self, now: float) -> bool:
        """Whether it is long enough to be reported."""
        return self.seconds(now) >= SILENT_AFTER

    def left(self, now: float) -> float:
        """Seconds until it is reported."""
        return max(0.0, SILENT_AFTER - self.seconds(now))
