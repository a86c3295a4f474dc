"""Rules of OpenAPI calls, of messages sent by them and of what comes after (doc/dingtalk.md §3)."""

from __future__ import annotations

from typing import Final

from dingbridge.sandbox.rules.rule import ApiRule, Behaviour

SINGLE: Final = "批量发送人与机器人会话中机器人消息"
GROUP: Final = "机器人发送群聊消息"
TYPES: Final = "消息发送与接收类型"
RECALL: Final = "批量撤回人与机器人会话中机器人消息"
READ: Final = "批量查询人与机器人会话机器人消息是否已读"
SERVER: Final = "answers of the real server"

# --- messages -------------------------------------------------------------------------------------

JSON_ONLY = ApiRule(
    "An OpenAPI call wants its body declared as JSON",
    "3",
    "every call's page; code unconfirmed",
    400,
    "InvalidParameter",
    "Content-Type has to be application/json",
)
NO_OBJECT = ApiRule(
    "An OpenAPI call wants a JSON object",
    "3",
    "every call's page",
    400,
    "InvalidParameter",
    "the body is not a JSON object",
)
NOT_FOUND = ApiRule(
    "The new host knows no other paths",
    "3",
    SERVER,
    404,
    "InvalidAction.NotFound",
    "Specified api is not found, please check your url and method.",
)
ROBOT_EMPTY = ApiRule(
    "A message names its robot",
    "3",
    SINGLE,
    400,
    "invalidParameter.robotCode.empty",
    "robotCode is empty",
)
ROBOT_UNKNOWN = ApiRule(
    "A message by a robot that does not exist is refused",
    "3",
    SINGLE,
    400,
    "invalidParameter.robotCode.notExsit",
    "robot is not exist",
)
ROBOT_FOREIGN = ApiRule(
    "An app does not speak for the robot of another app",
    "3",
    SINGLE,
    400,
    "invalidParameter.robotCode.auth",
    "robotCode 无权限",
)
USERS_EMPTY = ApiRule(
    "A message to people names some",
    "3",
    SINGLE,
    400,
    "invalidParameter.userIds.empty",
    "userIds is empty",
)
USERS_OVER = ApiRule(
    "A message goes to at most 20 people",
    "3",
    SINGLE,
    400,
    "invalidParameter.userIds.overMax",
    "userIds is over max",
)
USERS_UNREACHED = Behaviour(
    "People who were not reached are listed in an answer that looks good",
    "3",
    SINGLE,
    "HTTP 200, `invalidStaffIdList`, `flowControlledStaffIdList`",
)
GROUP_UNKNOWN = ApiRule(
    "A message to a group without the robot is refused",
    "3",
    GROUP,
    400,
    "invalid.openConversationId",
    "openConversationId is invalid",
)
KEY_UNKNOWN = ApiRule(
    "A message has a known msgKey",
    "3",
    TYPES,
    400,
    "invalidParameter.msgKey.invalid",
    "msgKey is invalid",
)
PARAM_INVALID = ApiRule(
    "The msgParam is a JSON string with all the fields of its msgKey",
    "3",
    TYPES,
    400,
    "invalidParameter.msgParam.invalid",
    "msgParam is invalid",
)
PARAM_LONG = ApiRule(
    "The msgParam has at most 15000 bytes",
    "3",
    GROUP,
    400,
    "invalidParameter.msgParam.tooLong",
    "msgParam is too long",
)
FILE_TYPE = ApiRule(
    "A file is sent with a type that can be uploaded",
    "3",
    TYPES,
    400,
    "invalidParameter.msgParam.invalid",
    "fileType is invalid",
)
MEDIA_UNKNOWN = ApiRule(
    "Media that were not uploaded are not sent",
    "3",
    TYPES,
    400,
    "invalidParameter.msgParam.invalid",
    "media is not exist",
)

# --- afterwards -----------------------------------------------------------------------------------

KEYS_INVALID = ApiRule(
    "A recall names 1 to 20 messages",
    "3",
    RECALL,
    400,
    "invalidParameter.processQueryKeys",
    "processQueryKeys is invalid",
)
RECALL_UNKNOWN = Behaviour(
    "A message that this robot did not send there is not recalled",
    "3",
    RECALL,
    "`failedResult` with `notRevoke.all.messages`",
)
RECALL_LATE = Behaviour(
    "A message is recalled within 24 hours",
    "3",
    RECALL,
    "`failedResult` with `robot.processQueryKey.expired`",
)
READ_UNKNOWN = ApiRule(
    "The read state of an unknown message is refused",
    "3",
    READ,
    400,
    "invalidParameter.processQueryKey",
    "processQueryKey is invalid",
)
READ_PAGE = ApiRule(
    "The read state of a group comes in pages of at most 200",
    "3",
    "查询企业机器人群聊消息用户已读状态",
    400,
    "invalidParameter.maxResults",
    "maxResults is invalid",
)

RULES = (
    *(JSON_ONLY, NO_OBJECT, NOT_FOUND, ROBOT_EMPTY, ROBOT_UNKNOWN, ROBOT_FOREIGN, USERS_EMPTY),
    *(USERS_OVER, USERS_UNREACHED, GROUP_UNKNOWN, KEY_UNKNOWN, PARAM_INVALID, PARAM_LONG),
    *(FILE_TYPE, MEDIA_UNKNOWN, KEYS_INVALID, RECALL_UNKNOWN, RECALL_LATE, READ_UNKNOWN),
    READ_PAGE,
)
"""All of them, in the order of the table."""
