"""The platform's error codes, with their meaning and what can be done about them.

The codes come from doc/dingtalk.md §0 to §8, what a client should do from §10.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from dingbridge.core.catalogue import files
from dingbridge.core.catalogue import refusals as say
from dingbridge.core.dingtalk import limits
from dingbridge.core.errors import (
    DeliveryError,
    FreshToken,
    OtherRoute,
    Refused,
    Retryable,
    RetryAfter,
    TooLong,
)


class CodeRule(Struct, frozen=True):
    """What can be done about some codes.

    - `codes`: exact, or patterns with `*`; without any, the rule is found by `words` alone
    - `words`: words of the platform's text, in lower case, for rules that share a code
    - `seconds`: the pause of a `RetryAfter`
    - `content`: the platform's content check, which refuses on every route
    - `may_have_arrived`: the message may have been delivered in spite of the error
    - `about`: the only thing that the advice applies to: a custom robot's webhook, or an app
    """

    codes: tuple[str, ...]
    error: type[DeliveryError]
    says: Callable[[], str]
    advises: Callable[[], str] | None = None
    words: tuple[str, ...] = ()
    seconds: float = 0.0
    content: bool = False
    may_have_arrived: bool = False
    about: Literal["", "webhook", "app"] = ""

    @property
    def sentence(self) -> str:
        """Its meaning."""
        return self.says()

    @property
    def fix(self) -> str:
        """What can be done about it; may be empty."""
        return self.advises() if self.advises is not None else ""

    @property
    def remedy(self) -> str:
        """The fix, or what the bridge does by itself."""
        return self.fix or _BY_ITSELF[self.error]()


_BY_ITSELF: dict[type[DeliveryError], Callable[[], str]] = {
    Retryable: say.IS_TRIED_AGAIN,
    RetryAfter: say.RESUMES,
    TooLong: say.GOES_IN_PIECES,
    OtherRoute: say.GOES_ANOTHER_WAY,
}


RULES: tuple[CodeRule, ...] = (
    # --- any call -----------------------------------------------------------------------------
    CodeRule(
        ("-1", "system.error", "system.busy", "system.err"),
        Retryable,
        say.BUSY,
    ),
    CodeRule(
        ("unknown.send.result",),
        Retryable,
        say.DOES_NOT_KNOW,
        may_have_arrived=True,
    ),
    CodeRule(
        ("*ApiCountLimitForOrg", "90020", "20001"),
        Refused,
        say.QUOTA_USED_UP,
        say.WAIT_OR_BUY,
    ),
    CodeRule(
        ("*QpsLimit*", "90018", "90001", "90002"),
        RetryAfter,
        say.TOO_MANY_IN_A_SECOND,
        seconds=limits.QPS_PAUSE,
    ),
    CodeRule(
        ("*QpmLimit*",),
        RetryAfter,
        say.TOO_MANY_IN_A_MINUTE,
        seconds=limits.QPM_PAUSE,
    ),
    CodeRule(
        ("*IpNotInWhiteList",),
        Refused,
        say.APP_ADDRESS_NOT_LISTED,
        say.LIST_APP_ADDRESS,
        about="app",
    ),
    # --- credentials and token (§2) ----------------------------------------------------
    CodeRule(
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
        say.ACCESS_TOKEN_REFUSED,
        say.CHECK_APP_KEY,
        about="app",
    ),
    CodeRule(
        (
            "invalidClientIdOrSecret",
            "invalid.client",
            "unauthorized.client",
            "40096",
            "authFailed",
        ),
        Refused,
        say.CREDENTIALS_REFUSED,
        say.COMPARE_CREDENTIALS,
        about="app",
    ),
    CodeRule(
        ("*AccessTokenPermissionDenied", "60011"),
        Refused,
        say.PERMISSION_LACKING,
        say.GRANT_PERMISSION,
        about="app",
    ),
    CodeRule(
        ("22", "88"),
        Refused,
        say.REFUSED,
        say.DEFECT,
    ),
    # --- custom robot and session webhook (§1) -----------------------------------------
    CodeRule(
        ("130101", "410100", "660026"),
        RetryAfter,
        say.ROBOT_TOO_FAST,
        seconds=limits.RATE_PAUSE,
    ),
    CodeRule(
        ("460101", "101002", "*.msgParam.tooLong"),
        TooLong,
        say.TOO_LONG,
    ),
    CodeRule(
        ("310000",),
        Refused,
        say.KEYWORD_LACKING,
        say.SET_KEYWORD,
        words=("keyword", "关键词"),
        about="webhook",
    ),
    CodeRule(
        ("310000",),
        Retryable,
        say.CLOCK_WRONG,
        say.SET_CLOCK,
        words=("timestamp", "签名过期"),
        about="webhook",
    ),
    CodeRule(
        ("310000",),
        Refused,
        say.ROBOT_ADDRESS_NOT_LISTED,
        say.LIST_ROBOT_ADDRESS,
        words=("whitelist", "white list", "白名单"),
        about="webhook",
    ),
    CodeRule(
        ("310000",),
        Refused,
        say.SIGNATURE_WRONG,
        say.COPY_SECRET,
        words=("sign", "签名"),
        about="webhook",
    ),
    CodeRule(
        ("310000",),
        Refused,
        say.SECURITY_REFUSED,
        say.COMPARE_SECURITY,
        about="webhook",
    ),
    CodeRule(
        ("300005", "400101", "400106"),
        Refused,
        say.ROBOT_UNKNOWN,
        say.NEW_WEBHOOK,
        about="webhook",
    ),
    CodeRule(
        ("300001",),
        Refused,
        say.ROBOT_OR_PARAMETERS_UNKNOWN,
        say.NEW_WEBHOOK,
        about="webhook",
    ),
    CodeRule(
        ("400013", "group.disbanded"),
        Refused,
        say.GROUP_GONE,
        say.CHOOSE_GROUP,
    ),
    CodeRule(
        ("400102", "bot.stopped", "template.stopped"),
        Refused,
        say.ROBOT_OFF,
        say.SWITCH_ROBOT_ON,
    ),
    CodeRule(
        ("400105", "40035", "43002", "43004"),
        Refused,
        say.REQUEST_UNREADABLE,
        say.DEFECT,
    ),
    CodeRule(
        ("430101", "430102", "430103", "430104", "contain.*", "param.contentUnsafe"),
        Refused,
        say.CONTENT_BLOCKED,
        say.CHANGE_TEXT,
        content=True,
    ),
    # --- OpenAPI sends (§3) --------------------------------------------------------------
    CodeRule(
        ("send.too.fast", "send.byToken.tooFast", "too.many.*"),
        RetryAfter,
        say.APP_TOO_FAST,
        seconds=limits.SEND_PAUSE,
    ),
    CodeRule(
        ("session.expired", "session.notExisted"),
        OtherRoute,
        say.REPLY_ADDRESS_EXPIRED,
        say.PERSON_MUST_WRITE,
    ),
    CodeRule(
        ("bot.forbidden.sendMessage", "send.forbidden"),
        Refused,
        say.MUTED,
        say.ASK_GROUP_OWNER,
    ),
    CodeRule(
        ("robot.oto.notExist", "chatbotId.notAllow.sendOTO"),
        Refused,
        say.NO_ONE_TO_ONE,
        say.ENABLE_ONE_TO_ONE,
        about="app",
    ),
    CodeRule(
        ("staffId.notExisted",),
        Refused,
        say.PERSON_UNKNOWN,
        say.CHECK_USER_ID,
        about="app",
    ),
    CodeRule(
        ("conversation.org.notMatch", "invalid.openConversationId", "resource.not.found"),
        Refused,
        say.CONVERSATION_UNKNOWN,
        say.CHECK_CONVERSATION_ID,
        about="app",
    ),
    CodeRule(
        ("resource.unavailable",),
        Refused,
        say.NOT_AVAILABLE,
        say.CHECK_PUBLISHED,
        about="app",
    ),
    CodeRule(
        ("only.groupAdmin.canAtAll",),
        Refused,
        say.ONLY_ADMINS_MENTION_ALL,
        say.DO_NOT_MENTION_ALL,
    ),
    CodeRule(
        ("invalidParameter.robotCode.downloadCode",),
        Refused,
        say.FILE_GONE,
        files.ASK_AGAIN,
    ),
    CodeRule(
        ("invalidParameter.robotCode.*", "not.allowed.robotCode"),
        Refused,
        say.ROBOT_CODE_WRONG,
        say.CHECK_ROBOT_CODE,
        about="app",
    ),
    CodeRule(
        ("robot.processQueryKey.expired", "notRevoke.all.messages"),
        Refused,
        say.NOT_RECALLABLE,
        say.CORRECT_BY_ANOTHER,
    ),
    # --- media (§6) and cards (§8) ------------------------------------------------
    CodeRule(
        ("40004", "40005"),
        Refused,
        say.FILE_TYPE_REFUSED,
        say.ZIP_OR_LINK,
    ),
    CodeRule(
        ("40006",),
        Refused,
        say.FILE_SIZE_REFUSED,
        say.SMALLER_OR_LINK,
    ),
    CodeRule(
        ("param.*", "invalid.content"),
        OtherRoute,
        say.CARD_REFUSED,
    ),
    # --- other invalid requests ------------------------------------------------------------------
    CodeRule(
        ("invalidParameter", "invalidParameter.*", "*.invalid", "*.empty"),
        Refused,
        say.REQUEST_UNREADABLE,
        say.DEFECT,
    ),
    # --- unknown codes, by their words; "too long" first, because its text has "exceed" too (§1)
    CodeRule(
        (),
        TooLong,
        say.TOO_LONG,
        words=("too long", "20000"),
    ),
    CodeRule(
        (),
        RetryAfter,
        say.ROBOT_TOO_FAST,
        words=("too fast", "exceed", "per minute"),
        seconds=limits.RATE_PAUSE,
    ),
    CodeRule(
        (),
        FreshToken,
        say.TOKEN_REFUSED,
        say.CHECK_APP_KEY,
        words=("token",),
        about="app",
    ),
)


def find(code: str, text: str = "") -> CodeRule | None:
    """The rule for a code and the text with it; None for an unknown one.

    An exact code takes precedence over a pattern, a pattern over the text alone. Case is ignored.
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


def _is(rule: CodeRule, code: str) -> bool:
    return any(code == known.casefold() for known in rule.codes)


def _is_like(rule: CodeRule, code: str) -> bool:
    return any("*" in known and fnmatchcase(code, known.casefold()) for known in rule.codes)


def _says(rule: CodeRule, text: str) -> bool:
    return not rule.words or any(word in text for word in rule.words)
