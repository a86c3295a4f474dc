"""Turns an answer that refuses, or cannot be read, into a typed error.

The answer's code selects a rule (`error_codes`), without a code its HTTP status does. The kind of
call then adapts the rule: a custom robot has no other route, a refused token call needs no fresh
token, a refused connection is a `LinkError`.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import partial
from typing import Any, Final, TypeVar

from msgspec import Struct, structs

from dingbridge.core import json_wire
from dingbridge.core.catalogue import refusals as say
from dingbridge.core.dingtalk import error_codes, limits
from dingbridge.core.dingtalk.error_text import quoted
from dingbridge.core.dingtalk.http_answer import HttpAnswer
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
    sentences,
)

Fields = TypeVar("Fields")

_BANNED: Final = error_codes.CodeRule(
    codes=(),
    error=RetryAfter,
    says=say.BLOCK_PAGE,
    advises=say.MANY_CALLS_OR_PROXY,
    seconds=limits.BAN_PAUSE,
)


class ApiCall(Enum):
    """The kind of call that an answer belongs to."""

    ROBOT = auto()
    SESSION = auto()
    SEND = auto()
    TOKEN = auto()
    LINK = auto()


class _RefusalFields(Struct):
    """The fields of a refusal, in the platform's spelling.

    Each may have any type: a malformed errmsg must not hide the errcode.
    """

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


class AnswerReport(Struct, frozen=True):
    """What an answer reports about its request; code and id are empty if it reports none."""

    code: str = ""
    text: str = ""
    request_id: str = ""
    scopes: tuple[str, ...] = ()


def check(answer: HttpAnswer, call: ApiCall) -> AnswerReport:
    """The report of a successful answer; raises the error of any other."""
    fields = decode(answer, _RefusalFields, call)
    said = _said(fields)
    if json_wire.text_of(fields.punish) == "deny":
        raise error_of(_BANNED, said, call)
    if 200 <= answer.status < 300 and said.code in ("", "0"):
        return said
    if call is ApiCall.LINK and answer.status in (400, 401):
        raise _link_refused(answer.status, said)
    rule = error_codes.find(said.code, said.text)
    if rule is None or (answer.status >= 500 and not rule.codes):
        rule = _by_status(answer.status, said.code)
    raise error_of(rule, said, call)


def decode(answer: HttpAnswer, kind: type[Fields], call: ApiCall) -> Fields:
    """The body as `kind`; raises the error of an unreadable answer."""
    try:
        return json_wire.decode(answer.body, kind, strict=False)
    except json_wire.NotReadable as error:
        start = answer.body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        if start == b"<" and answer.status < 500:
            rule = _BANNED
        elif call is ApiCall.LINK and answer.status in (400, 401):
            raise _link_refused(answer.status, AnswerReport()) from error
        else:
            rule = _unreadable(answer.status, str(error) if start else say.EMPTY())
        raise error_of(rule, AnswerReport(), call) from error


def _said(fields: _RefusalFields) -> AnswerReport:
    code = json_wire.text_of(fields.errcode) or json_wire.text_of(fields.code)
    text = json_wire.text_of(fields.errmsg) or json_wire.text_of(fields.message)
    if code == "88" and json_wire.text_of(fields.sub_code):
        code = json_wire.text_of(fields.sub_code)
        text = json_wire.text_of(fields.sub_msg) or text
    detail = fields.accessdenieddetail
    scopes = detail.get("requiredScopes") if isinstance(detail, dict) else None
    return AnswerReport(
        code,
        text,
        json_wire.text_of(fields.requestid) or json_wire.text_of(fields.request_id),
        tuple(map(json_wire.text_of, scopes)) if isinstance(scopes, list) else (),
    )


def _unreadable(status: int, reason: str) -> error_codes.CodeRule:
    """The rule for an answer that does not report the outcome of the request."""
    if status in (401, 408, 413, 429) or status >= 500:
        return _by_status(status, "")
    return error_codes.CodeRule(
        codes=(),
        error=Retryable,
        says=partial(say.ANSWER_UNREADABLE, status=status, reason=quoted(reason)),
        may_have_arrived=200 <= status < 300,
    )


def _by_status(status: int, code: str) -> error_codes.CodeRule:
    """The rule for a refusal without a known code."""
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


def _link_refused(status: int, said: AnswerReport) -> LinkError:
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


def error_of(
    rule: error_codes.CodeRule, said: AnswerReport, call: ApiCall
) -> DeliveryError | LinkError:
    """The error that the rule means for this call."""
    rule = _fitting(rule, call)
    message = _sentence(rule.sentence, said)
    code, request_id = quoted(said.code), quoted(said.request_id)
    kind = _kind(rule, said, call)
    if call is ApiCall.LINK:
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
    error = kind(message, code=code, fix=rule.fix, request_id=request_id)
    error.scopes = tuple(map(quoted, said.scopes))
    return error


def _fitting(rule: error_codes.CodeRule, call: ApiCall) -> error_codes.CodeRule:
    """The rule, adapted to the call.

    The token of a session webhook is its address, that of a custom robot is in `webhook`, and the
    fix for one of them, or for an app, does not help the others.
    """
    if call is ApiCall.SESSION and (rule.about == "webhook" or rule.error is FreshToken):
        return error_codes.find("session.expired") or rule
    if call is ApiCall.ROBOT and rule.error is FreshToken:
        return error_codes.find("300005") or rule
    foreign = "app" if call is ApiCall.ROBOT else "webhook"
    return structs.replace(rule, advises=None) if rule.about == foreign else rule


def _kind(rule: error_codes.CodeRule, said: AnswerReport, call: ApiCall) -> type[DeliveryError]:
    kind = rule.error
    if call is ApiCall.SESSION:
        stays = kind in (RetryAfter, TooLong) or rule.content
        busy = kind is Retryable and not said.code
        return kind if stays or busy else OtherRoute
    # A custom robot has no other route, and the token call uses no access token.
    if call in (ApiCall.ROBOT, ApiCall.TOKEN) and kind in (FreshToken, OtherRoute):
        return Refused
    return kind


def _sentence(sentence: str, said: AnswerReport) -> str:
    said_there = [sentence]
    if said.scopes:
        said_there.append(say.NEEDS(scopes=quoted(", ".join(said.scopes))))
    if said.text:
        said_there.append(say.SAYS(words=quoted(said.text)))
    return sentences(*said_there)


def unreadable(
    answer: HttpAnswer, reason: str, call: ApiCall = ApiCall.SEND
) -> DeliveryError | LinkError:
    """The error for an answer that lacks a required field; `reason` is a phrase."""
    return error_of(_unreadable(answer.status, reason), AnswerReport(), call)
