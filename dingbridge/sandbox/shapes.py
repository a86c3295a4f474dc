"""The platform's rules about bodies: what a message must look like and how it is refused."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct

BODY_LIMIT = 20_000
"""Bytes of a webhook's request body (protocol section 1, size)."""
PARAM_LIMIT = 15_000
"""Bytes of `msgParam` (protocol section 3)."""
USERS_LIMIT = 20
"""People one call may reach (protocol section 3)."""

ROBOT_FIELDS = {
    "text": ("content",),
    "markdown": ("title", "text"),
    "link": ("title", "text", "messageUrl"),
    "actionCard": ("title", "text"),
    "feedCard": ("links",),
}
"""Required fields by webhook msgtype (protocol section 1)."""

_CARD = ("title", "text")
PARAM_FIELDS = {
    "sampleText": ("content",),
    "sampleMarkdown": _CARD,
    "sampleImageMsg": ("photoURL",),
    "sampleLink": ("title", "text", "picUrl", "messageUrl"),
    "sampleActionCard": (*_CARD, "singleTitle", "singleURL"),
    "sampleActionCard2": _CARD,
    "sampleActionCard3": _CARD,
    "sampleActionCard4": _CARD,
    "sampleActionCard5": _CARD,
    "sampleActionCard6": _CARD,
    "sampleAudio": ("mediaId", "duration"),
    "sampleFile": ("mediaId", "fileName", "fileType"),
    "sampleVideo": ("duration", "videoMediaId", "videoType", "picMediaId"),
}
"""Required fields of `msgParam` by `msgKey` (protocol section 3)."""


MEDIA_FIELDS = {
    "sampleImageMsg": "photoURL",
    "sampleAudio": "mediaId",
    "sampleFile": "mediaId",
    "sampleVideo": "videoMediaId",
}
"""The field of `msgParam` that names the uploaded media, by `msgKey`."""

FILE_TYPES = ("xlsx", "pdf", "zip", "rar", "doc", "docx")
"""`fileType` of sampleFile (protocol section 3)."""


class Content(Struct, frozen=True):
    """What a message says. `media_id` is the upload it shows; `text` of a file is its name."""

    msgtype: str
    title: str
    text: str
    at: dict[str, Any] = {}
    media_id: str = ""


class RobotRefusal(Exception):
    """An old-style refusal: HTTP 200 with an `errcode`."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errmsg)
        self.errcode = errcode
        self.errmsg = errmsg


class ApiRefusal(Exception):
    """An OpenAPI refusal: an HTTP status with a `code`; `detail` is added to the body."""

    def __init__(
        self, status: int, code: str, message: str = "", detail: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message or code)
        self.status = status
        self.code = code
        self.message = message or code
        self.detail = detail or {}


def robot_body(raw: bytes, content_type: str) -> dict[str, Any]:
    """The decoded body of a webhook call. Raises RobotRefusal."""
    if content_type != "application/json":
        raise RobotRefusal(43004, "无效的HTTP HEADER Content-Type")
    if len(raw) > BODY_LIMIT:
        raise RobotRefusal(460101, f"message too long, exceed {BODY_LIMIT} bytes")
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict) or not body:
        raise RobotRefusal(40035, "缺少参数 json")
    return body


def robot_content(body: dict[str, Any]) -> Content:
    """What a webhook message says. Raises RobotRefusal when a part is missing."""
    msgtype = body.get("msgtype")
    if not msgtype:
        raise RobotRefusal(40035, "缺少参数 msgtype")
    if not isinstance(msgtype, str) or msgtype not in ROBOT_FIELDS:
        raise RobotRefusal(400105, "unsupported msgtype")
    part = body.get(msgtype)
    if not isinstance(part, dict):
        raise RobotRefusal(40035, f"缺少参数 {msgtype}")
    for field in ROBOT_FIELDS[msgtype]:
        wanted = list if field == "links" else str
        if not isinstance(part.get(field), wanted) or not part[field]:
            raise RobotRefusal(40035, f"缺少参数 {msgtype}.{field}")
    at = body.get("at")
    if msgtype == "feedCard":
        titles = [str(link.get("title", "")) for link in part["links"] if isinstance(link, dict)]
        return Content(msgtype, titles[0] if titles else "", "\n".join(titles))
    text = part["content"] if msgtype == "text" else part["text"]
    return Content(msgtype, part.get("title", ""), text, at if isinstance(at, dict) else {})


def has_keyword(content: Content, keywords: tuple[str, ...]) -> bool:
    """Whether the message holds one of the robot's keywords, or none is asked for."""
    return not keywords or any(word in content.title + content.text for word in keywords)


def api_body(raw: bytes) -> dict[str, Any]:
    """The decoded body of an OpenAPI call. Raises ApiRefusal."""
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ApiRefusal(400, "InvalidParameter", "the body is not a JSON object")
    return body


def param_content(body: dict[str, Any]) -> Content:
    """What an OpenAPI message says. Raises ApiRefusal."""
    key = body.get("msgKey")
    if not isinstance(key, str) or key not in PARAM_FIELDS:
        raise ApiRefusal(400, "invalidParameter.msgKey.invalid", "msgKey is invalid")
    param = body.get("msgParam")
    refusal = ApiRefusal(400, "invalidParameter.msgParam.invalid", "msgParam is invalid")
    if not isinstance(param, str):
        raise refusal
    if len(param.encode()) > PARAM_LIMIT:
        raise ApiRefusal(400, "invalidParameter.msgParam.tooLong", "msgParam is too long")
    try:
        fields = json.loads(param)
    except ValueError:
        raise refusal from None
    if not isinstance(fields, dict) or not all(isinstance(v, str) for v in fields.values()):
        raise refusal
    if not all(fields.get(name) for name in PARAM_FIELDS[key]):
        raise refusal
    if key == "sampleFile" and fields["fileType"] not in FILE_TYPES:
        raise refusal
    media_id = fields.get(MEDIA_FIELDS.get(key, ""), "")
    if media_id.startswith(("http://", "https://")):
        media_id = ""
    text = fields.get("text") or fields.get("content") or fields.get("fileName") or ""
    return Content(key, fields.get("title", ""), text, media_id=media_id)
