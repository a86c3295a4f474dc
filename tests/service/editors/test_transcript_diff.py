"""A transcript that is shown from its end upwards: nothing is missing, twice or out of order."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.messages import Delivery, Message, Role
from dingbridge.core.sessions import transcript
from dingbridge.core.sessions.transcript import DeliveryLine as Written
from dingbridge.core.sessions.transcript import Entry, TranscriptPart
from dingbridge.edges.storage import transcripts
from dingbridge.edges.storage.transcripts import Transcripts
from dingbridge.protocol.updates import Earlier, ShowDelivery, ShowEnd, ShowMessages
from dingbridge.service.editors.transcript_diff import LATEST, CatchUp, ShownTranscript
from tests.support.costs import instructions


def message(name: str, delivery: Delivery = Delivery.NONE, reason: str = "") -> Message:
    """A message whose text is its id."""
    return Message(name, Role.EDITOR, "You", name, 1.0, delivery=delivery, reason=reason)


class Screen:
    """What a new editor shows when it carries out updates."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.shown = ShownTranscript("s")
        self.open: set[str] = set()
        self.more = True

    @property
    def names(self) -> list[str]:
        return [one.id for one in self.messages]

    def delivery(self, name: str) -> Delivery:
        """What became of a message, as it is shown."""
        return next(one.delivery for one in self.messages if one.id == name)

    def told(self, update: ShowMessages | ShowDelivery) -> None:
        """Something happens meanwhile."""
        self.shown.note(update)
        self._carry_out(update)

    def found(self, found: CatchUp) -> None:
        """Something was read."""
        self.open |= set(found.open)
        for update in found.updates:
            self._carry_out(update)

    def _carry_out(self, update: ShowMessages | ShowDelivery | ShowEnd | Earlier) -> None:
        match update:
            case ShowDelivery(message=name, text=text):
                self.messages = [
                    transcript.with_fate(one, Written(name, update.delivery, update.reason, text))
                    if one.id == name
                    else one
                    for one in self.messages
                ]
            case ShowMessages(list=new):
                self.messages += [one for one in new if one.id not in self.names]
            case ShowEnd(list=new, since=since, more=more):
                by_name = {one.id: one for one in self.messages}
                self.messages = [*new, *(by_name[name] for name in since)]
                self.more = more
            case Earlier(list=new, more=more):
                self.messages[:0] = [one for one in new if one.id not in self.names]
                self.more = more


def written(*lines: Message | Written) -> list[bytes]:
    """The lines of a transcript's file."""
    return [
        transcript.encode(Entry(fate=one) if isinstance(one, Written) else Entry(message=one))
        for one in lines
    ]


@given(
    count=st.integers(0, 30),
    fates=st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=10),
    arriving=st.lists(st.booleans(), max_size=60),
    size=st.integers(1, 1500),
)
def test_a_transcript_is_shown_whole_and_in_order_whatever_parts_it_is_read_in(
    count: int, fates: list[tuple[int, int]], arriving: list[bool], size: int
) -> None:
    lines: list[Message | Written] = []
    for number in range(count):
        lines.append(message(f"m{number}", Delivery.QUEUED))
        lines += [Written(f"m{of}", Delivery.SENT) for of, at in fates if at == number and of <= at]
    sent = {f"m{of}" for of, at in fates if of <= at < count}
    screen, coming = Screen(), iter(arriving)
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(transcripts, "PART_BYTES", size),
    ):
        Path(folder, "s.jsonl").write_bytes(b"".join(written(*lines)))
        files = Transcripts(Path(folder))
        came: list[str] = []
        while screen.more:
            if next(coming, False):
                new = message(f"new{len(came)}")
                came.append(new.id)
                screen.told(ShowMessages("s", (new,)))
                files.append("s", Entry(message=new))
            if screen.shown.begin is None:
                part = files.end("s")
                # Its messages were shown as well.
                screen.found(screen.shown.ending(part))
            else:
                screen.found(screen.shown.earlier(files.before("s", screen.shown.begin)))
    assert screen.names == [f"m{number}" for number in range(count)] + came
    assert {one.id for one in screen.messages if one.delivery is Delivery.SENT} == sent
    assert screen.open == {f"m{number}" for number in range(count)} - sent


@given(
    late=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=6),
    told=st.lists(st.integers(0, 9), max_size=4),
    size=st.integers(1, 1500),
)
def test_a_message_is_shown_with_its_files_wherever_its_whole_text_stands(
    late: list[tuple[int, int]], told: list[int], size: int
) -> None:
    lines: list[Message | Written] = []
    for number in range(10):
        lines.append(message(f"m{number}"))
        lines += [whole(of) for of, at in late if at == number and of <= at]
    coming = iter(told)
    screen = Screen()
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(transcripts, "PART_BYTES", size),
    ):
        Path(folder, "s.jsonl").write_bytes(b"".join(written(*lines)))
        files = Transcripts(Path(folder))
        screen.found(screen.shown.ending(files.end("s")))
        came = set()
        while screen.more:
            part = files.before("s", screen.shown.begin or 0)
            for of in itertools.islice(coming, 1):
                # The file comes when that was read, and is reported when that was shown.
                files.settle("s", whole(of), sync=True)
                came.add(of)
            screen.found(screen.shown.earlier(part))
            for of in came:
                screen.told(ShowDelivery("s", f"m{of}", Delivery.NONE, text="whole"))
    texts = {f"m{of}" for of in {of for of, at in late if of <= at} | came}
    assert screen.names == [f"m{number}" for number in range(10)]
    assert {one.id for one in screen.messages if one.text == "whole"} == texts


def whole(number: int) -> Written:
    """The whole text of a message."""
    return Written(f"m{number}", Delivery.NONE, text="whole")


def test_a_whole_text_that_another_process_wrote_is_told() -> None:
    screen = Screen()
    screen.found(screen.shown.ending(TranscriptPart((message("m1"), message("m2")))))
    screen.found(screen.shown.news(TranscriptPart(fates=(whole(1),))))
    assert [one.text for one in screen.messages] == ["whole", "m2"]
    # And to an editor that has shown the message since before there was this service.
    [told, _] = (
        ShownTranscript("s")
        .ending(TranscriptPart((message("m9"),), (whole(1),), begin=100))
        .updates
    )
    assert told == ShowDelivery("s", "m1", Delivery.NONE, text="whole")


def test_a_fate_that_is_told_before_its_message_was_read_counts() -> None:
    screen = Screen()
    screen.found(screen.shown.ending(TranscriptPart((message("b"),), begin=100)))
    screen.told(ShowDelivery("s", "a", Delivery.SENT))
    screen.found(screen.shown.earlier(TranscriptPart((message("a", Delivery.QUEUED),))))
    assert (screen.delivery("a"), screen.open) == (Delivery.SENT, set())


def test_a_recalled_message_stays_recalled_in_whatever_part_that_stands() -> None:
    screen = Screen()
    screen.found(screen.shown.ending(TranscriptPart(fates=(Written("a", Delivery.SENT),), begin=9)))
    part = TranscriptPart(fates=(Written("a", Delivery.RECALLED),), begin=5)
    screen.found(screen.shown.earlier(part))
    screen.found(screen.shown.earlier(TranscriptPart((message("a", Delivery.QUEUED),))))
    assert screen.delivery("a") is Delivery.RECALLED


def test_what_was_told_before_its_transcript_is_read_stands_where_it_does_there() -> None:
    screen = Screen()
    screen.told(ShowMessages("s", (message("b", Delivery.QUEUED), message("d"))))
    screen.told(ShowDelivery("s", "b", Delivery.SENT))
    screen.found(screen.shown.ending(TranscriptPart((message("a"), message("b", Delivery.QUEUED)))))
    screen.told(ShowMessages("s", (message("e"),)))
    assert (screen.names, screen.open) == (["a", "b", "d", "e"], set())
    assert screen.delivery("b") is Delivery.SENT


@pytest.mark.parametrize(
    ("here", "disk", "shown", "asked"),
    [
        (Delivery.QUEUED, Delivery.SENT, Delivery.SENT, set()),
        (Delivery.FAILED, Delivery.SENT, Delivery.SENT, set()),
        (Delivery.RETRYING, Delivery.QUEUED, Delivery.RETRYING, set()),
        (Delivery.SENT, Delivery.QUEUED, Delivery.SENT, set()),
        (Delivery.QUEUED, Delivery.FAILED, Delivery.QUEUED, {"a"}),
        (Delivery.SENT, Delivery.SENT, Delivery.SENT, set()),
        (Delivery.SENT, Delivery.RECALLED, Delivery.RECALLED, set()),
        (Delivery.RECALLED, Delivery.SENT, Delivery.RECALLED, set()),
    ],
)
def test_what_became_of_a_message_never_goes_back(
    here: Delivery, disk: Delivery, shown: Delivery, asked: set[str]
) -> None:
    for news in (
        TranscriptPart((message("a", disk),)),
        TranscriptPart(fates=(Written("a", disk),)),
    ):
        screen = Screen()
        screen.found(screen.shown.ending(TranscriptPart()))
        screen.told(ShowMessages("s", (message("a", here),)))
        screen.found(screen.shown.news(news))
        assert (screen.delivery("a"), screen.open) == (shown, asked)


def test_only_a_message_that_is_new_here_is_asked_about() -> None:
    screen = Screen()
    screen.found(screen.shown.ending(TranscriptPart()))
    screen.told(ShowMessages("s", (message("mine", Delivery.QUEUED),)))
    screen.found(
        screen.shown.news(
            TranscriptPart((message("theirs", Delivery.QUEUED), message("mine", Delivery.QUEUED)))
        )
    )
    assert (screen.open, screen.names) == ({"theirs"}, ["mine", "theirs"])


def test_only_the_latest_messages_are_remembered_and_those_whose_fate_is_open() -> None:
    shown = ShownTranscript("s")
    shown.ending(TranscriptPart((message("open", Delivery.QUEUED), message("done"))))
    for number in range(10 * LATEST):
        shown.note(ShowMessages("s", (message(f"m{number}"),)))
    assert len(shown._latest) <= 2 * LATEST + 1
    assert "open" in shown
    assert "done" not in shown
    assert f"m{10 * LATEST - 1}" in shown


# --- what is read of the file ---------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> Transcripts:
    return Transcripts(tmp_path)


def add(folder: Path, *lines: Message | Written) -> None:
    """Another process adds lines."""
    with (folder / "s.jsonl").open("ab") as file:
        file.writelines(written(*lines))


def test_what_was_written_here_is_not_read_again(files: Transcripts, tmp_path: Path) -> None:
    add(tmp_path, message("a"))
    assert files.end("s").messages == (message("a"),)
    files.append("s", Entry(message=message("b")))
    files.settle("s", Written("b", Delivery.SENT))
    assert files.since("s").messages == ()
    add(tmp_path, message("c"))
    files.append("s", Entry(message=message("d")))
    assert [one.id for one in files.since("s").messages] == ["c", "d"]
    assert files.since("s").messages == ()


def test_another_file_in_the_place_of_a_transcript_begins_anew(
    files: Transcripts, tmp_path: Path
) -> None:
    add(tmp_path, message("a"), message("b"))
    place = files.end("s").begin
    (tmp_path / "s.jsonl").rename(tmp_path / "old")
    add(tmp_path, message("x"))
    assert files.since("s").is_anew
    assert files.end("s").messages == (message("x"),)
    assert not files.since("s").is_anew
    (tmp_path / "s.jsonl").rename(tmp_path / "older")
    add(tmp_path, message("y"))
    assert files.before("s", place + 10).is_anew
    assert files.end("s").messages == (message("y"),)


def test_a_transcript_that_was_cleared_here_holds_nothing_new(
    files: Transcripts, tmp_path: Path
) -> None:
    add(tmp_path, message("a"))
    files.end("s")
    files.clear(transcript.SessionInfo("s", "S", 1.0))
    found = files.since("s")
    assert (found.messages, found.is_anew) == ((), False)


def test_a_message_costs_the_same_however_many_wait_to_be_sent() -> None:
    shown = ShownTranscript("s")
    shown.begin = 0

    def send(first: int, count: int) -> None:
        for number in range(first, first + count):
            waiting = message(f"m{number}", Delivery.QUEUED)
            shown.note(ShowMessages("s", (waiting,)))

    send(0, 4 * LATEST)
    assert instructions(lambda: send(4 * LATEST, LATEST)) < LATEST * 1_000
    assert "m0" in shown
