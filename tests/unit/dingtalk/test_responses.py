"""Answers of the platform: read into a value or into an error that says what to do."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.dingtalk import error_codes, limits
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.responses import (
    Receipt,
    Ticket,
    Token,
    read_connection,
    read_robot,
    read_send,
    read_token,
)
from dingbridge.core.errors import (
    BridgeError,
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

Reader = Callable[[HttpAnswer], object]


def read_webhook(answer: HttpAnswer) -> None:
    read_robot(answer, session=False)


def read_session_webhook(answer: HttpAnswer) -> None:
    read_robot(answer, session=True)


DELIVERIES: tuple[Reader, ...] = (read_webhook, read_session_webhook, read_send, read_token)
READERS: tuple[Reader, ...] = (*DELIVERIES, read_connection)
PAGE = b"\n<!DOCTYPE html><html>blocked</html>"
BAN = {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "u"}


def answer(status: int = 200, /, **fields: Any) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(fields).encode())


def failure(read: Reader, what: HttpAnswer) -> BridgeError:
    with pytest.raises(BridgeError) as caught:
        read(what)
    return caught.value


def outcome(read: Reader, what: HttpAnswer) -> object:
    try:
        return read(what)
    except BridgeError as error:
        return error


# --- webhook and session webhook ----------------------------------------------------------------


@pytest.mark.parametrize("zero", [0, "0", 0.0, " 0 "])
@pytest.mark.parametrize("read", [read_webhook, read_session_webhook])
def test_errcode_zero_means_delivered_as_number_or_string(read: Reader, zero: object) -> None:
    assert read(answer(errcode=zero, errmsg="ok")) is None


def test_a_byte_order_mark_does_not_hide_that_a_message_was_delivered() -> None:
    read_webhook(HttpAnswer(200, b'\xef\xbb\xbf{"errcode":0}'))


def test_broken_utf_8_in_an_answer_does_not_hide_that_a_message_was_delivered() -> None:
    read_webhook(HttpAnswer(200, b'{"errcode":0,"errmsg":"\xff\\ud83d"}'))


@pytest.mark.parametrize(
    ("errcode", "errmsg", "kind"),
    [
        (-1, "system busy", Retryable),
        (130101, "send too fast, exceed 20 times per minute", RetryAfter),
        ("660026", "too many messages", RetryAfter),
        (460101, "message too long, exceed 20000 bytes", TooLong),
        (310000, "sign not match", Refused),
        (300005, "token is not exist", Refused),
        (430104, "improper content", Refused),
        (987654, "token is bad", Refused),
        (987654, "who knows", Refused),
    ],
)
def test_a_webhook_says_in_http_200_that_a_message_was_refused(
    errcode: object, errmsg: str, kind: type[BridgeError]
) -> None:
    error = failure(read_webhook, answer(errcode=errcode, errmsg=errmsg))
    assert type(error) is kind
    assert error.code == str(errcode)
    assert errmsg in error.message


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (-1, OtherRoute),
        (310000, OtherRoute),
        (300005, OtherRoute),
        (987654, OtherRoute),
        ("session.expired", OtherRoute),
        (40014, OtherRoute),
        (90020, OtherRoute),
        (130101, RetryAfter),
        (410100, RetryAfter),
        (430102, Refused),
        (460101, TooLong),
    ],
)
def test_a_session_webhook_gives_way_to_another_route_unless_that_would_not_help(
    errcode: object, kind: type[BridgeError]
) -> None:
    assert type(failure(read_session_webhook, answer(errcode=errcode))) is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, OtherRoute), (401, OtherRoute), (413, TooLong), (429, RetryAfter), (502, Retryable)],
)
def test_a_session_webhook_that_fails_without_a_code_is_judged_by_the_http_status(
    status: int, kind: type[BridgeError]
) -> None:
    assert type(failure(read_session_webhook, answer(status))) is kind


def test_too_fast_holds_the_robot_for_a_minute() -> None:
    error = failure(read_webhook, answer(errcode=410100))
    assert isinstance(error, RetryAfter)
    assert error.seconds == limits.RATE_PAUSE


def test_an_answer_without_errcode_leaves_open_whether_the_message_arrived() -> None:
    error = failure(read_webhook, answer())
    assert isinstance(error, Retryable)
    assert error.may_have_arrived
    assert "errcode" in error.message


# --- OpenAPI sends ------------------------------------------------------------------------------


def test_a_send_returns_the_key_of_the_message() -> None:
    lists: dict[str, list[str]] = {"invalidStaffIdList": [], "flowControlledStaffIdList": []}
    assert read_send(answer(processQueryKey="key", **lists)) == Receipt("key")
    assert read_send(answer(processQueryKey="key", invalidStaffIdList=None)) == Receipt("key")


def test_a_person_nobody_knows_is_a_refusal_although_the_platform_says_success() -> None:
    error = failure(read_send, answer(processQueryKey="key", invalidStaffIdList=["user7"]))
    assert type(error) is Refused
    assert "user7" in error.message


def test_a_flow_controlled_person_is_written_to_again_after_a_minute() -> None:
    error = failure(read_send, answer(processQueryKey="key", flowControlledStaffIdList=["user7"]))
    assert isinstance(error, RetryAfter)
    assert error.seconds == 60


def test_a_missing_permission_is_named() -> None:
    error = failure(
        read_send,
        answer(
            403,
            code="Forbidden.AccessDenied.AccessTokenPermissionDenied",
            message="no permission",
            requestid="R-1",
            accessdenieddetail={"requiredScopes": ["qyapi_robot_sendmsg"]},
        ),
    )
    assert type(error) is Refused
    assert "qyapi_robot_sendmsg" in error.message
    assert error.request_id == "R-1"
    assert "console" in error.fix


@pytest.mark.parametrize(
    "refusal",
    [
        answer(400, code="InvalidAuthentication", message="x", requestid="r"),
        answer(401, code="whatever"),
        answer(401),
        HttpAnswer(401, b""),
        answer(errcode=88, sub_code="40014", sub_msg="bad token", errmsg="ding talk error"),
        answer(errcode=40014, errmsg="invalid access token"),
        answer(errcode="42001"),
    ],
)
def test_a_refused_token_is_recognised_in_both_styles(refusal: HttpAnswer) -> None:
    assert type(failure(read_send, refusal)) is FreshToken


def test_an_error_of_the_old_style_without_a_known_sub_code_is_a_refusal() -> None:
    error = failure(read_send, answer(errcode=88, sub_code="777", sub_msg="odd"))
    assert type(error) is Refused
    assert error.code == "777"
    assert "odd" in error.message


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", RetryAfter),
        (403, "Forbidden.AccessDenied.ApiCountLimitForOrg", Refused),
        (400, "invalidParameter.msgParam.tooLong", TooLong),
        (400, "robot.oto.notExist", Refused),
        (500, "system.error", Retryable),
        (503, "new.kind", Retryable),
        (302, "", Refused),
        (408, "", Retryable),
        (418, "new.kind", Refused),
    ],
)
def test_the_openapi_codes_say_what_can_be_done(
    status: int, code: str, kind: type[BridgeError]
) -> None:
    assert type(failure(read_send, answer(status, code=code, message="m"))) is kind


def test_a_server_error_is_not_judged_by_words_that_happen_to_be_in_it() -> None:
    error = failure(read_send, answer(500, code="new.kind", message="token store is down"))
    assert type(error) is Retryable


@pytest.mark.parametrize(
    ("unclear", "may_have_arrived"),
    [
        (answer(400, code="unknown.send.result"), True),
        (answer(504), True),
        (answer(), True),
        (HttpAnswer(200, b""), True),
        (HttpAnswer(200, b'{"processQueryKey":"ke'), True),
        (answer(500, code="system.error"), False),
        (HttpAnswer(400, b""), False),
    ],
)
def test_an_unclear_answer_tells_whether_the_message_may_have_arrived(
    unclear: HttpAnswer, may_have_arrived: bool
) -> None:
    error = failure(read_send, unclear)
    assert isinstance(error, Retryable)
    assert error.may_have_arrived is may_have_arrived


# --- token --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "granted",
    [
        answer(accessToken="tok", expireIn=7200),
        answer(accessToken="tok", expireIn="7200"),
        answer(access_token="tok", expires_in=7200),
        answer(errcode=0, errmsg="ok", access_token="tok", expires_in=7200),
    ],
)
def test_a_token_is_read_from_the_new_the_unified_and_the_old_call(granted: HttpAnswer) -> None:
    assert read_token(granted) == Token("tok", 7200.0)


ALL_CODES = sorted({code.replace("*", "Any") for rule in error_codes.RULES for code in rule.codes})
OF_ROBOTS = ("webhook", "anew", "`keyword`", "`secret`")
OF_APPS = ("app_key", "app_secret", "robot_code", "user_id", "conversation_id", "the app")


def advice(read: Reader, code: str, text: str) -> str:
    """What to do about a refusal with this code and these words."""
    refusal = answer(400, code=code, message=text)
    if read in (read_webhook, read_session_webhook):
        refusal = answer(errcode=code, errmsg=text)
    return failure(read, refusal).fix


@pytest.mark.parametrize("code", [*ALL_CODES, "987654"])
def test_no_advice_is_about_the_other_mode(code: str) -> None:
    for text in ("", "keywords not in content", "sign not match", "no token"):
        assert not [word for word in OF_APPS if word in advice(read_webhook, code, text)]
        for read in (read_session_webhook, read_send, read_token):
            assert not [word for word in OF_ROBOTS if word in advice(read, code, text)]


@pytest.mark.parametrize("code", ["300001", "300005", "400106", "40014", "session.expired"])
def test_a_reply_address_that_is_gone_needs_a_new_message_and_no_new_robot(code: str) -> None:
    error = failure(read_session_webhook, answer(errcode=code, errmsg="session 不存在"))
    assert type(error) is OtherRoute
    assert "reply address" in error.message
    assert "session 不存在" in error.message
    assert "write again" in error.fix


@pytest.mark.parametrize("odd", [None, 0, -1, "inf", "soon", []])
@pytest.mark.parametrize("names", [(), ("expireIn",), ("expires_in", "expireIn")])
def test_a_token_without_a_usable_lifetime_is_used_for_the_two_hours_that_are_documented(
    names: tuple[str, ...], odd: object
) -> None:
    told = dict.fromkeys(names, odd)
    assert read_token(answer(accessToken="tok", **told)) == Token("tok", 7200.0)


@pytest.mark.parametrize(
    "refusal",
    [
        answer(400, code="invalidClientIdOrSecret", message="x"),
        answer(400, code="invalid.client"),
        answer(401, code="unauthorized.client"),
        answer(401),
        answer(400, code="InvalidAuthentication"),
        answer(errcode=40096, errmsg="x"),
    ],
)
def test_wrong_credentials_never_ask_for_another_token(refusal: HttpAnswer) -> None:
    assert type(failure(read_token, refusal)) is Refused


@pytest.mark.parametrize(
    "unusable",
    [
        answer(),
        answer(expireIn=7200),
        answer(accessToken="", expireIn=7200),
        answer(accessToken="a\r\nb", expireIn=7200),
        answer(accessToken=["tok"], expireIn=7200),
    ],
)
def test_an_unusable_token_is_asked_for_again(unusable: HttpAnswer) -> None:
    assert type(failure(read_token, unusable)) is Retryable


# --- stream connection --------------------------------------------------------------------------


def test_a_connection_answer_gives_address_and_ticket() -> None:
    endpoint = "wss://wss-open-connection.dingtalk.com:443/connect"
    assert read_connection(answer(endpoint=endpoint, ticket="t")) == Ticket(endpoint, "t")


@pytest.mark.parametrize(
    ("refusal", "kind", "said"),
    [
        (answer(401, code="authFailed", message="x"), LinkRefused, "credentials"),
        (HttpAnswer(401, b""), LinkRefused, "credentials"),
        (HttpAnswer(400, b"bad request"), LinkRefused, "refused to connect"),
        (answer(400, code="invalidParameter", message="ua"), LinkRefused, "refused to connect"),
        (answer(400), LinkRefused, "refused to connect"),
        (answer(403, code="Forbidden.AccessDenied.IpNotInWhiteList"), LinkRefused, "address"),
        (answer(403, code="Forbidden.AccessDenied.QpsLimitForApi"), LinkLost, "second"),
        (answer(503), LinkLost, "503"),
        (HttpAnswer(502, PAGE), LinkLost, "502"),
        (answer(), LinkLost, "socket address"),
        (answer(endpoint="wss://a/b"), LinkLost, "ticket"),
        (answer(endpoint="https://a/b", ticket="t"), LinkLost, "socket address"),
        (answer(endpoint="wss://[a", ticket="t"), LinkLost, "socket address"),
        (answer(endpoint="wss://a\r\nb/", ticket="t"), LinkLost, "socket address"),
        (HttpAnswer(200, PAGE), LinkLost, "block page"),
    ],
)
def test_a_refused_connection_says_whether_trying_again_is_enough(
    refusal: HttpAnswer, kind: type[LinkError], said: str
) -> None:
    error = failure(read_connection, refusal)
    assert type(error) is kind
    assert said in error.message


@pytest.mark.parametrize("status", [400, 401])
def test_a_refused_connection_says_what_to_check(status: int) -> None:
    error = failure(read_connection, answer(status, code="authFailed"))
    assert "app_secret" in error.fix


def test_a_banned_address_waits_before_it_connects_again() -> None:
    error = failure(read_connection, HttpAnswer(200, PAGE))
    assert isinstance(error, LinkLost)
    assert error.seconds == limits.BAN_PAUSE


# --- any answer ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "blocked", [HttpAnswer(200, PAGE), HttpAnswer(403, PAGE), answer(200, **BAN)]
)
@pytest.mark.parametrize("read", DELIVERIES)
def test_a_page_in_place_of_json_stops_all_sending_for_five_minutes(
    read: Reader, blocked: HttpAnswer
) -> None:
    error = failure(read, blocked)
    assert isinstance(error, RetryAfter)
    assert error.seconds == 300


@pytest.mark.parametrize("body", [b"", b" \n", b"{", b'{"errcode":', b"[]", b"7", b"null", b"ok"])
@pytest.mark.parametrize("read", DELIVERIES)
def test_an_answer_that_cannot_be_read_is_tried_again(read: Reader, body: bytes) -> None:
    error = failure(read, HttpAnswer(200, body))
    assert type(error) is Retryable
    assert "cannot be read" in error.message


@pytest.mark.parametrize("read", DELIVERIES)
def test_the_error_page_of_a_gateway_is_not_taken_for_a_ban(read: Reader) -> None:
    assert type(failure(read, HttpAnswer(502, PAGE))) is Retryable


@pytest.mark.parametrize("read", READERS)
def test_deeply_nested_json_is_an_answer_that_cannot_be_read(read: Reader) -> None:
    depth = 100_000
    body = b'{"errmsg":' + b"[" * depth + b"]" * depth + b"}"
    assert isinstance(failure(read, HttpAnswer(200, body)), (Retryable, LinkLost))


SECRETS = ("s3cr3t-token", "s3cr3t-session", "s3cr3t-ticket", "s3cr3t-query", "s3cr3t-user")


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
def test_no_error_repeats_a_secret_or_a_control_character(read: Reader, status: int) -> None:
    text = (
        "bad\x1b[31m\r\n\x00 access_token=s3cr3t-token&session=s3cr3t-session ticket=s3cr3t-ticket "
        "see https://s3cr3t-user:x@oapi.dingtalk.com/robot?x=s3cr3t-query "
    )
    refusal = answer(status, errcode="7\n7", errmsg=text, requestid=text)
    error = failure(read, refusal)
    shown = f"{error} {error.code} {error.request_id} {error.fix} {refusal!r}"
    assert not [secret for secret in SECRETS if secret in shown]
    assert shown.isprintable()
    assert "bad" in error.message


def test_an_error_repeats_at_most_200_characters_of_the_platform() -> None:
    error = failure(read_webhook, answer(errcode=987654, errmsg="字" * 100_000))
    assert error.message.count("字") < 200


def test_the_trace_of_an_unreadable_answer_holds_nothing_of_its_body() -> None:
    error = failure(
        read_token, HttpAnswer(200, b'{"accessToken":["s3cr3t-token"],"expireIn":"s3cr3t"}')
    )
    assert "s3cr3t" not in "".join(traceback.format_exception(error))


def test_answers_tokens_and_tickets_keep_their_secrets_when_printed() -> None:
    printed = (
        f"{Token('s3cr3t', 1.0)!r} {Ticket('wss://a/?ticket=s3cr3t', 's3cr3t')!r}"
        f"{HttpAnswer(200, b's3cr3t')!r}"
    )
    assert "s3cr3t" not in printed


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=8,
)
NAMES = (
    *("errcode", "errmsg", "sub_code", "sub_msg", "code", "message", "request_id", "requestid"),
    *("accessdenieddetail", "punish", "processQueryKey", "invalidStaffIdList"),
    *("flowControlledStaffIdList", "accessToken", "access_token", "expireIn", "expires_in"),
    *("endpoint", "ticket"),
)
CODES = st.sampled_from([0, "0", 88, 40014, "310000", "deny", "contain.x", 7200, "wss://a/"])
OBJECTS = st.dictionaries(st.sampled_from(NAMES), JSON | CODES, max_size=6)
BODIES = st.binary(max_size=60) | st.one_of(JSON, OBJECTS).map(lambda j: json.dumps(j).encode())


@given(status=st.sampled_from([200, 204, 302, 400, 401, 403, 413, 429, 500, 504]), body=BODIES)
def test_whatever_is_answered_becomes_a_value_or_a_typed_error(status: int, body: bytes) -> None:
    for read in DELIVERIES:
        found = outcome(read, HttpAnswer(status, body))
        assert isinstance(found, (DeliveryError, Receipt, Token, type(None)))
    assert isinstance(outcome(read_connection, HttpAnswer(status, body)), (LinkError, Ticket))
