"""Looks up messages whose transcript shows no final delivery."""

from __future__ import annotations

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery.outbox import Outbox
from dingbridge.core.delivery.outbox_journal import dropped_in_words
from dingbridge.core.delivery.outbox_text import doubt
from dingbridge.core.messages import Delivery, DeliveryReport, Message
from dingbridge.service.robots.delivery_updates import DeliveryUpdates
from dingbridge.service.robots.robot_ports import Records


class DeliveryLookup:
    """Looks in the outbox, then in journals and transcripts on disk. Service loop only.

    `accepting` are the ids of messages that are being written to the outbox.
    """

    def __init__(
        self, outbox: Outbox, records: Records, updates: DeliveryUpdates, accepting: set[str]
    ) -> None:
        self._outbox = outbox
        self._records = records
        self._updates = updates
        self._accepting = accepting

    def unknown(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """The messages that are neither in the outbox nor being written to it."""
        return tuple(
            message
            for message in ids
            if message not in self._accepting and not self._outbox.knows(message)
        )

    def look_up(self, session: str, unknown: tuple[str, ...]) -> None:
        """Report what the disk knows of messages that the outbox does not know. Without a trace,
        they failed."""
        self._records.traces(
            session, unknown, lambda *found: self._looked_up(session, unknown, *found)
        )

    def _looked_up(
        self, session: str, unknown: tuple[str, ...], others: set[str], ended: tuple[Message, ...]
    ) -> None:
        ends = {message.id: message for message in ended}
        for message in unknown:
            end = ends.get(message)
            if self._outbox.knows(message):
                self.report(message, session)
            elif end is not None:
                self._updates.set(message, session, end.delivery, end.reason)
            elif message not in others and message not in self._accepting:
                self._updates.write(message, session, Delivery.FAILED, say.NEVER_LEFT())
                self._updates.set(message, session, Delivery.FAILED, say.NEVER_LEFT())

    def report(self, message: str, session: str) -> None:
        """Report the delivery of a message in the outbox."""
        dead_letter = self._outbox.letter(message)
        uncertain = message in self._outbox.uncertain
        whole = self._outbox.whole(message)
        to = whole.outbound.target if whole is not None else None
        if dead_letter is not None:
            self._updates.write(message, session, Delivery.FAILED, dead_letter.reason)
            self._updates.set(message, session, Delivery.FAILED, dead_letter.reason, to)
        elif message in self._outbox.dropped:
            reason = dropped_in_words(uncertain=uncertain)
            self._updates.write(message, session, Delivery.FAILED, reason)
            report = DeliveryReport(
                message, Delivery.FAILED, reason, dropped=True, may_have_arrived=uncertain
            )
            self._updates.notify(report, session)
        elif message in self._outbox.done:
            reason = say.MAY_BE_TWICE() if uncertain else ""
            self._updates.write(message, session, Delivery.SENT, reason)
            self._updates.set(message, session, Delivery.SENT, reason)
        else:
            words = doubt(whole) if whole is not None else ""
            self._updates.set(message, session, Delivery.QUEUED, words, to)
