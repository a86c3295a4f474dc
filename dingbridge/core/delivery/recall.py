"""Which calls recall a sent message (doc/dingtalk.md §3 and §8.7)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from msgspec import Struct

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.catalogue.sentence import Sentence
from dingbridge.core.delivery.sent_messages import KEPT, SentChunk
from dingbridge.core.errors import BridgeError
from dingbridge.core.markdown import code_blocks
from dingbridge.core.text import shorten

HOURS: Final = 24
"""Hours after sending, within which DingTalk recalls a message."""

KEYS_OF_CALL: Final = 20
"""Chunks that one call recalls at most."""


OFFERED: Final = 30
"""Most messages (a count) that are offered for a recall, the latest first."""

TEXT_SHOWN: Final = 40
"""Code points of a message's text that name it."""


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


def recallable(sent: Sequence[SentChunk], now: float) -> tuple[SentChunk, ...]:
    """The first chunk of each message that can be recalled at `now` (Unix seconds); the latest
    message first, at most `OFFERED`."""
    messages: dict[str, list[SentChunk]] = {}
    for chunk in reversed(sent):
        messages.setdefault(chunk.message, []).append(chunk)
    cut_off = sent[0].message if len(sent) >= KEPT else ""
    found = (
        chunks[-1]
        for message, chunks in messages.items()
        if message != cut_off and not _obstacle(chunks, now)
    )
    return tuple(islice(found, OFFERED))


def calls(chunks: tuple[SentChunk, ...], now: float) -> tuple[RecallCall, ...]:
    """The calls that recall all chunks of a message at `now` (Unix seconds).

    Raises `BridgeError` if DingTalk cannot recall it.
    """
    first = chunks[0]
    if why_not := _obstacle(chunks, now):
        raise BridgeError(why_not(text=words(first), hours=HOURS))
    keys = [chunk.key for chunk in chunks]
    conversation = first.place if first.is_group else ""
    return tuple(
        RecallCall(first.robot_code, conversation, tuple(keys[start : start + KEYS_OF_CALL]))
        for start in range(0, len(keys), KEYS_OF_CALL)
    )


def words(chunk: SentChunk) -> str:
    """The beginning of a message, by its first chunk."""
    return shorten(code_blocks.title(chunk.text), TEXT_SHOWN)


def _obstacle(chunks: Sequence[SentChunk], now: float) -> Sentence | None:
    """Why DingTalk cannot recall a message; None if it can."""
    if any(chunk.recalled for chunk in chunks):
        return say.RECALLED_ALREADY
    if not all(chunk.key for chunk in chunks):
        return say.RECALL_OF_ANSWER
    if now - min(chunk.time for chunk in chunks) > HOURS * 3600:
        return say.RECALL_TOO_LATE
    return None
