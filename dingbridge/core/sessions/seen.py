"""Message ids seen in the last day, by robot and `msgId`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from dingbridge.core.dingtalk.limits import SEEN_SECONDS
from dingbridge.core.dingtalk.robot_codes import NAMELESS


class SeenIds:
    """A bounded set of message ids. `known` maps keys to Unix seconds.

    A group message that mentions two robots reaches both with the same `msgId`, so the robot is
    part of the key (doc/dingtalk.md §4.3).
    """

    def __init__(self, known: Mapping[str, float] | None = None) -> None:
        # Ordered by time. In a plain dict, finding the first entry scans all deleted ones.
        self._known = OrderedDict(sorted((known or {}).items(), key=lambda entry: entry[1]))

    def __len__(self) -> int:
        """How many ids are stored."""
        return len(self._known)

    @staticmethod
    def key(app: str, robot_code: str, message_id: str) -> str:
        """The key of a message.

        `app` replaces a robot code that is not the robot's own: several robots may share such a
        code, and none may hide messages of another.
        """
        return f"{app if robot_code in NAMELESS else robot_code}/{message_id}"

    def knows(self, key: str, now: float) -> bool:
        """Whether the message was seen within `SEEN_SECONDS`."""
        return self._known.get(key, 0.0) > now - SEEN_SECONDS

    def add(self, key: str, now: float) -> None:
        """Add a message that is durable. Old ones are removed."""
        self._known[key] = now
        self._known.move_to_end(key)
        while self._known[oldest := next(iter(self._known))] <= now - SEEN_SECONDS:
            del self._known[oldest]

    def known(self) -> dict[str, float]:
        """All times (Unix seconds) by key. Thread-safe."""
        return dict(self._known.copy())


def without_old(known: Mapping[str, float], now: float) -> dict[str, float]:
    """`known` without the entries that are older than `SEEN_SECONDS`."""
    return {key: time for key, time in known.items() if time > now - SEEN_SECONDS}
