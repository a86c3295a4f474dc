"""Reads and writes transcripts by the disk thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from dingbridge.core.messages import Message
from dingbridge.core.sessions.transcript import (
    Arrival,
    DeliveryLine,
    Entry,
    SessionInfo,
    Transcript,
    TranscriptPart,
)
from dingbridge.edges.storage.robot_files import SharedFiles, transcript_of


class _Added:
    """Entries that wait for the disk thread, and whether a write of them is scheduled."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque()
        self.is_due = False


class TranscriptStorage:
    """Transcripts of the data folder, by the disk thread. A read sees all earlier writes to its
    transcript."""

    def __init__(self, files: SharedFiles) -> None:
        self._worker = files.disk
        self._files = files.transcripts
        self._added: dict[str, _Added] = {}
        # The sessions that were cleared or deleted, in order, until they are brought back.
        self._removed: list[str] = []

    def list(self, then: Callable[[list[SessionInfo]], None]) -> None:
        """List all sessions."""
        self._worker.do(self._files.list, then)

    def latest(self, then: Callable[[dict[str, Message]], None]) -> None:
        """Read the last message of each session."""
        self._worker.do(self._files.latest, then)

    def append(self, info: SessionInfo, entry: Entry) -> None:
        """Append an entry. Entries that arrive before the disk thread gets to them share one
        write."""
        added = self._added.setdefault(info.id, _Added())
        added.entries.append(entry)
        if not added.is_due:
            added.is_due = True
            self._worker.submit_durable(
                transcript_of(info.id), lambda: self._write_added(info, added)
            )

    def _write_added(self, info: SessionInfo, added: _Added) -> None:
        # Reset the flag first: an entry added during the write schedules another one.
        added.is_due = False
        entries = list(added.entries)
        if entries:
            self._files.append(info.id, *entries, info=info)
        for _ in entries:
            added.entries.popleft()

    def begin(self, info: SessionInfo) -> None:
        """Create the transcript unless it exists."""
        self._write(info.id, lambda: self._files.begin(info))

    def rename(self, info: SessionInfo) -> None:
        """Store the session's title."""
        self._write(info.id, lambda: self._files.rename(info))

    def take(
        self,
        session: str,
        arrivals: Sequence[Arrival],
        info: SessionInfo | None,
        then: Callable[[tuple[bool, ...]], None],
    ) -> None:
        """Append robot messages durably. One with `again` is skipped if the transcript contains
        it."""
        self._worker.submit_durable(
            self._behind(session), lambda: self._files.take(session, arrivals, info), then
        )

    def complete(self, session: str, whole: DeliveryLine, then: Callable[[], None]) -> None:
        """Replace the text of a message, durably."""
        self._worker.submit_durable(
            self._behind(session),
            lambda: self._files.settle(session, whole, sync=True),
            lambda _: then(),
        )

    def load(self, session: str, then: Callable[[Transcript], None]) -> None:
        """Read a whole transcript."""
        self._worker.after(self._behind(session), lambda: self._files.load(session), then)

    def end(self, session: str, then: Callable[[TranscriptPart], None]) -> None:
        """Read the last part of a transcript."""
        self._worker.after(self._behind(session), lambda: self._files.end(session), then)

    def before(self, session: str, offset: int, then: Callable[[TranscriptPart], None]) -> None:
        """Read the part that ends at the file offset `offset` (bytes)."""
        self._worker.after(self._behind(session), lambda: self._files.before(session, offset), then)

    def since(self, session: str, then: Callable[[TranscriptPart], None]) -> None:
        """Read what other processes have appended, or that the file was replaced."""
        self._worker.after(self._behind(session), lambda: self._files.since(session), then)

    def written(self, session: str, then: Callable[[], None]) -> None:
        """Write barrier: calls `then` once all earlier writes to the transcript are done."""
        self._worker.after(self._behind(session), lambda: None, lambda _: then())

    def clear(self, info: SessionInfo, then: Callable[[], None]) -> None:
        """Start the transcript anew."""
        self._remove(info.id, lambda: self._files.clear(info), then)

    def delete(self, session: str, then: Callable[[], None]) -> None:
        """Move a transcript to the trash."""
        self._remove(session, lambda: self._files.delete(session), then)

    def _remove(self, session: str, work: Callable[[], None], then: Callable[[], None]) -> None:
        self._removed.append(session)
        self._worker.submit_durable(self._behind(session), work, lambda _: then())

    def bring_back(self, then: Callable[[SessionInfo | None], None]) -> None:
        """Move what was cleared or deleted last out of the trash, once it is there."""
        if self._removed:
            self._worker.after(self._behind(self._removed.pop()), self._files.bring_back, then)
        else:
            self._worker.do(self._files.bring_back, then)

    def _behind(self, session: str) -> str:
        """The disk thread's queue key. Ends the batch of entries: later ones are written after this
        work."""
        self._added.pop(session, None)
        return transcript_of(session)

    def _write(self, session: str, work: Callable[[], None]) -> None:
        self._worker.submit_durable(self._behind(session), work)
