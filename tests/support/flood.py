"""Many frames at once, as DingTalk sends them."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from dingbridge.sandbox.inbound import Utterance, frame, message_data
from dingbridge.sandbox.settings import Person

PERSON = Person(staff_id="zhangsan", nick="张三")
NOW = 1_800_000_000.0


def header_id(number: int) -> str:
    """The header id of message `number`, by which it is acked."""
    return f"flood-{number}"


def message(number: int, text: str = "", *, message_id: str = "") -> str:
    """The frame of a robot message."""
    data = message_data(
        Utterance(text=text or f"message {number}"),
        PERSON,
        None,
        message_id=message_id or f"msg-{number}",
        now=NOW,
        robot_code="robot",
        robot_name="Robot",
        session=None,
    )
    return frame(
        "CALLBACK",
        "/v1.0/im/bot/messages/get",
        data,
        header_id=header_id(number),
        now=NOW,
        app_id="flood",
        connection_id="flood",
    )


def packed(texts: Iterable[str | bytes], opcode: int = 1, *, fin: bool = True) -> bytes:
    """WebSocket frames of a server, concatenated."""
    return b"".join(_packed(text, opcode, fin=fin) for text in texts)


def _packed(text: str | bytes, opcode: int, *, fin: bool) -> bytes:
    payload = text.encode() if isinstance(text, str) else text
    first = bytes([opcode | 0x80 * fin])
    if len(payload) < 126:
        return first + bytes([len(payload)]) + payload
    if len(payload) < 1 << 16:
        return first + struct.pack("!BH", 126, len(payload)) + payload
    return first + struct.pack("!BQ", 127, len(payload)) + payload
