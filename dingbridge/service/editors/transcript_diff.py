"""What an editor was shown of a transcript so far, and what it must be told of the rest.

The end of a transcript comes first, then what stands above it, a part at a time and as fast as the
editor asks; what is added meanwhile is told at once. However long it is, only the latest messages
are remembered here, and those whose fate is open.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, structs

from dingbridge.core.messages import Delivery, Message, Role
from dingbridge.core.sessions.transcript import UNSETTLED, DeliveryLine, TranscriptPart, with_fate
from dingbridge.protocol import updates

LATEST = 1000
"""Messages (a count) that are remembered at least."""

TranscriptUpdate = updates.ShowMessages | updates.ShowDelivery | updates.ShowEnd | updates.Earlier


class CatchUp(Struct, frozen=True):
    """`updates` bring the editor up to date; of the messages in `open` only the robot's owner knows
    what became of them."""

    updates: tuple[TranscriptUpdate, ...]
    open: tuple[str, ...]


class ShownTranscript:
    """Of one session.

    reading its end ──▶ filling upwards ──a part from the beginning──▶ whole
    """

    def __init__(self, session: str) -> None:
        self._session = session
        # What became of each and why, in order.
        self._latest: dict[str, tuple[Delivery, str]] = {}
        self._most = 2 * LATEST
        # Later words about messages that stand further up.
        self._fates: dict[str, DeliveryLine] = {}
        self.conversations: dict[tuple[str, str, bool], Message] = {}
        """The latest message of each and to each, without its text, in order."""

        self.begin: int | None = None
        """Where in the file that begins which was shown; None before anything was."""

        self.damaged = 0
        """Lines that could not be read, so far."""

    def __contains__(self, message: str) -> bool:
        """Whether it was shown lately."""
        return message in self._latest

    @property
    def _is_filling(self) -> bool:
        return self.begin != 0

    def note(self, update: updates.ShowMessages | updates.ShowDelivery) -> None:
        """The editor is told this meanwhile."""
        if isinstance(update, updates.ShowMessages):
            for message in update.list:
                self._remember(message)
                self._meet((message,), is_above=False)
            return
        if update.message in self._latest:
            self._latest[update.message] = update.delivery, update.reason
        elif self._is_filling:
            self._fates[update.message] = DeliveryLine(
                update.message, update.delivery, update.reason, update.text
            )

    def _remember(self, message: Message) -> None:
        self._latest[message.id] = (message.delivery, message.reason)
        if len(self._latest) > self._most:
            many = len(self._latest) - LATEST
            self._latest = {
                name: fate
                for number, (name, fate) in enumerate(self._latest.items())
                if number >= many or fate[0] in UNSETTLED
            }
            # Of those whose fate is open there may be any number: not with each one more again.
            self._most = len(self._latest) + LATEST

    def _meet(self, messages: Iterable[Message], *, is_above: bool) -> None:
        """Note whose messages these are, which stand above all others or below them."""
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
        """The transcript's end was read. What was told since comes below it, unless it stands there
        already: an editor hands over again what the service before may have written down."""
        since, self._latest = self._latest, {}
        read = self._above(part, ())
        messages = tuple(_as_told(message, since.pop(message.id, None)) for message in read)
        for message in messages:
            self._remember(message)
        self._latest.update(since)
        more = self._read_from(part)
        update = updates.ShowEnd(self._session, messages, tuple(since), more)
        # The editor may show the message already, if it stood there before the service.
        return CatchUp((*self._texts(part.fates), update), _unsettled(messages))

    def _texts(self, fates: Iterable[DeliveryLine]) -> tuple[updates.ShowDelivery, ...]:
        return tuple(
            updates.ShowDelivery(self._session, one.id, one.delivery, one.reason, one.text)
            for one in fates
            if one.text
        )

    def earlier(self, part: TranscriptPart) -> CatchUp:
        """What stands above all that was shown so far was read."""
        messages = self._above(part, self._latest)
        settled: list[TranscriptUpdate] = [*self._texts(part.fates)]
        for fate in part.fates:
            # Another editor may have written it before its message.
            here = self._latest.get(fate.id)
            if here is not None and here[0] in UNSETTLED:
                settled.append(self._settled(fate.id, fate.delivery, fate.reason))
        open_ = _unsettled(messages)
        for message in messages:
            if message.id in open_:
                self._latest[message.id] = (message.delivery, message.reason)
        more = self._read_from(part)
        return CatchUp((*settled, updates.Earlier(self._session, messages, more)), open_)

    def news(self, part: TranscriptPart) -> CatchUp:
        """Another process has added this at the end, or we have: then it was told."""
        self.damaged += part.damaged
        settled: list[TranscriptUpdate] = [*self._texts(part.fates)]
        unknown: list[str] = []
        new: list[Message] = []

        def compare(name: str, delivery: Delivery, reason: str) -> None:
            here = self._latest.get(name)
            if delivery is Delivery.SENT and here != (delivery, reason):
                settled.append(self._settled(name, delivery, reason))
            elif here and here[0] in UNSETTLED and delivery is Delivery.FAILED:
                # It may be under way again, which its transcript does not tell.
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
        for fate in part.fates:
            if not fate.text:
                compare(fate.id, fate.delivery, fate.reason)
        unknown += _unsettled(new)
        told = (updates.ShowMessages(self._session, tuple(new)),) if new else ()
        return CatchUp((*settled, *told), tuple(unknown))

    def _settled(self, name: str, delivery: Delivery, reason: str) -> updates.ShowDelivery:
        update = updates.ShowDelivery(self._session, name, delivery, reason)
        self.note(update)
        return update

    def _above(self, part: TranscriptPart, shown: Iterable[str]) -> tuple[Message, ...]:
        """The messages of a part that stands above all others, as what came later tells of them."""
        known = set(shown)
        messages = tuple(
            with_fate(message, self._fates.pop(message.id, None))
            for message in part.messages
            if message.id not in known
        )
        for fate in part.fates:
            if fate.id not in known:
                self._fates.setdefault(fate.id, fate)
        self._meet(messages, is_above=True)
        return messages

    def _read_from(self, part: TranscriptPart) -> bool:
        """Note where a part begins. Returns whether there is more above it."""
        self.damaged += part.damaged
        self.begin = part.begin
        if not self._is_filling:
            self._fates.clear()
        return self._is_filling


def _as_told(message: Message, told: tuple[Delivery, str] | None) -> Message:
    """A message as it was read, of which this was told meanwhile."""
    if told is None or message.delivery is Delivery.SENT:
        return message
    return with_fate(message, DeliveryLine(message.id, *told))


def _unsettled(messages: Iterable[Message]) -> tuple[str, ...]:
    return tuple(one.id for one in messages if one.delivery in UNSETTLED)
