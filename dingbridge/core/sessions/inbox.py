"""The inbox: records of robot messages from their ack until they are finished.

            ┌──────────── no responder, or refused ────────────┐
            │                                                  ▼
received ───┴──▶ shown ──responder is asked──▶ asked ──end──▶ handed

There is no record of "shown": the message is in a transcript, perhaps without its files.

After a crash, a message that was received but not asked is processed again: shown unless the
transcript has it, completed with its files, and given to the responder. A message that was asked is
never asked again; if a program was working on it, its author is notified that the answer is lost.

The ids of finished messages are kept for a day, because DingTalk may deliver a message again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from dingbridge.core import json_wire
from dingbridge.core.messages import Inbound
from dingbridge.core.sessions.seen import without_old


class Received(Struct, frozen=True, tag="received"):
    """A robot message that is about to be acked. `robot` names the app, `key` the message."""

    robot: str
    key: str
    inbound: Inbound
    time: float


class Routed(Struct, frozen=True, tag="routed"):
    """The message goes to this session, and to no other.

    Written for commands only: one may have been run there, without a trace. Version 0.1 wrote it
    for all messages, which may be in the transcript already.
    """

    key: str
    session: str


ResponderKind = Literal["program", "function"]
"""What answers a message: a program, which the service runs, or a Lua function of an editor."""


class Asked(Struct, frozen=True, tag="asked"):
    """The message is in this session, and `by` is answering it.

    It is not asked again: a program may have had effects before its end.
    """

    key: str
    session: str
    by: ResponderKind


class Handed(Struct, frozen=True, tag="handed"):
    """The message is finished.

    It is in a transcript and what answers it has ended (except a Lua function, which an editor
    keeps track of); or it was refused or ignored.
    """

    key: str


class SeenRecord(Struct, frozen=True, tag="seen"):
    """Finished messages: when they came (Unix seconds), by key."""

    times: dict[str, float]


InboxRecord = Received | Routed | Asked | Handed | SeenRecord

SEEN_TOGETHER = 500
"""Ids in one record (a count): reading a longer one would stop other threads for milliseconds."""

_decoder: msgspec.json.Decoder[InboxRecord] = msgspec.json.Decoder(InboxRecord)


class _Received(Struct, frozen=True, tag="received"):
    """What compaction needs to know of a message."""

    key: str
    time: float


_Brief = _Received | Routed | Asked | Handed | SeenRecord

_brief_decoder: msgspec.json.Decoder[_Brief] = msgspec.json.Decoder(_Brief)


def encode(record: InboxRecord) -> bytes:
    """The record as a line, without a line end."""
    return json_wire.encode(msgspec.to_builtins(record))


def decode(line: bytes) -> InboxRecord:
    """The record in a line. Raises `ValueError` for anything else."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as cause:
        raise ValueError("not a record of the inbox") from cause


class OpenMessage(Struct, frozen=True):
    """A message that is not finished.

    `session` is empty until it is routed or in a transcript; `asked` until somebody answers it.
    """

    received: Received
    session: str = ""
    asked: ResponderKind | Literal[""] = ""


def pending(records: Iterable[InboxRecord]) -> dict[str, OpenMessage]:
    """The unfinished messages, in order of arrival."""
    waiting: dict[str, OpenMessage] = {}
    for record in records:
        match record:
            case Received():
                waiting.setdefault(record.key, OpenMessage(record))
            case Routed(key=key, session=session):
                if key in waiting:
                    waiting[key] = OpenMessage(waiting[key].received, session)
            case Asked(key=key, session=session, by=by):
                if key in waiting:
                    waiting[key] = OpenMessage(waiting[key].received, session, by)
            case Handed(key=key):
                waiting.pop(key, None)
            case SeenRecord():
                pass
    return waiting


def times(records: Iterable[InboxRecord | _Brief]) -> dict[str, float]:
    """When each message came, by key (Unix seconds)."""
    found: dict[str, float] = {}
    for record in records:
        match record:
            case Received(key=key, time=time) | _Received(key=key, time=time):
                found[key] = time
            case SeenRecord(times=seen):
                found.update(seen)
            case Routed() | Asked() | Handed():
                pass
    return found


def message_id(key: str) -> str:
    """The transcript's id of a robot message: the same however often it is delivered."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]


def answer_id(message: str) -> str:
    """The id of a program's answer to a robot message, or of what is sent instead.

    By it the outbox knows after a crash whether there was one.
    """
    return hashlib.sha256(f"answer {message}".encode("utf-8", "replace")).hexdigest()[:16]


def shortened(
    lines: list[bytes], now: float, known: Mapping[str, float] | None = None
) -> list[bytes]:
    """The journal's lines about unfinished messages, after the ids of a day.

    `known` are ids that may be missing in the journal.
    """
    open_: dict[str, list[bytes]] = {}
    records = []
    for line in lines:
        try:
            record = _brief_decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        records.append(record)
        match record:
            case _Received(key=key):
                open_.setdefault(key, [line])
            case Routed(key=key) | Asked(key=key) if key in open_:
                open_[key][1:] = [line]
            case Handed(key=key):
                open_.pop(key, None)
            case Routed() | Asked() | SeenRecord():
                pass
    kept = [line for about in open_.values() if _is_whole(about[0]) for line in about]
    young = without_old({**(known or {}), **times(records)}, now)
    done = [entry for entry in young.items() if entry[0] not in open_]
    seen = [
        encode(SeenRecord(dict(done[first : first + SEEN_TOGETHER])))
        for first in range(0, len(done), SEEN_TOGETHER)
    ]
    return [*seen, *kept]


def _is_whole(line: bytes) -> bool:
    try:
        decode(line)
    except ValueError:
        return False
    return True
