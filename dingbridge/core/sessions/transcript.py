"""A session's transcript as lines of JSON: what is appended, and what the lines mean when read."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from dingbridge.core import json_wire
from dingbridge.core.messages import Delivery, Message
from dingbridge.core.text import tame

VERSION = 1


class SessionInfo(Struct, frozen=True):
    """What names a session. `created` is Unix seconds.

    A session that was made on demand tells for which `account`, and what it began with: `cwd` is
    its project folder. Empty for all others.
    """

    id: str
    title: str
    created: float
    version: int = VERSION
    account: str = ""
    instructions: str = ""
    cwd: str = ""
    model: str = ""


class DeliveryLine(Struct, frozen=True, omit_defaults=True):
    """A later word about a message that stands further up: what became of it, or its whole `text`,
    once what came with it was fetched."""

    id: str
    delivery: Delivery
    reason: str = ""
    text: str = ""


class Entry(Struct, frozen=True, omit_defaults=True):
    """One line: the session's own data (first line), a message, or a message's fate."""

    session: SessionInfo | UnsetType = UNSET
    message: Message | UnsetType = UNSET
    fate: DeliveryLine | UnsetType = UNSET


class Arrival(Struct, frozen=True):
    """A robot message for a transcript. `again`: it may stand there already."""

    message: Message
    again: bool


class Transcript(Struct, frozen=True):
    """A transcript that was read. `damaged` counts the lines that could not be."""

    info: SessionInfo
    messages: tuple[Message, ...]
    damaged: int = 0


class TranscriptPart(Struct, frozen=True):
    """What stands between two places of a transcript's file, in bytes: whole lines from `begin`,
    which is 0 where nothing stands above. `fates` are those of messages that stand elsewhere.
    `is_anew`: the file is another one than before, or was cut."""

    messages: tuple[Message, ...] = ()
    fates: tuple[DeliveryLine, ...] = ()
    damaged: int = 0
    begin: int = 0
    is_anew: bool = False


_NOT_READABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_decoder = msgspec.json.Decoder(Entry)

UNSETTLED = (Delivery.UNSAVED, Delivery.QUEUED, Delivery.SENDING, Delivery.RETRYING)
"""A message that was left like this has a fate that only the robot's owner knows."""

SETTLED = (Delivery.SENT, Delivery.FAILED)
"""The ends that a message can meet."""


def encode(entry: Entry) -> bytes:
    """The entry's line with its end. A lone surrogate in a text becomes U+FFFD."""
    return json_wire.encode(msgspec.to_builtins(entry)) + b"\n"


def encode_all(info: SessionInfo, messages: Iterable[Message]) -> bytes:
    """A whole transcript."""
    lines = [encode(Entry(session=info))]
    lines.extend(encode(Entry(message=message)) for message in messages)
    return b"".join(lines)


def read_info(line: bytes) -> SessionInfo | None:
    """The session's own data from a transcript's first line, or None when it is none."""
    try:
        info = _decoder.decode(line).session
    except _NOT_READABLE:
        return None
    return None if info is UNSET else info


def read(lines: Iterable[bytes], fallback: SessionInfo) -> Transcript:
    """The transcript in `lines`. Lines that cannot be read (a torn last one) are counted.

    A fate counts wherever it stands: another editor may have written it before the message.
    """
    info, part = _read(lines)
    return Transcript(info or fallback, part.messages, part.damaged)


def read_part(lines: Iterable[bytes], begin: int, *, is_anew: bool = False) -> TranscriptPart:
    """The same for the lines from the byte `begin` on."""
    return structs.replace(_read(lines)[1], begin=begin, is_anew=is_anew)


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
            fates[entry.fate.id] = entry.fate
    shown = tuple(with_fate(message, fates.pop(name, None)) for name, message in messages.items())
    return info, TranscriptPart(shown, tuple(fates.values()), damaged)


def as_new_session(found: Transcript, session: str) -> Transcript:
    """What a file that anybody may have written brings into a new session: words, who said them and
    when. It decides neither for which account and in which folder the session is, nor where a text
    goes; whether a message has left is known where it was sent."""
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


def with_fate(message: Message, fate: DeliveryLine | None) -> Message:
    """The message as a later word about it says."""
    if fate is None:
        return message
    return structs.replace(
        message, delivery=fate.delivery, reason=fate.reason, text=fate.text or message.text
    )
