"""Rules of access tokens and of how often an app may call (doc/dingtalk.md §0 and §2)."""

from __future__ import annotations

from typing import Final

from dingbridge.sandbox.rules.rule import ApiRule, Behaviour, OapiRule

TOKEN: Final = "获取企业内部应用的accessToken"  # noqa: S105 - the title of a page
UNIFIED: Final = "获取应用的 Access Token"
OLD: Final = "获取企业内部应用的access_token"
LIMITS: Final = "调用频次与限流"
BILLING: Final = "计费模型说明"
SERVER: Final = "answers of the real server"
_DENIED: Final = "Forbidden.AccessDenied."

# --- tokens ---------------------------------------------------------------------------------------

KEY_MISSING = ApiRule(
    "A token is asked for with key and secret",
    "2",
    TOKEN,
    400,
    "Missing{name}",
    "{name} is mandatory for this action.",
)
KEY_WRONG = ApiRule(
    "A token is not given for a wrong secret",
    "2",
    SERVER,
    400,
    "invalidClientIdOrSecret",
    "无效的clientId或者clientSecret",
)
OLD_KEY_MISSING = OapiRule(
    "The old token call reads key and secret from the query only",
    "2",
    OLD,
    40035,
    "缺少参数 {name}",
)
OLD_KEY_WRONG = OapiRule(
    "The old token call refuses a wrong secret by errcode",
    "2",
    OLD,
    40096,
    "不合法的appKey或appSecret",
)
CLIENT_UNKNOWN = ApiRule(
    "The unified token call refuses an unknown client", "2", UNIFIED, 400, "invalid.client", "无效"
)
CLIENT_WRONG = ApiRule(
    "The unified token call refuses a wrong secret",
    "2",
    UNIFIED,
    401,
    "unauthorized.client",
    "鉴权失败",
)
CORPORATION_WRONG = ApiRule(
    "The unified token call fails for a wrong organisation",
    "2",
    UNIFIED,
    500,
    "system.error",
    "system error",
)
TOKEN_KEPT = Behaviour(
    "A token stays the same while it is valid and each call makes it last two hours more",
    "2",
    TOKEN,
    "the same `accessToken`, `expireIn` 7200",
)
TOKEN_ABSENT = ApiRule(
    "A call without its token header is refused",
    "2",
    SERVER,
    400,
    "AuthenticationFailed.MissingParameter",
    "{name} is missing",
)
TOKEN_INVALID = ApiRule(
    "A call with a token that is no longer valid is refused by 400",
    "2",
    SERVER,
    400,
    "InvalidAuthentication",
    "不合法的access_token",
)
SCOPE = ApiRule(
    "A call without its permission names what to apply for",
    "2",
    "权限错误说明",
    403,
    _DENIED + "AccessTokenPermissionDenied",
    "应用尚未开通所需的权限：[{scope}]",
)

# --- how often ------------------------------------------------------------------------------------

QPS = ApiRule(
    "An app calls each interface 20 times a second",
    "0",
    LIMITS,
    403,
    _DENIED + "QpsLimitForAppkeyAndApi",
    "超出 QPS 限制",
)
OLD_QPS = OapiRule(
    "An app calls each interface of the old host 20 times a second",
    "0",
    LIMITS,
    90018,
    "您的服务器调用钉钉开放平台当前接口的所有请求都被暂时禁用了",
)
QUOTA = ApiRule(
    "An organisation calls 5000 times a month",
    "0",
    BILLING,
    403,
    _DENIED + "ApiCountLimitForOrg",
    "超出本月 API 调用量",
)
OLD_QUOTA = OapiRule(
    "An organisation calls the old host from the same month of 5000",
    "0",
    BILLING,
    90020,
    "超出本月 API 调用量",
)
UNCOUNTED = Behaviour(
    "Calls for tokens and calls that were too fast do not count in the month",
    "0",
    BILLING,
    "later calls are answered",
)

RULES = (
    *(KEY_MISSING, KEY_WRONG, OLD_KEY_MISSING, OLD_KEY_WRONG, CLIENT_UNKNOWN, CLIENT_WRONG),
    *(CORPORATION_WRONG, TOKEN_KEPT, TOKEN_ABSENT, TOKEN_INVALID, SCOPE, QPS, OLD_QPS, QUOTA),
    *(OLD_QUOTA, UNCOUNTED),
)
"""All of them, in the order of the table."""
