"""Reads the answers to API calls: returns a value, or raises a typed error (`response_errors`)."""

from __future__ import annotations

from math import inf
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from dingbridge.core import json_wire
from dingbridge.core.catalogue import refusals as say
from dingbridge.core.dingtalk import error_codes, limits
from dingbridge.core.dingtalk.error_text import quoted
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.response_errors import (
    AnswerReport,
    ApiCall,
    Fields,
    check,
    decode,
    error_of,
    unreadable,
)
from dingbridge.core.errors import (
    RetryAfter,
)

_FLOW_CONTROL: Final = error_codes.CodeRule(
    codes=(),
    error=RetryAfter,
    says=say.PERSON_HELD_BACK,
    seconds=limits.PERSON_PAUSE,
)


class Receipt(Struct, frozen=True):
    """An OpenAPI send was accepted; the key identifies it for recall and read state (§3)."""

    process_query_key: str


class Token(Struct, frozen=True):
    """An access token, and its lifetime in seconds from the moment of the answer."""

    value: str
    lifetime_seconds: float

    def __repr__(self) -> str:
        return f"Token(value='***', lifetime_seconds={self.lifetime_seconds!r})"


class Ticket(Struct, frozen=True):
    """The address to connect to, and the secret ticket for one connection (§4.1)."""

    endpoint: str
    ticket: str

    def __repr__(self) -> str:
        return f"Ticket(endpoint={quoted(self.endpoint)!r}, ticket='***')"


def read_robot(answer: HttpAnswer, *, session: bool) -> None:
    """Return if a post to a webhook, or with `session` to a session webhook, was accepted.

    Raises a `DeliveryError`. For a session webhook every refusal is an `OtherRoute`, except those
    that apply to every route: rate, size and content (§5.4).
    """
    call = ApiCall.SESSION if session else ApiCall.ROBOT
    if check(answer, call).code != "0":
        raise unreadable(answer, say.NO_ERRCODE(), call)


def read_send(answer: HttpAnswer) -> Receipt:
    """Read the answer to an OpenAPI send (§3); raises a `DeliveryError`.

    The platform reports success even if a recipient is unreachable or flow-controlled; these are
    `Refused` and `RetryAfter` here.
    """
    check(answer, ApiCall.SEND)
    sent = decode(answer, _Sent, ApiCall.SEND)
    for people, rule in (
        (sent.invalidStaffIdList, error_codes.find("staffId.notExisted")),
        (sent.flowControlledStaffIdList, _FLOW_CONTROL),
    ):
        if people and rule is not None:
            ids = ", ".join(str(person) for person in people)
            raise error_of(rule, AnswerReport(text=ids), ApiCall.SEND)
    if not sent.processQueryKey:
        raise unreadable(answer, say.NO_QUERY_KEY(), ApiCall.SEND)
    return Receipt(sent.processQueryKey)


def read_recall(answer: HttpAnswer, keys: tuple[str, ...]) -> None:
    """Return if all messages with these keys were recalled (§3); raises a `DeliveryError`."""
    check(answer, ApiCall.SEND)
    recalled = decode(answer, _Recalled, ApiCall.SEND)
    for key in keys:
        if key in recalled.successResult:
            continue
        reason = json_wire.text_of(recalled.failedResult.get(key))
        rule = error_codes.find(reason) or error_codes.find("notRevoke.all.messages")
        assert rule is not None  # noqa: S101 - the second one is declared
        raise error_of(rule, AnswerReport(code=reason), ApiCall.SEND)


def read_fields(answer: HttpAnswer, kind: type[Fields]) -> Fields:
    """Read a successful answer to any other call that takes an access token.

    Raises a `DeliveryError`, as `read_send` does.
    """
    check(answer, ApiCall.SEND)
    return decode(answer, kind, ApiCall.SEND)


def check_accepted(answer: HttpAnswer) -> None:
    """Return if any other call that takes an access token was accepted; raises a
    `DeliveryError`."""
    check(answer, ApiCall.SEND)


def read_token(answer: HttpAnswer) -> Token:
    """Read the answer to the new, the unified or the old token call (§2).

    A token without a usable lifetime gets the documented one. Raises a `DeliveryError`, but never
    `FreshToken`: wrong credentials are `Refused`.
    """
    check(answer, ApiCall.TOKEN)
    fields = decode(answer, _Granted, ApiCall.TOKEN)
    value = fields.accessToken or fields.access_token
    if not _is_header_value(value):
        reason = say.NO_ACCESS_TOKEN()
        raise unreadable(answer, reason, ApiCall.TOKEN)
    return Token(
        value, _lifetime(fields.expireIn) or _lifetime(fields.expires_in) or limits.TOKEN_SECONDS
    )


def _lifetime(told: Any) -> float:
    """The lifetime in seconds; 0 if it is unusable."""
    try:
        seconds = float(told)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return seconds if 0 < seconds < inf else 0.0


def read_connection(answer: HttpAnswer) -> Ticket:
    """Read the answer to `gateway/connections/open` (§4.1); raises a `LinkError`."""
    check(answer, ApiCall.LINK)
    fields = decode(answer, _Opened, ApiCall.LINK)
    if not _is_socket(fields.endpoint) or not fields.ticket:
        reason = say.NO_TICKET() if _is_socket(fields.endpoint) else say.NO_ADDRESS()
        raise unreadable(answer, reason, ApiCall.LINK)
    return Ticket(fields.endpoint, fields.ticket)


class _Sent(Struct):
    processQueryKey: str = ""
    invalidStaffIdList: list[str | int] | None = None
    flowControlledStaffIdList: list[str | int] | None = None


class _Recalled(Struct):
    successResult: list[Any] = []
    failedResult: dict[str, Any] = {}


class _Granted(Struct):
    accessToken: str = ""
    access_token: str = ""
    expireIn: Any = None
    expires_in: Any = None


class _Opened(Struct):
    endpoint: str = ""
    ticket: str = ""


def _is_header_value(value: str) -> bool:
    return bool(value) and value.isascii() and value.isprintable()


def _is_socket(endpoint: str) -> bool:
    # urlsplit removes line breaks, but the client that connects would send them.
    if not _is_header_value(endpoint):
        return False
    try:
        url = urlsplit(endpoint)
    except ValueError:
        return False
    return url.scheme in ("ws", "wss") and bool(url.hostname)
