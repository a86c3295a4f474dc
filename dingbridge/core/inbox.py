"""Robot messages that were accepted, told as records: received, then handed to a session."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from dingbridge.core import wire
from dingbridge.core.messages import Inbound


class Received(Struct, frozen=True, tag="received"):
    """A robot message that is about to be acked. `robot` names the app, `key` the message."""

    robot: str
    key: str
    inbound: Inbound
    time: float


class Routed(Struct, frozen=True, tag="routed"):
    """The message goes to this session, and to no other any more: it may stand there already."""

    key: str
    session: str


class Handed(Struct, frozen=True, tag="handed"):
    """The message needs nothing more: it stands in a transcript, or was refused or passed over."""

    key: str


Record = Received | Routed | Handed

_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    """The record's line, without its end."""
    return wire.encode(msgspec.to_builtins(record))


def decode(line: bytes) -> Record:
    """The record in a line. Raises `ValueError` for anything else."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as cause:
        raise ValueError("not a record of the inbox") from cause


class Open(Struct, frozen=True):
    """A message that was not handed over yet. `session` is empty until it is routed."""

    received: Received
    session: str = ""


def pending(records: Iterable[Record]) -> dict[str, Open]:
    """The messages that were received and not handed over, in the order in which they came."""
    waiting: dict[str, Open] = {}
    for record in records:
        match record:
            case Received():
                waiting.setdefault(record.key, Open(record))
            case Routed(key=key, session=session):
                if key in waiting:
                    waiting[key] = Open(waiting[key].received, session)
            case Handed(key=key):
                waiting.pop(key, None)
    return waiting


def times(records: Iterable[Record]) -> dict[str, float]:
    """When each message came, by key (Unix seconds)."""
    return {record.key: record.time for record in records if isinstance(record, Received)}


def message_id(key: str) -> str:
    """The transcript's id of a robot message: the same however often it is handed over."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]


def times_in(lines: list[bytes]) -> dict[str, float]:
    """When each message in the journal's lines came, by key (Unix seconds)."""
    return times(_readable(lines))


def shortened(lines: list[bytes]) -> list[bytes]:
    """The journal's lines about messages that were not handed over yet."""
    kept: list[Record] = []
    for key, entry in pending(_readable(lines)).items():
        kept.append(entry.received)
        if entry.session:
            kept.append(Routed(key, entry.session))
    return [encode(record) for record in kept]


def _readable(lines: list[bytes]) -> list[Record]:
    records = []
    for line in lines:
        try:
            records.append(decode(line))
        except ValueError:
            continue
    return records
