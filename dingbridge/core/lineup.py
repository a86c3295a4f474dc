"""Who is next in the queue: in order, but when the budget is short replies go first and
notifications to one target are merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import structs

from dingbridge.core.messages import At, Outbound
from dingbridge.core.outbox import Kind, Merged, Waiting

SEPARATOR = "\n\n---\n\n"
"""Between messages that go out as one."""


class Lineup:
    """The messages that wait, in order. The cost of a choice does not grow with their number."""

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}
        self._replies: dict[str, Waiting] = {}

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[Waiting]:
        """The messages in order."""
        return iter(self._waiting.values())

    def add(self, waiting: Waiting) -> None:
        """Put a message at the end. One that waits already keeps its place."""
        self._waiting[waiting.id] = waiting
        if waiting.kind is Kind.REPLY:
            self._replies[waiting.id] = waiting

    def put_back(self, waiting: Waiting) -> None:
        """Put a message at the head again: it could not be carried now."""
        behind = list(self._waiting.values())
        self._waiting, self._replies = {}, {}
        for each in (waiting, *behind):
            self.add(each)

    def remove(self, message: str) -> None:
        """Take a message out, if it waits."""
        self._waiting.pop(message, None)
        self._replies.pop(message, None)

    def choose(
        self, key: Callable[[Waiting], str], room: Callable[[str], int], largest: int
    ) -> tuple[Waiting, ...]:
        """The messages to send now: none when all have to wait, several when they are to be merged.

        `key` tells what a message counts against, `room` how many may go at once by that key,
        `largest` how many characters a merged text may have. A message whose key has no room
        blocks only those behind it with the same key.
        """
        rooms: dict[str, int] = {}
        same: list[Waiting] = []
        name = ""
        for waiting in self:
            its = key(waiting)
            if not same:
                if its not in rooms:
                    rooms[its] = room(its)
                if rooms[its] <= 0:
                    continue
                if waiting.start:
                    return (waiting,)
                name = its
            elif its != name:
                continue
            same.append(waiting)
            if len(same) > rooms[name]:
                # More than may go: the budget is short.
                reply = next((one for one in self._replies.values() if key(one) == name), None)
                return (reply,) if reply else self._run(key, name, largest)
        return tuple(same[:1])

    def _run(self, key: Callable[[Waiting], str], name: str, largest: int) -> tuple[Waiting, ...]:
        """The longest run of notifications from the head that fits into one message."""
        run: list[Waiting] = []
        size = 0
        for waiting in self:
            if key(waiting) != name:
                continue
            size += len(waiting.outbound.text) + (len(SEPARATOR) if run else 0)
            if run and not (size <= largest and _go_together(run[0], waiting)):
                break
            run.append(waiting)
        return tuple(run)


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
