"""The rate limit of a robot after a restart, from its part of the outbox journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox_records import Done, Dropped, Failed, OutboxRecord, Sent
from dingbridge.core.delivery.rate_limit import Paced, RateLimit


def rate_limit_of(records: Iterable[OutboxRecord], chance: Callable[[], float]) -> RateLimit:
    """The rate limit after these records, which are all about one robot.

    Accepted messages count from their answer, attempts without one, which may have arrived, from
    their start. Records of 0.1.0 have no times and do not count.
    """
    before = Paced()
    went: list[tuple[float, str]] = []
    under_way: dict[str, Attempted] = {}
    for record in records:
        match record:
            case Attempted():
                _unanswered(under_way.pop(record.id, None), went)
                under_way[record.id] = record
            case Sent(paced=Paced() as paced):
                before, went = paced, []
            case Sent(end=end, time=time):
                attempt = under_way.pop(record.id, None)
                if attempt is not None and end > attempt.start:
                    went.append((time, attempt.key))
            case Done(time=time):
                attempt = under_way.pop(record.id, None)
                if attempt is not None:
                    went.append((time, attempt.key))
            case Failed() | Dropped():
                _unanswered(under_way.pop(record.id, None), went)
            case _:
                pass
    for attempt in under_way.values():
        _unanswered(attempt, went)
    rate_limit = RateLimit.restore(before, chance)
    for time, key in sorted(went):
        if time and key:
            rate_limit.sent(key, time)
    return rate_limit


def _unanswered(attempt: Attempted | None, went: list[tuple[float, str]]) -> None:
    if attempt is not None:
        went.append((attempt.time, attempt.key))
