"""The records of the outbox, as the journal stores them: one line of JSON each.

    Queued ─> Attempted ─> Sent ─> … ─> Done
                 │                       Failed ── Retried ─> (queued again)
                 │                       Dropped, after DropRequested if it was under way
                 └ before each chunk; `Sent` after each answer

`Merged` and `Unmerged` change which messages leave together. `Done` covers the last chunk as well.
`outbox.Outbox` is what the records mean together.
"""

from __future__ import annotations

from enum import Enum

import msgspec
from msgspec import Struct

from dingbridge.core import json_wire
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.rate_limit import Paced
from dingbridge.core.messages import Outbound


class Purpose(str, Enum):
    """The purpose of a message.

    Notifications go last when the quota is short. A `WORD` comes from the bridge itself, such as
    the result of a command; unlike a `REPLY` it answers nothing that was said to a session.
    """

    REPLY = "reply"
    WORD = "word"
    NOTIFICATION = "notification"


class Queued(Struct, frozen=True, tag="put"):
    """A message was accepted. `robot` names its queue, `session` its transcript."""

    robot: str
    outbound: Outbound
    kind: Purpose
    session: str
    time: float


class Sent(Struct, frozen=True, tag="sent"):
    """DingTalk answered at `time`: the text before `end` was accepted, nothing after it.

    With `paced` the record stores the robot's rate limit for a later process, and is about no
    message: `id` is empty then. (Older versions ignore it.)
    """

    id: str
    end: int
    time: float = 0.0
    robot: str = ""
    paced: Paced | None = None


class Done(Struct, frozen=True, tag="done"):
    """The whole message was accepted, or, in a compacted journal, it was `dropped`.

    `uncertain`: an accepted message may be there twice; a dropped one may have arrived.
    """

    id: str
    time: float
    dropped: bool = False
    uncertain: bool = False


class Failed(Struct, frozen=True, tag="failed"):
    """The message cannot be sent; it stays as a dead letter.

    `unanswered`: nobody refused it, but nothing that could be DingTalk answered.
    """

    id: str
    reason: str
    time: float
    unanswered: bool = False


class Retried(Struct, frozen=True, tag="retried"):
    """A dead letter returns to the end of the queue."""

    id: str


class Dropped(Struct, frozen=True, tag="dropped"):
    """The user discarded the message."""

    id: str
    time: float


class DropRequested(Struct, frozen=True, tag="drop_requested"):
    """The user discarded the message while a request may be under way: its answer decides between
    `Done` and `Dropped`, and nothing more is sent of it."""

    id: str


class Merged(Struct, frozen=True, tag="merged"):
    """These messages are sent as one, `outbound`, at the position of the first."""

    ids: tuple[str, ...]
    outbound: Outbound


class Unmerged(Struct, frozen=True, tag="parted"):
    """The merged message was refused: its members are sent one by one, in its place.

    They are not merged again, nor is a single message with this record.
    """

    id: str


OutboxRecord = (
    Queued
    | Attempted
    | Sent
    | Done
    | Failed
    | Retried
    | Dropped
    | DropRequested
    | Merged
    | Unmerged
)

_decoder: msgspec.json.Decoder[OutboxRecord] = msgspec.json.Decoder(OutboxRecord)


def encode(record: OutboxRecord) -> bytes:
    """The record as a line, without a line end."""
    return json_wire.encode(msgspec.to_builtins(record))


def decode(line: bytes) -> OutboxRecord:
    """The record in a line. Raises `ValueError` for anything else."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as cause:
        raise ValueError("not a record of the outbox") from cause
