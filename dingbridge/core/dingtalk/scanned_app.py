"""Reads the answers of the calls that make an app by one scan (doc/dingtalk.md §8.8)."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from dingbridge.core import json_wire
from dingbridge.core.catalogue import setup as say
from dingbridge.core.dingtalk.error_text import quoted
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.response_errors import ApiCall, check, decode, unreadable
from dingbridge.core.options.urls import read_address

INTERVAL: Final = (1.0, 60.0)
"""Shortest and longest pause between two polls, in seconds, whatever the platform asks for."""
LIFETIME: Final = 7200.0
"""Seconds that a code lives if the platform names none."""


class ScanCode(Struct, frozen=True):
    """A code to scan.

    - `device_code`: the secret by which the result is asked for
    - `address`: what the QR code holds
    - `until`: when it expires, in Unix seconds
    - `interval`: seconds between two polls
    """

    device_code: str
    address: str
    until: float
    interval: float

    def __repr__(self) -> str:
        return f"ScanCode(until={self.until!r})"


class NewApp(Struct, frozen=True):
    """The app that a scan has made."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"NewApp(client_id={self.client_id!r}, client_secret='***')"


class ScanDeclined(Struct, frozen=True):
    """There will be no app; `reason` is the platform's."""

    reason: str


class ScanExpired(Struct, frozen=True):
    """Nobody has confirmed in time."""


ScanResult = NewApp | ScanDeclined | ScanExpired | None
"""None: nobody has confirmed or declined yet."""


class _Fields(Struct):
    nonce: Any = None
    device_code: Any = None
    verification_uri_complete: Any = None
    expires_in: Any = None
    interval: Any = None
    status: Any = None
    client_id: Any = None
    client_secret: Any = None
    fail_reason: Any = None


def _fields(answer: HttpAnswer) -> _Fields:
    check(answer, ApiCall.TOKEN)
    return decode(answer, _Fields, ApiCall.TOKEN)


def read_nonce(answer: HttpAnswer) -> str:
    """What `begin` takes. Raises a `DeliveryError`."""
    nonce = json_wire.text_of(_fields(answer).nonce)
    if not nonce:
        raise unreadable(answer, say.NO_NONCE(), ApiCall.TOKEN)
    return nonce


def read_code(answer: HttpAnswer, now: float) -> ScanCode:
    """The code to scan, answered at `now` (Unix seconds). Raises a `DeliveryError`."""
    fields = _fields(answer)
    device = json_wire.text_of(fields.device_code)
    address = json_wire.text_of(fields.verification_uri_complete)
    if not device or read_address(address) is None:
        raise unreadable(answer, say.NO_SCAN_CODE(), ApiCall.TOKEN)
    shortest, longest = INTERVAL
    interval = min(max(_seconds(fields.interval), shortest), longest)
    return ScanCode(device, address, now + (_seconds(fields.expires_in) or LIFETIME), interval)


def read_result(answer: HttpAnswer) -> ScanResult:
    """What became of the code. Raises a `DeliveryError`."""
    fields = _fields(answer)
    match json_wire.text_of(fields.status):
        case "SUCCESS":
            made = (json_wire.text_of(fields.client_id), json_wire.text_of(fields.client_secret))
            if not all(made):
                raise unreadable(answer, say.NO_CREDENTIALS(), ApiCall.TOKEN)
            return NewApp(*made)
        case "FAIL":
            return ScanDeclined(quoted(json_wire.text_of(fields.fail_reason)))
        case "EXPIRED":
            return ScanExpired()
        case _:
            return None


def _seconds(told: object) -> float:
    """A number of seconds; 0 if it is unusable."""
    try:
        seconds = float(json_wire.text_of(told))
    except ValueError:
        return 0.0
    return seconds if 0 < seconds < 1e6 else 0.0
