"""The outbox: waiting messages and dead letters, computed from the records.

`Outbox` changes only by records (`outbox_records`), so replaying the journal restores it, and
`restored_rate` restores the rate limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from msgspec import Struct, structs

from dingbridge.core.delivery import attempts
from dingbridge.core.delivery.attempts import Attempted, Attempts
from dingbridge.core.delivery.outbox_records import (
    Done,
    Dropped,
    DropRequested,
    Failed,
    Merged,
    OutboxRecord,
    Purpose,
    Queued,
    Retried,
    Sent,
    Unmerged,
)
from dingbridge.core.messages import Outbound
from dingbridge.core.timeouts import DONE_REMEMBERED


class QueuedMessage(Struct, frozen=True):
    """A message to send.

    - `start`: the text before it was accepted
    - `tried`: attempts of unknown outcome; the last one may be running
    - `members`: the messages merged into this one
    - `alone`: it is merged with nothing
    - `unwanted`: the user discarded it while it was under way
    """

    robot: str
    outbound: Outbound
    kind: Purpose
    session: str
    time: float
    start: int = 0
    tried: Attempts = ()
    members: tuple[QueuedMessage, ...] = ()
    alone: bool = False
    unwanted: bool = False

    @property
    def id(self) -> str:
        """The message's id."""
        return self.outbound.id

    @property
    def may_have_arrived(self) -> bool:
        """Whether the part that is still to be sent may have arrived."""
        return attempts.may_have_arrived(self.tried, self.start)

    def everyone(self) -> tuple[QueuedMessage, ...]:
        """The messages that share the fate of this one."""
        return self.members or (self,)


class DeadLetter(Struct, frozen=True):
    """A dead letter: why it could not be sent, and since when (Unix seconds)."""

    waiting: QueuedMessage
    reason: str
    time: float


class Outbox:
    """The state after the records so far.

    - `waiting`: in sending order
    - `dead`: dead letters
    - `done`: when each finished message ended; `dropped` and `uncertain` are subsets of it
    - `queued`: how many messages wait, members of merged ones counted
    """

    def __init__(self) -> None:
        self.waiting: dict[str, QueuedMessage] = {}
        self.dead: dict[str, DeadLetter] = {}
        self.done: dict[str, float] = {}
        self.dropped: set[str] = set()
        self.uncertain: set[str] = set()
        self.queued = 0
        self._within: dict[str, str] = {}

    def knows(self, message: str) -> bool:
        """Whether the message was ever accepted, whatever became of it."""
        return (
            message in self.waiting
            or message in self.dead
            or message in self.done
            or message in self._within
        )

    def whole(self, message: str) -> QueuedMessage | None:
        """The waiting or failed message: this one, or the one that it is merged into."""
        name = self._within.get(message, message)
        letter = self.dead.get(name)
        return letter.waiting if letter else self.waiting.get(name)

    def letter(self, message: str) -> DeadLetter | None:
        """The dead letter of this message, or of the one that it is merged into."""
        return self.dead.get(self._within.get(message, message))

    def apply(self, record: OutboxRecord) -> None:
        """Apply a record. One about an unknown message changes nothing."""
        match record:
            case Queued():
                if not self.knows(record.outbound.id):
                    self._enter(
                        QueuedMessage(
                            record.robot, record.outbound, record.kind, record.session, record.time
                        )
                    )
            case Attempted() if record.id in self.waiting:
                tried = attempts.begun(self.waiting[record.id].tried, record)
                self._change(record.id, tried=tried)
            case Sent() if record.id in self.waiting:
                tried = attempts.answered(self.waiting[record.id].tried, record.end)
                self._change(record.id, start=record.end, tried=tried)
            case Done() | Dropped():
                self._end(record)
            case Failed() if record.id in self.waiting:
                whole = self._leave(record.id)
                # What was sent as one failed as one, and stays one.
                self.dead[record.id] = DeadLetter(whole, record.reason, record.time)
            case Retried() if record.id in self.dead:
                self._enter(_tried_anew(self.dead.pop(record.id).waiting))
            case DropRequested() if record.id in self.waiting:
                self._change(record.id, unwanted=True)
            case Merged():
                self._merge(record)
            case Unmerged() if record.id in self.waiting:
                self._part(self.waiting[record.id])

    def forget_old(self, now: float) -> None:
        """Forget messages that ended so long ago that a compacted journal forgets them too."""
        # Ordered by end, so the scan stops at the first recent one.
        ends = self.done.items()
        old = list(takewhile(lambda end: end[1] <= now - DONE_REMEMBERED, ends))
        for message, _ in old:
            del self.done[message]
            self.dropped.discard(message)
            self.uncertain.discard(message)

    def _enter(self, whole: QueuedMessage) -> None:
        self.waiting[whole.id] = whole
        self.queued += len(whole.everyone())

    def _leave(self, message: str) -> QueuedMessage:
        whole = self.waiting.pop(message)
        self.queued -= len(whole.everyone())
        return whole

    def _change(self, message: str, **fields: object) -> None:
        self.waiting[message] = structs.replace(self.waiting[message], **fields)

    def _end(self, record: Done | Dropped) -> None:
        if record.id in self._within:
            return
        whole = None
        if record.id in self.waiting:
            whole = self._leave(record.id)
        elif record.id in self.dead:
            whole = self.dead.pop(record.id).waiting
        elif isinstance(record, Dropped):
            return
        names = [record.id, *(one.id for one in (whole.members if whole else ()))]
        for name in names:
            self._within.pop(name, None)
            self.done[name] = record.time
        if isinstance(record, Dropped) or record.dropped:
            self.dropped.update(names)
        if is_uncertain(record, whole):
            self.uncertain.update(names)

    def _merge(self, record: Merged) -> None:
        members = [self.waiting[name] for name in record.ids if name in self.waiting]
        if not members or len(members) != len(set(record.ids)) or len(members) != len(record.ids):
            return
        under_way = any(
            one.members or one.start or one.tried or one.alone or one.unwanted for one in members
        )
        if under_way or len({one.robot for one in members}) > 1 or self.knows(record.outbound.id):
            return
        merged = structs.replace(members[0], outbound=record.outbound, members=tuple(members))
        self._within.update((one.id, merged.id) for one in members)
        self._replace(members[0].id, (merged,), {one.id for one in members})

    def _part(self, whole: QueuedMessage) -> None:
        if whole.members and whole.start:
            # Part of it was accepted, and would be sent twice.
            return
        parts = apart(whole)
        for one in whole.members:
            del self._within[one.id]
        self._replace(whole.id, parts, {whole.id})

    def _replace(self, place: str, by: tuple[QueuedMessage, ...], gone: set[str]) -> None:
        """Replace that message by these."""
        rebuilt: dict[str, QueuedMessage] = {}
        for name, waiting in self.waiting.items():
            if name == place:
                rebuilt.update((one.id, one) for one in by)
            elif name not in gone:
                rebuilt[name] = waiting
        self.waiting = rebuilt


def is_uncertain(end: Done | Dropped, whole: QueuedMessage | None) -> bool:
    """Whether a message may be there twice, or may have arrived although it was dropped.

    `whole` is the message before its end.
    """
    if isinstance(end, Done):
        return end.uncertain
    return whole is not None and whole.may_have_arrived


def apart(whole: QueuedMessage) -> tuple[QueuedMessage, ...]:
    """What `Unmerged` makes of a message: its members, or itself."""
    if not whole.members:
        return (structs.replace(whole, alone=True),)
    return tuple(
        structs.replace(one, alone=True, tried=attempts.of_part(whole.tried, one.id))
        for one in whole.members
    )


def _tried_anew(waiting: QueuedMessage) -> QueuedMessage:
    """A dead letter that the user wants sent again, even if it may have arrived."""
    return structs.replace(waiting, tried=attempts.sent_again(waiting.tried), unwanted=False)


def fold(records: Iterable[OutboxRecord]) -> Outbox:
    """The outbox after all these records."""
    outbox = Outbox()
    for record in records:
        outbox.apply(record)
    return outbox
