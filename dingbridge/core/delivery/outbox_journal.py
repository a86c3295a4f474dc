"""One robot's part of the outbox journal: its records, how they ended, and compaction."""

from __future__ import annotations

from collections.abc import Iterable

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery.outbox import Outbox, QueuedMessage, fold, is_uncertain
from dingbridge.core.delivery.outbox_records import (
    Done,
    Dropped,
    DropRequested,
    Failed,
    Merged,
    OutboxRecord,
    Queued,
    Sent,
    Unmerged,
    decode,
    encode,
)
from dingbridge.core.delivery.rate_limit import Paced
from dingbridge.core.delivery.restored_rate import rate_limit_of
from dingbridge.core.messages import Delivery
from dingbridge.core.timeouts import DONE_REMEMBERED, END_TOLD_WITHIN


def compacted(records: Iterable[OutboxRecord], now: float) -> list[OutboxRecord]:
    """The fewest records with the same meaning.

    Finished messages are remembered for a while, so that a message submitted twice is sent once;
    briefly also with their session, whose transcript may not show the end yet.
    """
    told = list(records)
    puts = {record.outbound.id: record for record in told if isinstance(record, Queued)}
    outbox = fold(told)
    kept: list[OutboxRecord] = []
    for message, time in outbox.done.items():
        if time > now - DONE_REMEMBERED:
            put = puts.get(message)
            if put is not None and put.session and time > now - END_TOLD_WITHIN:
                kept.append(put)
            dropped, uncertain = message in outbox.dropped, message in outbox.uncertain
            kept.append(Done(message, time, dropped, uncertain))
    # Dead letters come first: a later `Retried` puts them behind what waits now.
    for letter in outbox.dead.values():
        kept.extend(_records_of(letter.waiting))
        kept.append(Failed(letter.waiting.id, letter.reason, letter.time))
    for waiting in outbox.waiting.values():
        kept.extend(_records_of(waiting))
    return kept


def _records_of(waiting: QueuedMessage) -> list[OutboxRecord]:
    records: list[OutboxRecord] = [
        Queued(one.robot, one.outbound, one.kind, one.session, one.time)
        for one in waiting.everyone()
    ]
    if waiting.members:
        records.append(Merged(tuple(one.id for one in waiting.members), waiting.outbound))
    if waiting.alone:
        records.append(Unmerged(waiting.id))
    if waiting.start:
        records.append(Sent(waiting.id, waiting.start))
    records.extend(waiting.tried)
    if waiting.unwanted:
        records.append(DropRequested(waiting.id))
    return records


def waiting_puts(records: Iterable[OutboxRecord], robot: str) -> tuple[Queued, ...]:
    """The `Queued` records of this robot's waiting, unmerged messages, in order."""
    mine = of_robot(records, robot)
    waiting = fold(mine).waiting
    puts = {record.outbound.id: record for record in mine if isinstance(record, Queued)}
    return tuple(puts[name] for name in waiting if name in puts)


def of_robot(records: Iterable[OutboxRecord], robot: str) -> list[OutboxRecord]:
    """The records about this robot's messages, and those about messages of no robot.

    The latter exist because old finished messages are remembered by id only.
    """
    told = list(records)
    robots: dict[str, str] = {}
    for record in told:
        if isinstance(record, Queued):
            robots.setdefault(record.outbound.id, record.robot)
        elif isinstance(record, Merged) and record.ids and record.ids[0] in robots:
            robots.setdefault(record.outbound.id, robots[record.ids[0]])
    return [record for record in told if _robot_of(record, robots, robot) == robot]


def ids_of_others(records: Iterable[OutboxRecord], robot: str) -> set[str]:
    """The ids of other robots' messages, as far as the records show."""
    puts = (record for record in records if isinstance(record, Queued))
    return {record.outbound.id for record in puts if record.robot != robot}


def _robot_of(record: OutboxRecord, robots: dict[str, str], default: str) -> str:
    if isinstance(record, Sent) and record.robot:
        return record.robot
    about = record.outbound.id if isinstance(record, Queued | Merged) else record.id
    return robots.get(about, default)


def ends(records: Iterable[OutboxRecord]) -> list[tuple[str, str, Delivery, str]]:
    """Session, message, delivery and reason of every message that ended and is in a transcript."""
    outbox = Outbox()
    found: list[tuple[str, str, Delivery, str]] = []
    for record in records:
        if not isinstance(record, Done | Failed | Dropped):
            outbox.apply(record)
            continue
        letter = outbox.dead.get(record.id)
        whole = outbox.waiting.get(record.id) or (letter.waiting if letter else None)
        outbox.apply(record)
        if whole is None or record.id in outbox.waiting:
            continue
        fate, reason = end_in_words(record, whole)
        found.extend((one.session, one.id, fate, reason) for one in whole.everyone() if one.session)
    return found


def end_in_words(record: Done | Failed | Dropped, whole: QueuedMessage) -> tuple[Delivery, str]:
    """The outcome of a message, and why or how doubtful. `whole` is the message before its end."""
    match record:
        case Failed():
            return Delivery.FAILED, record.reason
        case Dropped():
            return Delivery.FAILED, dropped_in_words(uncertain=is_uncertain(record, whole))
        case Done(dropped=True):
            return Delivery.FAILED, dropped_in_words(uncertain=record.uncertain)
        case Done():
            return Delivery.SENT, say.MAY_BE_TWICE() if record.uncertain else ""


def dropped_in_words(*, uncertain: bool) -> str:
    """Why a discarded message was not sent, if it was not."""
    return say.DROPPED_BY_YOU_LATE() if uncertain else say.DROPPED_BY_YOU()


def shortened(lines: list[bytes], robot: str, now: float) -> list[bytes]:
    """The journal's lines with this robot's records compacted.

    Its rate limit records become one; lines of other robots stay as they are.
    """
    records: list[tuple[bytes, OutboxRecord]] = []
    for line in lines:
        try:
            records.append((line, decode(line)))
        except ValueError:
            continue
    mine = of_robot((record for _, record in records), robot)
    ours = {id(record) for record in mine}
    others = [line for line, record in records if id(record) not in ours]
    kept = compacted(mine, now)
    paced = rate_limit_of(mine, lambda: 0.0).snapshot(now)
    if paced != Paced():
        kept.append(Sent("", 0, robot=robot, paced=paced))
    return others + [encode(record) for record in kept]
