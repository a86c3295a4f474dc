"""Bodies of webhooks and session webhooks: what they must look like (doc/dingtalk.md §1, §5.4)."""

from __future__ import annotations

import json
from typing import Any

from dingbridge.sandbox.contents import Content
from dingbridge.sandbox.rules import webhooks as rules

BODY_LIMIT = 20_000
"""Bytes of the request body (§1, size)."""
MENTIONS_LIMIT = 50
"""People one message may mention (§1, at)."""
FIELDS = {
    "text": ("content",),
    "markdown": ("title", "text"),
    "link": ("title", "text", "messageUrl"),
    "actionCard": ("title", "text"),
    "feedCard": ("links",),
}
"""Required fields by msgtype (§1)."""
MENTIONED = ("atMobiles", "atUserIds", "atDingtalkIds")


def decoded(raw: bytes, content_type: str) -> dict[str, Any]:
    """The decoded body of a call. Raises RobotRefusal."""
    if not raw.strip():
        raise rules.BODY_MISSING.refusal()
    if content_type != "application/json":
        raise rules.JSON_ONLY.refusal()
    if len(raw) > BODY_LIMIT:
        raise rules.LENGTH.refusal(limit=BODY_LIMIT)
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict) or not body:
        raise rules.BODY_MISSING.refusal()
    return body


def content(body: dict[str, Any]) -> Content:
    """What a message says. Raises RobotRefusal when a part is missing or wrong."""
    msgtype = body.get("msgtype")
    if not msgtype:
        raise rules.MSGTYPE_MISSING.refusal()
    if not isinstance(msgtype, str) or msgtype not in FIELDS:
        raise rules.MSGTYPE_UNKNOWN.refusal()
    part = body.get(msgtype)
    if not isinstance(part, dict):
        raise rules.FIELD_MISSING.refusal(name=msgtype)
    for field in FIELDS[msgtype]:
        _check_field(msgtype, field, part)
    at = _mentions(body)
    if msgtype == "actionCard":
        _check_buttons(part)
    if msgtype == "feedCard":
        titles = [_entry_title(entry) for entry in part["links"]]
        return Content(msgtype, titles[0], "\n".join(titles))
    text = part["content"] if msgtype == "text" else part["text"]
    return Content(msgtype, part.get("title", ""), text, at)


def has_keyword(content: Content, keywords: tuple[str, ...]) -> bool:
    """Whether the message holds one of the robot's keywords, or none is asked for."""
    return not keywords or any(word in content.title + content.text for word in keywords)


def _check_field(msgtype: str, field: str, part: dict[str, Any]) -> None:
    wanted = list if field == "links" else str
    value = part.get(field)
    if not isinstance(value, wanted) or not value:
        raise rules.FIELD_MISSING.refusal(name=f"{msgtype}.{field}")
    if isinstance(value, str) and not value.strip():
        raise rules.BLANK.refusal(name=f"{msgtype}.{field}")


def _check_buttons(card: dict[str, Any]) -> None:
    alone = _words(card, "singleTitle", "singleURL")
    listed = card.get("btns")
    several = (
        isinstance(listed, list)
        and bool(listed)
        and all(isinstance(each, dict) and _words(each, "title", "actionURL") for each in listed)
    )
    given = any(card.get(name) for name in ("singleTitle", "singleURL"))
    if not ((alone and not listed) or (several and not given)):
        raise rules.BUTTONS.refusal()


def _entry_title(entry: object) -> str:
    if not isinstance(entry, dict) or not _words(entry, "title", "messageURL", "picURL"):
        raise rules.FEED.refusal()
    title: str = entry["title"]
    return title


def _mentions(body: dict[str, Any]) -> dict[str, Any]:
    at = body.get("at")
    if not isinstance(at, dict):
        return {}
    lists = [at.get(name) for name in MENTIONED]
    if sum(len(each) for each in lists if isinstance(each, list)) > MENTIONS_LIMIT:
        raise rules.MENTIONS.refusal(limit=MENTIONS_LIMIT)
    return at


def _words(part: dict[str, Any], *names: str) -> bool:
    return all(isinstance(part.get(name), str) and part[name].strip() for name in names)
