"""Robot messages from the stream, read into `Inbound` (doc/dingtalk.md §5)."""

from __future__ import annotations

import functools
from typing import Any, Final

from msgspec import Struct

from dingbridge.core import json_wire
from dingbridge.core.catalogue import received as say
from dingbridge.core.catalogue import refusals
from dingbridge.core.dingtalk import addressees, quotes
from dingbridge.core.dingtalk.error_text import quoted
from dingbridge.core.dingtalk.json_fields import seconds_of
from dingbridge.core.dingtalk.message_content import MessageContent, put_together
from dingbridge.core.dingtalk.message_parts import parts_of
from dingbridge.core.dingtalk.part_kinds import OwnWords
from dingbridge.core.errors import BadFrame, sentences
from dingbridge.core.messages import (
    SENDER_IDS,
    Conversation,
    ConversationKind,
    Inbound,
    Quoted,
    Sender,
    SessionWebhook,
)
from dingbridge.core.options.urls import read_address
from dingbridge.core.text import clean_name

_QUOTA_GONE: Final = "20001"
_EARLIEST: Final = 1_000_000_000.0
_PLATFORM_DOMAINS: Final = ("dingtalk.com", "dingtalk.io")


class QuotaGone(Struct, frozen=True):
    """The push came without its message: the organisation's monthly quota is used up (§0).

    `message` is a sentence for the user.
    """

    code: str
    message: str


class _Callback(Struct, rename="camel"):
    """The fields in use. Each accepts any type, so that a malformed one costs no message."""

    conversation_id: Any = None
    conversation_type: Any = None
    conversation_title: Any = None
    msg_id: Any = None
    create_at: Any = None
    sender_id: Any = None
    sender_nick: Any = None
    sender_staff_id: Any = None
    sender_corp_id: Any = None
    robot_code: Any = None
    is_in_at_list: Any = None
    at_users: Any = None
    session_webhook: Any = None
    session_webhook_expired_time: Any = None
    msgtype: Any = None
    msg_type: Any = None
    text: Any = None
    content: Any = None
    chatbot_user_id: Any = None
    chatbot_corp_id: Any = None
    original_msg_id: Any = None
    original_process_query_key: Any = None
    quote_message: Any = None
    error_code: Any = None
    err_code: Any = None
    error_message: Any = None
    err_msg: Any = None


def read_robot_message(
    data: str, trusted_origins: tuple[str, ...] = (), arrived: float = 0.0
) -> Inbound | QuotaGone:
    """Read the `data` of a robot message frame; raise `BadFrame` when it cannot be answered.

    A conversation of an unknown kind counts as a group, which has the stricter access rules. A
    message without a valid time gets the time it `arrived` (Unix seconds). A session webhook is
    dropped unless it is `trusted`.
    """
    try:
        callback = json_wire.decode(data, _Callback)
    except json_wire.NotReadable as error:
        raise BadFrame(refusals.MESSAGE_UNREADABLE(reason=error)) from error
    code = json_wire.text_of(callback.error_code) or json_wire.text_of(callback.err_code)
    if code == _QUOTA_GONE:
        return _quota_gone(callback)
    kind = (
        ConversationKind.SINGLE
        if json_wire.text_of(callback.conversation_type) == ConversationKind.SINGLE.value
        else ConversationKind.GROUP
    )
    robot = json_wire.id_of(callback.chatbot_user_id)
    is_group = kind is ConversationKind.GROUP
    at_users = callback.at_users if is_group else None
    mentioned = addressees.is_mentioned(callback.is_in_at_list, at_users, robot)
    msgtype = _msgtype(callback)
    said = _content(callback, msgtype, robot, addressed=mentioned and is_group)
    if code not in ("", "0") and not said.text:
        said = put_together([OwnWords(_error_instead(callback, code))])
    title = json_wire.text_of(callback.conversation_title)
    return Inbound(
        id=_required(callback.msg_id, "msgId"),
        robot_code=_robot_code(callback),
        conversation=Conversation(
            id=_required(callback.conversation_id, "conversationId"),
            kind=kind,
            title=clean_name(title) if title else "",
        ),
        sender=Sender(
            staff_id=_staff_id(callback),
            sender_id=_required(callback.sender_id, "senderId"),
            nick=clean_name(json_wire.text_of(callback.sender_nick)),
        ),
        mentioned=mentioned,
        msgtype=clean_name(msgtype) if msgtype else "",
        text=said.text,
        created=_created(callback.create_at, arrived),
        session_webhook=_session_webhook(callback, trusted_origins),
        attachments=said.attachments,
        quote=_quote(callback),
    )


def _msgtype(callback: _Callback) -> str:
    msgtype = json_wire.text_of(callback.msgtype) or json_wire.text_of(callback.msg_type)
    return "text" if not msgtype and callback.text is not None else msgtype


def _content(callback: _Callback, msgtype: str, robot: str, *, addressed: bool) -> MessageContent:
    """The content of the message, without a mention that only addresses the robot.

    With other people in `atUsers`, a name at the start may be one of theirs, and stays.
    """
    is_typed = msgtype in ("text", "richText")
    return put_together(
        parts_of(msgtype, callback.text, callback.content),
        robot=robot if addressed else "",
        addressed=addressed and is_typed and addressees.is_alone(callback.at_users, robot),
    )


def _created(value: object, arrived: float) -> float:
    """The time of the message in Unix seconds; DingTalk is younger than `_EARLIEST`."""
    seconds = seconds_of(value)
    return seconds if seconds >= _EARLIEST else arrived


def _error_instead(callback: _Callback, code: str) -> str:
    said = quoted(json_wire.text_of(callback.error_message) or json_wire.text_of(callback.err_msg))
    return say.ERROR_INSTEAD(error=" ".join((quoted(code), said)).strip())


def trusted(url: str, origins: tuple[str, ...]) -> bool:
    """Whether replies may be posted to `url`, which came with a message (§5.4).

    True for https on DingTalk's own hosts, and for the origins (`scheme://host:port`, a path is
    ignored) of configured endpoints.
    """
    address = read_address(url)
    if address is None or address.user is not None:
        return False
    if address.scheme == "https" and address.port == 443 and address.is_under(_PLATFORM_DOMAINS):
        return True
    return address.origin in _configured(origins)


@functools.lru_cache(maxsize=100)
def _configured(origins: tuple[str, ...]) -> frozenset[tuple[str, str, int]]:
    return frozenset(known.origin for known in map(read_address, origins) if known is not None)


def _quote(callback: _Callback) -> Quoted | None:
    return quotes.read(
        (callback.text, callback.content),
        older=callback.quote_message,
        message_id=json_wire.id_of(callback.original_msg_id),
        key=json_wire.id_of(callback.original_process_query_key),
        robot=json_wire.id_of(callback.chatbot_user_id),
        person=(json_wire.id_of(callback.sender_id), json_wire.text_of(callback.sender_nick)),
    )


def _session_webhook(callback: _Callback, origins: tuple[str, ...]) -> SessionWebhook | None:
    url = json_wire.text_of(callback.session_webhook)
    expires = seconds_of(callback.session_webhook_expired_time)
    return SessionWebhook(url, expires) if expires and trusted(url, origins) else None


def _quota_gone(callback: _Callback) -> QuotaGone:
    said = quoted(json_wire.text_of(callback.error_message) or json_wire.text_of(callback.err_msg))
    words = [refusals.QUOTA_USED_UP(), refusals.WAIT_OR_BUY()]
    if said:
        words.append(refusals.SAYS(words=said))
    return QuotaGone(_QUOTA_GONE, sentences(*words))


def _required(value: object, name: str) -> str:
    found = json_wire.id_of(value)
    if not found.strip():
        raise BadFrame(refusals.MESSAGE_LACKS(name=name))
    if not found.isprintable():
        raise BadFrame(refusals.MESSAGE_WITHOUT_ID(name=name))
    return found


def _staff_id(callback: _Callback) -> str:
    """The sender's staff id, unchanged; empty unless it belongs to the robot's organisation.

    In another organisation the same id is another person. An id with a blank or an invisible
    character, or with the form of a sender id, is invalid.
    """
    staff_id = json_wire.id_of(callback.sender_staff_id)
    is_ours = callback.sender_corp_id in (None, "") or (
        json_wire.id_of(callback.sender_corp_id) == json_wire.id_of(callback.chatbot_corp_id) != ""
    )
    is_an_id = staff_id.isprintable() and " " not in staff_id
    if not is_ours or not is_an_id or staff_id.startswith(SENDER_IDS):
        return ""
    return staff_id


def _robot_code(callback: _Callback) -> str:
    """The robot code for answers; empty if it is invalid, then that of the settings is used."""
    code = json_wire.id_of(callback.robot_code)
    return code if code.isprintable() else ""
