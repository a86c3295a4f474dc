"""Which robot messages were seen before, by robot and `msgId`, for a day."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from dingbridge.core.dingtalk.limits import SEEN_SECONDS
from dingbridge.core.dingtalk.robot_codes import NAMELESS


class SeenIds:
    """A bounded memory of message ids.

    One group message that mentions two robots reaches both with the same `msgId`, so the robot is
    part of the key (protocol section 4.3). `known` maps keys to Unix seconds.
    """

    def __init__(self, known: Mapping[str, float] | None = None) -> None:
        # In the order of their times. In a plain one the search for the first entry passes over all
        # that were deleted before it.
        self._known = OrderedDict(sorted((known or {}).items(), key=lambda entry: entry[1]))

    def __len__(self) -> int:
        """How many ids are remembered."""
        return len(self._known)

    @staticmethod
    def key(app: str, robot_code: str, message_id: str) -> str:
        """The name a message is remembered by. The `app` stands for a robot without a code of its
        own: several may share such a one, and none of them may hide what came to another."""
        return f"{app if robot_code in NAMELESS else robot_code}/{message_id}"

    def knows(self, key: str, now: float) -> bool:
        """Whether the message was seen within `SEEN_SECONDS`."""
        return self._known.get(key, 0.0) > now - SEEN_SECONDS

    def add(self, key: str, now: float) -> None:
        """Remember a message that is on the disk. Old ones are forgotten."""
        self._known[key] = now
        self._known.move_to_end(key)
        while self._known[oldest := next(iter(self._known))] <= now - SEEN_SECONDS:
            del self._known[oldest]

    def known(self) -> dict[str, float]:
        """All that is remembered (Unix seconds), by key. For any thread."""
        return dict(self._known.copy())


def without_old(known: Mapping[str, float], now: float) -> dict[str, float]:
    """`known` without the entries that are older than `SEEN_SECONDS`."""
    return {key: time for key, time in known.items() if time > now - SEEN_SECONDS}
