"""Transcripts on disk: `sessions/<id>.jsonl`, append only.

A session with another title than its first line says has that in `sessions/<id>.title`.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import structs

from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Message
from dingbridge.core.sessions import transcript
from dingbridge.core.sessions.transcript import (
    Arrival,
    DeliveryLine,
    Entry,
    SessionInfo,
    Transcript,
    TranscriptPart,
)
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.message_lookup import messages_in
from dingbridge.edges.storage.trash import Trash

log = logging.getLogger(__name__)

CLOCK_SET_BACK = 86_400.0
"""Seconds by which the clock may have been set back since a file was written."""

PART_BYTES = 64 * 1024
"""Bytes of a transcript that are read and shown at a time; more if one line is longer."""

LATEST_BYTES = 4096
"""Bytes at its end that are read first to find a transcript's last message."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Transcripts:
    """The folder of transcripts. Deleted and cleared ones are moved to its `trash` folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._trash = Trash(folder)
        # How far each transcript was shown, by session: the file, and a byte offset. Our own writes
        # advance it; other processes may write as well.
        self._told: dict[str, tuple[int, int]] = {}

    def list(self) -> list[SessionInfo]:
        """All sessions, the latest written first. An unreadable one is listed by its id."""
        found: list[tuple[float, SessionInfo]] = []
        if not self._folder.is_dir():
            return []
        for path in self._folder.glob("*.jsonl"):
            if not _ID.fullmatch(path.stem):
                continue
            info, changed = None, 0.0
            try:
                changed = path.stat().st_mtime
                with own_files.reading(path) as file:
                    info = self._titled(path.stem, transcript.read_info(file.readline()))
            except FileNotFoundError:
                # Another process has just deleted it.
                continue
            except OSError as cause:
                # It exists and may be bound, and may be readable later.
                log.warning("%s cannot be read: %s", path.name, cause.strerror)
            fallback = SessionInfo(path.stem, path.stem, changed)
            found.append((changed, structs.replace(info or fallback, id=path.stem)))
        return [info for _, info in sorted(found, key=lambda pair: pair[0], reverse=True)]

    def ids(self) -> tuple[str, ...]:
        """The sessions that have a transcript."""
        names = (path.stem for path in self._folder.glob("*.jsonl"))
        return tuple(name for name in names if _ID.fullmatch(name))

    def load(self, session: str) -> Transcript:
        """The whole transcript of a session."""
        fallback = SessionInfo(session, session, time.time())
        try:
            with own_files.reading(self.path(session)) as file:
                loaded = transcript.read(file, fallback)
        except FileNotFoundError:
            return Transcript(fallback, ())
        return structs.replace(loaded, info=self._titled(session, loaded.info) or fallback)

    def _titled(self, session: str, info: SessionInfo | None) -> SessionInfo | None:
        """The data of a session with its present title."""
        try:
            with own_files.reading(self.path(session, "title")) as file:
                return transcript.read_info(file.readline()) or info
        except OSError:
            return info

    def rename(self, info: SessionInfo) -> None:
        """Store the title of a session; it survives the process, and a power cut after a while."""
        own_files.write_whole(
            self.path(info.id, "title"), transcript.encode(Entry(session=info)), sync=False
        )

    def end(self, session: str) -> TranscriptPart:
        """The last part of a transcript."""
        return self._part(session, None)

    def before(self, session: str, offset: int) -> TranscriptPart:
        """The part that precedes another one; `offset` is where that begins, in bytes."""
        return self._part(session, offset)

    def since(self, session: str) -> TranscriptPart:
        """What other processes have added since this or `end` was called first. If another file is
        there now, the part `is_anew`, and `end` has to be called for the new one."""
        told = self._told.get(session)
        try:
            with own_files.reading(self.path(session)) as file:
                found = os.fstat(file.fileno())
                if told is None or found.st_ino != told[0] or found.st_size < told[1]:
                    self._told[session] = found.st_ino, found.st_size
                    return TranscriptPart(is_anew=True)
                if found.st_size == told[1]:
                    return TranscriptPart(begin=told[1])
                file.seek(told[1])
                self._told[session] = found.st_ino, found.st_size
                lines = file.read(found.st_size - told[1]).split(b"\n")
                return transcript.read_part(lines, told[1])
        except FileNotFoundError:
            self._told.pop(session, None)
            return TranscriptPart(is_anew=True)

    def _part(self, session: str, before: int | None) -> TranscriptPart:
        try:
            with own_files.reading(self.path(session)) as file:
                found = os.fstat(file.fileno())
                told = self._told.setdefault(session, (found.st_ino, found.st_size))
                if before is None:
                    return self._read_before(file, found.st_size)
                if found.st_ino == told[0] and found.st_size >= before:
                    return self._read_before(file, before)
                self._told[session] = found.st_ino, found.st_size
                return TranscriptPart(is_anew=True)
        except FileNotFoundError:
            return TranscriptPart(is_anew=before is not None)

    def latest(self) -> dict[str, Message]:
        """The last message of each session that has one, by session. Unreadable ones are left
        out."""
        found: dict[str, Message] = {}
        for path in self._folder.glob("*.jsonl"):
            try:
                with own_files.reading(path) as file:
                    end = file.seek(0, os.SEEK_END)
                    messages = self._read_before(file, end, LATEST_BYTES).messages
            except OSError as cause:
                log.warning("%s cannot be read: %s", path.name, cause.strerror)
                continue
            if messages:
                found[path.stem] = messages[-1]
        return found

    def _read_before(self, file: BinaryIO, offset: int, size: int = PART_BYTES) -> TranscriptPart:
        """The last whole lines before a byte offset, including at least one message if there is
        one."""
        while True:
            begin = max(0, offset - size)
            file.seek(begin)
            data = file.read(offset - begin)
            if begin:
                torn = data.find(b"\n") + 1 or len(data)
                begin, data = begin + torn, data[torn:]
            part = transcript.read_part(data.split(b"\n"), begin)
            if part.messages or not begin:
                return part
            size *= 4

    def begin(self, info: SessionInfo) -> None:
        """Create a transcript durably, unless it exists: without it, the session could not be bound
        or used again."""
        path = self.path(info.id)
        if not path.exists():
            own_files.make_own_folder(path.parent)
            own_files.append_lines(path, transcript.encode(Entry(session=info)), sync=True)

    def append(self, session: str, *entries: Entry, info: SessionInfo | None = None) -> None:
        """Append lines. If another editor has deleted the session, the file is created again, with
        `info` as its first line."""
        path = self.path(session)
        self._begin(path, info)
        self._add(session, b"".join(map(transcript.encode, entries)))

    def settle(self, session: str, *fates: DeliveryLine, sync: bool = False) -> None:
        """Append updates of messages, unless the session was deleted; durable with `sync`."""
        path = self.path(session)
        if path.exists():
            lines = (transcript.encode(Entry(fate=fate)) for fate in fates)
            self._add(session, b"".join(lines), sync=sync)

    def _add(self, session: str, lines: bytes, *, sync: bool = False) -> None:
        added = own_files.append_lines(self.path(session), lines, sync=sync)
        if self._told.get(session) == (added.file, added.begin):
            # The caller shows these updates itself.
            self._told[session] = added.file, added.end

    def _begin(self, path: Path, info: SessionInfo | None) -> None:
        own_files.make_own_folder(path.parent)
        if info is not None and not path.exists():
            own_files.append_lines(path, transcript.encode(Entry(session=info)))

    def take(
        self, session: str, arrivals: Sequence[Arrival], info: SessionInfo | None = None
    ) -> tuple[bool, ...]:
        """Append robot messages durably: all, or none if it raises `OSError`.

        Returns for each whether it was added; arrivals with `again` that the file contains are not.
        `info` is as for `append`. The file is searched for such arrivals only, because no other
        process adds robot messages.
        """
        path = self.path(session)
        self._begin(path, info)
        again = {arrival.message.id for arrival in arrivals if arrival.again}
        standing = messages_in(path, again) if again else set()
        is_new, lines = [], []
        for arrival in arrivals:
            message = arrival.message
            is_new.append(message.id not in standing)
            if message.id not in standing:
                standing.add(message.id)
                lines.append(transcript.encode(Entry(message=message)))
        if lines:
            self._add(session, b"".join(lines), sync=True)
        return tuple(is_new)

    def standing(self, messages: Collection[str], since: float) -> dict[str, str]:
        """The sessions of these messages, by id, found in transcripts written after `since` (Unix
        seconds). Unreadable ones are skipped."""
        found: dict[str, str] = {}
        for path in self._folder.glob("*.jsonl"):
            try:
                if path.stat().st_mtime >= since - CLOCK_SET_BACK:
                    found |= dict.fromkeys(messages_in(path, messages), path.stem)
            except OSError as cause:
                log.warning("%s cannot be read: %s", path.name, cause.strerror)
        return found

    def clear(self, info: SessionInfo) -> None:
        """Create an empty transcript; the old one is moved to the trash."""
        self.delete(info.id)
        self.append(info.id, Entry(session=info))
        found = self.path(info.id).stat()
        self._told[info.id] = found.st_ino, found.st_size

    def delete(self, session: str) -> None:
        """Move the transcript to the trash."""
        self.path(session)
        self._told.pop(session, None)
        self._trash.put(session)

    def bring_back(self) -> SessionInfo | None:
        """Move what was cleared or deleted last out of the trash, above what its session got
        meanwhile. Returns that session, or None if there is nothing."""
        session = self._trash.bring_back()
        if not session:
            return None
        self._told.pop(session, None)
        with own_files.reading(self.path(session)) as file:
            info = self._titled(session, transcript.read_info(file.readline()))
        return info or SessionInfo(session, session, time.time())

    def write(self, new: Transcript) -> None:
        """Create the whole transcript of a new session."""
        path = self.path(new.info.id)
        own_files.make_own_folder(path.parent)
        own_files.write_whole(path, transcript.encode_all(new.info, new.messages))

    def path(self, session: str, ending: str = "jsonl") -> Path:
        """A file of a session. Raises `BridgeError` for what cannot be the id of one."""
        if not _ID.fullmatch(session):
            raise BridgeError(f"{session!r} is not the id of a session")
        return self._folder / f"{session}.{ending}"
