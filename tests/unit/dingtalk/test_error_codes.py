"""The platform's codes: each one documented has a rule, and each rule has a code."""

from __future__ import annotations

import pytest

from dingbridge.core.dingtalk import error_codes
from dingbridge.core.errors import (
    DeliveryError,
    FreshToken,
    OtherRoute,
    Refused,
    Retryable,
    RetryAfter,
    TooLong,
)

_FORBIDDEN = "Forbidden.AccessDenied."

# Every code of §0 to §8 and §10 of doc/dingtalk.md, by what a client should do about it.
DOCUMENTED: dict[type[DeliveryError], str] = {
    Retryable: "-1 system.error system.busy system.err unknown.send.result",
    RetryAfter: f"""
        130101 410100 660026 send.too.fast send.byToken.tooFast too.many.group too.many.people
        90018 90001 90002 {_FORBIDDEN}QpsLimitForAppkeyAndApi {_FORBIDDEN}QpmLimitForAppkeyAndApi
        {_FORBIDDEN}QpsLimitForApi {_FORBIDDEN}QpsLimitForSuitekeyAndOrgAndApi
        {_FORBIDDEN}QpmLimitForSuitekeyAndOrgAndApi""",
    FreshToken: """
        InvalidAuthentication AuthenticationFailed.MissingParameter unauthorized auth.error
        40014 42001 40000 40001 41001""",
    TooLong: "460101 101002 invalidParameter.msgParam.tooLong",
    OtherRoute: """
        session.expired session.notExisted invalid.content param.cardNotExist
        param.cardAlreadyExist param.templateNotExist param.templateUnpublished
        param.openSpaceIdInvalid param.userIdNotExist param.stream.outTrackId
        param.stream.keyEmpty param.stream.contentEmpty param.stream.guidEmpty
        param.stream.isFull param.stream.content""",
    Refused: f"""
        {_FORBIDDEN}ApiCountLimitForOrg 90020 20001 {_FORBIDDEN}IpNotInWhiteList
        {_FORBIDDEN}AccessTokenPermissionDenied 60011 22 88 invalidClientIdOrSecret invalid.client
        unauthorized.client 40096 authFailed 310000 300005 300001 400101 400102 400105 400106
        400013 40035 43002 43004 430101 430102 430103 430104 contain.unsafe.url
        contain.notAllowed.text contain.notAllowed.picture contain.notAllowed.content
        param.contentUnsafe invalidParameter invalidParameter.msgParam.invalid
        invalidParameter.msgKey.invalid invalidParameter.robotCode.empty
        invalidParameter.robotCode.notExsit invalidParameter.robotCode.invalid
        invalidParameter.robotCode.auth invalidParameter.robotCode.downloadCode
        invalidParameter.userIds.empty invalidParameter.userIds.overMax invalid.openConversationId
        resource.not.found resource.unavailable group.disbanded bot.stopped template.stopped
        bot.forbidden.sendMessage send.forbidden chatbotId.notAllow.sendOTO robot.oto.notExist
        staffId.notExisted conversation.org.notMatch only.groupAdmin.canAtAll
        robot.processQueryKey.expired notRevoke.all.messages not.allowed.robotCode
        40004 40005 40006""",
}

SECURITY = {
    "keywords not in content, more: [https://open.dingtalk.com/signing]": (Refused, "keyword"),
    "invalid timestamp": (Retryable, "clock"),
    "sign not match": (Refused, "secret"),
    "ip 203.0.113.9 not in whitelist": (Refused, "address"),
    "description:关键词不匹配;solution:请联系群管理员": (Refused, "keyword"),
    "description:机器人发送签名过期;solution:保持在 timestampms 以内": (Retryable, "clock"),
    "description:机器人发送签名不匹配;solution:签名和时间戳": (Refused, "secret"),
    "": (Refused, "security settings"),
}

WORDS = {
    "message too long, exceed 20000 bytes": TooLong,
    "错误描述: 消息体大小不合法;解决方案:请保持大小在 20000bytes 以内": TooLong,
    "send TOO FAST, exceed 20 times": RetryAfter,
    "more than 20 per minute": RetryAfter,
    "quota exceeded": RetryAfter,
    "token is not exist": FreshToken,
}


def _code_rules() -> list[tuple[str, type[DeliveryError]]]:
    return [(code, kind) for kind, text in DOCUMENTED.items() for code in text.split()]


@pytest.mark.parametrize(("code", "kind"), _code_rules())
def test_every_documented_code_has_a_rule_that_says_what_can_be_done(
    code: str, kind: type[DeliveryError]
) -> None:
    rule = error_codes.find(code)
    assert rule is not None
    assert rule.error is kind
    assert (rule.seconds > 0) is (kind is RetryAfter)


def test_every_rule_is_reached_by_some_code_or_text() -> None:
    reached = {id(error_codes.find(code)) for code, _ in _code_rules()}
    reached |= {id(error_codes.find("310000", text)) for text in SECURITY}
    reached |= {id(error_codes.find("", text)) for text in WORDS}
    assert [rule for rule in error_codes.RULES if id(rule) not in reached] == []


@pytest.mark.parametrize("text", SECURITY)
def test_a_refusal_by_the_security_settings_names_the_setting(text: str) -> None:
    kind, said = SECURITY[text]
    rule = error_codes.find("310000", text)
    assert rule is not None
    assert rule.error is kind
    assert said in rule.sentence + rule.fix


@pytest.mark.parametrize("text", WORDS)
def test_an_unknown_code_is_judged_by_its_words(text: str) -> None:
    rule = error_codes.find("987654", text)
    assert rule is not None
    assert rule.error is WORDS[text]


def test_a_known_code_counts_more_than_its_words() -> None:
    rule = error_codes.find("300005", "token is not exist")
    assert rule is not None
    assert rule.error is Refused


def test_an_unknown_code_without_telling_words_has_no_rule() -> None:
    assert error_codes.find("987654", "something else") is None
    assert error_codes.find("", "") is None


def test_the_case_of_a_code_does_not_matter() -> None:
    assert error_codes.find("invalidauthentication") is error_codes.find("InvalidAuthentication")


def test_only_the_content_check_refuses_on_every_route() -> None:
    marked = {
        code for code, _ in _code_rules() if getattr(error_codes.find(code), "content", False)
    }
    assert marked == {
        *("430101", "430102", "430103", "430104", "param.contentUnsafe", "contain.unsafe.url"),
        *(f"contain.notAllowed.{what}" for what in ("text", "picture", "content")),
    }


def test_every_rule_speaks_in_sentences() -> None:
    for rule in error_codes.RULES:
        assert rule.sentence.endswith(".")
        assert not rule.fix or rule.fix.endswith(".")
