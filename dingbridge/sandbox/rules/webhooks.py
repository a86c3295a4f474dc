"""Rules of custom robots and of session webhooks (doc/dingtalk.md §1 and §5.4)."""

from __future__ import annotations

from typing import Final

from dingbridge.sandbox.rules.rule import Behaviour, OapiRule

ROBOT: Final = "自定义机器人发送群消息"
SECURITY: Final = "自定义机器人安全设置"
TYPES: Final = "消息发送与接收类型"
SERVER: Final = "answers of the real server"
SAMPLES: Final = "official samples; code unconfirmed"
_HELP: Final = ", more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"

POST_ONLY = OapiRule("A webhook takes POST only", "1", SERVER, 43002, "需要POST请求")
TOKEN_MISSING = OapiRule(
    "A webhook without its token is refused", "1", ROBOT, 40035, "缺少参数 access_token"
)
TOKEN_UNKNOWN = OapiRule(
    "A webhook with an unknown token is refused", "1", SERVER, 300005, "token is not exist"
)
BODY_MISSING = OapiRule(
    "A webhook without a JSON object in its body is refused", "1", SERVER, 40035, "缺少参数 json"
)
JSON_ONLY = OapiRule(
    "A webhook wants its body declared as JSON", "1", ROBOT, 43004, "无效的HTTP HEADER Content-Type"
)
LENGTH = OapiRule(
    "A webhook takes 20000 bytes",
    "1",
    SERVER,
    460101,
    "message too long, exceed {limit} bytes",
)
MSGTYPE_MISSING = OapiRule(
    "A webhook message names its msgtype", "1", ROBOT, 40035, "缺少参数 msgtype"
)
MSGTYPE_UNKNOWN = OapiRule(
    "A webhook knows five msgtypes and no media", "1", TYPES, 400105, "unsupported msgtype"
)
FIELD_MISSING = OapiRule(
    "A webhook message has all the fields of its msgtype", "1", ROBOT, 40035, "缺少参数 {name}"
)
BLANK = OapiRule("A webhook message of blanks is refused", "1", ROBOT, 40035, "缺少参数 {name}")
BUTTONS = OapiRule(
    "An actionCard has one button of its own or a list of them, and never both",
    "1",
    ROBOT,
    40035,
    "缺少参数 actionCard: singleTitle, singleURL / btns",
)
FEED = OapiRule(
    "Each entry of a feedCard has a title, an address and a picture",
    "1",
    ROBOT,
    40035,
    "缺少参数 feedCard.links: title, messageURL, picURL",
)
MENTIONS = OapiRule(
    "A message mentions at most 50 people",
    "1",
    ROBOT,
    40035,
    "at: 最多 {limit} 人",
)
TIMESTAMP = OapiRule(
    "A signature is good for an hour", "1", SECURITY, 310000, "invalid timestamp" + _HELP
)
SIGNATURE = OapiRule(
    "A wrong signature is refused", "1", SECURITY, 310000, "sign not match" + _HELP
)
KEYWORD = OapiRule(
    "A robot with keywords wants one of them",
    "1",
    SECURITY,
    310000,
    "keywords not in content" + _HELP,
)
RATE = OapiRule(
    "A custom robot takes 20 messages a minute",
    "1",
    ROBOT,
    130101,
    "send too fast, exceed {limit} times per minute",
)
THROTTLED = OapiRule(
    "A custom robot that was too fast is throttled for ten minutes",
    "1",
    ROBOT,
    410100,
    "发送速度太快而限流",
)
UUID = Behaviour(
    "A message with a known msgUuid is delivered once",
    "1",
    ROBOT,
    "`errcode` 0, and nothing arrives",
)
SESSION = OapiRule(
    "A session webhook ends after 90 minutes", "5.4", SAMPLES, 300001, "session 不存在"
)
SESSION_RATE = OapiRule(
    "A conversation takes 20 replies a minute by session webhook",
    "5.4",
    "unconfirmed; as for custom robots",
    130101,
    "send too fast, exceed {limit} times per minute",
)
UNKNOWN_NAME = OapiRule("The old host knows no other names", "2", "全局错误码", 22, "不合法ApiName")

RULES = (
    *(POST_ONLY, TOKEN_MISSING, TOKEN_UNKNOWN, BODY_MISSING, JSON_ONLY, LENGTH, MSGTYPE_MISSING),
    *(MSGTYPE_UNKNOWN, FIELD_MISSING, BLANK, BUTTONS, FEED, MENTIONS, TIMESTAMP, SIGNATURE),
    *(KEYWORD, RATE, THROTTLED, UUID, SESSION, SESSION_RATE, UNKNOWN_NAME),
)
"""All of them, in the order of the table."""
