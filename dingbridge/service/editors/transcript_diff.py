"""What an editor shows of a transcript, and which updates it still needs.

The end of a transcript is shown first, then the parts above it, one at a time, as fast as the
editor asks. Additions are shown at once. Only the latest messages, and those without a final
delivery, are remembered, however long the transcript is.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, structs

from dingbridge.core.messages import Delivery, Message, Role
from dingbridge.core.sessions.transcript import (
    UNSETTLED,
    DeliveryLine,
    TranscriptPart,
    latest,
    with_fate,
)
from dingbridge.protocol import updates

LATEST = 1000
"""Minimum number of messages to remember."""

_SENT_ONCE = (Delivery.SENT, Delivery.RECALLED)

TranscriptUpdate = updates.ShowMessages | updates.ShowDelivery | updates.ShowEnd | updates.Earlier


class CatchUp(Struct, frozen=True):
    """Updates for the editor, and the ids of messages in `open`, whose delivery only the robot
    knows."""

    updates: tuple[TranscriptUpdate, ...]
    open: tuple[str, ...]


class ShownTranscript:
    """What an editor shows of one session.

    reading its end ──▶ filling upwards ──a part that starts at 0──▶ whole
    """

    def __init__(self, session: str) -> None:
        self._session = session
        # The delivery and reason of each message, in order.
        self._latest: dict[str, tuple[Delivery, str]] = {}
        self._most = 2 * LATEST
        # Deliveries of messages further up, which were not read yet.
        self._deliveries: dict[str, DeliveryLine] = {}
        self.conversations: dict[tuple[str, str, bool], Message] = {}
        """The latest message from and to each conversation, without its text, in order."""

        self.begin: int | None = None
        """The file offset (bytes) at which the shown part starts; None before the first one."""

        self.damaged = 0
        """Number of lines that could not be read so far."""

    def __contains__(self, message: str) -> bool:
        """Whether the message is among those remembered."""
        return message in self._latest

    @property
    def _is_filling(self) -> bool:
        return self.begin != 0

    def note(self, update: updates.ShowMessages | updates.ShowDelivery) -> None:
        """Take note of an update that the editor gets."""
        if isinstance(update, updates.ShowMessages):
            for message in update.list:
                self._remember(message)
                self._meet((message,), is_above=False)
            return
        if update.message in self._latest:
            self._latest[update.message] = update.delivery, update.reason
        elif self._is_filling:
            self._deliveries[update.message] = DeliveryLine(
                update.message, update.delivery, update.reason, update.text
            )

    def _remember(self, message: Message) -> None:
        self._latest[message.id] = (message.delivery, message.reason)
        if len(self._latest) > self._most:
            many = len(self._latest) - LATEST
            self._latest = {
                name: delivery
                for number, (name, delivery) in enumerate(self._latest.items())
                if number >= many or delivery[0] in UNSETTLED
            }
            # The number without a final delivery is not bounded: do not repeat this for each of
            # them.
            self._most = len(self._latest) + LATEST

    def _meet(self, messages: Iterable[Message], *, is_above: bool) -> None:
        """Take note of the conversations of messages, which stand above or below all others."""
        met: dict[tuple[str, str, bool], Message] = {}
        for message in messages:
            if message.target:
                key = message.robot, message.target, message.role is Role.DINGTALK
                met.pop(key, None)
                met[key] = structs.replace(message, text="")
        if is_above:
            self.conversations = {
                **{key: one for key, one in met.items() if key not in self.conversations},
                **self.conversations,
            }
        for key, one in () if is_above else met.items():
            self.conversations.pop(key, None)
            self.conversations[key] = one

    def ending(self, part: TranscriptPart) -> CatchUp:
        """The transcript's end was read. Messages noted meanwhile go below it, unless it contains
        them: an editor repeats what an earlier service may have written."""
        since, self._latest = self._latest, {}
        read = self._above(part, ())
        messages = tuple(_as_told(message, since.pop(message.id, None)) for message in read)
        for message in messages:
            self._remember(message)
        self._latest.update(since)
        more = self._read_from(part)
        update = updates.ShowEnd(self._session, messages, tuple(since), more)
        # For messages that the editor shows from before the service started.
        return CatchUp((*self._texts(part.fates), update), _unsettled(messages))

    def _texts(self, lines: Iterable[DeliveryLine]) -> tuple[updates.ShowDelivery, ...]:
        return tuple(
            updates.ShowDelivery(self._session, one.id, one.delivery, one.reason, one.text)
            for one in lines
            if one.text
        )

    def earlier(self, part: TranscriptPart) -> CatchUp:
        """The part above the shown one was read."""
        messages = self._above(part, self._latest)
        settled: list[TranscriptUpdate] = [*self._texts(part.fates)]
        for line in part.fates:
            # Another editor may have written the delivery before its message.
            here = self._latest.get(line.id)
            if here is not None and here[0] in UNSETTLED:
                settled.append(self._settled(line.id, line.delivery, line.reason))
        open_ = _unsettled(messages)
        for message in messages:
            if message.id in open_:
                self._latest[message.id] = (message.delivery, message.reason)
        more = self._read_from(part)
        return CatchUp((*settled, updates.Earlier(self._session, messages, more)), open_)

    def news(self, part: TranscriptPart) -> CatchUp:
        """The part appended since the last read. It may contain what we wrote, which is shown
        already."""
        self.damaged += part.damaged
        settled: list[TranscriptUpdate] = [*self._texts(part.fates)]
        unknown: list[str] = []
        new: list[Message] = []

        def compare(name: str, delivery: Delivery, reason: str) -> None:
            here = self._latest.get(name)
            if here is not None and here[0] is Delivery.RECALLED:
                return
            if delivery in _SENT_ONCE and here != (delivery, reason):
                settled.append(self._settled(name, delivery, reason))
            elif here and here[0] in UNSETTLED and delivery is Delivery.FAILED:
                # It may have been retried, which the transcript does not contain.
                unknown.append(name)
            elif here is None:
                settled.append(self._settled(name, delivery, reason))

        for message in part.messages:
            if message.id in self._latest:
                compare(message.id, message.delivery, message.reason)
            else:
                new.append(message)
                self._remember(message)
                self._meet((message,), is_above=False)
        for line in part.fates:
            if not line.text:
                compare(line.id, line.delivery, line.reason)
        unknown += _unsettled(new)
        told = (updates.ShowMessages(self._session, tuple(new)),) if new else ()
        return CatchUp((*settled, *told), tuple(unknown))

    def _settled(self, name: str, delivery: Delivery, reason: str) -> updates.ShowDelivery:
        update = updates.ShowDelivery(self._session, name, delivery, reason)
        self.note(update)
        return update

    def _above(self, part: TranscriptPart, shown: Iterable[str]) -> tuple[Message, ...]:
        """The messages of a part above the shown one, with the deliveries that stand further
        down."""
        known = set(shown)
        messages = tuple(
            with_fate(message, self._deliveries.pop(message.id, None))
            for message in part.messages
            if message.id not in known
        )
        for line in part.fates:
            if line.id not in known:
                # The stored one stands further down in the file.
                below = self._deliveries.get(line.id, line)
                self._deliveries[line.id] = latest(line, below)
        self._meet(messages, is_above=True)
        return messages

    def _read_from(self, part: TranscriptPart) -> bool:
        """Take note of the part's start. Returns whether there is more above it."""
        self.damaged += part.damaged
        self.begin = part.begin
        if not self._is_filling:
            self._deliveries.clear()
        return self._is_filling


def _as_told(message: Message, told: tuple[Delivery, str] | None) -> Message:
    """A message as read, with the delivery that was noted meanwhile."""
    if told is None or (message.delivery in _SENT_ONCE and told[0] is not Delivery.RECALLED):
        return message
    return with_fate(message, DeliveryLine(message.id, *told))


def _unsettled(messages: Iterable[Message]) -> tuple[str, ...]:
    return tuple(one.id for one in messages if one.delivery in UNSETTLED)
