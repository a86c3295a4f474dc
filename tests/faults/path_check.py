"""Checks for the path of a message, in addition to `check`: order, and reasons for repeats.
Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from dingbridge.sandbox.records import ArrivedMessage, RecordedCall, Said
from tests.faults import check
from tests.faults.check import Records, Violation
from tests.faults.evidence import KEYLESS
from tests.faults.layer import Ended

UNWRITTEN = 3.0
"""Seconds before the end of a process in which the answer to a request may not have been written
down: while a flood is said, the process is frozen, and on a busy machine it waits for its turn."""
UNSYNCED = 4.0
"""The same when the power fails; outcomes are synced within a second."""
LATE = 1.0
"""Seconds in which a request arrives that a process sent just before its end."""


def judge(
    records: Records,
    *,
    said: Sequence[Said],
    calls: Sequence[RecordedCall],
    deaths: Sequence[tuple[float, Ended]],
    once: bool,
    one_each: bool,
    handed_again: Collection[str] = (),
) -> list[Violation]:
    """All violations.

    - `deaths`: when services ended, in Unix seconds.
    - `once`: there are no keys, and still nothing may come twice.
    - `one_each`: each conversation has a session of its own.
    - `handed_again`: ids with several lines in a transcript, where only the first counts.
    """
    return [
        *_heard_in_order(records, said),
        *_twice(records, calls, deaths, once=once),
        *_shown_in_order(records, deaths, handed_again),
        *(_heard_apart(records, said) if one_each else ()),
    ]


def _numbers(said: Sequence[Said]) -> Iterator[tuple[int, int, Said]]:
    """The order of the pushes, with the numbers of their messages."""
    for place, push in enumerate(said):
        if not push.lost:
            yield place, int(push.message_id.rpartition("-")[2]), push


def _heard_in_order(records: Records, said: Sequence[Said]) -> Iterator[Violation]:
    """A message whose last push came before the first push of another one stands before it."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    conversation: dict[int, str] = {}
    for place, number, push in _numbers(said):
        first.setdefault(number, place)
        last[number] = place
        conversation[number] = push.conversation_id
    for session, texts in records.transcripts.items():
        heard = [number for text in texts for number in check.heard(text) if number in first]
        for earlier, later in combinations(heard, 2):
            same = conversation[earlier] == conversation[later]
            if same and earlier != later and last[later] < first[earlier]:
                yield Violation(
                    "heard out of order", f"i{earlier} stands before i{later} in {session}"
                )


def _shown_in_order(
    records: Records, deaths: Sequence[tuple[float, Ended]], handed_again: Collection[str]
) -> Iterator[Violation]:
    """Editors show the rows of the transcripts in order, except rows that could not be written."""
    if any(ended.was_full for _, ended in deaths):
        return
    for shown in records.shown:
        written = records.written.get(shown.session, ())
        here = [row[0] for row in shown.rows if row[0] not in handed_again]
        there = [row[0] for row in written if row[0] not in handed_again]
        if here != there and sorted(here) == sorted(there):
            place = next(
                at for at, pair in enumerate(zip(here, there, strict=True)) if pair[0] != pair[1]
            )
            yield Violation(
                "shown out of order",
                f"{shown.editor} shows {here[place]} where {there[place]} stands in "
                f"{shown.session}",
            )


def _heard_apart(records: Records, said: Sequence[Said]) -> Iterator[Violation]:
    """The session of a conversation contains nothing of another one."""
    conversation = {number: push.conversation_id for _, number, push in _numbers(said)}
    for session, texts in records.transcripts.items():
        heard = [number for text in texts for number in check.heard(text)]
        found = sorted({conversation[number] for number in heard if number in conversation})
        if len(found) > 1:
            yield Violation("astray", f"in {session} stands what was said in {', '.join(found)}")


def _twice(
    records: Records,
    calls: Sequence[RecordedCall],
    deaths: Sequence[tuple[float, Ended]],
    *,
    once: bool,
) -> Iterator[Violation]:
    """Without a key nothing arrives twice, unless its first answer may have been lost."""
    there: dict[tuple[str, int, int], ArrivedMessage] = {}
    for arrived in records.arrived:
        if arrived.route == "webhook":
            continue
        lines = [(arrived.conversation_id, *line) for line in check.lines_of(arrived.text)]
        again = [there[line] for line in lines if line in there]
        if again and (once or not _has_reason(again[-1], arrived, calls, deaths)):
            name = f"m{lines[0][1]}l{lines[0][2]}"
            seconds = arrived.time - again[-1].time
            yield Violation("twice", f"{name} came again after {seconds:.2f} s")
        there.update(dict.fromkeys(lines, arrived))


def _has_reason(
    before: ArrivedMessage,
    again: ArrivedMessage,
    calls: Sequence[RecordedCall],
    deaths: Sequence[tuple[float, Ended]],
) -> bool:
    for time, ended in deaths:
        if ended.was_full and before.time <= time <= again.time:
            # The answer could not be written down.
            return True
        cut = ended.fault is not None and ended.fault.cut
        known = UNSYNCED if cut else UNWRITTEN
        if -LATE < time - before.time < known and time <= again.time:
            return True
    for call in calls:
        missed = call.fault == "drop after" or call.fault.startswith("hang")
        meant = call.began - 0.05 <= before.time <= call.ended + 0.05
        if call.path in KEYLESS and missed and meant:
            return True
    return False
