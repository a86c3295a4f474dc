"""How long an editor waits for the service: before each start, and for its answer."""

from __future__ import annotations

from typing import Literal

from dingbridge.core.timeouts import DISK_PAUSE, SILENT_AFTER

Cause = Literal["failed", "killed", "held"]

_PAUSES: dict[Cause, tuple[float, float]] = {
    # A service that cannot start costs a second of computing each time.
    "failed": (1.0, 60.0),
    # It was not its own fault, and everybody waits for the next one.
    "killed": (0.1, 1.0),
    # Another process has its place, which may be ending.
    "held": (0.1, DISK_PAUSE),
}
"""The first pause and the longest one after each cause."""


class Pauses:
    """Seconds before the next try, which double with each that ends in the same way.

    >>> pauses = Pauses()
    >>> [pauses.after("failed") for _ in range(3)]
    [1.0, 2.0, 4.0]
    """

    def __init__(self) -> None:
        self._cause: Cause | None = None
        self._pause = 0.0

    def after(self, cause: Cause) -> float:
        """The pause after a try that failed for that cause."""
        first, longest = _PAUSES[cause]
        self._pause = min(2 * self._pause, longest) if cause == self._cause else first
        self._cause = cause
        return self._pause

    def reset(self) -> None:
        """The service works."""
        self._cause = None


class Silence:
    """For how long nothing was heard of the service. `now` is in seconds of a clock that only goes
    forward."""

    def __init__(self, now: float) -> None:
        self._heard = now

    def heard(self, now: float) -> None:
        """There was a sign of life."""
        self._heard = max(now, self._heard)

    def seconds(self, now: float) -> float:
        """The time since the last sign of life."""
        return now - self._heard

    def is_long(self, now: float) -> bool:
        """Whether it is to be told."""
        return self.seconds(now) >= SILENT_AFTER

    def left(self, now: float) -> float:
        """Seconds until it is long."""
        return max(0.0, SILENT_AFTER - self.seconds(now))
