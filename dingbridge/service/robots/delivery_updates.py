"""Reports deliveries of a robot's messages to editors, transcripts and single listeners."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery.outbox import QueuedMessage, is_uncertain
from dingbridge.core.delivery.outbox_journal import end_in_words
from dingbridge.core.delivery.outbox_records import Done, Dropped, Failed
from dingbridge.core.markdown import code_blocks
from dingbridge.core.messages import Delivery, DeliveryReport, Target
from dingbridge.core.sessions import destinations
from dingbridge.core.sessions.transcript import DeliveryLine
from dingbridge.core.text import shorten
from dingbridge.service.robots.robot_news import DeliveryUpdate
from dingbridge.service.robots.robot_ports import Records

TITLE = 30
"""Characters of a message that identify it in the report of its final delivery."""


class DeliveryUpdates:
    """Reports the deliveries of one robot's messages. Service loop only.

    - `broadcast` sends an update to every editor.
    - `ended` is called with each message that has its final delivery.
    - `changed` is called when the counts of the outbox may have changed.
    """

    def __init__(
        self,
        records: Records,
        broadcast: Callable[[DeliveryUpdate], None],
        ended: Callable[[QueuedMessage], None],
        changed: Callable[[], None],
    ) -> None:
        self._records = records
        self._broadcast = broadcast
        self._ended = ended
        self.changed = changed
        self._listeners: dict[str, Callable[[DeliveryReport], None]] = {}

    def listen(self, message: str, listener: Callable[[DeliveryReport], None] | None) -> None:
        """Call `listener` with each report on a message as well; None removes it."""
        if listener is None:
            self._listeners.pop(message, None)
        else:
            self._listeners[message] = listener

    def notify(self, report: DeliveryReport, session: str, to: Target | None = None) -> None:
        """Send a report on a message of `session`, with the name of its target `to`."""
        if to is not None:
            report = structs.replace(report, key=to.key, place=destinations.name(to))
        self._broadcast(DeliveryUpdate(report, session))
        listener = self._listeners.get(report.message_id)
        if listener is not None:
            listener(report)

    def set(
        self,
        message: str,
        session: str,
        delivery: Delivery,
        reason: str = "",
        to: Target | None = None,
    ) -> None:
        """Report a message's delivery."""
        self.notify(DeliveryReport(message, delivery, reason), session, to)

    def progress(self, report: DeliveryReport, whole: QueuedMessage) -> None:
        """Report an attempt, for each member of a merged message."""
        for one in whole.everyone():
            self.notify(structs.replace(report, message_id=one.id), one.session)

    def merged(self, whole: QueuedMessage) -> None:
        """Report that these messages are sent as one."""
        for one in whole.members:
            self.set(one.id, one.session, Delivery.SENDING, say.MERGED())

    def unmerged(self, whole: QueuedMessage) -> None:
        """Report that these messages are sent one by one after all."""
        words = say.PARTED_DOUBTFUL if whole.may_have_arrived else say.PARTED
        for one in whole.members:
            self.set(one.id, one.session, Delivery.RETRYING, words())

    def settle(self, ends: list[tuple[QueuedMessage, Done | Failed | Dropped]]) -> None:
        """Report final deliveries and write them to the transcripts, with one write per session."""
        lines: dict[str, list[DeliveryLine]] = {}
        for whole, record in ends:
            self._settle(whole, record, lines)
        for session, of_session in lines.items():
            self._records.fates(session, tuple(of_session))

    def _settle(
        self,
        whole: QueuedMessage,
        record: Done | Failed | Dropped,
        lines: dict[str, list[DeliveryLine]],
    ) -> None:
        delivery, reason = end_in_words(record, whole)
        dropped = isinstance(record, Dropped)
        doubt = isinstance(record, Dropped) and is_uncertain(record, whole)
        unanswered = isinstance(record, Failed) and record.unanswered
        for one in whole.everyone():
            if one.session:
                lines.setdefault(one.session, []).append(DeliveryLine(one.id, delivery, reason))
            if one.outbound.file_name and not isinstance(record, Failed):
                # A dead letter keeps its file, for a retry.
                self._records.forget_file(one.id)
            title = shorten(one.outbound.file_name or code_blocks.title(one.outbound.text), TITLE)
            report = DeliveryReport(
                one.id,
                delivery,
                reason,
                title=title,
                dropped=dropped,
                may_have_arrived=doubt,
                unanswered=unanswered,
            )
            self.notify(report, one.session, one.outbound.target)
        self._ended(whole)

    def write(self, message: str, session: str, delivery: Delivery, reason: str) -> None:
        """Write a final delivery to the transcript again: a power cut may have removed it there,
        and a compacted journal no longer names the session."""
        if session:
            self._records.fates(session, (DeliveryLine(message, delivery, reason),))
