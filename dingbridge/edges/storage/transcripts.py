"""Transcripts on disk: `sessions/<id>.jsonl`, append only."""

from __future__ import annotations

import logging
import os
import re
import time
from pathlib import Path, PurePath

from msgspec import structs

from dingbridge.core import transcript
from dingbridge.core.catalogue import files as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Message
from dingbridge.core.transcript import Entry, Fate, SessionInfo, Transcript
from dingbridge.edges import files

log = logging.getLogger(__name__)

LATELY = 256 * 1024
"""Bytes at the end of a transcript that are looked at before a robot message is added."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Transcripts:
    """The folder of transcripts. What is deleted or cleared is kept in its `trash` folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._trash = folder / "trash"

    def list(self) -> list[SessionInfo]:
        """All sessions, the one that was written to last first. One that cannot be read is listed
        by its id."""
        found: list[tuple[float, SessionInfo]] = []
        if not self._folder.is_dir():
            return []
        for path in self._folder.glob("*.jsonl"):
            if not _ID.fullmatch(path.stem):
                continue
            info, changed = None, 0.0
            try:
                changed = path.stat().st_mtime
                with files.reading(path) as file:
                    info = transcript.read_info(file.readline())
            except FileNotFoundError:
                # Another editor has deleted it just now; the others can be listed.
                continue
            except OSError as cause:
                # It is there all the same, and may be bound: the disk may give it back.
                log.warning("%s cannot be read: %s", path.name, cause.strerror)
            fallback = SessionInfo(path.stem, path.stem, changed)
            found.append((changed, structs.replace(info or fallback, id=path.stem)))
        return [info for _, info in sorted(found, key=lambda pair: pair[0], reverse=True)]

    def load(self, session: str) -> Transcript:
        """A session's transcript."""
        fallback = SessionInfo(session, session, time.time())
        try:
            with files.reading(self._path(session)) as file:
                return transcript.read(file, fallback)
        except FileNotFoundError:
            return Transcript(fallback, ())

    def begin(self, info: SessionInfo) -> None:
        """Start a transcript, unless another editor has done so."""
        if not self._path(info.id).exists():
            self.append(info.id, Entry(session=info))

    def append(self, session: str, entry: Entry, info: SessionInfo | None = None) -> None:
        """Add one line. A session's first line makes its file, with `info` as its head: another
        editor may have deleted the session."""
        path = self._path(session)
        self._begin(path, info)
        files.append_line(path, transcript.encode(entry))

    def settle(self, session: str, fate: Fate) -> None:
        """Write what became of a message below it, unless the session was deleted meanwhile."""
        path = self._path(session)
        if path.exists():
            files.append_line(path, transcript.encode(Entry(fate=fate)))

    def _begin(self, path: Path, info: SessionInfo | None) -> None:
        files.make_own_folder(path.parent)
        if info is not None and not path.exists():
            files.append_line(path, transcript.encode(Entry(session=info)))

    def take(
        self, session: str, message: Message, info: SessionInfo | None = None, *, again: bool
    ) -> bool:
        """Add a robot message, for good even if the power fails, unless it stands there already.
        Returns whether it was added. `info` is as for `append`.

        An editor that slept may come late with what another one has written meanwhile, so the end
        of the transcript is looked at each time; with `again` all of it.
        """
        path = self._path(session)
        self._begin(path, info)
        name = f'"id":"{message.id}"'.encode()
        found = files.lines_with(path, name, None if again else LATELY)
        fallback = SessionInfo(session, session, message.time)
        # Only a whole line counts: a crash may have torn the one with its name.
        if any(one.id == message.id for one in transcript.read(found, fallback).messages):
            return False
        files.append_line(path, transcript.encode(Entry(message=message)), sync=True)
        return True

    def clear(self, info: SessionInfo) -> None:
        """Start the transcript anew; the old one goes to the trash."""
        self.delete(info.id)
        self.append(info.id, Entry(session=info))

    def delete(self, session: str) -> None:
        """Move the transcript to the trash."""
        path = self._path(session)
        if not path.exists():
            return
        files.make_own_folder(self._trash)
        os.replace(path, self._trash / f"{session}-{time.time_ns()}.jsonl")

    def saved(self, session: str) -> bytes:
        """The transcript as it is saved to a file. Raises `BridgeError` when it cannot be read."""
        try:
            loaded = self.load(session)
        except OSError as cause:
            path = self._path(session)
            raise BridgeError(say.UNREADABLE(path=path, reason=cause.strerror)) from cause
        return transcript.encode_all(loaded.info, loaded.messages)

    def take_in(self, copy: Path, name: str, session: str) -> Transcript:
        """Make a new session from the copy of a file that was saved, or that somebody else wrote;
        `name` is the file's. Raises `BridgeError` for one that is no transcript."""
        with files.reading(copy) as file:
            title = PurePath(name).stem
            loaded = transcript.read(file, SessionInfo(session, title, time.time()))
        if loaded.damaged or not loaded.messages:
            raise BridgeError(
                say.NO_TRANSCRIPT(path=name),
                fix=say.LOAD_SAVED(),
            )
        loaded = transcript.as_new_session(loaded, session)
        path = self._path(session)
        files.make_own_folder(path.parent)
        files.write_whole(path, transcript.encode_all(loaded.info, loaded.messages))
        return loaded

    def _path(self, session: str) -> Path:
        if not _ID.fullmatch(session):
            raise BridgeError(f"{session!r} is not the id of a session")
        return self._folder / f"{session}.jsonl"
