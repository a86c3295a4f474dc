"""Bodies of OpenAPI calls: what they must look like (doc/dingtalk.md §3)."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from dingbridge.sandbox.contents import Content
from dingbridge.sandbox.rules import openapi as rules

PARAM_LIMIT = 15_000
"""Bytes of `msgParam` (§3)."""
USERS_LIMIT = 20
"""People one call may reach (§3)."""

_CARD = ("title", "text")
PARAM_FIELDS = {
    "sampleText": ("content",),
    "sampleMarkdown": _CARD,
    "sampleImageMsg": ("photoURL",),
    "sampleLink": (*_CARD, "picUrl", "messageUrl"),
    "sampleActionCard": (*_CARD, "singleTitle", "singleURL"),
    **{
        f"sampleActionCard{most}": (
            *_CARD,
            *(f"action{kind}{n}" for n in range(1, most + 1) for kind in ("Title", "URL")),
        )
        for most in (2, 3, 4, 5)
    },
    "sampleActionCard6": (
        *(*_CARD, "buttonTitle1", "buttonUrl1"),
        *("buttonTitle2", "buttonUrl2"),
    ),
    "sampleAudio": ("mediaId", "duration"),
    "sampleFile": ("mediaId", "fileName", "fileType"),
    "sampleVideo": ("duration", "videoMediaId", "videoType", "picMediaId"),
}
"""Required fields of `msgParam` by `msgKey` (§3)."""

MEDIA_FIELDS = {
    "sampleImageMsg": "photoURL",
    "sampleAudio": "mediaId",
    "sampleFile": "mediaId",
    "sampleVideo": "videoMediaId",
}
"""The field of `msgParam` that names the uploaded media, by `msgKey`."""

FILE_TYPES = ("doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "pdf", "rar", "mp4")
"""`fileType` of sampleFile: what §3 lists, and what bridges send as files (§6)."""


async def body_of(request: web.Request) -> dict[str, Any]:
    """The decoded body of a call. Raises ApiRefusal."""
    raw = await request.read()
    if request.content_type != "application/json":
        raise rules.JSON_ONLY.refusal()
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise rules.NO_OBJECT.refusal()
    return body


def content(body: dict[str, Any]) -> Content:
    """What a message says. Raises ApiRefusal."""
    key = body.get("msgKey")
    if not isinstance(key, str) or key not in PARAM_FIELDS:
        raise rules.KEY_UNKNOWN.refusal()
    param = body.get("msgParam")
    if not isinstance(param, str):
        raise rules.PARAM_INVALID.refusal()
    if len(param.encode()) > PARAM_LIMIT:
        raise rules.PARAM_LONG.refusal()
    fields = _fields(param)
    if not all(fields.get(name, "").strip() for name in PARAM_FIELDS[key]):
        raise rules.PARAM_INVALID.refusal()
    if key == "sampleFile" and fields["fileType"] not in FILE_TYPES:
        raise rules.FILE_TYPE.refusal()
    media_id = fields.get(MEDIA_FIELDS.get(key, ""), "")
    if media_id.startswith(("http://", "https://")):
        media_id = ""
    text = fields.get("text") or fields.get("content") or fields.get("fileName") or ""
    return Content(key, fields.get("title", ""), text, media_id=media_id)


def _fields(param: str) -> dict[str, str]:
    try:
        fields = json.loads(param)
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or not all(isinstance(v, str) for v in fields.values()):
        raise rules.PARAM_INVALID.refusal()
    return fields
