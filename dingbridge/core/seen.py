"""Which robot messages were seen before, by robot and `msgId`, for a day."""

from __future__ import annotations

from collections.abc import Mapping

from dingbridge.core.limits import SEEN_SECONDS


class Seen:
    """A bounded memory of message ids.

    One group message that mentions two robots reaches both with the same `msgId`, so the robot is
    part of the key (protocol section 4.3). `known` maps keys to Unix seconds.
    """

    def __init__(self, known: Mapping[str, float] | None = None) -> None:
        self._known = dict(known or {})

    @staticmethod
    def key(robot_code: str, message_id: str) -> str:
        """The name a message is remembered by."""
        return f"{robot_code}/{message_id}"

    def first_time(self, key: str, now: float) -> bool:
        """True once for each key within `SEEN_SECONDS`; remembers the key."""
        if self._known.get(key, 0.0) > now - SEEN_SECONDS:
            return False
        self._known[key] = now
        return True


def without_old(known: Mapping[str, float], now: float) -> dict[str, float]:
    """`known` without the entries that are older than `SEEN_SECONDS`."""
    return {key: time for key, time in known.items() if time > now - SEEN_SECONDS}
