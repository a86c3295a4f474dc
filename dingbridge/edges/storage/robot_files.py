"""One robot's part of the journals, as its service reads and writes it.

The journals and the state file are shared by all robots and editors of a user.
"""

from __future__ import annotations

import errno
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from dingbridge.core.catalogue import files as say
from dingbridge.core.delivery import outbox as outboxes
from dingbridge.core.delivery import outbox_journal, outbox_records
from dingbridge.core.delivery.outbox import Outbox
from dingbridge.core.delivery.outbox_records import OutboxRecord, Queued
from dingbridge.core.delivery.rate_limit import RateLimit
from dingbridge.core.delivery.restored_rate import rate_limit_of
from dingbridge.core.errors import BridgeError, StoredDataDamaged
from dingbridge.core.messages import Message
from dingbridge.core.sessions import inbox
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.sessions.state import State, may_open_at, with_opened, without_seen
from dingbridge.core.sessions.transcript import SETTLED, DeliveryLine
from dingbridge.edges.storage.journal import Journal
from dingbridge.edges.storage.outgoing_folder import OutgoingFolder
from dingbridge.edges.storage.spool_folder import SpoolFolder
from dingbridge.edges.storage.state_file import StateFile
from dingbridge.edges.storage.transcripts import Transcripts
from dingbridge.edges.storage.worker import Worker

log = logging.getLogger(__name__)

OUTBOX_FILE = "chat-dingtalk-outbox.jsonl"
INBOX_FILE = "chat-dingtalk-inbox.jsonl"
STATE_FILE = "chat-dingtalk-state.json"
SESSIONS_FOLDER = Path("dingbridge", "sessions")
OUTGOING_FOLDER = Path("dingbridge", "media", "outgoing")
SPOOL_FOLDER = Path("dingbridge", "unconfirmed")

LONG = 2 * 1024 * 1024
"""Size in bytes at which the inbox is compacted, or twice its size after the last compaction if
that is more."""

COMPACT_AFTER = 2000
"""New records after which a journal is compacted, or as many as it had after the last compaction if
that is more, so that the cost per record is constant."""


class SharedFiles(Struct, frozen=True):
    """The files that all editors of a user share."""

    disk: Worker
    state: StateFile
    transcripts: Transcripts
    outbox: Journal
    inbox: Journal
    outgoing: OutgoingFolder
    spool: SpoolFolder


def files_in(data: Path, disk: Worker) -> SharedFiles:
    """The files of a data directory."""
    return SharedFiles(
        disk,
        StateFile(data / STATE_FILE),
        Transcripts(data / SESSIONS_FOLDER),
        Journal(data / OUTBOX_FILE),
        Journal(data / INBOX_FILE),
        OutgoingFolder(data / OUTGOING_FOLDER),
        SpoolFolder(data / SPOOL_FOLDER),
    )


OUTBOX = "outbox"
INBOX = "inbox"
STATE = "state"
"""Names under which the disk thread keeps the order of requests."""


def transcript_of(session: str) -> str:
    """The same name for a session's transcript."""
    return f"transcript {session}"


class SavedRobot(Struct, frozen=True):
    """A robot's data as an earlier service left it: state, outbox, rate limit, and unfinished
    inbound messages. `damaged`: the state file was set aside.
    """

    state: State
    outbox: Outbox
    rate_limit: RateLimit
    inbox: dict[str, inbox.OpenMessage]
    seen: dict[str, float]
    damaged: StoredDataDamaged | None = None


class RobotFiles:
    """The journals of one robot's service. For the disk thread."""

    def __init__(self, files: SharedFiles, robot: str, app: str) -> None:
        self._files = files
        self.robot = robot
        self._app = app
        self._outbox_records = 0
        self._outbox_kept = 0
        self._inbox_limit = LONG
        # The journal at the last look: its inode, and its size without our own records.
        self._looked = (0, 0)
        self._own = 0
        self._counting = threading.Lock()

    def append(self, *records: OutboxRecord, sync: bool = True) -> None:
        """Append records to the outbox. They are durable when this returns, or without `sync`
        within a second. For any thread. Raises `OSError`."""
        lines = [outbox_records.encode(record) for record in records]
        self._files.outbox.append(*lines, sync=sync)
        # Our own records are not news for `look`.
        with self._counting:
            self._own += sum(len(line) + 1 for line in lines)
            self._outbox_records += len(lines)
        if self._outbox_records >= max(COMPACT_AFTER, self._outbox_kept):
            self._outbox_records = 0
            self._files.disk.do(lambda: _if_possible(self._compact_outbox))

    def look(self) -> tuple[Queued, ...]:
        """All waiting messages if another process has written since the last look; otherwise none.

        Among them may be messages of a Neovim with 0.1.
        """
        number, size = self._files.outbox.mark()
        mark = (number, size - self._own)
        if mark == self._looked:
            return ()
        records, _ = self._files.outbox.read(outbox_records.decode)
        # Records added while it is read count as news for the next look.
        self._looked = mark
        return outbox_journal.waiting_puts(records, self.robot)

    def traces(self, session: str, messages: set[str]) -> tuple[set[str], tuple[Message, ...]]:
        """Which of these messages belong to another robot's outbox, and those whose result is in
        the session's transcript."""
        records, _ = self._files.outbox.read(outbox_records.decode)
        others = messages & outbox_journal.ids_of_others(records, self.robot)
        shown = self._files.transcripts.load(session).messages if session else ()
        return others, tuple(one for one in shown if one.id in messages and one.delivery in SETTLED)

    def append_inbox(self, *lines: bytes, sync: bool = True) -> None:
        """Append records to the inbox; with `sync` they are durable when this returns."""
        self._files.inbox.append(*lines, sync=sync)
        self._compact_long_inbox()

    def compact(self, seen: Mapping[str, float]) -> None:
        """Compact both journals; a refusal of the disk is ignored.

        `seen` are the ids of the last day, some of which a Neovim with 0.1 may have dropped from
        the inbox.
        """
        _if_possible(lambda: self._compact_inbox(seen))
        _if_possible(self._compact_outbox)

    def _compact_long_inbox(self) -> None:
        size = self._files.inbox.mark()[1]
        if size >= self._inbox_limit:
            # Not again soon, even if the disk refuses it.
            self._inbox_limit = size + LONG
            _if_possible(self._compact_inbox)

    def _compact_outbox(self) -> None:
        """Compact the robot's part of the outbox."""
        self._outbox_records = 0
        now = time.time()

        def keep(lines: list[bytes]) -> list[bytes]:
            kept = outbox_journal.shortened(lines, self.robot, now)
            self._outbox_kept = len(kept)
            return kept

        self._files.outbox.rewrite(keep)

    def _compact_inbox(self, seen: Mapping[str, float] | None = None) -> None:
        """Compact the inbox to unfinished messages and the ids of the last day, also `seen`."""
        now = time.time()
        self._files.inbox.rewrite(lambda lines: inbox.shortened(lines, now, seen))
        self._inbox_limit = max(LONG, 2 * self._files.inbox.mark()[1])

    def _take_over(self, seen: Mapping[str, float]) -> None:
        """Move the ids that 0.1 left in the state file to the inbox."""
        self._compact_inbox(seen)
        self._files.state.update(lambda state: without_seen(state, seen))

    def read(self) -> SavedRobot:
        """Read what an earlier service left, and write results to transcripts that lack them.

        Raises `OSError` or `BridgeError` if a file cannot be read.
        """
        for journal in (self._files.outbox, self._files.inbox):
            journal.sync_all()
        state, damaged_state = self._files.state.read()
        records, damaged = self._files.outbox.read(outbox_records.decode)
        mine = outbox_journal.of_robot(records, self.robot)
        for session, message, fate, reason in outbox_journal.ends(mine):
            # The process may have died between the write to the journal and to the transcript.
            self._notify_transcript(session, DeliveryLine(message, fate, reason))
        received, also_damaged = self._files.inbox.read(inbox.decode)
        if damaged or also_damaged:
            log.warning("%d damaged lines of the journals were passed over", damaged + also_damaged)
        if state.seen:
            _if_possible(lambda: self._take_over(state.seen))
        self._compact_long_inbox()
        _if_possible(self._compact_outbox)
        pending = inbox.pending(received).items()
        open_ = {key: one for key, one in pending if one.received.robot == self._app}
        self._settle(open_)
        seen = {**state.seen, **inbox.times(received)}
        rate_limit = rate_limit_of(mine, random.random)
        return SavedRobot(state, outboxes.fold(mine), rate_limit, open_, seen, damaged_state)

    def _settle(self, open_: dict[str, inbox.OpenMessage]) -> None:
        """Note the session that each message is in already.

        A message that 0.1 had routed counts as finished: its responder may have been asked.
        """
        unasked = {key: one for key, one in open_.items() if not one.asked}
        if not unasked:
            return
        names = {inbox.message_id(key): key for key in unasked}
        since = min(one.received.time for one in unasked.values())
        for name, session in self._files.transcripts.standing(names, since).items():
            key = names[name]
            if open_[key].session:
                self.append_inbox(inbox.encode(inbox.Handed(key)), sync=False)
                del open_[key]
            else:
                open_[key] = inbox.OpenMessage(open_[key].received, session)

    def _notify_transcript(self, session: str, end: DeliveryLine) -> None:
        self._files.disk.submit_durable(
            transcript_of(session), lambda: self._files.transcripts.settle(session, end)
        )


class StreamGate:
    """Checks ownership before the stream opens a connection or acks. For the stream's thread."""

    def __init__(self, files: SharedFiles) -> None:
        self._files = files
        self._recording = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Refuse everything from now on: the next service takes over. For the disk thread."""
        with self._recording:
            self._closed = True

    def may_open(self) -> float:
        """Seconds to wait before a connection may be opened; 0 counts it as opened now."""
        return self._files.disk.wait(self._ask)

    def _ask(self) -> float:
        now = time.time()
        wait = 0.0

        def change(state: State) -> State:
            nonlocal wait
            wait = max(0.0, may_open_at(state, now) - now)
            return state if wait else with_opened(state, now)

        self._files.state.update(change)
        return wait

    def record(self, batch: Sequence[Received]) -> None:
        """Append messages to the inbox, all or none; they are durable when this returns. Waits for
        nothing else. Raises `OSError`."""
        lines = [inbox.encode(received) for received in batch]
        with self._recording:
            if self._closed:
                raise OSError(errno.EPERM, say.LINK_LOST())
            self._files.inbox.append(*lines)


def _if_possible(compact: Callable[[], None]) -> None:
    """Compact a journal, ignoring errors: it then only stays longer than necessary."""
    try:
        compact()
    except (OSError, BridgeError) as error:
        log.warning("a journal stays long: %s", error)
