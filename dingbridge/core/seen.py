"""Which robot messages were seen before, by robot and `msgId`, for a day."""

from __future__ import annotations

from collections.abc import Mapping

from dingbridge.core.limits import SEEN_SECONDS
from dingbridge.core.robot_codes import NAMELESS


class Seen:
    """A bounded memory of message ids.

    One group message that mentions two robots reaches both with the same `msgId`, so the robot is
    part of the key (protocol section 4.3). `known` maps keys to Unix seconds.
    """

    def __init__(self, known: Mapping[str, float] | None = None) -> None:
        # In the order of their times, so that the oldest can be dropped without a search.
        self._known = dict(sorted((known or {}).items(), key=lambda entry: entry[1]))

    def __len__(self) -> int:
        """How many ids are remembered."""
        return len(self._known)

    @staticmethod
    def key(app: str, robot_code: str, message_id: str) -> str:
        """The name a message is remembered by. The `app` stands for a robot without a code of its
        own: several may share such a one, and none of them may hide what came to another."""
        return f"{app if robot_code in NAMELESS else robot_code}/{message_id}"

    def first_time(self, key: str, now: float) -> bool:
        """True once for each key within `SEEN_SECONDS`; remembers the key."""
        if self._known.get(key, 0.0) > now - SEEN_SECONDS:
            return False
        self._known.pop(key, None)
        self._known[key] = now
        self._forget_before(now - SEEN_SECONDS)
        return True

    def forget(self, key: str) -> None:
        """The message could not be written down: its repeat counts as the first time."""
        self._known.pop(key, None)

    def _forget_before(self, time: float) -> None:
        while self._known and self._known[oldest := next(iter(self._known))] <= time:
            del self._known[oldest]


def without_old(known: Mapping[str, float], now: float) -> dict[str, float]:
    """`known` without the entries that are older than `SEEN_SECONDS`."""
    return {key: time for key, time in known.items() if time > now - SEEN_SECONDS}
