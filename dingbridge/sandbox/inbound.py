"""What DingTalk pushes to a robot: frames, and the data of a robot message (doc/dingtalk.md §4.2,
§5.1)."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct

from dingbridge.sandbox.settings import App, Person, SandboxGroup

ROBOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"
TOPICS = (
    *(ROBOT_TOPIC, CARD_TOPIC),
    *("/v1.0/im/bot/messages/delegate", "/v1.0/graph/api/invoke"),
)
"""The callbacks there are: what §4.1 shows, and what the official SDKs name besides."""
CORPORATION = "dingsandboxcorp"
ROBOT_USER = "$:LWCP_v1:$sandboxrobot"


class Utterance(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says to the robot.

    `user` is a person's staff id, nick or sender id; `group` a group's id or title, None for the
    1:1 chat. `mention` says whether the robot is mentioned (the real platform pushes only those
    from groups; others are pushed here so that a client's own check can be tested). `content` is
    the payload of a msgtype other than text, or more fields of `text`. `message_id` chooses the
    `msgId`; `repeat` pushes the earlier message of that id (or the last one) again under a new
    header id. `session_webhook` and `staff_id` False leave these fields out. `extra` is laid over
    the data, a None removes a field. `app` is the client id of the app whose robot is spoken to,
    empty for the first one. `as_in_dingtalk` keeps a message from a group to itself that does not
    mention the robot.
    """

    text: str = ""
    user: str = "zhangsan"
    group: str | None = None
    mention: bool = True
    msgtype: str = "text"
    content: dict[str, Any] | None = None
    message_id: str | None = None
    repeat: bool = False
    session_webhook: bool = True
    staff_id: bool = True
    extra: dict[str, Any] = {}
    app: str = ""
    as_in_dingtalk: bool = False


class Push(Struct, frozen=True):
    """A robot message ready to be pushed. `session_webhook` is empty when it has none; `why` says
    why it is not delivered, if it is not."""

    app: App
    message_id: str
    conversation_id: str
    data: dict[str, Any]
    session_webhook: str
    why: str = ""


def message_data(
    said: Utterance,
    person: Person,
    group: SandboxGroup | None,
    *,
    message_id: str,
    now: float,
    robot_code: str,
    robot_name: str,
    session: tuple[str, float] | None,
) -> dict[str, Any]:
    """The data of a robot message. `session` is the session webhook and its expiry in seconds."""
    mentioned = group is not None and said.mention
    data: dict[str, Any] = {
        "conversationId": group.conversation_id if group else person.single_conversation,
        "conversationType": "2" if group else "1",
        "msgId": message_id,
        "createAt": int(now * 1000),
        "chatbotUserId": ROBOT_USER,
        "chatbotCorpId": CORPORATION,
        "robotCode": robot_code,
        "senderId": person.encrypted_id,
        "senderNick": person.nick,
        "isAdmin": person.admin,
        "senderPlatform": "Mac",
        "msgtype": said.msgtype,
    }
    if group:
        data["conversationTitle"] = group.title
        data["isInAtList"] = mentioned
        data["atUsers"] = [{"dingtalkId": ROBOT_USER}] if mentioned else []
    if person.staff_id and said.staff_id:
        data["senderStaffId"] = person.staff_id
        data["senderCorpId"] = CORPORATION
    if session:
        data["sessionWebhook"], expires = session
        data["sessionWebhookExpiredTime"] = int(expires * 1000)
    if said.msgtype == "text":
        text = said.text
        if mentioned:
            # The platform takes the mention out and leaves the space that followed it.
            text = " " + text.replace(f"@{robot_name}", "", 1).strip(" ")
        data["text"] = {"content": text, **(said.content or {})}
    else:
        data["content"] = said.content or {}
    data.update(said.extra)
    return {name: value for name, value in data.items() if value is not None}


def frame(
    kind: str,
    topic: str,
    data: dict[str, Any],
    *,
    header_id: str,
    now: float,
    app_id: str,
    connection_id: str,
) -> str:
    """One frame from server to client, as text. `kind` is SYSTEM, EVENT or CALLBACK."""
    headers = {
        "appId": app_id,
        "connectionId": connection_id,
        "contentType": "application/json",
        "messageId": header_id,
        "time": str(int(now * 1000)),
        "topic": topic,
    }
    whole = {
        "specVersion": "1.0",
        "type": kind,
        "headers": headers,
        "data": json.dumps(data, ensure_ascii=False),
    }
    return json.dumps(whole, ensure_ascii=False)
