"""A session's transcript as lines of JSON: writing and reading."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from dingbridge.core import json_wire
from dingbridge.core.messages import Delivery, Message
from dingbridge.core.text import tame

VERSION = 1


class SessionInfo(Struct, frozen=True):
    """The session's own data. `created` is Unix seconds.

    A session created on demand also has its `account` and what it began with; `cwd` is its project
    folder. Empty for all others. `is_untitled`: the title is a placeholder, which the first message
    replaces.
    """

    id: str
    title: str
    created: float
    version: int = VERSION
    account: str = ""
    instructions: str = ""
    cwd: str = ""
    model: str = ""
    is_untitled: bool = False


class DeliveryLine(Struct, frozen=True, omit_defaults=True):
    """An update of an earlier message: its delivery, or its whole `text` once its files are
    there.
    """

    id: str
    delivery: Delivery
    reason: str = ""
    text: str = ""


class Entry(Struct, frozen=True, omit_defaults=True):
    """One line: the session's data (first line), a message, or an update of a message."""

    session: SessionInfo | UnsetType = UNSET
    message: Message | UnsetType = UNSET
    fate: DeliveryLine | UnsetType = UNSET


class Arrival(Struct, frozen=True):
    """A robot message for a transcript. `again`: the transcript may contain it already."""

    message: Message
    again: bool


class Transcript(Struct, frozen=True):
    """A transcript as read. `damaged` counts unreadable lines."""

    info: SessionInfo
    messages: tuple[Message, ...]
    damaged: int = 0


class TranscriptPart(Struct, frozen=True):
    """The part of a transcript's file between two byte offsets: whole lines from `begin`.

    `begin` is 0 when nothing precedes. `fates` are updates of messages outside the part. `is_anew`:
    the file was replaced or truncated, and none of it was read.
    """

    messages: tuple[Message, ...] = ()
    fates: tuple[DeliveryLine, ...] = ()
    damaged: int = 0
    begin: int = 0
    is_anew: bool = False


_NOT_READABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_decoder = msgspec.json.Decoder(Entry)

UNSETTLED = (Delivery.UNSAVED, Delivery.QUEUED, Delivery.SENDING, Delivery.RETRYING)
"""States in which only the robot's service knows what became of a message."""

SETTLED = (Delivery.SENT, Delivery.FAILED, Delivery.RECALLED)
"""Final states of a message."""


def encode(entry: Entry) -> bytes:
    """The entry's line with its end. Lone surrogates become U+FFFD."""
    return json_wire.encode(msgspec.to_builtins(entry)) + b"\n"


def encode_all(info: SessionInfo, messages: Iterable[Message]) -> bytes:
    """A whole transcript."""
    lines = [encode(Entry(session=info))]
    lines.extend(encode(Entry(message=message)) for message in messages)
    return b"".join(lines)


def read_info(line: bytes) -> SessionInfo | None:
    """The session's data from a transcript's first line; None for anything else."""
    try:
        info = _decoder.decode(line).session
    except _NOT_READABLE:
        return None
    return None if info is UNSET else info


def read_texts(line: bytes) -> tuple[Message | None, DeliveryLine | None]:
    """The message in a transcript's line, or the update that has a new text; None for anything
    else."""
    try:
        entry = _decoder.decode(line)
    except _NOT_READABLE:
        return None, None
    message = None if entry.message is UNSET else entry.message
    update = None if entry.fate is UNSET or not entry.fate.text else entry.fate
    return message, update


def read(lines: Iterable[bytes], fallback: SessionInfo) -> Transcript:
    """The transcript in `lines`. Unreadable lines (a torn last one) are counted.

    An update counts wherever it is: another editor may have written it before the message.
    """
    info, part = _read(lines)
    return Transcript(info or fallback, part.messages, part.damaged)


def read_part(lines: Iterable[bytes], begin: int) -> TranscriptPart:
    """The same for the lines from the byte `begin` on."""
    return structs.replace(_read(lines)[1], begin=begin)


def _read(lines: Iterable[bytes]) -> tuple[SessionInfo | None, TranscriptPart]:
    info: SessionInfo | None = None
    messages: dict[str, Message] = {}
    fates: dict[str, DeliveryLine] = {}
    damaged = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            entry = _decoder.decode(line)
        except _NOT_READABLE:
            damaged += 1
            continue
        if entry.session is not UNSET:
            info = entry.session
        if entry.message is not UNSET:
            messages.setdefault(entry.message.id, entry.message)
        if entry.fate is not UNSET:
            fates[entry.fate.id] = latest(fates.get(entry.fate.id), entry.fate)
    shown = tuple(with_fate(message, fates.pop(name, None)) for name, message in messages.items())
    return info, TranscriptPart(shown, tuple(fates.values()), damaged)


def as_new_session(found: Transcript, session: str) -> Transcript:
    """The content of an untrusted file for a new session: texts, authors and times.

    The file decides neither account, folder nor destination; deliveries are known where messages
    were sent.
    """
    info = SessionInfo(session, _line(found.info.title) or session, found.info.created)
    return structs.replace(found, info=info, messages=tuple(map(_words, found.messages)))


def _words(message: Message) -> Message:
    return structs.replace(
        message,
        author=_line(message.author),
        text=tame(message.text),
        delivery=Delivery.NONE if message.delivery in UNSETTLED else message.delivery,
        reason=_line(message.reason),
        target="",
        target_name=_line(message.target_name),
        robot="",
    )


def _line(text: str) -> str:
    return " ".join(tame(text).split())


def latest(before: DeliveryLine | None, line: DeliveryLine) -> DeliveryLine:
    """The update of a message that counts, of two in the order of the file.

    A recalled message stays recalled: a service that starts writes `sent` again.
    """
    return before if before is not None and before.delivery is Delivery.RECALLED else line


def with_fate(message: Message, fate: DeliveryLine | None) -> Message:
    """The message after an update."""
    if fate is None:
        return message
    return structs.replace(
        message, delivery=fate.delivery, reason=fate.reason, text=fate.text or message.text
    )
