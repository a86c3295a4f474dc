"""The outbox of a robot: accepts messages once they are durable, retries and drops them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery import message_rows
from dingbridge.core.delivery.outbox import Outbox, QueuedMessage
from dingbridge.core.delivery.outbox_records import (
    Done,
    Dropped,
    DropRequested,
    Failed,
    Merged,
    OutboxRecord,
    Queued,
    Retried,
    Unmerged,
)
from dingbridge.core.delivery.outbox_text import describe, doubt
from dingbridge.core.messages import Delivery, DeliveryReport
from dingbridge.service.robots import robot_requests
from dingbridge.service.robots.delivery_lookup import DeliveryLookup
from dingbridge.service.robots.delivery_updates import DeliveryUpdates
from dingbridge.service.robots.robot_news import MessageChoice, Notice
from dingbridge.service.robots.robot_ports import Queue, Records
from dingbridge.service.runtime import Runtime

LATEST = 30
"""Maximum number of ids, waiting and failed each, that editors get for completion."""


class RobotOutbox:
    """The messages that one robot sends. Service loop only.

    accepting ──on disk──▶ queued ──▶ sent
                             ▲ └────▶ failed ──drop()──▶ dropped
                             └─retry()──┘

    `updates` reports each change.
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
        # Messages being written to disk.
        self._accepting: set[str] = set()
        self._lookup = DeliveryLookup(outbox, records, updates, self._accepting)
        self._is_settled = False
        self._asked_early: list[tuple[str, tuple[str, ...]]] = []
        self._is_looking = False
        self.is_unanswered = False
        """Whether the latest attempt of any message got no answer that may be DingTalk's."""

    @property
    def last_error(self) -> str:
        """The reason of the latest dead letter; empty without one."""
        return next((one.reason for one in reversed(self._outbox.dead.values())), "")

    @property
    def queued(self) -> int:
        """Number of messages without a final delivery."""
        return self._outbox.queued

    def queued_with(self, messages: tuple[str, ...]) -> int:
        """Number of messages without a final delivery, once `messages` are accepted too."""
        return self.queued + sum(not self._outbox.knows(message) for message in messages)

    @property
    def is_empty(self) -> bool:
        """Whether no message waits, is being written, or is being looked up."""
        return not (self._outbox.queued or self._accepting or self._is_looking)

    @property
    def failed(self) -> int:
        """Number of dead letters."""
        return len(self._outbox.dead)

    def latest_failed(self) -> tuple[str, ...]:
        """Ids of dead letters, newest first, at most `LATEST`."""
        return tuple(islice(reversed(self._outbox.dead), LATEST))

    def latest_waiting(self) -> tuple[str, ...]:
        """Ids of messages without a final delivery, newest first, at most `LATEST`."""
        return tuple(islice(reversed(self._outbox.waiting), LATEST))

    def knows(self, message: str) -> bool:
        """Whether a message is in the outbox, is being written to it, or was sent lately."""
        return message in self._accepting or self._outbox.knows(message)

    def is_open(self, message: str) -> bool:
        """Whether a message is being written, waits or has failed."""
        return message in self._accepting or self._outbox.whole(message) is not None

    def session_of(self, message: str) -> str:
        """The session of a waiting message; empty without one."""
        whole = self._outbox.waiting.get(message)
        return whole.session if whole is not None else ""

    def listen(self, message: str, listener: Callable[[DeliveryReport], None] | None) -> None:
        """Call `listener` with each report on a message that no editor has sent; None removes
        it."""
        self._updates.listen(message, listener)

    def describe(self, prefix: str) -> tuple[tuple[str, str], ...]:
        """The outbox in words, see `outbox_text.describe`."""
        return describe(self._outbox, prefix)

    # --- accepting ------------------------------------------------------------------------------

    def start(self) -> None:
        """Send what an earlier service left, but for what the user dropped under way."""
        for waiting in list(self._outbox.waiting.values()):
            if waiting.unwanted:
                self._end(waiting.id)
            else:
                self._queue.put(waiting)

    def send(self, ask: robot_requests.SendMessage) -> None:
        """Accept a message. If it is known already, only report its delivery."""
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
        """Accept messages that others wrote into the journal: the service, for an editor that left
        too early, or a Neovim with 0.1."""
        self._is_looking = True
        self._records.look(self._found)

    def _found(self, puts: tuple[Queued, ...]) -> None:
        self._is_looking = False
        for put in puts:
            self._accept(put)

    def answer_known(self, session: str, ids: tuple[str, ...]) -> None:
        """Report the delivery of messages that a transcript shows without a final one. Unknown ones
        are looked up on disk after `settled`: before that, an editor may still submit them."""
        unknown = self._lookup.unknown(ids)
        for message in ids:
            if message not in unknown and message not in self._accepting:
                self._lookup.report(message, session)
        if unknown and not self._is_settled:
            self._asked_early.append((session, unknown))
        elif unknown:
            # The service may have written it into the journal for an editor that left.
            self.look()
            self._lookup.look_up(session, unknown)

    def settled(self) -> None:
        """All editors that may submit messages again have attached."""
        self._is_settled = True
        asked, self._asked_early = self._asked_early, []
        for session, ids in asked:
            self.answer_known(session, ids)

    # --- reports of the queue -------------------------------------------------------------------

    def heard(self, reports: Sequence[DeliveryReport | OutboxRecord]) -> None:
        """Apply reports on attempts and on written records."""
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

    def retry(self, message: str) -> tuple[tuple[str, ...], tuple[Notice | MessageChoice, ...]]:
        """Retry a dead letter; with an empty id, all that certainly did not arrive. What waits for
        its next attempt is tried now. Returns the ids of those that are sent again, and answers to
        the user."""
        dead = [letter for name, letter in self._outbox.dead.items() if message in ("", name)]
        waits = bool(self._outbox.waiting) if not message else message in self._outbox.waiting
        hurries = waits and self._queue.hurry()
        if not dead:
            words = say.HURRIED() if hurries else say.NOT_HURRIED()
            if not waits:
                words = say.NO_FAILED_ID(id=message) if message else say.NO_FAILED()
            return (), (Notice(words, "info" if waits else "error"),)
        doubtful = [letter for letter in dead if letter.waiting.may_have_arrived]
        again = [letter.waiting for letter in dead if message or letter not in doubtful]
        for whole in again:
            self._retry(Retried(whole.id))
        ids = tuple(one.id for whole in again for one in whole.everyone())
        if not doubtful:
            return ids, ()
        if message:
            return ids, (Notice(say.SENT_AGAIN(id=message), "warn"),)
        rows = message_rows.failed(doubtful)
        notice = Notice(say.NOT_SENT_AGAIN(count=len(doubtful)), "warn")
        return ids, (notice, MessageChoice("retry", rows))

    def _retry(self, record: Retried) -> None:
        self._retrying.add(record.id)
        self._records.outbox(record, lambda: self._retried(record))

    def _retried(self, record: Retried) -> None:
        self._retrying.discard(record.id)
        if record.id not in self._outbox.dead:
            # Retried twice, or dropped meanwhile.
            return
        self._outbox.apply(record)
        whole = self._outbox.waiting[record.id]
        for one in whole.everyone():
            to = one.outbound.target
            self._updates.set(one.id, one.session, Delivery.QUEUED, doubt(whole), to)
        self._queue.put(whole)
        self._updates.changed()

    def withdraw(self, message: str) -> bool:
        """Drop a message of the bridge itself. Returns whether certainly nothing of it arrived."""
        whole = self._outbox.waiting.get(message)
        if whole is None or not self._queue.drop(message):
            return False
        record = Dropped(message, self._runtime.now())
        self._records.outbox(record, lambda: self.heard((record,)))
        return not (whole.start or whole.tried)

    def drop(self, message: str) -> str:
        """Drop a message that waits or failed. Returns why that is impossible, in words; empty if
        it worked.

        A message under way belongs to the queue, which records its end; until then it is only
        marked, for a service that starts after a kill.
        """
        if message in self._retrying:
            return say.BEING_RETRIED(id=message)
        if message in self._outbox.dropped:
            # Another editor, or this one before the service was killed, may have dropped it.
            return ""
        whole = self._outbox.whole(message)
        if whole is None:
            return say.NO_WAITING(id=message)
        if whole.id != message:
            return say.GOES_WITH_OTHERS(id=message, whole=whole.id)
        if message in self._outbox.dead or self._queue.drop(message):
            self._end(message)
        elif not whole.unwanted:
            requested = DropRequested(message)
            self._records.outbox(requested, lambda: self._outbox.apply(requested))
        return ""

    def _end(self, message: str) -> None:
        record = Dropped(message, self._runtime.now())
        self._records.outbox(record, lambda: self.heard((record,)))
