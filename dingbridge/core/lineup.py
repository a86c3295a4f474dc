"""Who is next in the queue: in order, but when the budget is short replies go first and
notifications to one target are merged."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from msgspec import structs

from dingbridge.core.messages import At, Outbound
from dingbridge.core.outbox import Kind, Merged, Waiting

SEPARATOR = "\n\n---\n\n"
"""Between messages that go out as one."""


class Lineup:
    """The messages that wait, in order. The cost of a choice does not grow with their number.

    What goes to one place keeps its order, whatever way each message takes; only a reply may
    overtake, and only notifications of which nothing is there yet.
    """

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}
        self._places: dict[str, str] = {}
        self._next = 0

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._places)

    def __iter__(self) -> Iterator[Waiting]:
        """The messages, place by place in order."""
        for queue in self._in_order():
            yield from queue.waiting.values()

    def add(self, waiting: Waiting) -> None:
        """Put a message at the end, or in front of its place when a part of it is there. One that
        waits already keeps its place."""
        self._next += 1
        self._queue(waiting).add(waiting, self._next)

    def put_back(self, waiting: Waiting) -> None:
        """Put a message at the head of its place again: it could not be carried now."""
        self._queue(waiting).put_back(waiting)

    def remove(self, message: str) -> None:
        """Take a message out, if it waits."""
        place = self._places.pop(message, None)
        if place is not None and self._queues[place].remove(message):
            del self._queues[place]

    def choose(
        self, key: Callable[[Waiting], str], room: Callable[[str], int], largest: int
    ) -> tuple[Waiting, ...]:
        """The messages to send now: none when all have to wait, several when they are to be merged.

        `key` tells what a message counts against, `room` how many may go at once by that key,
        `largest` how many characters a merged text may have. A place that has to wait does not hold
        up another.
        """
        for queue in self._in_order():
            if run := queue.choose(key, room, largest):
                return run
        return ()

    def candidates(self) -> Iterator[Waiting]:
        """What may be next: of each place the first message, and the first reply that may
        overtake."""
        for queue in self._in_order():
            yield queue.first
            if (reply := queue.overtaking) is not None:
                yield reply

    def _queue(self, waiting: Waiting) -> _Queue:
        place = self._places.setdefault(waiting.id, waiting.outbound.target.place)
        return self._queues.setdefault(place, _Queue())

    def _in_order(self) -> list[_Queue]:
        return sorted(self._queues.values(), key=lambda queue: queue.number)


class _Queue:
    """What waits for one place. Never empty but while it is made."""

    def __init__(self) -> None:
        self.waiting: OrderedDict[str, Waiting] = OrderedDict()
        self._replies: OrderedDict[str, Waiting] = OrderedDict()
        self._numbers: dict[str, int] = {}

    @property
    def first(self) -> Waiting:
        return next(iter(self.waiting.values()))

    @property
    def number(self) -> int:
        """When the first one came, compared with those of other places."""
        return self._numbers[self.first.id]

    @property
    def overtaking(self) -> Waiting | None:
        """The first reply, when it may go before the first message."""
        first = self.first
        if first.start or first.kind is Kind.REPLY:
            return None
        return next(iter(self._replies.values()), None)

    def add(self, waiting: Waiting, number: int) -> None:
        self._numbers.setdefault(waiting.id, number)
        self.waiting[waiting.id] = waiting
        if waiting.kind is Kind.REPLY:
            self._replies[waiting.id] = waiting
        if waiting.start:
            self._to_head(waiting)

    def put_back(self, waiting: Waiting) -> None:
        self.add(waiting, self.number if self.waiting else 0)
        self._to_head(waiting)

    def remove(self, message: str) -> bool:
        """Take a message out; whether nothing is left."""
        del self.waiting[message], self._numbers[message]
        self._replies.pop(message, None)
        return not self.waiting

    def choose(
        self, key: Callable[[Waiting], str], room: Callable[[str], int], largest: int
    ) -> tuple[Waiting, ...]:
        first, reply = self.first, self.overtaking
        name = key(first)
        most = room(name)
        if most > 0 and (first.start or not self._more_than(most, key, name)):
            return (first,)
        if reply is not None and room(key(reply)) > 0:
            return (reply,)
        if most > 0:
            return (first,) if first.kind is Kind.REPLY else self._run(largest)
        return ()

    def _more_than(self, most: int, key: Callable[[Waiting], str], name: str) -> bool:
        """Whether more wait than may go at once."""
        near = list(islice(self.waiting.values(), most + 1))
        return len(near) > most and all(key(waiting) == name for waiting in near)

    def _run(self, largest: int) -> tuple[Waiting, ...]:
        """The longest run of notifications from the head that fits into one message."""
        run: list[Waiting] = []
        size = 0
        for waiting in self.waiting.values():
            size += len(waiting.outbound.text) + (len(SEPARATOR) if run else 0)
            if run and not (size <= largest and _go_together(run[0], waiting)):
                break
            run.append(waiting)
        return tuple(run)

    def _to_head(self, waiting: Waiting) -> None:
        self.waiting.move_to_end(waiting.id, last=False)
        if waiting.id in self._replies:
            self._replies.move_to_end(waiting.id, last=False)


def _go_together(first: Waiting, other: Waiting) -> bool:
    same = first.outbound.target == other.outbound.target
    return same and _mergeable(first) and _mergeable(other)


def _mergeable(waiting: Waiting) -> bool:
    return (
        waiting.kind is Kind.NOTIFICATION
        and not waiting.start
        and waiting.tried is None
        and not waiting.members
        and not waiting.outbound.file_name
    )


def merged(run: Sequence[Waiting]) -> Merged:
    """These messages as one, with the mentions of all of them."""
    first = run[0].outbound
    ats = [waiting.outbound.at for waiting in run]
    whole = Outbound(
        id=f"{first.id}+{len(run)}",
        target=first.target,
        text=SEPARATOR.join(waiting.outbound.text for waiting in run),
        title=f"{len(run)} × {first.title}",
        at=At(
            user_ids=tuple(dict.fromkeys(name for at in ats for name in at.user_ids)),
            mobiles=tuple(dict.fromkeys(name for at in ats for name in at.mobiles)),
            all=any(at.all for at in ats),
        ),
    )
    return Merged(tuple(waiting.id for waiting in run), whole)


def as_one(run: Sequence[Waiting], record: Merged) -> Waiting:
    """What waits in the place of the merged messages."""
    return structs.replace(run[0], outbound=record.outbound, members=tuple(run))
