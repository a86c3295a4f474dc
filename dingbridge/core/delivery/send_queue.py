"""The send queue: messages in order; when the budget is short, replies go first and notifications
to one target are merged."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, KeysView, Sequence
from itertools import islice

from msgspec import structs

from dingbridge.core.delivery import mentions
from dingbridge.core.delivery.compose import LONGER
from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import Merged, Purpose
from dingbridge.core.dingtalk.limits import AT_MENTIONS, TITLE_CHARACTERS
from dingbridge.core.messages import At, Outbound
from dingbridge.core.text import shorten

SEPARATOR = "\n\n---\n\n"
"""Separates messages that are merged."""

MERGED_CHARACTERS = 5_000
"""Characters of a merged text; ours, so that it goes as one chunk."""


class SendQueue:
    """The waiting messages, in order. The cost of a choice does not depend on their number.

    Messages to one place keep their order on all routes; only a reply may overtake, and only
    notifications of which nothing was sent yet.
    """

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}
        self._places: dict[str, str] = {}
        self._next = 0

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._places)

    @property
    def places(self) -> KeysView[str]:
        """The places with waiting messages."""
        return self._queues.keys()

    def __iter__(self) -> Iterator[QueuedMessage]:
        """The messages, place by place in order."""
        for queue in self._in_order():
            yield from queue.waiting.values()

    def add(self, waiting: QueuedMessage) -> None:
        """Append a message, or put it at the head of its place if part of it was sent.

        A message that is queued already keeps its place.
        """
        self._next += 1
        self._queue(waiting).add(waiting, self._next)

    def put_back(self, waiting: QueuedMessage) -> None:
        """Return a message that cannot be sent now to the head of its place."""
        self._queue(waiting).put_back(waiting)

    def remove(self, message: str) -> bool:
        """Remove a message. Returns whether it was there."""
        place = self._places.pop(message, None)
        if place is not None and self._queues[place].remove(message):
            del self._queues[place]
        return place is not None

    def choose(
        self, key: Callable[[QueuedMessage], str], room: Callable[[str], int], largest: int
    ) -> tuple[QueuedMessage, ...]:
        """The messages to send now: none if all must wait, several if they should be merged.

        `key` gives the budget of a message, `room` how many may be sent at once by that key,
        `largest` the characters of a merged text. A place that must wait does not delay others.
        """
        for queue in self._in_order():
            if run := queue.choose(key, room, largest):
                return run
        return ()

    def candidates(self) -> Iterator[QueuedMessage]:
        """The first message of each place, and the first reply that may overtake."""
        for queue in self._in_order():
            yield queue.first
            if (reply := queue.overtaking) is not None:
                yield reply

    def _queue(self, waiting: QueuedMessage) -> _Queue:
        place = self._places.setdefault(waiting.id, waiting.outbound.target.place)
        return self._queues.setdefault(place, _Queue())

    def _in_order(self) -> list[_Queue]:
        return sorted(self._queues.values(), key=lambda queue: queue.number)


class _Queue:
    """The messages to one place. Empty only while it is created."""

    def __init__(self) -> None:
        self.waiting: OrderedDict[str, QueuedMessage] = OrderedDict()
        self._replies: OrderedDict[str, QueuedMessage] = OrderedDict()
        self._numbers: dict[str, int] = {}

    @property
    def first(self) -> QueuedMessage:
        return next(iter(self.waiting.values()))

    @property
    def number(self) -> int:
        """The position of its first message among those of all places."""
        return self._numbers[self.first.id]

    @property
    def overtaking(self) -> QueuedMessage | None:
        """The first reply, if it may be sent before the first message."""
        first = self.first
        if first.start or first.kind is not Purpose.NOTIFICATION:
            return None
        return next(iter(self._replies.values()), None)

    def add(self, waiting: QueuedMessage, number: int) -> None:
        self._numbers.setdefault(waiting.id, number)
        self.waiting[waiting.id] = waiting
        if waiting.kind is not Purpose.NOTIFICATION:
            self._replies[waiting.id] = waiting
        if waiting.start:
            self._to_head(waiting)

    def put_back(self, waiting: QueuedMessage) -> None:
        self.add(waiting, self.number if self.waiting else 0)
        self._to_head(waiting)

    def remove(self, message: str) -> bool:
        """Remove a message. Returns whether the queue is empty now."""
        del self.waiting[message], self._numbers[message]
        self._replies.pop(message, None)
        return not self.waiting

    def choose(
        self, key: Callable[[QueuedMessage], str], room: Callable[[str], int], largest: int
    ) -> tuple[QueuedMessage, ...]:
        first, reply = self.first, self.overtaking
        name = key(first)
        most = room(name)
        is_note = first.kind is Purpose.NOTIFICATION
        if most > 0 and (first.start or not is_note or not self._more_than(most, key, name)):
            return (first,)
        if reply is not None and room(key(reply)) > 0:
            return (reply,)
        return self._run(largest) if most > 0 else ()

    def _more_than(self, most: int, key: Callable[[QueuedMessage], str], name: str) -> bool:
        """Whether more wait than may be sent at once."""
        if len(self.waiting) <= most:
            return False
        return all(key(waiting) == name for waiting in islice(self.waiting.values(), most + 1))

    def _run(self, largest: int) -> tuple[QueuedMessage, ...]:
        """The longest run of notifications from the head that fits into one message."""
        run: list[QueuedMessage] = []
        people = _People()
        size = 0
        for waiting in self.waiting.values():
            size += len(waiting.outbound.text) + (len(SEPARATOR) if run else 0)
            together = not run or (size <= largest and _go_together(run[0], waiting))
            if not (together and people.take(waiting.outbound)):
                break
            run.append(waiting)
        return tuple(run)

    def _to_head(self, waiting: QueuedMessage) -> None:
        self.waiting.move_to_end(waiting.id, last=False)
        if waiting.id in self._replies:
            self._replies.move_to_end(waiting.id, last=False)


def _go_together(first: QueuedMessage, other: QueuedMessage) -> bool:
    same = first.outbound.target == other.outbound.target
    return same and _mergeable(first) and _mergeable(other)


def _mergeable(waiting: QueuedMessage) -> bool:
    return (
        waiting.kind is Purpose.NOTIFICATION
        and not waiting.start
        and not waiting.tried
        and not waiting.members
        and not waiting.alone
        and not waiting.unwanted
        and not waiting.outbound.file_name
    )


class _People:
    """The people mentioned by several messages, with their names."""

    def __init__(self) -> None:
        self._user_ids: dict[str, None] = {}
        self._mobiles: dict[str, None] = {}
        self._names: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._all = False
        self._longer = 0

    @property
    def at(self) -> At:
        return At(tuple(self._user_ids), tuple(self._mobiles), all=self._all)

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        return tuple(self._names.items())

    def take(self, outbound: Outbound) -> bool:
        """Add the mentions of one more message. Returns False without a change if they do not fit.

        They do not if there are too many people, if two people share a name or one has two, or if
        the names are too long. The first message with mentions always fits.
        """
        at, names = outbound.at, dict(outbound.names)
        user_ids = self._user_ids | dict.fromkeys(at.user_ids)
        mobiles = self._mobiles | dict.fromkeys(at.mobiles)
        longer = self._longer
        if names:
            named = mentions.readable(outbound.text, at, names)
            longer += len(named) - len(outbound.text)
        fits = (
            len(user_ids) + len(mobiles) <= AT_MENTIONS
            and longer <= LONGER
            and all(
                self._names.get(name, staff_id) == staff_id
                and self._ids.get(staff_id, name) == name
                for name, staff_id in names.items()
            )
        )
        is_first = not (self._user_ids or self._mobiles or self._all)
        if not (fits or is_first):
            return False
        self._user_ids, self._mobiles, self._longer = user_ids, mobiles, longer
        self._all = self._all or at.all
        self._names |= names
        self._ids |= {staff_id: name for name, staff_id in names.items()}
        return True


def merged(run: Sequence[QueuedMessage]) -> Merged:
    """These messages, the result of one choice, as one message with all their mentions."""
    first = run[0].outbound
    people = _People()
    for waiting in run:
        people.take(waiting.outbound)
    whole = Outbound(
        id=f"{first.id}+{len(run)}",
        target=first.target,
        text=SEPARATOR.join(waiting.outbound.text for waiting in run),
        title=shorten(f"{len(run)} × {first.title}", TITLE_CHARACTERS),
        at=people.at,
        names=people.names,
    )
    return Merged(tuple(waiting.id for waiting in run), whole)


def as_one(run: Sequence[QueuedMessage], record: Merged) -> QueuedMessage:
    """The queued message that replaces the merged ones."""
    return structs.replace(run[0], outbound=record.outbound, members=tuple(run))
