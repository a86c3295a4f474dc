"""The rate limit of one robot, shared by all threads that send by it."""

from __future__ import annotations

import threading

from dingbridge.core.delivery.rate_limit import Paced, RateLimit
from dingbridge.core.errors import RetryAfter


class SharedRateLimit:
    """A thread-safe `RateLimit`; see there for the methods."""

    def __init__(self, rate_limit: RateLimit) -> None:
        self._rate_limit = rate_limit
        self._lock = threading.Lock()

    def ready_at(self, key: str, now: float) -> float:
        """The earliest time for one more message (Unix seconds)."""
        with self._lock:
            return self._rate_limit.ready_at(key, now)

    def paused_until(self, key: str, now: float) -> float:
        """The same without the imperceptible gap between two calls."""
        with self._lock:
            return self._rate_limit.paused_until(key, now)

    def room(self, key: str, now: float) -> int:
        """How many messages may be sent without a pause."""
        with self._lock:
            return self._rate_limit.room(key, now)

    def cool_down(self, now: float) -> tuple[float, str] | None:
        """The longest current pause: seconds left, and why."""
        with self._lock:
            return self._rate_limit.cool_down(now)

    def sent(self, key: str, now: float) -> None:
        """A message was sent, and may have arrived."""
        with self._lock:
            self._rate_limit.sent(key, now)

    def called(self, now: float) -> None:
        """An OpenAPI call was made."""
        with self._lock:
            self._rate_limit.called(now)

    def held(self, error: RetryAfter, key: str, now: float) -> float:
        """The platform asks for a pause; returns its seconds."""
        with self._lock:
            return self._rate_limit.held(error, key, now)

    def snapshot(self, now: float) -> Paced:
        """What a later process needs to know."""
        with self._lock:
            return self._rate_limit.snapshot(now)
