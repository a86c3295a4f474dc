"""The state of a robot, as its service reports it to the editors."""

from __future__ import annotations

from msgspec import Struct


class RobotState(Struct, frozen=True):
    """A snapshot of a robot.

    - `cool_down_until`: Unix seconds, 0 without a cool-down
    - `quota`: the month's usage in words
    - `admitted`: who has access, in words; `asking` counts the open access requests
    - `failed_ids`, `waiting_ids`: the latest messages of the outbox, newest first
    - `recallable_ids`: the latest messages that can be recalled, newest first
    - `muted_until`: until when notices are held back, in Unix seconds
    - `bound`: the sessions that the robot's editors have bound
    """

    link: str
    queued: int
    failed: int
    refused: int
    last_error: str = ""
    cool_down_until: float = 0.0
    cool_down_reason: str = ""
    quota: str = ""
    admitted: str = ""
    asking: int = 0
    failed_ids: tuple[str, ...] = ()
    waiting_ids: tuple[str, ...] = ()
    recallable_ids: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    muted_until: float = 0.0
