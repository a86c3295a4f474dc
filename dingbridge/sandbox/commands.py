"""The words of the control API: one value per command, shared by server and client."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct


class ControlCommand(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all commands: what is not known is refused."""


class Raw(ControlCommand, frozen=True):
    """Push `text`, or the bytes in `base64`, as one frame; `wire` writes the bytes unframed."""

    text: str = ""
    base64: str = ""
    wire: bool = False
    connection: str | None = None


class OnConnection(ControlCommand, frozen=True):
    """Something done to one connection, or to all that are not closed."""

    connection: str | None = None


class Disconnect(ControlCommand, frozen=True):
    """Tell clients to leave."""

    connection: str | None = None
    reason: str = "connection is expired"


class Tap(ControlCommand, frozen=True):
    """Somebody taps a link in a robot's message. `message` is the `number` with which it arrived,
    `link` the words of the link or its address, `user` as in `Utterance`."""

    message: int
    link: str
    user: str = "zhangsan"


class Press(ControlCommand, frozen=True):
    """Somebody presses a button of a card. `card` is its `outTrackId`, `action` the button's id,
    `params` what a form holds, `user` as in `Utterance`."""

    card: str
    action: str
    user: str = "zhangsan"
    params: dict[str, Any] = {}


class Read(ControlCommand, frozen=True):
    """Somebody reads a message. `message` is the `number` with which it arrived."""

    message: int
    user: str = "zhangsan"


class Advance(ControlCommand, frozen=True):
    """Move the sandbox's clock forward by seconds."""

    seconds: float


class Scan(ControlCommand, frozen=True):
    """Somebody scans the code of an app that is being made, and confirms it or declines, with the
    `reason` that DingTalk gives. `missing_scopes` are the permissions that the app lacks."""

    confirm: bool = True
    reason: str = ""
    missing_scopes: tuple[str, ...] = ()


class Configure(ControlCommand, frozen=True):
    """Change settings, by their names."""

    changes: dict[str, Any]


FaultName = Literal[
    "rate-limit",
    "expired-token",
    "expired-webhook",
    "disconnect",
    "cut",
    "slow",
    "server-error",
    "redelivery",
    "quota",
    "clock",
    "scope",
    "clear",
]
"""Trouble that has a name; `clear` takes back what lasts."""


class NamedFault(ControlCommand, frozen=True):
    """Trouble by its name: see `NamedFaults`."""

    name: FaultName


class Nothing(ControlCommand, frozen=True):
    """A command without words."""
