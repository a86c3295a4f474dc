"""Which calls recall a sent message (doc/dingtalk.md §3 and §8.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery.sent_messages import KEPT, SentChunk
from dingbridge.core.errors import BridgeError

HOURS: Final = 24
"""Hours after sending, within which DingTalk recalls a message."""

KEYS_OF_CALL: Final = 20
"""Chunks that one call recalls at most."""


class RecallCall(Struct, frozen=True):
    """One call. `conversation_id` is that of the group; empty for 1:1 messages."""

    robot_code: str
    conversation_id: str
    keys: tuple[str, ...]


def find(sent: Sequence[SentChunk], message: str) -> tuple[SentChunk, ...]:
    """The chunks of a message among those that a robot remembers; none if it may have forgotten
    some of them, which would stay on DingTalk."""
    if len(sent) >= KEPT and sent[0].message == message:
        return ()
    return tuple(chunk for chunk in sent if chunk.message == message)


def calls(chunks: tuple[SentChunk, ...], message: str, now: float) -> tuple[RecallCall, ...]:
    """The calls that recall all chunks of a message at `now` (Unix seconds).

    Raises `BridgeError` if DingTalk cannot recall it.
    """
    if not chunks:
        raise BridgeError(say.RECALL_UNKNOWN(id=message))
    if not all(chunk.key for chunk in chunks):
        raise BridgeError(say.RECALL_WITHOUT_KEY(id=message))
    if now - min(chunk.time for chunk in chunks) > HOURS * 3600:
        raise BridgeError(say.RECALL_TOO_LATE(id=message, hours=HOURS))
    keys = [chunk.key for chunk in chunks]
    first = chunks[0]
    conversation = first.place if first.is_group else ""
    return tuple(
        RecallCall(first.robot_code, conversation, tuple(keys[start : start + KEYS_OF_CALL]))
        for start in range(0, len(keys), KEYS_OF_CALL)
    )
