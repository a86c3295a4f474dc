"""The message that proves the way from end to end: `ping` and four digits."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dingbridge.core.regex import regex

WITHIN = 120.0
"""Seconds in which the message must come."""

LATE = 600.0
"""Seconds more in which it is recognised, so that it reaches no session."""


class PingStep(Struct, frozen=True):
    """A step of the ping, or of what ended it, at `time` (Unix seconds).

    - `awaited`: the service knows the digits
    - `received`: its frame was read from the socket
    - `read`: it was found in the inbox, and its answer handed to the outbox
    - `answered`: DingTalk has accepted the answer; the last step
    - `failed`: DingTalk has not, for a `reason`; the last step
    - `missed`: the time is over; the last step. Meanwhile `others` messages came, `refused` of them
      from people without access.
    """

    step: Literal["awaited", "received", "read", "answered", "failed", "missed"]
    time: float
    reason: str = ""
    others: int = 0
    refused: int = 0


_PING = regex(r"\s*ping\s+(\d{4})\s*")


def text(digits: str) -> str:
    """The message."""
    return f"ping {digits}"


def digits_in(said: str) -> str:
    """The digits in a message that is a ping and nothing else; empty in any other.

    >>> digits_in(" Ping 4821 "), digits_in("please ping 4821")
    ('4821', '')
    """
    found = _PING.fullmatch(said.casefold())
    return found[1] if found else ""
