"""A transcript survives being torn anywhere, and says what it does not know."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from dingbridge.core.messages import Delivery, Message, Role
from dingbridge.core.sessions import transcript
from dingbridge.core.sessions.transcript import (
    UNSETTLED,
    DeliveryLine,
    Entry,
    SessionInfo,
    Transcript,
)

INFO = SessionInfo("s1", "Release", 1_800_000_000.0)
NOBODY = SessionInfo("fallback", "fallback", 0.0)
WORDS = st.text(max_size=30)
MESSAGES = st.builds(
    Message,
    id=st.sampled_from([f"m{n}" for n in range(5)]),
    role=st.sampled_from(Role),
    author=WORDS,
    text=WORDS,
    time=st.floats(0, 1e10),
    delivery=st.sampled_from([Delivery.NONE, Delivery.SENT, Delivery.FAILED]),
    reason=WORDS,
)
FATES = st.builds(
    DeliveryLine,
    id=st.sampled_from([f"m{n}" for n in range(7)]),
    delivery=st.sampled_from([Delivery.SENT, Delivery.FAILED]),
    reason=WORDS,
)
ENTRIES = st.lists(
    st.one_of(
        st.builds(Entry, message=MESSAGES),
        st.builds(Entry, fate=FATES),
        st.builds(Entry, session=st.builds(SessionInfo, WORDS, WORDS, st.floats(0, 1e10))),
    ),
    max_size=8,
)


def message(name: str = "m1", delivery: Delivery = Delivery.NONE) -> Message:
    return Message(name, Role.EDITOR, "You", "hello", 1_800_000_000.0, delivery)


def read(data: bytes) -> Transcript:
    return transcript.read(io.BytesIO(data), NOBODY)


@settings(deadline=None)
@given(ENTRIES, st.data())
def test_a_transcript_torn_at_any_byte_keeps_all_its_whole_lines(
    entries: list[Entry], data: st.DataObject
) -> None:
    lines = [transcript.encode(entry) for entry in entries]
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    kept, position = 0, 0
    # The last byte of a line is only its end: without it the line is whole all the same.
    while kept < len(lines) and position + len(lines[kept]) - 1 <= cut:
        position += len(lines[kept])
        kept += 1
    torn = read(whole[:cut])
    complete = read(b"".join(lines[:kept]))
    assert (torn.info, torn.messages) == (complete.info, complete.messages)
    assert torn.damaged == (1 if cut > position else 0)


@settings(deadline=None)
@given(st.lists(MESSAGES, max_size=6, unique_by=lambda message: message.id))
def test_a_whole_transcript_is_read_as_it_was_written(messages: list[Message]) -> None:
    found = read(transcript.encode_all(INFO, messages))
    assert found == Transcript(INFO, tuple(messages))


def test_each_message_is_one_line_whatever_its_text() -> None:
    text = "one\ntwo\r\n\u2028three\x00"
    line = transcript.encode(Entry(message=structs.replace(message(), text=text)))
    assert line.count(b"\n") == 1
    assert read(line).messages[0].text == text


def test_a_later_word_about_a_message_counts() -> None:
    lines = [
        Entry(message=message("m1", Delivery.QUEUED)),
        Entry(message=message("m2", Delivery.QUEUED)),
        Entry(fate=DeliveryLine("m1", Delivery.FAILED, "robot removed")),
        Entry(fate=DeliveryLine("unknown", Delivery.SENT)),
        Entry(fate=DeliveryLine("m2", Delivery.SENT)),
    ]
    first, second = read(b"".join(map(transcript.encode, lines))).messages
    assert (first.delivery, first.reason) == (Delivery.FAILED, "robot removed")
    assert (second.delivery, second.reason) == (Delivery.SENT, "")


def test_a_recalled_message_stays_recalled_whatever_is_written_after_it() -> None:
    lines = [
        Entry(message=message("m1", Delivery.QUEUED)),
        *(
            Entry(fate=DeliveryLine("m1", delivery))
            for delivery in (Delivery.SENT, Delivery.RECALLED, Delivery.SENT)
        ),
    ]
    [found] = read(b"".join(map(transcript.encode, lines))).messages
    assert found.delivery is Delivery.RECALLED


@pytest.mark.parametrize("delivery", UNSETTLED)
def test_a_message_without_a_fate_is_read_as_it_was_left(delivery: Delivery) -> None:
    [found] = read(transcript.encode(Entry(message=message(delivery=delivery)))).messages
    assert (found.delivery, found.reason) == (delivery, "")


def test_only_what_is_under_way_has_no_fate_yet() -> None:
    settled = {Delivery.NONE, Delivery.SENT, Delivery.FAILED, Delivery.RECALLED}
    assert set(UNSETTLED) == set(Delivery) - settled


def test_a_fate_that_another_editor_wrote_before_the_message_counts() -> None:
    lines = [
        Entry(fate=DeliveryLine("m1", Delivery.SENT)),
        Entry(message=message("m1", Delivery.QUEUED)),
    ]
    [found] = read(b"".join(map(transcript.encode, lines))).messages
    assert found.delivery is Delivery.SENT


@settings(deadline=None)
@given(st.lists(FATES, max_size=6), st.data())
def test_the_last_fate_counts_wherever_the_message_stands(
    fates: list[DeliveryLine], data: st.DataObject
) -> None:
    lines = [Entry(fate=fate) for fate in fates]
    lines.insert(data.draw(st.integers(0, len(fates))), Entry(message=message("m1")))
    [found] = read(b"".join(map(transcript.encode, lines))).messages
    last = [fate for fate in fates if fate.id == "m1"][-1:]
    wanted = (last[0].delivery, last[0].reason) if last else (Delivery.NONE, "")
    assert (found.delivery, found.reason) == wanted


def test_the_whole_text_takes_the_place_of_the_one_before() -> None:
    shown = Message("m1", Role.DINGTALK, "Zhang", "fetching a.txt …", 1.0)
    lines = [
        transcript.encode(Entry(message=shown)),
        transcript.encode(
            Entry(fate=DeliveryLine("m1", Delivery.NONE, text="[a.txt](/media/a.txt)"))
        ),
    ]
    assert b'"reason"' not in lines[1]
    [found] = transcript.read(lines, INFO).messages
    assert found == structs.replace(shown, text="[a.txt](/media/a.txt)")


def test_a_message_that_stands_there_twice_is_shown_once() -> None:
    again = structs.replace(message("m1"), text="another")
    lines = [Entry(message=message("m1")), Entry(message=again)]
    assert read(b"".join(map(transcript.encode, lines))).messages == (message("m1"),)


def test_fields_of_a_later_version_are_passed_over() -> None:
    line = json.dumps(
        {
            "message": {**json.loads(transcript.encode(Entry(message=message())))["message"]},
            "reactions": [{"👀": 1}],
        }
    )
    line = line.replace('"text"', '"quote": {"of": "m0"}, "text"')
    assert read(line.encode()).messages == (message(),)


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"[]",
        b'{"message": {"id": "m1"}}',
        b'{"message": {"id": "\xff"}}',
        b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"\x00" * 512,
    ],
)
def test_a_damaged_line_costs_itself_only(line: bytes) -> None:
    good = transcript.encode(Entry(message=message()))
    found = read(transcript.encode(Entry(session=INFO)) + line + b"\n\n" + good)
    assert found == Transcript(INFO, (message(),), damaged=1)
    assert transcript.read_info(line) is None


def test_the_first_line_names_the_session() -> None:
    assert transcript.read_info(transcript.encode(Entry(session=INFO))) == INFO
    assert transcript.read_info(transcript.encode(Entry(message=message()))) is None


def test_a_transcript_without_its_first_line_has_the_name_it_is_given() -> None:
    assert read(b"").info == NOBODY


def test_text_that_is_no_unicode_can_be_written_down() -> None:
    broken = structs.replace(message(), text="half \ud83d of a pair")
    assert (
        read(transcript.encode(Entry(message=broken))).messages[0].text == "half \ufffd of a pair"
    )
