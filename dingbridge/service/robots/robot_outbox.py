"""The owner's outbox: accepts messages once they are on disk, and tells everybody their fate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from msgspec import structs

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery.outbox import Outbox, QueuedMessage, is_uncertain
from dingbridge.core.delivery.outbox_journal import dropped_in_words, end_in_words
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
from dingbridge.core.markdown import code_blocks
from dingbridge.core.messages import Delivery, DeliveryReport, Message, Target
from dingbridge.core.sessions import destinations
from dingbridge.core.sessions.transcript import DeliveryLine
from dingbridge.core.text import shorten
from dingbridge.service.ports import Queue, Records, Runtime
from dingbridge.service.robots import robot_news, robot_requests
from dingbridge.service.robots.robot_news import News, Notice

TITLE = 30
"""Characters of a message that name it where its end is told."""

LATEST = 30
"""Ids (a count) of messages that wait, and of those that failed, that editors are told of with
every change, for completion: `describe` knows all."""


class RobotOutbox:
    """What leaves by one robot. Service loop only.

    `notify` reaches every editor; `changed` is called when the counts are new, and `ended`
    with each message that has its final fate.
    """

    def __init__(
        self,
        robot: str,
        outbox: Outbox,
        records: Records,
        queue: Queue,
        chance: Runtime,
        notify: Callable[[News], None],
        changed: Callable[[], None],
        ended: Callable[[QueuedMessage], None],
    ) -> None:
        self._robot = robot
        self._outbox = outbox
        self._records = records
        self._queue = queue
        self._chance = chance
        self._broadcast = notify
        self._listeners: dict[str, Callable[[DeliveryReport], None]] = {}
        self._changed = changed
        self._ended = ended
        self._retrying: set[str] = set()
        # Messages that are being written down: they have no fate, and get one.
        self._accepting: set[str] = set()
        self._is_settled = False
        self._asked_early: list[tuple[str, tuple[str, ...]]] = []
        self._looking = False
        self.is_unanswered = False
        """Whether the latest attempt of any message was answered by nobody who may be DingTalk."""

    @property
    def last_error(self) -> str:
        """Why the latest of the dead letters failed; empty without one."""
        return next((one.reason for one in reversed(self._outbox.dead.values())), "")

    @property
    def queued(self) -> int:
        """Messages that have no fate yet."""
        return self._outbox.queued

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits, is being written down or may be found in a moment."""
        return not (self._outbox.queued or self._accepting or self._looking)

    @property
    def failed(self) -> int:
        """Dead letters."""
        return len(self._outbox.dead)

    def latest_failed(self) -> tuple[str, ...]:
        """The ids of dead letters, the newest first, at most `LATEST`."""
        return tuple(islice(reversed(self._outbox.dead), LATEST))

    def latest_waiting(self) -> tuple[str, ...]:
        """The ids of messages that have no fate yet, the newest first, at most `LATEST`."""
        return tuple(islice(reversed(self._outbox.waiting), LATEST))

    def knows(self, message: str) -> bool:
        """Whether a message is in the outbox, is about to be, or has left lately."""
        return message in self._accepting or self._outbox.knows(message)

    def session_of(self, message: str) -> str:
        """The session that a waiting message stands in; empty for one that stands in none."""
        whole = self._outbox.waiting.get(message)
        return whole.session if whole is not None else ""

    def listen(self, message: str, heard: Callable[[DeliveryReport], None] | None) -> None:
        """Tell `heard` as well what becomes of a message, which no editor has sent; None ends
        that."""
        if heard is None:
            self._listeners.pop(message, None)
        else:
            self._listeners[message] = heard

    def _notify(self, news: robot_news.DeliveryUpdate) -> None:
        self._broadcast(news)
        heard = self._listeners.get(news.report.message_id)
        if heard is not None:
            heard(news.report)

    def start(self) -> None:
        """Send what an earlier owner left."""
        for waiting in self._outbox.waiting.values():
            self._queue.put(waiting)

    def send(self, ask: robot_requests.SendMessage) -> None:
        """Accept a message. One that is known already is only answered."""
        message = ask.outbound.id
        if self._outbox.knows(message):
            self._notify_known(message, ask.session)
            return
        self._accepting.add(message)
        put = Queued(self._robot, ask.outbound, ask.kind, ask.session, self._chance.now())
        self._records.outbox(put, lambda: self._queued(put))

    def _queued(self, put: Queued) -> None:
        self._accepting.discard(put.outbound.id)
        if self._outbox.knows(put.outbound.id):
            return
        self._outbox.apply(put)
        self._fate(put.outbound.id, put.session, Delivery.QUEUED, to=put.outbound.target)
        self._queue.put(self._outbox.waiting[put.outbound.id])
        self._changed()

    def look(self) -> None:
        """Take up what others wrote down: for an editor that left before it was answered, or by a
        Neovim that runs 0.1."""
        self._looking = True
        self._records.look(self._found)

    def _found(self, puts: tuple[Queued, ...]) -> None:
        self._looking = False
        for put in puts:
            self._queued(put)

    # --- news from the queue --------------------------------------------------------------------

    def heard(self, news: Sequence[DeliveryReport | OutboxRecord]) -> None:
        """How messages are getting on, and records that were written: note what they mean, and tell
        who shows it."""
        ends: dict[str, list[DeliveryLine]] = {}
        for one in news:
            if isinstance(one, DeliveryReport):
                self._progress(one)
            else:
                self._recorded(one, ends)
        for session, fates in ends.items():
            self._records.fates(session, tuple(fates))
        self._outbox.forget_old(self._chance.now())
        self._changed()

    def _recorded(self, record: OutboxRecord, ends: dict[str, list[DeliveryLine]]) -> None:
        name = getattr(record, "id", "")
        letter = self._outbox.dead.get(name)
        whole = letter.waiting if letter else self._outbox.waiting.get(name)
        self._outbox.apply(record)
        match record:
            case Merged():
                for one in self._outbox.waiting[record.outbound.id].members:
                    self._fate(one.id, one.session, Delivery.SENDING, say.MERGED())
            case Unmerged() if whole is not None:
                for one in whole.members:
                    why = say.PARTED_DOUBTFUL if whole.may_have_arrived else say.PARTED
                    self._fate(one.id, one.session, Delivery.RETRYING, why())
            case Done() | Failed() | Dropped() if whole is not None:
                self._settle(whole, record, ends)

    def _progress(self, report: DeliveryReport) -> None:
        """How a message is getting on; not its end."""
        self.is_unanswered = report.unanswered
        whole = self._outbox.waiting.get(report.message_id)
        for one in whole.everyone() if whole else ():
            self._notify(
                robot_news.DeliveryUpdate(structs.replace(report, message_id=one.id), one.session)
            )

    def _settle(
        self,
        whole: QueuedMessage,
        record: Done | Failed | Dropped,
        ends: dict[str, list[DeliveryLine]],
    ) -> None:
        """Tell a final fate, and add it to those for the transcripts."""
        fate, reason = end_in_words(record, whole)
        dropped = isinstance(record, Dropped)
        doubt = isinstance(record, Dropped) and is_uncertain(record, whole)
        unanswered = isinstance(record, Failed) and record.unanswered
        for one in whole.everyone():
            if one.session:
                ends.setdefault(one.session, []).append(DeliveryLine(one.id, fate, reason))
            if one.outbound.file_name and not isinstance(record, Failed):
                # A dead letter keeps its file: it may be sent again.
                self._records.forget_file(one.id)
            title = shorten(one.outbound.file_name or code_blocks.title(one.outbound.text), TITLE)
            report = DeliveryReport(
                one.id,
                fate,
                reason,
                title=title,
                dropped=dropped,
                may_have_arrived=doubt,
                unanswered=unanswered,
            )
            self._notify(
                robot_news.DeliveryUpdate(_going_to(report, one.outbound.target), one.session)
            )
        self._ended(whole)

    def _fate(
        self,
        message: str,
        session: str,
        fate: Delivery,
        reason: str = "",
        to: Target | None = None,
    ) -> None:
        report = DeliveryReport(message, fate, reason)
        self._notify(
            robot_news.DeliveryUpdate(_going_to(report, to) if to is not None else report, session)
        )

    # --- what became of it? ---------------------------------------------------------------------

    def answer_known(self, session: str, ids: tuple[str, ...]) -> None:
        """Tell the fate of messages that a transcript shows without one."""
        asked = tuple(message for message in ids if message not in self._accepting)
        unknown = tuple(message for message in asked if not self._outbox.knows(message))
        for message in asked:
            if message not in unknown:
                self._notify_known(message, session)
        if unknown and not self._is_settled:
            self._asked_early.append((session, unknown))
        elif unknown:
            # It may stand in the journal all the same, written there by an editor that left.
            self.look()
            self._records.traces(
                session, unknown, lambda *found: self._traced(session, unknown, *found)
            )

    def settled(self) -> None:
        """Whoever may have a message to hand over again is here by now."""
        self._is_settled = True
        asked, self._asked_early = self._asked_early, []
        for session, ids in asked:
            self.answer_known(session, ids)

    def _traced(
        self, session: str, unknown: tuple[str, ...], others: set[str], ended: tuple[Message, ...]
    ) -> None:
        ends = {message.id: message for message in ended}
        for message in unknown:
            end = ends.get(message)
            if self._outbox.knows(message):
                self._notify_known(message, session)
            elif end is not None:
                self._fate(message, session, end.delivery, end.reason)
            elif message not in others and message not in self._accepting:
                if session:
                    failed = DeliveryLine(message, Delivery.FAILED, say.NEVER_LEFT())
                    self._records.fates(session, (failed,))
                self._fate(message, session, Delivery.FAILED, say.NEVER_LEFT())

    def _notify_known(self, message: str, session: str) -> None:
        letter = self._outbox.letter(message)
        uncertain = message in self._outbox.uncertain
        whole = self._outbox.whole(message)
        to = whole.outbound.target if whole is not None else None
        if letter is not None:
            self._write_known(message, session, Delivery.FAILED, letter.reason)
            self._fate(message, session, Delivery.FAILED, letter.reason, to)
        elif message in self._outbox.dropped:
            reason = dropped_in_words(uncertain=uncertain)
            self._write_known(message, session, Delivery.FAILED, reason)
            report = DeliveryReport(
                message, Delivery.FAILED, reason, dropped=True, may_have_arrived=uncertain
            )
            self._notify(robot_news.DeliveryUpdate(report, session))
        elif message in self._outbox.done:
            reason = say.MAY_BE_TWICE() if uncertain else ""
            self._write_known(message, session, Delivery.SENT, reason)
            self._fate(message, session, Delivery.SENT, reason)
        else:
            words = doubt(whole) if whole is not None else ""
            self._fate(message, session, Delivery.QUEUED, words, to)

    def _write_known(self, message: str, session: str, fate: Delivery, reason: str) -> None:
        """A power cut may have taken an end from the transcript, and the journal be too short by
        now to tell whose it was."""
        if session:
            self._records.fates(session, (DeliveryLine(message, fate, reason),))

    # --- dead letters ---------------------------------------------------------------------------

    def retry(self, message: str) -> Notice | None:
        """Send a dead letter again; for an empty id all that certainly did not arrive. Returns what
        the user has to know of it, if anything."""
        letters = [letter for name, letter in self._outbox.dead.items() if message in ("", name)]
        if not letters:
            return Notice(say.NO_FAILED_ID(id=message) if message else say.NO_FAILED(), "error")
        doubtful = [letter for letter in letters if letter.waiting.may_have_arrived]
        for letter in letters:
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
            # It was asked for twice, or dropped meanwhile.
            return
        self._outbox.apply(record)
        whole = self._outbox.waiting[record.id]
        for one in whole.everyone():
            to = one.outbound.target
            self._fate(one.id, one.session, Delivery.QUEUED, doubt(whole), to)
        self._queue.put(whole)
        self._changed()

    def drop(self, message: str) -> str:
        """Give up a message that waits or that failed. Returns what is wrong.

        What waits is the queue's: nothing is written down about a message that it does not let go.
        """
        if message in self._retrying:
            return say.BEING_RETRIED(id=message)
        if message in self._outbox.dropped:
            # It may be told twice: by another editor, or again after the service was killed.
            return ""
        whole = self._outbox.whole(message)
        if whole is None:
            return say.NO_WAITING(id=message)
        if whole.id != message:
            return say.GOES_WITH_OTHERS(id=message, whole=whole.id)
        if message in self._outbox.dead or self._queue.drop(message):
            record = Dropped(message, self._chance.now())
            self._records.outbox(record, lambda: self.heard((record,)))
        return ""

    def describe(self, prefix: str) -> tuple[tuple[str, str], ...]:
        """The outbox in words, see `outbox_words.describe`."""
        return describe(self._outbox, prefix)


def _going_to(report: DeliveryReport, to: Target) -> DeliveryReport:
    return structs.replace(report, key=to.key, place=destinations.name(to))
