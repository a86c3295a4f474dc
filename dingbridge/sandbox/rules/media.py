"""Rules of media, files of messages and reactions (doc/dingtalk.md §6 and §7)."""

from __future__ import annotations

from typing import Final

from dingbridge.sandbox.rules.rule import ApiRule, Behaviour, OapiRule

UPLOAD: Final = "上传媒体文件"
DOWNLOAD: Final = "下载机器人接收消息的文件内容"
CODES: Final = "全局错误码"
MODEL: Final = "official SDK, robot_1_0 RobotReplyEmotionRequest"

UPLOAD_TOKEN_MISSING = OapiRule(
    "An upload without a token is refused", "6", CODES, 41001, "缺少access_token参数"
)
UPLOAD_TOKEN_INVALID = OapiRule(
    "An upload with a token that is no longer valid is refused",
    "6",
    CODES,
    40014,
    "不合法的access_token",
)
FORM_MISSING = OapiRule(
    "An upload comes as a form", "6", UPLOAD, 43004, "无效的HTTP HEADER Content-Type"
)
FILE_MISSING = OapiRule("An upload has a file", "6", UPLOAD, 40035, "缺少参数 media")
TYPE_UNKNOWN = OapiRule(
    "An upload is an image, a voice, a video or a file", "6", CODES, 40004, "不合法的媒体文件类型"
)
FORMAT = OapiRule(
    "An upload has one of the formats of its type", "6", UPLOAD, 40005, "不合法的文件类型"
)
SIZE = OapiRule(
    "An upload is no larger than its type may be", "6", UPLOAD, 40006, "不合法的文件大小"
)
CODE_INVALID = ApiRule(
    "A file of a message is fetched by a code that is still good",
    "6",
    DOWNLOAD,
    400,
    "invalidParameter.robotCode.downloadCode",
    "downloadCode 无效",
)
CODE_FOREIGN = ApiRule(
    "A file of a message is fetched by the robot that got it",
    "6",
    DOWNLOAD,
    400,
    "invalidParameter.robotCode.auth",
    "robotCode 无权限",
)
ADDRESS_EXPIRED = Behaviour(
    "The address of a file works for a while only",
    "6",
    "the storage behind it",
    "HTTP 403 `AccessDenied` as XML",
)
ADDRESS_SIGNATURE = Behaviour(
    "The address of a file works with its own signature only",
    "6",
    "the storage behind it",
    "HTTP 403 `SignatureDoesNotMatch` as XML",
)
REACTION_FIELD = ApiRule(
    "A reaction names robot, message and conversation",
    "7",
    MODEL,
    400,
    "Missing{name}",
    "{name} is mandatory for this action.",
)
REACTION_LABEL = ApiRule(
    "A reaction that has a label has all of it", "7", MODEL, 400, "invalidParameter", "textEmotion"
)
REACTION_EARLY = ApiRule(
    "A reaction on a message that is not there is a system error",
    "7",
    "seen by several bridges",
    400,
    "system.err",
    "system error",
)
REACTION_ABSENT = Behaviour(
    "A reaction that is not there is not recalled",
    "7",
    "seen by several bridges",
    'HTTP 200 `{"success": false}`',
)

RULES = (
    *(UPLOAD_TOKEN_MISSING, UPLOAD_TOKEN_INVALID, FORM_MISSING, FILE_MISSING, TYPE_UNKNOWN, FORMAT),
    *(SIZE, CODE_INVALID, CODE_FOREIGN, ADDRESS_EXPIRED, ADDRESS_SIGNATURE, REACTION_FIELD),
    *(REACTION_LABEL, REACTION_EARLY, REACTION_ABSENT),
)
"""All of them, in the order of the table."""
