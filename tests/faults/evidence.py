"""Collects the records of a history from what it left: transcripts, calls and uploads."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import structs

from dingbridge.core.messages import Delivery
from dingbridge.core.sessions import transcript
from dingbridge.core.sessions.transcript import SessionInfo
from dingbridge.sandbox.records import ArrivedMessage, RecordedCall
from tests.faults import check
from tests.faults.check import Sent
from tests.faults.editors import Seat
from tests.faults.troubles import GROUP, PEOPLE, SESSION

KEYLESS = (SESSION, PEOPLE, GROUP)
"""Where the platform cannot know that it had a message before."""

_LINK = re.compile(r"\]\(<?([^)>]*)>?\)")


def from_dingtalk(data: bytes) -> Iterator[str]:
    """The texts of the robot messages in a transcript, once per occurrence, with their files if
    they have arrived."""
    lines = [_decoded(line) for line in data.split(b"\n")]
    whole = {one["fate"]["id"]: one["fate"]["text"] for one in lines if _completes(one)}
    for line in lines:
        message = line.get("message")
        if message and message["role"] == "dingtalk":
            yield str(whole.get(message["id"], message["text"]))


def _completes(line: dict[str, Any]) -> bool:
    return bool(line.get("fate", {}).get("text"))


def told_unsent(data: bytes) -> Iterator[int]:
    """Messages that a transcript shows as not sent."""
    for message in transcript.read(io.BytesIO(data), SessionInfo("", "", 0.0)).messages:
        if message.delivery is Delivery.FAILED:
            yield from dict.fromkeys(number for number, _ in check.lines_of(message.text))


def rows(data: bytes) -> tuple[check.Row, ...]:
    """The messages of a transcript."""
    messages = transcript.read(io.BytesIO(data), SessionInfo("", "", 0.0)).messages
    return tuple((one.id, one.text, one.delivery.value) for one in messages)


def repeated(data: bytes) -> Iterator[str]:
    """Ids that have more than one line in a transcript."""
    found = Counter(
        one["message"]["id"] for one in map(_decoded, data.split(b"\n")) if one.get("message")
    )
    yield from (name for name, count in found.items() if count > 1)


def _decoded(line: bytes) -> dict[str, Any]:
    """The content of a line; empty for a torn one."""
    try:
        decoded = json.loads(line)
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def unwhole(texts: Iterable[str], files: Collection[int]) -> Iterator[int]:
    """Messages of `files` whose text, in the transcript, has no link to the whole file."""
    for text in texts:
        for number in set(files).intersection(check.heard(text)):
            paths = [Path(path) for path in _LINK.findall(text)]
            sent = check.content(check.file_said(number))
            if [path.read_bytes() for path in paths if path.is_file()] != [sent]:
                yield number


def announced(seats: Iterable[Seat]) -> tuple[str, ...]:
    """The texts of the announced messages.

    Every editor that has opened the session announces a message, and so does the one that takes it
    in for a session that is open nowhere: those of several editors count once.
    """
    told: Counter[str] = Counter()
    for seat in seats:
        told |= Counter(seat.announced())
    return tuple(told.elements())


def named(
    arrived: Iterable[ArrivedMessage], uploads: dict[str, str], sent: Iterable[Sent]
) -> Iterator[ArrivedMessage]:
    """What arrived, with names for pictures, which arrive without one and are known by their
    content."""
    names = {one.sha256: check.file_name(one.message, "png") for one in sent if one.sha256}
    for each in arrived:
        name = names.get(uploads.get(each.media_id, ""), "")
        yield structs.replace(each, text=each.text or name)


def unanswered(calls: Iterable[RecordedCall]) -> int:
    """Requests that the platform may have carried out although its answer was lost."""
    faults = [call.fault for call in calls if call.path in KEYLESS]
    return sum(fault == "drop after" or fault.startswith("hang") for fault in faults)
