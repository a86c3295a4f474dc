"""HTTP answers of the platform: read into a value, or raised as what can be done about them."""

from __future__ import annotations

from enum import Enum, auto
from functools import partial
from math import inf
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from msgspec import Struct, structs

from dingbridge.core import json_wire
from dingbridge.core.catalogue import refusals as say
from dingbridge.core.dingtalk import error_codes, limits
from dingbridge.core.dingtalk.error_text import quoted
from dingbridge.core.errors import (
    DeliveryError,
    FreshToken,
    LinkError,
    LinkLost,
    LinkRefused,
    OtherRoute,
    Refused,
    Retryable,
    RetryAfter,
    TooLong,
)

_Fields = TypeVar("_Fields")

_BANNED: Final = error_codes.CodeRule(
    codes=(),
    error=RetryAfter,
    says=say.BLOCK_PAGE,
    advises=say.MANY_CALLS_OR_PROXY,
    seconds=limits.BAN_PAUSE,
)
_FLOW_CONTROL: Final = error_codes.CodeRule(
    codes=(),
    error=RetryAfter,
    says=say.PERSON_HELD_BACK,
    seconds=limits.PERSON_PAUSE,
)


class HttpAnswer(Struct, frozen=True):
    """An HTTP answer as it came: `body` may be anything and may hold secrets."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"Answer(status={self.status}, body=<{len(self.body)} bytes>)"


class Receipt(Struct, frozen=True):
    """An OpenAPI send was taken; the key names it for recall and read state (section 3)."""

    process_query_key: str


class Token(Struct, frozen=True):
    """An access token, and how many seconds it is valid from the moment of the answer."""

    value: str
    lifetime_seconds: float

    def __repr__(self) -> str:
        return f"Token(value='***', lifetime_seconds={self.lifetime_seconds!r})"


class Ticket(Struct, frozen=True):
    """Where to connect, and the secret ticket for exactly one connection (section 4.1)."""

    endpoint: str
    ticket: str

    def __repr__(self) -> str:
        return f"Ticket(endpoint={quoted(self.endpoint)!r}, ticket='***')"


def read_robot(answer: HttpAnswer, *, session: bool) -> None:
    """Return when a post to a webhook, or with `session` to a session webhook, was accepted.

    Raises a `DeliveryError`. For a session webhook every refusal is an `OtherRoute`, except those
    that would meet the message on any route: rate, size and content (section 5.4).
    """
    call = _Call.SESSION if session else _Call.ROBOT
    if _check(answer, call).code != "0":
        raise _error(_unreadable(answer.status, say.NO_ERRCODE()), _Said(), call)


def read_send(answer: HttpAnswer) -> Receipt:
    """Read the answer to an OpenAPI send (section 3); raises a `DeliveryError`.

    One of the people the message was for being unreachable is `Refused`, being flow-controlled
    is `RetryAfter`, although the platform calls both a success.
    """
    _check(answer, _Call.SEND)
    sent = _decode(answer, _Sent, _Call.SEND)
    for people, rule in (
        (sent.invalidStaffIdList, error_codes.find("staffId.notExisted")),
        (sent.flowControlledStaffIdList, _FLOW_CONTROL),
    ):
        if people and rule is not None:
            ids = ", ".join(str(person) for person in people)
            raise _error(rule, _Said(text=ids), _Call.SEND)
    if not sent.processQueryKey:
        raise _error(_unreadable(answer.status, say.NO_QUERY_KEY()), _Said(), _Call.SEND)
    return Receipt(sent.processQueryKey)


def read_fields(answer: HttpAnswer, kind: type[_Fields]) -> _Fields:
    """Read a successful answer to any other call that takes an access token.

    Raises a `DeliveryError`, as `read_send` does.
    """
    _check(answer, _Call.SEND)
    return _decode(answer, kind, _Call.SEND)


def unreadable(answer: HttpAnswer, reason: str) -> DeliveryError | LinkError:
    """The error for an answer that lacks what it should have; `reason` is a phrase."""
    return _error(_unreadable(answer.status, reason), _Said(), _Call.SEND)


def read_token(answer: HttpAnswer) -> Token:
    """Read the answer to the new, the unified or the old token call (section 2).

    A token without a usable lifetime is good for the time that is documented. Raises a
    `DeliveryError`, never `FreshToken`: wrong credentials are `Refused`.
    """
    _check(answer, _Call.TOKEN)
    fields = _decode(answer, _Granted, _Call.TOKEN)
    value = fields.accessToken or fields.access_token
    if not _is_header_value(value):
        reason = say.NO_ACCESS_TOKEN()
        raise _error(_unreadable(answer.status, reason), _Said(), _Call.TOKEN)
    return Token(
        value, _lifetime(fields.expireIn) or _lifetime(fields.expires_in) or limits.TOKEN_SECONDS
    )


def _lifetime(told: Any) -> float:
    """The seconds that were told; 0 for anything else."""
    try:
        seconds = float(told)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return seconds if 0 < seconds < inf else 0.0


def read_connection(answer: HttpAnswer) -> Ticket:
    """Read the answer to `gateway/connections/open` (section 4.1); raises a `LinkError`."""
    _check(answer, _Call.LINK)
    fields = _decode(answer, _Opened, _Call.LINK)
    if not _is_socket(fields.endpoint) or not fields.ticket:
        reason = say.NO_TICKET() if _is_socket(fields.endpoint) else say.NO_ADDRESS()
        raise _error(_unreadable(answer.status, reason), _Said(), _Call.LINK)
    return Ticket(fields.endpoint, fields.ticket)


class _Call(Enum):
    ROBOT = auto()
    SESSION = auto()
    SEND = auto()
    TOKEN = auto()
    LINK = auto()


# The field names are the platform's own spelling. Those of a refusal may have any type: a strange
# errmsg must not hide the errcode.
class _Refusal(Struct):
    errcode: Any = None
    errmsg: Any = None
    sub_code: Any = None
    sub_msg: Any = None
    code: Any = None
    message: Any = None
    request_id: Any = None
    requestid: Any = None
    accessdenieddetail: Any = None
    punish: Any = None


class _Sent(Struct):
    processQueryKey: str = ""
    invalidStaffIdList: list[str | int] | None = None
    flowControlledStaffIdList: list[str | int] | None = None


class _Granted(Struct):
    accessToken: str = ""
    access_token: str = ""
    expireIn: Any = None
    expires_in: Any = None


class _Opened(Struct):
    endpoint: str = ""
    ticket: str = ""


class _Said(Struct, frozen=True):
    """What an answer says about its fate: code and reference are empty when it says nothing."""

    code: str = ""
    text: str = ""
    request_id: str = ""
    scopes: tuple[str, ...] = ()


def _check(answer: HttpAnswer, call: _Call) -> _Said:
    """Return what a successful answer says; raise for any other."""
    fields = _decode(answer, _Refusal, call)
    said = _said(fields)
    if json_wire.text_of(fields.punish) == "deny":
        raise _error(_BANNED, said, call)
    if 200 <= answer.status < 300 and said.code in ("", "0"):
        return said
    if call is _Call.LINK and answer.status in (400, 401):
        raise _link_refused(answer.status, said)
    rule = error_codes.find(said.code, said.text)
    if rule is None or (answer.status >= 500 and not rule.codes):
        rule = _by_status(answer.status, said.code)
    raise _error(rule, said, call)


def _decode(answer: HttpAnswer, kind: type[_Fields], call: _Call) -> _Fields:
    try:
        return json_wire.decode(answer.body, kind, strict=False)
    except json_wire.NotReadable as error:
        start = answer.body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        if start == b"<" and answer.status < 500:
            rule = _BANNED
        elif call is _Call.LINK and answer.status in (400, 401):
            raise _link_refused(answer.status, _Said()) from error
        else:
            rule = _unreadable(answer.status, str(error) if start else say.EMPTY())
        raise _error(rule, _Said(), call) from error


def _said(fields: _Refusal) -> _Said:
    code = json_wire.text_of(fields.errcode) or json_wire.text_of(fields.code)
    text = json_wire.text_of(fields.errmsg) or json_wire.text_of(fields.message)
    if code == "88" and json_wire.text_of(fields.sub_code):
        code = json_wire.text_of(fields.sub_code)
        text = json_wire.text_of(fields.sub_msg) or text
    detail = fields.accessdenieddetail
    scopes = detail.get("requiredScopes") if isinstance(detail, dict) else None
    return _Said(
        code,
        text,
        json_wire.text_of(fields.requestid) or json_wire.text_of(fields.request_id),
        tuple(map(json_wire.text_of, scopes)) if isinstance(scopes, list) else (),
    )


def _unreadable(status: int, reason: str) -> error_codes.CodeRule:
    """The rule for an answer that does not say what became of the request."""
    if status in (401, 408, 413, 429) or status >= 500:
        return _by_status(status, "")
    return error_codes.CodeRule(
        codes=(),
        error=Retryable,
        says=partial(say.ANSWER_UNREADABLE, status=status, reason=quoted(reason)),
        may_have_arrived=200 <= status < 300,
    )


def _by_status(status: int, code: str) -> error_codes.CodeRule:
    """The rule for a refusal whose code, if any, nobody knows."""
    error: type[DeliveryError] = Refused
    seconds = 0.0
    if status == 401:
        error = FreshToken
    elif status == 413:
        error = TooLong
    elif status == 429:
        error, seconds = RetryAfter, limits.RATE_PAUSE
    elif status == 408 or status >= 500:
        error = Retryable
    refused = say.REFUSED_WITH_CODE if code else say.REFUSED_WITH_STATUS
    return error_codes.CodeRule(
        codes=(),
        error=error,
        says=partial(refused, status=status, code=quoted(code)),
        seconds=seconds,
        may_have_arrived=status == 504,
    )


def _link_refused(status: int, said: _Said) -> LinkError:
    credentials = error_codes.find("authFailed")
    is_login = status == 401 or error_codes.find(said.code) is credentials
    if not is_login:
        credentials = None
    return LinkRefused(
        _sentence(credentials.sentence if credentials else say.NOT_CONNECTED(), said),
        login=is_login,
        code=quoted(said.code),
        fix=credentials.fix if credentials else say.CHECK_STREAM_MODE(),
        request_id=quoted(said.request_id),
    )


def _error(rule: error_codes.CodeRule, said: _Said, call: _Call) -> DeliveryError | LinkError:
    """The rule as the error that it means for this call."""
    rule = _fitting(rule, call)
    message = _sentence(rule.sentence, said)
    code, request_id = quoted(said.code), quoted(said.request_id)
    kind = _kind(rule, said, call)
    if call is _Call.LINK:
        if kind in (Retryable, RetryAfter):
            return LinkLost(
                message, seconds=rule.seconds, code=code, fix=rule.fix, request_id=request_id
            )
        is_login = rule is error_codes.find("authFailed")
        return LinkRefused(message, login=is_login, code=code, fix=rule.fix, request_id=request_id)
    if kind is RetryAfter:
        return RetryAfter(message, rule.seconds, code=code, fix=rule.fix, request_id=request_id)
    if kind is Retryable:
        return Retryable(
            message,
            may_have_arrived=rule.may_have_arrived,
            code=code,
            fix=rule.fix,
            request_id=request_id,
        )
    return kind(message, code=code, fix=rule.fix, request_id=request_id)


def _fitting(rule: error_codes.CodeRule, call: _Call) -> error_codes.CodeRule:
    """The rule as it fits the call: a session webhook's token is its address, a custom robot's is
    in `webhook`, and what helps one of them, or an app, helps no other."""
    if call is _Call.SESSION and (rule.about == "webhook" or rule.error is FreshToken):
        return error_codes.find("session.expired") or rule
    if call is _Call.ROBOT and rule.error is FreshToken:
        return error_codes.find("300005") or rule
    foreign = "app" if call is _Call.ROBOT else "webhook"
    return structs.replace(rule, advises=None) if rule.about == foreign else rule


def _kind(rule: error_codes.CodeRule, said: _Said, call: _Call) -> type[DeliveryError]:
    kind = rule.error
    if call is _Call.SESSION:
        stays = kind in (RetryAfter, TooLong) or rule.content
        busy = kind is Retryable and not said.code
        return kind if stays or busy else OtherRoute
    # A custom robot has no other route, and the token call uses no access token.
    if call in (_Call.ROBOT, _Call.TOKEN) and kind in (FreshToken, OtherRoute):
        return Refused
    return kind


def _sentence(sentence: str, said: _Said) -> str:
    sentences = [sentence]
    if said.scopes:
        sentences.append(say.NEEDS(scopes=quoted(", ".join(said.scopes))))
    if said.text:
        sentences.append(say.SAYS(words=quoted(said.text)))
    return " ".join(sentences)


def _is_header_value(value: str) -> bool:
    return bool(value) and value.isascii() and value.isprintable()


def _is_socket(endpoint: str) -> bool:
    # urlsplit takes line breaks out, but whoever connects would send them on.
    if not _is_header_value(endpoint):
        return False
    try:
        url = urlsplit(endpoint)
    except ValueError:
        return False
    return url.scheme in ("ws", "wss") and bool(url.hostname)
