"""The platform's error codes, in one table: what each means and what can be done about it.

Protocol section 10 says what a client should do, sections 0 to 8 where each code comes from.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from dingbridge.core import limits
from dingbridge.core.errors import (
    DeliveryError,
    FreshToken,
    OtherRoute,
    Refused,
    Retryable,
    RetryAfter,
    TooLong,
)


class Rule(Struct, frozen=True):
    """What can be done about some codes.

    `codes` are exact or patterns with `*`; without any, the rule is found by the platform's words
    alone. `words` (lower case) tell apart rules that share a code. `seconds` is the pause of a
    `RetryAfter`. `content` marks the platform's content check, which refuses on every route.
    `may_have_arrived`: the message may be delivered all the same. `about` says what the advice is
    about, when it fits nothing else: a custom robot's webhook, or an app.
    """

    codes: tuple[str, ...]
    error: type[DeliveryError]
    sentence: str
    fix: str = ""
    words: tuple[str, ...] = ()
    seconds: float = 0.0
    content: bool = False
    may_have_arrived: bool = False
    about: Literal["", "webhook", "app"] = ""


_DEFECT = "This is a defect of dingbridge: please report it with the code."
_SECURITY = "Compare with the robot's security settings in the group."
_NEW_WEBHOOK = "Create the robot anew in the group and set `webhook` to its new URL."

RULES: tuple[Rule, ...] = (
    # --- any call -----------------------------------------------------------------------------
    Rule(
        ("-1", "system.error", "system.busy", "system.err"),
        Retryable,
        "DingTalk is busy.",
    ),
    Rule(
        ("unknown.send.result",),
        Retryable,
        "DingTalk does not know whether the message was delivered.",
        may_have_arrived=True,
    ),
    Rule(
        ("*ApiCountLimitForOrg", "90020", "20001"),
        Refused,
        "The organisation's monthly DingTalk quota is used up.",
        "Wait for the next month, or buy a larger edition for the organisation.",
    ),
    Rule(
        ("*QpsLimit*", "90018", "90001", "90002"),
        RetryAfter,
        "Too many calls in a second.",
        seconds=limits.QPS_PAUSE,
    ),
    Rule(
        ("*QpmLimit*",),
        RetryAfter,
        "Too many calls in a minute.",
        seconds=limits.QPM_PAUSE,
    ),
    Rule(
        ("*IpNotInWhiteList",),
        Refused,
        "The app accepts calls from listed addresses only, and this one is not listed.",
        "Add this machine's public address in the DingTalk console under security settings.",
        about="app",
    ),
    # --- credentials and token (section 2) ----------------------------------------------------
    Rule(
        (
            "InvalidAuthentication",
            "AuthenticationFailed.*",
            "unauthorized",
            "auth.error",
            "40014",
            "42001",
            "40000",
            "40001",
            "41001",
        ),
        FreshToken,
        "DingTalk does not accept the access token.",
        "Check app_key and app_secret if this goes on.",
        about="app",
    ),
    Rule(
        (
            "invalidClientIdOrSecret",
            "invalid.client",
            "unauthorized.client",
            "40096",
            "authFailed",
        ),
        Refused,
        "DingTalk does not accept the app's credentials.",
        "Compare app_key and app_secret with Client ID and Client Secret in the DingTalk console.",
        about="app",
    ),
    Rule(
        ("*AccessTokenPermissionDenied", "60011"),
        Refused,
        "The app lacks a permission for this call.",
        "Grant it in the DingTalk console under permissions, then publish the app.",
        about="app",
    ),
    Rule(
        ("22", "88"),
        Refused,
        "DingTalk refused the call.",
        _DEFECT,
    ),
    # --- custom robot and session webhook (section 1) -----------------------------------------
    Rule(
        ("130101", "410100", "660026"),
        RetryAfter,
        "The robot sends too fast for DingTalk.",
        seconds=limits.RATE_PAUSE,
    ),
    Rule(
        ("460101", "101002", "*.msgParam.tooLong"),
        TooLong,
        "The message is too long for DingTalk.",
    ),
    Rule(
        ("310000",),
        Refused,
        "The message lacks the keyword that the robot requires.",
        "Set `keyword` to one of the robot's keywords.",
        words=("keyword", "关键词"),
        about="webhook",
    ),
    Rule(
        ("310000",),
        Retryable,
        "The signature's time is more than an hour away from DingTalk's clock.",
        "Set this computer's clock.",
        words=("timestamp", "签名过期"),
        about="webhook",
    ),
    Rule(
        ("310000",),
        Refused,
        "The robot accepts messages from listed addresses only, and this one is not listed.",
        "Add this machine's public address to the robot's list.",
        words=("whitelist", "white list", "白名单"),
        about="webhook",
    ),
    Rule(
        ("310000",),
        Refused,
        "The signature does not match the robot's secret.",
        "Copy the robot's secret (it begins with SEC) into `secret`.",
        words=("sign", "签名"),
        about="webhook",
    ),
    Rule(
        ("310000",),
        Refused,
        "The robot's security settings refused the message.",
        _SECURITY,
        about="webhook",
    ),
    Rule(
        ("300005", "400101", "400106"),
        Refused,
        "DingTalk does not know this robot.",
        _NEW_WEBHOOK,
        about="webhook",
    ),
    Rule(
        ("300001",),
        Refused,
        "DingTalk knows neither this robot nor its parameters.",
        _NEW_WEBHOOK,
        about="webhook",
    ),
    Rule(
        ("400013", "group.disbanded"),
        Refused,
        "The group does not exist any more.",
        "Choose another group.",
    ),
    Rule(
        ("400102", "bot.stopped", "template.stopped"),
        Refused,
        "The robot is switched off.",
        "Switch it on in the DingTalk console or in the group.",
    ),
    Rule(
        ("400105", "40035", "43002", "43004"),
        Refused,
        "DingTalk could not read the request.",
        _DEFECT,
    ),
    Rule(
        ("430101", "430102", "430103", "430104", "contain.*", "param.contentUnsafe"),
        Refused,
        "DingTalk's content check blocked the message.",
        "Change the text or its links, then send it again.",
        content=True,
    ),
    # --- OpenAPI sends (section 3) --------------------------------------------------------------
    Rule(
        ("send.too.fast", "send.byToken.tooFast", "too.many.*"),
        RetryAfter,
        "The app sends too fast for DingTalk.",
        seconds=limits.SEND_PAUSE,
    ),
    Rule(
        ("session.expired", "session.notExisted"),
        OtherRoute,
        "The reply address of this conversation is not valid any more.",
        "The person must write again; then :Chat retry sends the message.",
    ),
    Rule(
        ("bot.forbidden.sendMessage", "send.forbidden"),
        Refused,
        "The robot may not speak in this group.",
        "Ask the group's owner to lift the mute.",
    ),
    Rule(
        ("robot.oto.notExist", "chatbotId.notAllow.sendOTO"),
        Refused,
        "The robot cannot write to people directly.",
        "Enable the robot for 1:1 chats in the DingTalk console and publish the app.",
        about="app",
    ),
    Rule(
        ("staffId.notExisted",),
        Refused,
        "The person is not known in the robot's organisation.",
        "Check `user_id`.",
        about="app",
    ),
    Rule(
        ("conversation.org.notMatch", "invalid.openConversationId", "resource.not.found"),
        Refused,
        "The robot has no such conversation.",
        "Check `conversation_id`, and that the robot was added to the group.",
        about="app",
    ),
    Rule(
        ("resource.unavailable",),
        Refused,
        "The conversation or the robot is not available.",
        "Check that the robot is published and was added to the group.",
        about="app",
    ),
    Rule(
        ("only.groupAdmin.canAtAll",),
        Refused,
        "Only the group's administrators may mention everybody.",
        "Send it without mentioning everybody.",
    ),
    Rule(
        ("invalidParameter.robotCode.downloadCode",),
        Refused,
        "The file is not available any more.",
        "Ask for it to be sent again.",
    ),
    Rule(
        ("invalidParameter.robotCode.*", "not.allowed.robotCode"),
        Refused,
        "The robot code does not belong to this app.",
        "Check `robot_code`; for most apps it is the same as app_key.",
        about="app",
    ),
    Rule(
        ("robot.processQueryKey.expired", "notRevoke.all.messages"),
        Refused,
        "The message cannot be recalled any more.",
    ),
    # --- media (section 6) and cards (section 8) ------------------------------------------------
    Rule(
        ("40004", "40005"),
        Refused,
        "DingTalk does not take this type of file.",
        "Send it in a zip, or as a link.",
    ),
    Rule(
        ("40006",),
        Refused,
        "DingTalk does not take a file of this size.",
        "Make it smaller, or send it as a link.",
    ),
    Rule(
        ("param.*", "invalid.content"),
        OtherRoute,
        "DingTalk did not take the card.",
    ),
    # --- whatever else the request lacks ---------------------------------------------------------
    Rule(
        ("invalidParameter", "invalidParameter.*", "*.invalid", "*.empty"),
        Refused,
        "DingTalk could not read the request.",
        _DEFECT,
    ),
    # --- unknown numbers: by their words; "too long" first, its text says "exceed" too (section 1)
    Rule(
        (),
        TooLong,
        "The message is too long for DingTalk.",
        words=("too long", "20000"),
    ),
    Rule(
        (),
        RetryAfter,
        "The robot sends too fast for DingTalk.",
        words=("too fast", "exceed", "per minute"),
        seconds=limits.RATE_PAUSE,
    ),
    Rule(
        (),
        FreshToken,
        "DingTalk does not accept the token.",
        "Check app_key and app_secret if this goes on.",
        words=("token",),
        about="app",
    ),
)


def find(code: str, text: str = "") -> Rule | None:
    """The rule for a code and the words that came with it; None when nothing is known.

    An exact code goes before a pattern and a pattern before the words alone. Case is ignored.
    """
    code, text = code.casefold(), text.casefold()
    if code:
        for matches in (_is, _is_like):
            for rule in RULES:
                if matches(rule, code) and _says(rule, text):
                    return rule
    for rule in RULES:
        if not rule.codes and _says(rule, text):
            return rule
    return None


def _is(rule: Rule, code: str) -> bool:
    return any(code == known.casefold() for known in rule.codes)


def _is_like(rule: Rule, code: str) -> bool:
    return any("*" in known and fnmatchcase(code, known.casefold()) for known in rule.codes)


def _says(rule: Rule, text: str) -> bool:
    return not rule.words or any(word in text for word in rule.words)
