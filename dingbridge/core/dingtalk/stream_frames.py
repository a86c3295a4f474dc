"""Stream frames of the server, and our acks (doc/dingtalk.md §4.2)."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Raw, Struct

from dingbridge.core import json_wire
from dingbridge.core.catalogue import refusals as say
from dingbridge.core.dingtalk.cards import CARD_TOPIC
from dingbridge.core.dingtalk.error_text import quoted
from dingbridge.core.errors import BadFrame

ROBOT_TOPIC: Final = "/v1.0/im/bot/messages/get"
"""The topic of robot messages; subscribed to when the connection is opened."""

_IDLE_TOPICS: Final = frozenset({"CONNECTED", "REGISTERED", "KEEPALIVE"})


class Ping(Struct, frozen=True):
    """The server's ping; the ack repeats `opaque_data` verbatim."""

    message_id: str
    opaque_data: str


class DisconnectFrame(Struct, frozen=True):
    """The server is about to close this socket. Open a new one first; it expects no ack."""

    reason: str


class RobotMessage(Struct, frozen=True):
    """A robot message; `data` is the JSON text that `robot_message.read_robot_message` reads."""

    message_id: str
    data: str


class CardCallback(Struct, frozen=True):
    """A button of a card was pressed; `data` is the JSON text that `cards.read_press` reads."""

    message_id: str
    data: str


class Idle(Struct, frozen=True):
    """A SYSTEM frame that needs nothing, not even an ack."""

    topic: str
    message_id: str


class UnknownFrame(Struct, frozen=True):
    """A frame of a type or topic that we did not subscribe to; answer with `ack_unknown`."""

    type: str
    topic: str
    message_id: str


StreamFrame = Ping | DisconnectFrame | RobotMessage | CardCallback | Idle | UnknownFrame


class _Wire(Struct):
    type: Any = None
    headers: dict[str, Any] | None = None
    header: dict[str, Any] | None = None
    data: Raw = Raw(b"null")


def decode(text: str | bytes) -> StreamFrame:
    """Read a frame; raise `BadFrame` if it cannot be read.

    `specVersion`, the message id and data are optional, so that no robot message is lost.
    """
    try:
        frame = json_wire.decode(text, _Wire)
        data = _text(frame.data)
    except json_wire.NotReadable as error:
        raise BadFrame(say.FRAME_UNREADABLE(reason=error)) from error
    headers = frame.headers or frame.header or {}
    kind = json_wire.text_of(frame.type).upper()
    topic = json_wire.text_of(headers.get("topic"))
    message_id = json_wire.text_of(headers.get("messageId"))
    if not kind or not topic:
        missing = "topic" if kind else "type"
        raise BadFrame(say.FRAME_LACKS(name=missing))
    if kind == "SYSTEM":
        if topic == "ping":
            return Ping(message_id, data)
        if topic == "disconnect":
            return DisconnectFrame(_reason(data))
        if topic.upper() in _IDLE_TOPICS:
            return Idle(topic, message_id)
    elif kind == "CALLBACK" and topic == ROBOT_TOPIC:
        return RobotMessage(message_id, data)
    elif kind == "CALLBACK" and topic == CARD_TOPIC:
        return CardCallback(message_id, data)
    return UnknownFrame(quoted(kind), quoted(topic), message_id)


def _text(data: Raw) -> str:
    """The frame's data: JSON in a string, or (undocumented) JSON itself."""
    raw = bytes(data)
    if raw.startswith(b'"'):
        return json_wire.decode(raw, str)
    return "" if raw == b"null" else raw.decode("utf-8", "replace")


class _Reason(Struct):
    reason: Any = None


def _reason(data: str) -> str:
    try:
        return quoted(json_wire.text_of(json_wire.decode(data, _Reason).reason))
    except json_wire.NotReadable:
        return ""


def ack_ok(frame: Ping | RobotMessage | CardCallback) -> str:
    """The ack for an accepted frame. That of a card changes nothing on it (§8.5)."""
    if isinstance(frame, Ping):
        return _ack(200, "OK", frame.message_id, frame.opaque_data)
    if isinstance(frame, CardCallback):
        return _ack(200, "OK", frame.message_id, '{"status":"SUCCESS","message":"ok"}')
    return _ack(200, "OK", frame.message_id, '{"response":null}')


def ack_unknown(frame: UnknownFrame) -> str:
    """The ack for a frame without a handler."""
    return _ack(404, "not found", frame.message_id, "{}")


def _ack(code: int, message: str, message_id: str, data: str) -> str:
    headers = {"contentType": "application/json", "messageId": message_id}
    ack = {"code": code, "headers": headers, "message": message, "data": data}
    return json_wire.encode(ack).decode()
