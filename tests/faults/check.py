"""Checks the records of a history against the delivery guarantees. Pure functions over values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, pairwise
from math import inf

from msgspec import Struct

from dingbridge.sandbox.records import ArrivedMessage

NOTICED = 0.2
"""Seconds for the sandbox to notice that a killed client's socket is closed."""

_LINE = re.compile(r"\bm(\d+)l(\d+)of(\d+)\b")
_SAID = re.compile(r"\bi(\d+)said\b")
_LINKED = re.compile(r"\]\([^)]*\)")

Target = tuple[str, bool]
"""A conversation, and whether it was reached by a custom robot's webhook."""

Row = tuple[str, str, str]
"""Id, text and delivery of a message in a session."""


class Sent(Struct, frozen=True):
    """A message of `lines` lines that an editor was asked to send.

    - `certain`: no fault hit the processes that took it, so it must have been accepted.
    - `notification`: it belongs to no session. Replies may overtake it while the platform is
      pausing.
    - `sha256`: hex digest of a file's bytes. A file may be reported as not sent if its editor
      leaves before it is copied.
    - `late`: the host ended before it learned of the acceptance. A late file may be overtaken.
    """

    message: int
    sender: str
    lines: int
    certain: bool
    notification: bool = False
    sha256: str = ""
    late: bool = False


class Uttered(Struct, frozen=True):
    """Something said to the robot. `admitted`: it belongs in a session."""

    message: int
    admitted: bool


class Link(Struct, frozen=True):
    """A stream connection; times in Unix seconds.

    `given_up`: the platform asked the client to leave, or stopped answering, so that the next one
    may open before this one is closed.
    """

    id: str
    opened: float
    closed: float = inf
    given_up: bool = False


class Shown(Struct, frozen=True):
    """What an editor shows of a session."""

    editor: str
    session: str
    rows: tuple[Row, ...]


class Records(Struct, frozen=True, kw_only=True):
    """Everything known about a history at its end.

    - `accepted`: message numbers by sender, in the order of acceptance.
    - `transcripts`: texts of the messages from DingTalk, by session.
    - `announced`: texts that `DingbridgeReceived` reported, in no order.
    - `strangers`: conversations of people who are not admitted.
    - `told_to_wait`: the platform asked for a pause.
    - `problems`: sentences about processes that misbehaved.
    - `uploads`: digests of the uploaded bytes, by media id.
    - `told_unsent`: messages that a session shows as not sent.
    - `unwhole`: received messages whose file differs from what was sent.
    - `unanswered`: number of requests that the platform may have carried out without an answer.
    - `ended`: messages whose final delivery was reported to their sender, once per report.
    - `witnessed`: messages whose Neovim still runs at the end.
    - `shown`: what editors show; `written`: the rows of the transcripts, by session.
    """

    sent: tuple[Sent, ...] = ()
    accepted: dict[str, tuple[int, ...]] = {}
    arrived: tuple[ArrivedMessage, ...] = ()
    said: tuple[Uttered, ...] = ()
    transcripts: dict[str, tuple[str, ...]] = {}
    announced: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    queued: int = 0
    told_to_wait: bool = False
    killed: bool = False
    problems: tuple[str, ...] = ()
    uploads: dict[str, str] = {}
    told_unsent: tuple[int, ...] = ()
    unwhole: tuple[int, ...] = ()
    unanswered: int = 0
    ended: tuple[int, ...] = ()
    witnessed: tuple[int, ...] = ()
    shown: tuple[Shown, ...] = ()
    written: dict[str, tuple[Row, ...]] = {}


class Violation(Struct, frozen=True):
    """One broken guarantee."""

    kind: str
    words: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.words}"


def outgoing(message: int, lines: int) -> str:
    """The text of an outgoing message. Each line names itself, so that every chunk can be
    identified."""
    return "\n".join(
        f"m{message}l{line}of{lines} nothing is lost and nothing comes twice, 一条也不少"
        for line in range(1, lines + 1)
    )


def file_name(message: int, ending: str) -> str:
    """The name of a file to send. It counts as the message's only line."""
    return f"m{message}l1of1.{ending}"


def file_said(message: int) -> str:
    """The name of a file sent to the robot."""
    return f"i{message}said.txt"


def content(name: str) -> bytes:
    """The content of the file of that name."""
    return b"\x89PNG\r\n\x1a\n" + name.encode() + bytes(range(256)) * 20


def incoming(message: int) -> str:
    """The text of something said to the robot."""
    return f"i{message}said 你好, is anybody there?"


def heard(text: str) -> list[int]:
    """The numbers of the utterances in a text. The targets of links are ignored."""
    return [int(number) for number in _SAID.findall(_LINKED.sub("]", text))]


def lines_of(text: str) -> list[tuple[int, int]]:
    """Message and line number of every outgoing line in a text."""
    return [(int(message), int(line)) for message, line, _ in _LINE.findall(text)]


def missing(records: Records) -> list[int]:
    """Accepted messages with a line that has not arrived."""
    there = {line for arrived in records.arrived for line in lines_of(arrived.text)}
    return [
        sent.message
        for sent in _accepted(records)
        if not all((sent.message, line) in there for line in range(1, sent.lines + 1))
    ]


def unheard(records: Records) -> list[int]:
    """Utterances of admitted people that are in no transcript."""
    there = _heard_counts(records)
    return [said.message for said in records.said if said.admitted and not there[said.message]]


def unaccepted(records: Records) -> list[int]:
    """Messages that should have been accepted and were not. One that arrived counts as accepted,
    since its Neovim may have left before it learned of it."""
    there = {message for accepted in records.accepted.values() for message in accepted}
    arrived = {message for one in records.arrived for message, _ in lines_of(one.text)}
    there |= arrived.difference(records.witnessed)
    files = {sent.message for sent in records.sent if sent.sha256}
    there.update(files.intersection(records.told_unsent))
    return [sent.message for sent in records.sent if sent.certain and sent.message not in there]


def unended(records: Records) -> list[int]:
    """Accepted messages whose Neovim runs and got no final delivery."""
    accepted = {sent.message for sent in _accepted(records)}
    return sorted(accepted.intersection(records.witnessed).difference(records.ended))


def stale(records: Records) -> list[Shown]:
    """What editors show that differs from the transcript."""
    return [one for one in records.shown if one.rows != records.written.get(one.session, ())]


def judge(records: Records) -> list[Violation]:
    """All violations, in a fixed order; empty if every guarantee was kept."""
    return [
        *_every_accepted_message_arrived(records),
        *_order_was_kept(records),
        *_accepted_in_order(records),
        *_nothing_twice_with_a_key(records),
        *_nothing_twice_without_a_reason(records),
        *_told_the_truth(records),
        *_every_end_told_once(records),
        *_files_are_whole(records),
        *_nothing_astray(records),
        *_every_utterance_heard_once(records),
        *_one_link_at_a_time(records),
        *_nothing_waits(records),
        *_all_show_the_same(records),
        *(Violation("process", problem) for problem in records.problems),
    ]


def _every_accepted_message_arrived(records: Records) -> Iterator[Violation]:
    arrived = Counter(line for each in records.arrived for line in lines_of(each.text))
    lengths = {sent.message: sent.lines for sent in records.sent}
    for message in missing(records):
        count = sum(1 for line in range(1, lengths[message] + 1) if arrived[message, line])
        yield Violation(
            "lost", f"m{message} was accepted, {count} of its {lengths[message]} lines arrived"
        )
    for message in unaccepted(records):
        yield Violation("not accepted", f"m{message} was sent by a healthy editor")


def _order_was_kept(records: Records) -> Iterator[Violation]:
    notifications = {sent.message for sent in records.sent if sent.notification}
    for sender, accepted in records.accepted.items():
        place = {message: index for index, message in enumerate(_taken(records, accepted))}
        for target in sorted({_target(arrived) for arrived in records.arrived}):
            lines = [line for line in _first_occurrences(records, target) if line[0] in place]
            begun = {message: index for index, (message, _) in reversed([*enumerate(lines)])}
            for (index, found), (_, later) in combinations(enumerate(lines), 2):
                if (place[found[0]], found[1]) < (place[later[0]], later[1]):
                    continue
                reply_first = found[0] not in notifications and later[0] in notifications
                if reply_first and records.told_to_wait and index < begun[later[0]]:
                    continue
                yield Violation(
                    "out of order",
                    f"of {sender} in {target[0]}: line {found[1]} of m{found[0]} arrived before "
                    f"line {later[1]} of m{later[0]}",
                )
                break


def _taken(records: Records, accepted: tuple[int, ...]) -> list[int]:
    """The messages in the order in which they must arrive: as sent, except late files."""
    late = {sent.message for sent in records.sent if sent.late and sent.sha256}
    told = dict.fromkeys(accepted)
    as_sent = iter([one.message for one in records.sent if one.message in told.keys() - late])
    return [message if message in late else next(as_sent, message) for message in told]


def _nothing_twice_with_a_key(records: Records) -> Iterator[Violation]:
    counts = Counter(
        line
        for arrived in records.arrived
        if arrived.route == "webhook"
        for line in lines_of(arrived.text)
    )
    for (message, line), count in counts.items():
        if count > 1:
            yield Violation("twice", f"line {line} of m{message} came {count} times by the webhook")


def _accepted_in_order(records: Records) -> Iterator[Violation]:
    """A session's messages among themselves, and notifications: after a kill the next service
    reports both, each in its order."""
    for of_session in (True, False):
        yield from _reported_in_order(
            records,
            {
                sent.message: place
                for place, sent in enumerate(records.sent)
                if not sent.late and sent.notification is not of_session
            },
        )


def _reported_in_order(records: Records, places: dict[int, int]) -> Iterator[Violation]:
    for sender, accepted in records.accepted.items():
        for earlier, later in pairwise(each for each in dict.fromkeys(accepted) if each in places):
            if places[earlier] > places[later]:
                yield Violation(
                    "out of order", f"{sender} sent m{later} before m{earlier}, accepted after it"
                )


def _nothing_twice_without_a_reason(records: Records) -> Iterator[Violation]:
    there: set[tuple[Target, int, int]] = set()
    repeats: list[str] = []
    for arrived in records.arrived:
        # With a key, by the webhook, no repeat is allowed at all.
        keyless = arrived.route != "webhook"
        lines = [(_target(arrived), *line) for line in lines_of(arrived.text) if keyless]
        if lines and there.issuperset(lines):
            repeats.append(f"m{lines[0][1]}l{lines[0][2]}")
        there.update(lines)
    if len(repeats) > records.unanswered:
        yield Violation(
            "twice",
            f"{', '.join(repeats)} came again, and the answer to {records.unanswered} requests "
            "may have been missed",
        )


def _told_the_truth(records: Records) -> Iterator[Violation]:
    arrived = {line[0] for each in records.arrived for line in lines_of(each.text)}
    for message in sorted(arrived.intersection(records.told_unsent)):
        yield Violation("told wrongly", f"m{message} arrived and is shown as not sent")


def _every_end_told_once(records: Records) -> Iterator[Violation]:
    for message in unended(records):
        yield Violation("end", f"nobody was told what became of m{message}")
    for message, count in sorted(Counter(records.ended).items()):
        if count > 1:
            yield Violation("end", f"what became of m{message} was told {count} times")


def _files_are_whole(records: Records) -> Iterator[Violation]:
    digests = {sent.message: sent.sha256 for sent in records.sent}
    for arrived in records.arrived:
        for message, _ in lines_of(arrived.text):
            digest = digests.get(message, "")
            if digest and records.uploads.get(arrived.media_id) != digest:
                yield Violation("damaged", f"the file m{message} is not what was sent")
    for message in records.unwhole:
        yield Violation("damaged", f"the file of i{message} is not what was sent")


def _nothing_astray(records: Records) -> Iterator[Violation]:
    places: dict[int, set[Target]] = {}
    for arrived in records.arrived:
        for message, _ in lines_of(arrived.text):
            places.setdefault(message, set()).add(_target(arrived))
    for message, targets in places.items():
        names = sorted({conversation for conversation, _ in targets})
        if len(targets) > 1:
            yield Violation("astray", f"m{message} went to several places: {', '.join(names)}")
        for conversation in names:
            if conversation in records.strangers:
                yield Violation("astray", f"m{message} went to a stranger")


def _every_utterance_heard_once(records: Records) -> Iterator[Violation]:
    for message in unheard(records):
        yield Violation("unheard", f"i{message} stands in no transcript")
    counts = _heard_counts(records)
    announced = Counter(number for text in records.announced for number in heard(text))
    for said in records.said:
        if not said.admitted and counts[said.message]:
            yield Violation("let in", f"i{said.message} stands in a transcript and must not")
        elif counts[said.message] > 1:
            yield Violation(
                "heard twice", f"i{said.message} stands {counts[said.message]} times in transcripts"
            )
        elif announced[said.message] > 1 and not records.killed:
            yield Violation(
                "heard twice", f"i{said.message} was announced {announced[said.message]} times"
            )


def _one_link_at_a_time(records: Records) -> Iterator[Violation]:
    for earlier, later in combinations(sorted(records.links, key=lambda link: link.opened), 2):
        together = min(earlier.closed, later.closed) - later.opened
        if together > NOTICED and not earlier.given_up:
            seconds = "to the end" if together == inf else f"for {together:.2f} s"
            yield Violation("two links", f"{earlier.id} and {later.id} were open {seconds}")


def _nothing_waits(records: Records) -> Iterator[Violation]:
    if records.queued:
        yield Violation("still waiting", f"{records.queued} messages are queued at the end")


def _all_show_the_same(records: Records) -> Iterator[Violation]:
    for shown in stale(records):
        here, there = shown.rows, records.written.get(shown.session, ())
        differ = (
            place for place, both in enumerate(zip(here, there, strict=False)) if both[0] != both[1]
        )
        place = next(differ, min(len(here), len(there)))
        yield Violation(
            "shown",
            f"{shown.editor} shows {len(here)} of {len(there)} messages of {shown.session}; the "
            f"first that differs is {here[place : place + 1]}, and {there[place : place + 1]} on "
            "the disk",
        )


def _accepted(records: Records) -> list[Sent]:
    there = {message for accepted in records.accepted.values() for message in accepted}
    return [sent for sent in records.sent if sent.message in there]


def _heard_counts(records: Records) -> Counter[int]:
    return Counter(
        number for texts in records.transcripts.values() for text in texts for number in heard(text)
    )


def _target(arrived: ArrivedMessage) -> Target:
    return arrived.conversation_id, arrived.route == "webhook"


def _first_occurrences(records: Records, target: Target) -> list[tuple[int, int]]:
    """Lines that arrived at a target, without repeats."""
    found = [
        line
        for arrived in records.arrived
        if _target(arrived) == target
        for line in lines_of(arrived.text)
    ]
    return list(dict.fromkeys(found))
