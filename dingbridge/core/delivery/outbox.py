"""What waits to be sent, told as records: the journal holds the records, this module their meaning.

A message enters with `Queued`. Before a chunk leaves, `Attempted` says so; once DingTalk has
answered, `Sent` says how much of the text was taken so far. The message's end is `Done`, which
answers for its last chunk as well, `Failed` (a dead letter, kept until the user decides) or
`Dropped`. Nothing else changes the outbox, so whoever reads the journal from its start knows what
is left to do, and how soon more may leave (`outbox_pace`).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from itertools import takewhile

import msgspec
from msgspec import Struct, structs

from dingbridge.core import json_wire
from dingbridge.core.delivery import attempts
from dingbridge.core.delivery.attempts import Attempted, Attempts
from dingbridge.core.delivery.rate_limit import Paced
from dingbridge.core.messages import Outbound
from dingbridge.core.timeouts import DONE_REMEMBERED


class Purpose(str, Enum):
    """What a message is for. Notifications go last when the platform's budget is short. A word is
    the bridge's own, such as the answer to a command: no reply to what was said to a session."""

    REPLY = "reply"
    WORD = "word"
    NOTIFICATION = "notification"


class Queued(Struct, frozen=True, tag="put"):
    """A message was accepted. `robot` names its queue, `session` the transcript it stands in."""

    robot: str
    outbound: Outbound
    kind: Purpose
    session: str
    time: float


class Sent(Struct, frozen=True, tag="sent"):
    """DingTalk has answered at `time`: everything before `end` was taken, and nothing behind it.

    With `paced` it tells what a later process has to know of the robot's pace, and is about no
    message: `id` is empty then. (An older version passes over that one.)"""

    id: str
    end: int
    time: float = 0.0
    robot: str = ""
    paced: Paced | None = None


class Done(Struct, frozen=True, tag="done"):
    """The whole message was taken, or, as a compacted journal remembers it, `dropped`.
    `uncertain`: it may be there twice; what was dropped may have arrived."""

    id: str
    time: float
    dropped: bool = False
    uncertain: bool = False


class Failed(Struct, frozen=True, tag="failed"):
    """The message cannot be sent; it stays as a dead letter. `unanswered`: nobody refused it, but
    nobody answered who could have been DingTalk."""

    id: str
    reason: str
    time: float
    unanswered: bool = False


class Retried(Struct, frozen=True, tag="retried"):
    """A dead letter goes to the end of the queue again."""

    id: str


class Dropped(Struct, frozen=True, tag="dropped"):
    """The user does not want the message sent any more."""

    id: str
    time: float


class Merged(Struct, frozen=True, tag="merged"):
    """These messages go out as one, in the place of the first; `outbound` is that one."""

    ids: tuple[str, ...]
    outbound: Outbound


class Unmerged(Struct, frozen=True, tag="parted"):
    """The merged message was refused: its members go one by one, in its place. From now on they
    are merged with nothing, nor is a single message of which this is said."""

    id: str


OutboxRecord = Queued | Attempted | Sent | Done | Failed | Retried | Dropped | Merged | Unmerged

_decoder: msgspec.json.Decoder[OutboxRecord] = msgspec.json.Decoder(OutboxRecord)


def encode(record: OutboxRecord) -> bytes:
    """The record's line, without its end."""
    return json_wire.encode(msgspec.to_builtins(record))


def decode(line: bytes) -> OutboxRecord:
    """The record in a line. Raises `ValueError` for anything else."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as cause:
        raise ValueError("not a record of the outbox") from cause


class QueuedMessage(Struct, frozen=True):
    """A message that is to be sent.

    Everything before `start` was taken. `tried` are the attempts whose outcome is not known, the
    last of which may be under way. `members` are the messages that go out with it as one. One
    that is to go `alone` is merged with nothing.
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

    @property
    def id(self) -> str:
        """The message's id."""
        return self.outbound.id

    @property
    def may_have_arrived(self) -> bool:
        """Whether what is still to be sent may have arrived."""
        return attempts.may_have_arrived(self.tried, self.start)

    def everyone(self) -> tuple[QueuedMessage, ...]:
        """The messages whose fate this one decides."""
        return self.members or (self,)


class DeadLetter(Struct, frozen=True):
    """A dead letter: why it could not be sent, and since when (Unix seconds)."""

    waiting: QueuedMessage
    reason: str
    time: float


class Outbox:
    """The meaning of the records so far. `waiting` is in the order in which messages leave; of
    what is `done`, some was `dropped`, and of some the outcome is `uncertain`."""

    def __init__(self) -> None:
        self.waiting: dict[str, QueuedMessage] = {}
        self.dead: dict[str, DeadLetter] = {}
        self.done: dict[str, float] = {}
        self.dropped: set[str] = set()
        self.uncertain: set[str] = set()
        self.queued = 0
        self._within: dict[str, str] = {}

    def knows(self, message: str) -> bool:
        """Whether the message was accepted before, whatever became of it."""
        return (
            message in self.waiting
            or message in self.dead
            or message in self.done
            or message in self._within
        )

    def whole(self, message: str) -> QueuedMessage | None:
        """What waits or failed: this message, or the one that it goes out in."""
        name = self._within.get(message, message)
        letter = self.dead.get(name)
        return letter.waiting if letter else self.waiting.get(name)

    def letter(self, message: str) -> DeadLetter | None:
        """The dead letter that the message is, or that it went out in."""
        return self.dead.get(self._within.get(message, message))

    def apply(self, record: OutboxRecord) -> None:
        """Take a record in. One about a message that is not here changes nothing."""
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
                # What went out as one failed as one, and is one from now on.
                self.dead[record.id] = DeadLetter(whole, record.reason, record.time)
            case Retried() if record.id in self.dead:
                self._enter(_tried_anew(self.dead.pop(record.id).waiting))
            case Merged():
                self._merge(record)
            case Unmerged() if record.id in self.waiting:
                self._part(self.waiting[record.id])

    def forget_old(self, now: float) -> None:
        """Forget what was done so long ago that a compacted journal forgets it too."""
        # They stand in the order of their ends, so the young ones need not be looked at.
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
        under_way = any(one.members or one.start or one.tried or one.alone for one in members)
        if under_way or len({one.robot for one in members}) > 1 or self.knows(record.outbound.id):
            return
        merged = structs.replace(members[0], outbound=record.outbound, members=tuple(members))
        self._within.update((one.id, merged.id) for one in members)
        self._replace(members[0].id, (merged,), {one.id for one in members})

    def _part(self, whole: QueuedMessage) -> None:
        if whole.members and whole.start:
            # A part is there, and would come again.
            return
        parts = apart(whole)
        for one in whole.members:
            del self._within[one.id]
        self._replace(whole.id, parts, {whole.id})

    def _replace(self, place: str, by: tuple[QueuedMessage, ...], gone: set[str]) -> None:
        """These wait in the place of that one."""
        rebuilt: dict[str, QueuedMessage] = {}
        for name, waiting in self.waiting.items():
            if name == place:
                rebuilt.update((one.id, one) for one in by)
            elif name not in gone:
                rebuilt[name] = waiting
        self.waiting = rebuilt


def is_uncertain(end: Done | Dropped, whole: QueuedMessage | None) -> bool:
    """Whether a message may be there twice, or may have arrived although it was dropped. `whole` is
    what it was before."""
    if isinstance(end, Done):
        return end.uncertain
    return whole is not None and whole.may_have_arrived


def apart(whole: QueuedMessage) -> tuple[QueuedMessage, ...]:
    """What `Unmerged` makes of a message: each of its members on its own, else itself."""
    if not whole.members:
        return (structs.replace(whole, alone=True),)
    return tuple(
        structs.replace(one, alone=True, tried=attempts.of_part(whole.tried, one.id))
        for one in whole.members
    )


def _tried_anew(waiting: QueuedMessage) -> QueuedMessage:
    """A dead letter that the user wants sent again, even where it may have arrived."""
    return structs.replace(waiting, tried=attempts.sent_again(waiting.tried))


def fold(records: Iterable[OutboxRecord]) -> Outbox:
    """The outbox after all these records."""
    outbox = Outbox()
    for record in records:
        outbox.apply(record)
    return outbox
