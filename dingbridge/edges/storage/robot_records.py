"""Writes the records of one robot: on the disk thread for the loop, which never waits, and directly
for the sender's threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from dingbridge.core.delivery.outbox_records import OutboxRecord, Queued
from dingbridge.core.errors import StoredDataDamaged
from dingbridge.core.messages import Message
from dingbridge.core.sessions import inbox
from dingbridge.core.sessions.state import State
from dingbridge.core.sessions.transcript import DeliveryLine
from dingbridge.core.timeouts import STATE_EVERY
from dingbridge.edges.storage.robot_files import (
    INBOX,
    OUTBOX,
    STATE,
    RobotFiles,
    SharedFiles,
    transcript_of,
)


class RobotRecords:
    """The records of one robot.

    `damaged` is called on the disk thread if the state file was set aside; `post` runs a call at
    the end of a turn of the loop.
    """

    def __init__(
        self,
        files: SharedFiles,
        robot_files: RobotFiles,
        damaged: Callable[[StoredDataDamaged], None],
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self._files = files
        self._robot_files = robot_files
        self.robot = robot_files.robot
        self._damaged = damaged
        self._post = post
        self._handed: list[inbox.Handed] = []
        self._asking: list[tuple[inbox.Asked, Callable[[], None]]] = []
        # Requested outbox records, and those that the disk refused, each with its callback.
        self._asked: deque[tuple[OutboxRecord, Callable[[], None]]] = deque()
        self._refused: list[tuple[OutboxRecord, Callable[[], None]]] = []
        self._is_due = False

    # --- for the service loop -------------------------------------------------------------------

    def outbox(self, record: OutboxRecord, then: Callable[[], None]) -> None:
        """Write an outbox record; `then` runs once it is durable. Records of one turn are written
        together."""
        self._asked.append((record, then))
        if not self._is_due:
            self._is_due = True
            self._files.disk.submit_durable(OUTBOX, self._write_asked, _run)

    def received(self, received: inbox.Received, then: Callable[[], None]) -> None:
        """Record a received robot message; `then` runs once that is durable."""
        self._write_inbox(inbox.encode(received), then)

    def routed(self, key: str, session: str, then: Callable[[], None]) -> None:
        """Record that a remote command goes to this session; `then` runs once that is durable."""
        self._write_inbox(inbox.encode(inbox.Routed(key, session)), then)

    def asked(
        self, key: str, session: str, by: inbox.ResponderKind, then: Callable[[], None]
    ) -> None:
        """Record that a responder is asked about a message; `then` runs once that is durable.
        Records of one turn are written together."""
        self._asking.append((inbox.Asked(key, session, by), then))
        if len(self._asking) == 1:
            self._post(self._write_asking)

    def _write_asking(self) -> None:
        asking, self._asking = self._asking, []
        lines = [inbox.encode(record) for record, _ in asking]
        self._files.disk.submit_durable(
            INBOX,
            lambda: self._robot_files.append_inbox(*lines),
            lambda _: _run(tuple(then for _, then in asking)),
        )

    def handed(self, key: str) -> None:
        """Record that a robot message is finished. Records of one turn are written together.

        Not synced: after a power cut the message is found in its transcript.
        """
        self._handed.append(inbox.Handed(key))
        if len(self._handed) == 1:
            self._post(self._write_handed)

    def _write_handed(self) -> None:
        lines = [inbox.encode(record) for record in self._handed]
        self._handed.clear()
        self._files.disk.submit_durable(
            INBOX, lambda: self._robot_files.append_inbox(*lines, sync=False)
        )

    def _write_inbox(self, line: bytes, then: Callable[[], None]) -> None:
        self._files.disk.submit_durable(
            INBOX, lambda: self._robot_files.append_inbox(line), lambda _: then()
        )

    def fates(self, session: str, ends: tuple[DeliveryLine, ...]) -> None:
        """Write the results of messages to their transcript."""
        self._files.disk.submit_durable(
            transcript_of(session), lambda: self._files.transcripts.settle(session, *ends)
        )

    def forget_file(self, message: str) -> None:
        """Remove the stored copy of a message's file."""
        self._files.disk.do(lambda: self._files.outgoing.forget(message))

    def change(
        self, change: Callable[[State], State], then: Callable[[], None] = lambda: None
    ) -> None:
        """Change the state file; `then` runs once that is durable. Changes requested while the disk
        is busy are written together."""
        self._files.state.soon(change)
        self._files.disk.submit_durable(STATE, self._keep, lambda _: then())

    def soon(self, change: Callable[[State], State]) -> None:
        """Change the state file within a second. Thread-safe."""
        if self._files.state.soon(change):
            self._flush_in(STATE_EVERY)

    def _flush_in(self, seconds: float) -> None:
        self._files.disk.later(STATE, seconds, self._flush)

    def settled(self, then: Callable[[], None]) -> None:
        """Call `then` once all earlier writes to state and outbox are durable."""

        def state_is(_: None) -> None:
            self._files.disk.submit_durable(OUTBOX, lambda: None, lambda _: then())

        self._files.disk.submit_durable(STATE, lambda: None, state_is)

    def traces(
        self,
        session: str,
        messages: tuple[str, ...],
        then: Callable[[set[str], tuple[Message, ...]], None],
    ) -> None:
        """Look up messages that the outbox does not know; see `RobotFiles.traces`."""
        self._files.disk.do(
            lambda: self._robot_files.traces(session, set(messages)), lambda found: then(*found)
        )

    def look(self, then: Callable[[tuple[Queued, ...]], None]) -> None:
        """Look for messages that other processes wrote; see `RobotFiles.look`."""
        self._files.disk.do(self._robot_files.look, then)

    # --- for other threads ----------------------------------------------------------------------

    def append(self, record: OutboxRecord, *, sync: bool) -> None:
        """Append an outbox record; see `RobotFiles.append`. Raises `OSError`."""
        self._robot_files.append(record, sync=sync)

    def update(self, change: Callable[[State], State]) -> None:
        """Change the state file durably. Raises `OSError` or `BridgeError`."""
        self._files.disk.wait(lambda: self._files.state.update(change))

    # --- on the disk thread ---------------------------------------------------------------------

    def _write_asked(self) -> tuple[Callable[[], None], ...]:
        """Write all requested outbox records together. Returns their callbacks."""
        # First: requests from now on may be too late for this write.
        self._is_due = False
        while self._asked:
            self._refused.append(self._asked.popleft())
        written = self._refused
        if written:
            self._robot_files.append(*(record for record, _ in written))
        self._refused = []
        return tuple(then for _, then in written)

    def _flush(self) -> None:
        seconds = self._files.state.due_in()
        if seconds > 0:
            # An urgent write meanwhile included the waiting ones.
            self._flush_in(seconds)
        else:
            self.flush()

    def flush(self) -> None:
        """Write pending changes to the state file. Raises `OSError` or `BridgeError`."""
        try:
            self._files.state.flush()
        except StoredDataDamaged as error:
            self._damaged(error)

    def _keep(self) -> None:
        try:
            self._files.state.keep()
        except StoredDataDamaged as error:
            # The changes were applied all the same, to a new state.
            self._damaged(error)


def _run(calls: tuple[Callable[[], None], ...]) -> None:
    for call in calls:
        call()
