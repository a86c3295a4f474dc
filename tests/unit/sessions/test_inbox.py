"""A robot message is handed to a session, whatever happens between its coming and that."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from dingbridge.core.dingtalk.limits import SEEN_SECONDS
from dingbridge.core.messages import (
    Conversation,
    ConversationKind,
    Inbound,
    Sender,
    SessionWebhook,
)
from dingbridge.core.sessions import inbox
from dingbridge.core.sessions.inbox import (
    Asked,
    Handed,
    InboxRecord,
    OpenMessage,
    Received,
    Routed,
    SeenRecord,
    decode,
    encode,
)

NOW = 1_800_000_000.0
OLD = NOW - SEEN_SECONDS
KEYS = [f"robot/m{n}" for n in range(4)]
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
INBOUNDS = st.builds(
    Inbound,
    WORDS,
    WORDS,
    st.builds(Conversation, WORDS, st.sampled_from(ConversationKind), WORDS),
    st.builds(Sender, WORDS, WORDS, WORDS),
    st.booleans(),
    WORDS,
    WORDS,
    st.floats(0, 1e10),
    st.none() | st.builds(SessionWebhook, WORDS, st.floats(0, 1e10)),
)


def received(key: str, text: str = "hi", robot: str = "dingabc") -> Received:
    conversation = Conversation("cid1", ConversationKind.SINGLE)
    sender = Sender("zhangsan", "$:LWCP_v1:$x", "张三")
    inbound = Inbound(key, "robot", conversation, sender, True, "text", text, NOW)
    return Received(robot, key, inbound, NOW)


RECORDS = st.one_of(
    st.builds(received, st.sampled_from(KEYS), st.sampled_from(["hi", "ho"])),
    st.builds(Routed, st.sampled_from(KEYS), st.sampled_from(["s1", "s2"])),
    st.builds(
        Asked,
        st.sampled_from(KEYS),
        st.sampled_from(["s1", "s2"]),
        st.sampled_from(["program", "function"]),
    ),
    st.builds(Handed, st.sampled_from(KEYS)),
    st.builds(SeenRecord, st.dictionaries(st.sampled_from(KEYS), st.sampled_from([NOW - 60, OLD]))),
)
HISTORIES = st.lists(RECORDS, max_size=20)


def short(history: list[InboxRecord]) -> list[InboxRecord]:
    return [decode(line) for line in inbox.shortened([encode(record) for record in history], NOW)]


@settings(max_examples=150, deadline=None)
@given(HISTORIES, HISTORIES)
def test_made_short_the_inbox_means_the_same_and_goes_on_in_the_same_way(
    history: list[InboxRecord], rest: list[InboxRecord]
) -> None:
    whole, made_short = inbox.pending(history), inbox.pending(short(history))
    assert list(made_short.items()) == list(whole.items())
    assert short(short(history)) == short(history)
    assert inbox.pending([*short(history), *rest]) == inbox.pending([*history, *rest])
    seen = {key: time for key, time in inbox.times(history).items() if time > OLD}
    assert inbox.times(short(history)) == seen | {
        key: one.received.time for key, one in whole.items()
    }


@given(HISTORIES, st.integers(0, 20))
def test_some_records_that_stand_at_the_end_may_follow_once_more(
    events: list[InboxRecord], start: int
) -> None:
    history: list[InboxRecord] = []
    came: set[str] = set()
    for record in events:
        # Each message comes once, and is then routed and handed over.
        is_new = isinstance(record, Received) and record.key not in came
        if isinstance(record, Received):
            came.add(record.key)
        if is_new or (isinstance(record, Routed | Asked | Handed) and record.key in came):
            history.append(record)
    assert inbox.pending([*history, *history[start:]]) == inbox.pending(history)


def test_many_ids_stand_in_records_that_are_read_in_no_time() -> None:
    seen = {f"robot/{number}": NOW for number in range(3 * inbox.SEEN_TOGETHER + 1)}
    records = [decode(line) for line in inbox.shortened([encode(Handed("a"))], NOW, seen)]
    assert [len(one.times) for one in records if isinstance(one, SeenRecord)] == [500, 500, 500, 1]
    assert inbox.times(records) == seen


@settings(max_examples=150, deadline=None)
@given(HISTORIES)
def test_what_was_received_is_open_until_it_was_handed_over(history: list[InboxRecord]) -> None:
    found = inbox.pending(history)
    for key in KEYS:
        about = [
            record
            for record in history
            if isinstance(record, Received | Handed) and record.key == key
        ]
        assert (key in found) == bool(about and isinstance(about[-1], Received))


def test_messages_are_handed_over_in_the_order_in_which_they_came() -> None:
    history: list[InboxRecord] = [
        received("a"),
        received("b"),
        received("c"),
        Routed("a", "s1"),
        Handed("b"),
    ]
    assert list(inbox.pending(history)) == ["a", "c"]


def test_a_message_that_was_routed_goes_to_that_session() -> None:
    history: list[InboxRecord] = [received("a"), Routed("a", "s1"), received("a", "again")]
    assert inbox.pending(history) == {"a": OpenMessage(received("a"), "s1")}
    assert inbox.pending([Routed("a", "s1"), Handed("a")]) == {}


def test_a_message_that_somebody_was_asked_about_is_open_until_that_has_ended() -> None:
    history: list[InboxRecord] = [
        received("a"),
        Asked("a", "s1", "program"),
        received("a", "again"),
    ]
    assert inbox.pending(history) == {"a": OpenMessage(received("a"), "s1", "program")}
    assert inbox.pending([*history, Handed("a")]) == {}
    assert inbox.pending([Asked("a", "s1", "program")]) == {}


def test_the_time_of_every_message_is_known_also_when_it_was_handed_over() -> None:
    later = structs.replace(received("b"), time=NOW + 1)
    assert inbox.times([received("a"), Handed("a"), later]) == {"a": NOW, "b": NOW + 1}


def test_damaged_lines_go_when_the_inbox_is_made_short() -> None:
    lines = [b"{", encode(received("a")), b"\xff", b'{"type":"later"}', encode(Handed("b"))]
    without_text = b'{"type":"received","robot":"r","key":"c","time":1800000000.0}'
    assert inbox.shortened([*lines, without_text], NOW)[-1] == encode(received("a"))


def test_a_message_has_the_same_id_however_often_it_is_handed_over() -> None:
    # Transcripts on the disk have these: a message that comes again must be known in them.
    assert inbox.message_id("robot/m1") == "25ecdedf54243ecd"
    assert inbox.message_id("robot/m2") == "1db788c03767c74e"
    assert len(inbox.message_id("half \ud83d of a pair")) == 16
    # And outboxes have these.
    assert inbox.answer_id("25ecdedf54243ecd") == "f3404b8d8b733914"


@settings(max_examples=150, deadline=None)
@given(RECORDS | st.builds(Received, WORDS, WORDS, INBOUNDS, st.floats(0, 1e10)))
def test_a_record_is_one_line_that_is_read_as_it_was_written(record: InboxRecord) -> None:
    line = encode(record)
    assert line
    assert b"\n" not in line
    assert b"\0" not in line
    assert decode(line) == record


@settings(max_examples=100, deadline=None)
@given(RECORDS, st.data())
def test_a_torn_line_is_no_record(record: InboxRecord, data: st.DataObject) -> None:
    line = encode(record)
    with pytest.raises(ValueError, match="not a record of the inbox"):
        decode(line[: data.draw(st.integers(0, len(line) - 1))])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.just(b'{"type":"handed","x":' + b"[" * 100_000))
def test_any_bytes_are_refused_and_nothing_worse(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a record of the inbox"):
        decode(line)


def test_text_that_is_no_unicode_can_be_written_down() -> None:
    found = decode(encode(received("a", "half \ud83d of a pair")))
    assert isinstance(found, Received)
    assert found.inbound.text == "half \ufffd of a pair"
