"""Robot messages as they come over the stream, read into `Inbound` (protocol section 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from dingbridge.core import codes, wire
from dingbridge.core.addresses import read_address
from dingbridge.core.errors import BadFrame
from dingbridge.core.messages import (
    Conversation,
    ConversationKind,
    Inbound,
    Sender,
    SessionWebhook,
)
from dingbridge.core.quote import quoted
from dingbridge.core.text import clean, clean_name

_QUOTA_GONE: Final = "20001"
_PLATFORM_DOMAINS: Final = ("dingtalk.com", "dingtalk.io")
_PICTURE: Final = "[picture]"
_LATEST: Final = 1e14
"""Milliseconds beyond the year 5000: no time that the platform means."""

# The client ends a mention it completed with U+2005, and then the name may contain spaces.
_MENTION: Final = re.compile("@(?:[^@\u2005\r\n]{1,64}\u2005|[^@\\s]+(?=\\s|$))")


class QuotaGone(Struct, frozen=True):
    """The push came without its message: the organisation's monthly quota is used up (section 0).

    `message` is a sentence for the user.
    """

    code: str
    message: str


class _Callback(Struct, rename="camel"):
    """The fields we look at. Any type is taken, so that one odd field costs no message."""

    conversation_id: Any = None
    conversation_type: Any = None
    conversation_title: Any = None
    msg_id: Any = None
    create_at: Any = None
    sender_id: Any = None
    sender_nick: Any = None
    sender_staff_id: Any = None
    robot_code: Any = None
    is_in_at_list: Any = None
    session_webhook: Any = None
    session_webhook_expired_time: Any = None
    msgtype: Any = None
    msg_type: Any = None
    text: Any = None
    content: Any = None
    error_code: Any = None
    err_code: Any = None
    error_message: Any = None
    err_msg: Any = None


def read_robot_message(data: str, trusted_origins: tuple[str, ...] = ()) -> Inbound | QuotaGone:
    """Read the `data` of a robot message frame; raise `BadFrame` when it cannot be answered.

    A conversation of an unknown kind counts as a group, for which the stricter rules hold. A time
    that cannot be read is 0. A session webhook is kept only if `trusted` says so.
    """
    try:
        callback = wire.decode(data, _Callback)
    except wire.NotReadable as error:
        raise BadFrame(f"A robot message cannot be read: {error}") from error
    code = wire.text_of(callback.error_code) or wire.text_of(callback.err_code)
    if code == _QUOTA_GONE:
        return _quota_gone(callback)
    kind = (
        ConversationKind.SINGLE
        if wire.text_of(callback.conversation_type) == ConversationKind.SINGLE.value
        else ConversationKind.GROUP
    )
    mentioned = callback.is_in_at_list is True or _said_true(callback.is_in_at_list)
    msgtype = wire.text_of(callback.msgtype) or wire.text_of(callback.msg_type)
    if not msgtype and callback.text is not None:
        msgtype = "text"
    text = _text(msgtype, callback)
    if mentioned and kind is ConversationKind.GROUP and msgtype in ("text", "richText"):
        text = without_mention(text)
    title = wire.text_of(callback.conversation_title)
    return Inbound(
        id=_required(callback.msg_id, "msgId"),
        robot_code=_id(callback.robot_code, "robotCode"),
        conversation=Conversation(
            id=_required(callback.conversation_id, "conversationId"),
            kind=kind,
            title=clean_name(title) if title else "",
        ),
        sender=Sender(
            staff_id=_id(callback.sender_staff_id, "senderStaffId"),
            sender_id=_required(callback.sender_id, "senderId"),
            nick=clean_name(wire.text_of(callback.sender_nick)),
        ),
        mentioned=mentioned,
        msgtype=clean_name(msgtype) if msgtype else "",
        text=clean(text).strip(),
        created=_seconds(callback.create_at),
        session_webhook=_session_webhook(callback, trusted_origins),
    )


def without_mention(text: str) -> str:
    """`text` without the one mention it may start with, and without white space around it.

    A text that starts with a space had its mention removed by the platform already (section 5.1).
    """
    found = _MENTION.match(text)
    return text[found.end() :].strip() if found else text.strip()


def trusted(url: str, origins: tuple[str, ...]) -> bool:
    """Whether a reply may be posted to `url`, which came with a message (section 5.4).

    True for https on DingTalk's own hosts, and for the origins (`scheme://host:port`, a path is
    ignored) of the endpoints that were configured.
    """
    address = read_address(url)
    if address is None or address.user is not None:
        return False
    if address.scheme == "https" and address.port == 443 and address.is_under(_PLATFORM_DOMAINS):
        return True
    configured = filter(None, map(read_address, origins))
    return any(address.origin == known.origin for known in configured)


def _session_webhook(callback: _Callback, origins: tuple[str, ...]) -> SessionWebhook | None:
    url = wire.text_of(callback.session_webhook)
    expires = _seconds(callback.session_webhook_expired_time)
    return SessionWebhook(url, expires) if expires and trusted(url, origins) else None


def _quota_gone(callback: _Callback) -> QuotaGone:
    said = quoted(wire.text_of(callback.error_message) or wire.text_of(callback.err_msg))
    rule = codes.find(_QUOTA_GONE)
    sentence = f"{rule.sentence} {rule.fix}" if rule else "The monthly quota is used up."
    return QuotaGone(_QUOTA_GONE, f"{sentence} DingTalk says: {said}" if said else sentence)


def _required(value: object, name: str) -> str:
    found = _id(value, name)
    if not found:
        raise BadFrame(f"A robot message cannot be read: it has no {name}")
    return found


def _id(value: object, name: str) -> str:
    found = wire.text_of(value)
    if not found.isprintable():
        raise BadFrame(f"A robot message cannot be read: its {name} is not an id")
    return found


def _said_true(value: object) -> bool:
    return wire.text_of(value).lower() in ("true", "1")


def _seconds(value: object) -> float:
    """Milliseconds, as number or string, in seconds; 0 for what is no such time."""
    try:
        milliseconds = float(wire.text_of(value))
    except ValueError:
        return 0.0
    return milliseconds / 1000 if 0 < milliseconds < _LATEST else 0.0


# --- what the message says, per msgtype (section 5.2) -------------------------------------------


def _text(msgtype: str, callback: _Callback) -> str:
    """The message's text, or one readable line in its place. Not cleaned, not stripped."""
    if msgtype == "text":
        return _string(callback.text, "content")
    content = callback.content
    if msgtype == "markdown":
        return _string(content, "text")
    if msgtype == "richText":
        return _rich_text(content)
    if msgtype in ("picture", "image"):
        return _PICTURE
    if msgtype == "video":
        return "[video]"
    if msgtype == "interactiveCard":
        return "[card]"
    if msgtype == "audio":
        return _placeholder("voice message", _string(content, "recognition"))
    if msgtype == "file":
        return _placeholder("file", _string(content, "fileName"))
    if msgtype == "chatRecord":
        return _placeholder("chat record", _string(content, "title"))
    if msgtype == "unknownMsgType":
        msgtype = _string(content, "unknownMsgType") or msgtype
    return f"[message of type {clean_name(msgtype)}, not supported yet]"


def _placeholder(what: str, detail: str) -> str:
    line = " ".join(clean(detail).split())
    return f"[{what}: {line}]" if line else f"[{what}]"


def _rich_text(content: object) -> str:
    items = content.get("richText") if isinstance(content, dict) else None
    text = ""
    for part in _rich_parts(items if isinstance(items, list) else []):
        beside_picture = part == _PICTURE or text.endswith(_PICTURE)
        if beside_picture and text and not (text[-1].isspace() or part[:1].isspace()):
            text += " "
        text += part
    return text


def _rich_parts(items: list[Any]) -> Iterator[str]:
    for item in items:
        kind = _string(item, "type")
        if kind == "picture":
            yield _PICTURE
        elif kind == "at":
            name = _string(item, "atName").strip()
            yield f"@{name}\u2005" if name else ""
        else:
            yield _string(item, "text")


def _string(container: object, key: str) -> str:
    """A string of an object that may not be one; empty when there is none."""
    value = container.get(key) if isinstance(container, dict) else None
    return value if isinstance(value, str) else wire.text_of(value)
