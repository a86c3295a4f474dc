"""The outbox of a robot: accepts messages once they are on disk, retries and drops them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery.outbox import Outbox, QueuedMessage
from dingbridge.core.delivery.outbox_records import (
    Done,
    Dropped,
    Failed,
    Merged,
    OutboxRecord,
    Queued,
    Retried,
    Unmerged,
)
from dingbridge.core.delivery.outbox_text import describe, doubt
from dingbridge.core.messages import Delivery, DeliveryReport
from dingbridge.service.ports import Queue, Records, Runtime
from dingbridge.service.robots import robot_requests
from dingbridge.service.robots.delivery_lookup import DeliveryLookup
from dingbridge.service.robots.delivery_updates import DeliveryUpdates
from dingbridge.service.robots.robot_news import Notice

LATEST = 30
"""Ids (a count) of messages that wait, and of those that failed, that editors get with every
change, for completion; `describe` lists all."""


class RobotOutbox:
    """What leaves by one robot. Service loop only.

    accepting ──on disk──▶ queued ──▶ sent
                             ▲ └────▶ failed ──drop()──▶ dropped
                             └─retry()──┘

    Each change is reported by `updates`.
    """

    def __init__(
        self,
        outbox: Outbox,
        records: Records,
        queue: Queue,
        runtime: Runtime,
        updates: DeliveryUpdates,
    ) -> None:
        self._outbox = outbox
        self._records = records
        self._queue = queue
        self._runtime = runtime
        self._updates = updates
        self._retrying: set[str] = set()
        # Messages that are being written down, and are in the outbox once that is done.
        self._accepting: set[str] = set()
        self._lookup = DeliveryLookup(outbox, records, updates, self._accepting)
        self._is_settled = False
        self._asked_early: list[tuple[str, tuple[str, ...]]] = []
        self._is_looking = False
        self.is_unanswered = False
        """Whether the latest attempt of any message got no answer that may be DingTalk's."""

    @property
    def last_error(self) -> str:
        """Why the latest of the dead letters failed; empty without one."""
        return next((one.reason for one in reversed(self._outbox.dead.values())), "")

    @property
    def queued(self) -> int:
        """Messages without a final delivery (a count)."""
        return self._outbox.queued

    @property
    def is_empty(self) -> bool:
        """Whether no message waits, is being written down, or is being looked for."""
        return not (self._outbox.queued or self._accepting or self._is_looking)

    @property
    def failed(self) -> int:
        """Dead letters (a count)."""
        return len(self._outbox.dead)

    def latest_failed(self) -> tuple[str, ...]:
        """The ids of dead letters, the newest first, at most `LATEST`."""
        return tuple(islice(reversed(self._outbox.dead), LATEST))

    def latest_waiting(self) -> tuple[str, ...]:
        """The ids of messages without a final delivery, the newest first, at most `LATEST`."""
        return tuple(islice(reversed(self._outbox.waiting), LATEST))

    def knows(self, message: str) -> bool:
        """Whether a message is in the outbox, is about to be, or has left lately."""
        return message in self._accepting or self._outbox.knows(message)

    def session_of(self, message: str) -> str:
        """The session of a waiting message; empty for a message of no session."""
        whole = self._outbox.waiting.get(message)
        return whole.session if whole is not None else ""

    def listen(self, message: str, listener: Callable[[DeliveryReport], None] | None) -> None:
        """Call `listener` with each report on a message that no editor has sent; None ends that."""
        self._updates.listen(message, listener)

    def describe(self, prefix: str) -> tuple[tuple[str, str], ...]:
        """The outbox in words, see `outbox_text.describe`."""
        return describe(self._outbox, prefix)

    # --- accepting ------------------------------------------------------------------------------

    def start(self) -> None:
        """Send what an earlier owner left."""
        for waiting in self._outbox.waiting.values():
            self._queue.put(waiting)

    def send(self, ask: robot_requests.SendMessage) -> None:
        """Accept a message. For one that is known already, only its delivery is reported."""
        message = ask.outbound.id
        if self._outbox.knows(message):
            self._lookup.report(message, ask.session)
            return
        self._accepting.add(message)
        robot, now = self._records.robot, self._runtime.now()
        put = Queued(robot, ask.outbound, ask.kind, ask.session, now)
        self._records.outbox(put, lambda: self._accept(put))

    def _accept(self, put: Queued) -> None:
        self._accepting.discard(put.outbound.id)
        if self._outbox.knows(put.outbound.id):
            return
        self._outbox.apply(put)
        self._updates.set(put.outbound.id, put.session, Delivery.QUEUED, to=put.outbound.target)
        self._queue.put(self._outbox.waiting[put.outbound.id])
        self._updates.changed()

    def look(self) -> None:
        """Accept what others have written into the journal: the service, for an editor that left
        before it was answered, or a Neovim that runs 0.1."""
        self._is_looking = True
        self._records.look(self._found)

    def _found(self, puts: tuple[Queued, ...]) -> None:
        self._is_looking = False
        for put in puts:
            self._accept(put)

    def answer_known(self, session: str, ids: tuple[str, ...]) -> None:
        """Report the delivery of messages that a transcript shows without one. What is unknown is
        looked up on disk once `settled` was called: until then an editor may still hand it over."""
        unknown = self._lookup.unknown(ids)
        for message in ids:
            if message not in unknown and message not in self._accepting:
                self._lookup.report(message, session)
        if unknown and not self._is_settled:
            self._asked_early.append((session, unknown))
        elif unknown:
            # An editor that left may have written it into the journal.
            self.look()
            self._lookup.look_up(session, unknown)

    def settled(self) -> None:
        """The editors that may hand over a message again are all here by now."""
        self._is_settled = True
        asked, self._asked_early = self._asked_early, []
        for session, ids in asked:
            self.answer_known(session, ids)

    # --- reports of the queue -------------------------------------------------------------------

    def heard(self, reports: Sequence[DeliveryReport | OutboxRecord]) -> None:
        """Apply reports on attempts and records that were written, and tell those concerned."""
        ends: list[tuple[QueuedMessage, Done | Failed | Dropped]] = []
        for one in reports:
            if isinstance(one, DeliveryReport):
                self._progress(one)
            else:
                self._apply(one, ends)
        self._updates.settle(ends)
        self._outbox.forget_old(self._runtime.now())
        self._updates.changed()

    def _progress(self, report: DeliveryReport) -> None:
        self.is_unanswered = report.unanswered
        whole = self._outbox.waiting.get(report.message_id)
        if whole is not None:
            self._updates.progress(report, whole)

    def _apply(
        self, record: OutboxRecord, ends: list[tuple[QueuedMessage, Done | Failed | Dropped]]
    ) -> None:
        name = getattr(record, "id", "")
        dead_letter = self._outbox.dead.get(name)
        whole = dead_letter.waiting if dead_letter else self._outbox.waiting.get(name)
        self._outbox.apply(record)
        match record:
            case Merged():
                self._updates.merged(self._outbox.waiting[record.outbound.id])
            case Unmerged() if whole is not None:
                self._updates.unmerged(whole)
            case Done() | Failed() | Dropped() if whole is not None:
                ends.append((whole, record))

    # --- retry and drop -------------------------------------------------------------------------

    def retry(self, message: str) -> Notice | None:
        """Send a dead letter again; for an empty id all that certainly did not arrive. Returns a
        notice for the user, if there is anything to say."""
        dead = [letter for name, letter in self._outbox.dead.items() if message in ("", name)]
        if not dead:
            return Notice(say.NO_FAILED_ID(id=message) if message else say.NO_FAILED(), "error")
        doubtful = [letter for letter in dead if letter.waiting.may_have_arrived]
        for letter in dead:
            if message or letter not in doubtful:
                self._retry(Retried(letter.waiting.id))
        if not doubtful:
            return None
        if message:
            return Notice(say.SENT_AGAIN(id=message), "warn")
        return Notice(say.NOT_SENT_AGAIN(count=len(doubtful)), "warn")

    def _retry(self, record: Retried) -> None:
        self._retrying.add(record.id)
        self._records.outbox(record, lambda: self._retried(record))

    def _retried(self, record: Retried) -> None:
        self._retrying.discard(record.id)
        if record.id not in self._outbox.dead:
            # It was retried twice, or dropped meanwhile.
            return
        self._outbox.apply(record)
        whole = self._outbox.waiting[record.id]
        for one in whole.everyone():
            to = one.outbound.target
            self._updates.set(one.id, one.session, Delivery.QUEUED, doubt(whole), to)
        self._queue.put(whole)
        self._updates.changed()

    def drop(self, message: str) -> str:
        """Give up a message that waits or that failed. Returns a sentence that says why that cannot
        be done; empty when it can.

        A message under way is the queue's: no record is written until the queue lets go of it.
        """
        if message in self._retrying:
            return say.BEING_RETRIED(id=message)
        if message in self._outbox.dropped:
            # Another editor may have dropped it, or this one before the service was killed.
            return ""
        whole = self._outbox.whole(message)
        if whole is None:
            return say.NO_WAITING(id=message)
        if whole.id != message:
            return say.GOES_WITH_OTHERS(id=message, whole=whole.id)
        if message in self._outbox.dead or self._queue.drop(message):
            record = Dropped(message, self._runtime.now())
            self._records.outbox(record, lambda: self.heard((record,)))
        return ""
