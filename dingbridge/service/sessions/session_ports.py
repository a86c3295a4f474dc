"""What sessions need of the outside: their transcripts, and copies of them that the user keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Message
from dingbridge.core.sessions.search import Query
from dingbridge.core.sessions.transcript import (
    Arrival,
    DeliveryLine,
    Entry,
    SessionInfo,
    Transcript,
    TranscriptPart,
)
from dingbridge.core.user_file import UserFile


class Storage(Protocol):
    """Transcripts, without waiting: results come back on the service loop, in order."""

    def list(self, then: Callable[[list[SessionInfo]], None]) -> None:
        """All sessions there are, also those of other editors."""
        ...

    def latest(self, then: Callable[[dict[str, Message]], None]) -> None:
        """The last message of each session that has one, by session."""
        ...

    def append(self, info: SessionInfo, entry: Entry) -> None:
        """Add to the transcript of a session, whose file begins with `info`."""
        ...

    def begin(self, info: SessionInfo) -> None:
        """Start a transcript, unless another editor has done so."""
        ...

    def rename(self, info: SessionInfo) -> None:
        """Store the title of a session."""
        ...

    def take(
        self,
        session: str,
        arrivals: Sequence[Arrival],
        info: SessionInfo | None,
        then: Callable[[tuple[bool, ...]], None],
    ) -> None:
        """Add robot messages and make sure that they are on the disk, those of `again` only when
        they do not stand there yet; `then` gets which were added. `info` is None for a session
        that is not known here."""
        ...

    def complete(self, session: str, whole: DeliveryLine, then: Callable[[], None]) -> None:
        """Write the complete text of a message in a transcript; `then` runs once it is durable."""
        ...

    def load(self, session: str, then: Callable[[Transcript], None]) -> None:
        """Read a transcript, with all that was added to it here before."""
        ...

    def end(self, session: str, then: Callable[[TranscriptPart], None]) -> None:
        """Read the end of a transcript, with all that was added to it here before."""
        ...

    def before(self, session: str, offset: int, then: Callable[[TranscriptPart], None]) -> None:
        """Read the part that ends at the file offset `offset` (bytes)."""
        ...

    def since(self, session: str, then: Callable[[TranscriptPart], None]) -> None:
        """Read what other processes have added to a transcript since its end was read; see
        `Transcripts.since`."""
        ...

    def written(self, session: str, then: Callable[[], None]) -> None:
        """Call `then` once all that was added to a transcript here so far is on the disk."""
        ...

    def clear(self, info: SessionInfo, then: Callable[[], None]) -> None:
        """Start a transcript anew, keeping the old one in the trash; `then` runs once that is
        done."""
        ...

    def delete(self, session: str, then: Callable[[], None]) -> None:
        """Move a transcript to the trash; `then` runs once that is done."""
        ...

    def bring_back(self, then: Callable[[SessionInfo | None], None]) -> None:
        """Bring back what was cleared or deleted last, with what its session got meanwhile; `then`
        gets the session, or None without one."""
        ...


class Saved(Protocol):
    """Transcripts that the user saves to a file of their own, and loads from one."""

    def save(self, session: str, file: UserFile, failed: Callable[[BridgeError], None]) -> None:
        """Have the editor's side write a transcript to a new file, and tell that it is there."""
        ...

    def take_in(
        self,
        file: UserFile,
        session: str,
        then: Callable[[Transcript], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Make a session from a saved file."""
        ...


class Hit(Struct, frozen=True):
    """A message that was found in a session."""

    session: str
    message: Message


class Search(Protocol):
    """The search through all transcripts."""

    def start(self, query: Query, then: Callable[[int, tuple[Hit, ...]], None]) -> None:
        """Search; `then` gets how many messages match, and the latest of them, the latest first. A
        new search ends the one before."""
        ...
