"""What the service says about itself, its editors and its robots."""

from __future__ import annotations

from msgspec import Struct


class EditorFacts(Struct, frozen=True):
    """An attached Neovim: its process, and when the newest file of its host's code was written
    (Unix seconds)."""

    pid: int
    code: float


class RobotFacts(Struct, frozen=True):
    """A robot of the service.

    - `robot`: its name (`routing.robot_name`); `is_ready` once its files are read
    - `link`, `reason`, `next_try`: of the stream connection, as `LinkNews` has them
    - `silent`: seconds since something came on the connection, a ping or a pong at least; None
      without one
    - `queued`, `failed`: messages of the outbox (counts)
    - `held_until`, `held_because`: until when nothing is sent (Unix seconds, 0 without a pause)
    - `quota`: the month's usage in words
    - `refused`, `asking`: messages that were refused, and open requests for access (counts)
    - `sessions`: how many sessions are bound
    """

    robot: str
    is_ready: bool = False
    link: str = ""
    reason: str = ""
    next_try: float = 0.0
    silent: float | None = None
    queued: int = 0
    failed: int = 0
    last_error: str = ""
    held_until: float = 0.0
    held_because: str = ""
    quota: str = ""
    refused: int = 0
    asking: int = 0
    sessions: int = 0


class ServiceFacts(Struct, frozen=True):
    """The service: its process, when it began and when the newest file of its code was written
    (Unix seconds), and what keeps it from writing files, in words."""

    version: str
    pid: int
    began: float
    code: float
    trouble: str = ""
    editors: tuple[EditorFacts, ...] = ()
    robots: tuple[RobotFacts, ...] = ()
