"""What waits to be sent is known from its records alone, however often they are made short."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery import outbox_journal
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox import Outbox, fold
from dingbridge.core.delivery.outbox_journal import compacted, ends, of_robot, shortened
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
    decode,
    encode,
)
from dingbridge.core.delivery.routing import Route
from dingbridge.core.messages import At, Delivery, Outbound, SessionWebhook, Target
from dingbridge.core.timeouts import DONE_REMEMBERED

NOW = 1_800_000_000.0
DROPPED = say.DROPPED_BY_YOU()
OURS = ("a1", "a2", "a3", "a4")
THEIRS = ("b1", "b2")
WHOLES = ("a1+2", "a2+2", "b1+2")
NAMES = st.sampled_from([*OURS, *THEIRS, *WHOLES])
TIMES = st.sampled_from([NOW - 2 * DONE_REMEMBERED, NOW - 60, NOW])
PLACES = st.integers(0, 30)


def robot_of(name: str) -> str:
    return name[0]


def out(name: str, text: str = "hello") -> Outbound:
    return Outbound(name, Target(user_id="u"), text, "title")


def put(name: str, session: str = "s1", kind: Purpose = Purpose.NOTIFICATION) -> Queued:
    return Queued(robot_of(name), out(name), kind, session, NOW)


def tried(name: str, end: int = 5, route: Route = Route.SINGLE) -> Attempted:
    return Attempted(name, 0, end, route)


def merges(names: tuple[str, ...]) -> st.SearchStrategy[Merged]:
    return st.builds(
        Merged,
        st.lists(st.sampled_from(names), max_size=3).map(tuple),
        st.sampled_from([name for name in WHOLES if name[0] == names[0][0]]).map(out),
    )


RECORDS = st.one_of(
    st.builds(put, st.sampled_from([*OURS, *THEIRS]), st.sampled_from(["", "s1", "s2"])),
    st.builds(Attempted, NAMES, PLACES, PLACES, st.sampled_from(Route)),
    st.builds(Sent, NAMES, PLACES),
    st.builds(Done, NAMES, TIMES, st.booleans(), st.booleans()),
    st.builds(Failed, NAMES, st.text(max_size=5), TIMES),
    st.builds(Retried, NAMES),
    st.builds(Unmerged, NAMES),
    st.builds(Dropped, NAMES, TIMES),
    st.builds(DropRequested, NAMES),
    merges(OURS),
    merges(THEIRS),
)
FULL: list[OutboxRecord] = [
    *(put("a1"), put("b1"), put("a2", "s2"), put("b2"), put("a3", ""), put("a4")),
    *(Merged(("a1", "a2"), out("a1+2")), Merged(("b1", "b2"), out("b1+2"))),
]
HISTORIES = st.builds(
    lambda first, rest: [*FULL[:first], *rest],
    st.sampled_from([0, 6, 7, 8]),
    st.lists(RECORDS, max_size=40),
)


def meaning(box: Outbox) -> tuple[object, ...]:
    """Everything that what comes next depends on: the order counts for what waits."""
    remembered = {name for name, time in box.done.items() if time > NOW - DONE_REMEMBERED}
    marked = (box.dropped & remembered, box.uncertain & remembered)
    return list(box.waiting.items()), list(box.dead.items()), remembered, marked, box.queued


# --- for every history ----------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(HISTORIES)
def test_made_short_a_history_means_the_same(history: list[OutboxRecord]) -> None:
    assert meaning(fold(compacted(history, NOW))) == meaning(fold(history))


@settings(max_examples=100, deadline=None)
@given(HISTORIES, HISTORIES)
def test_made_short_a_history_goes_on_in_the_same_way(
    history: list[OutboxRecord], rest: list[OutboxRecord]
) -> None:
    # What is forgotten could be handed over once more; nothing is forgotten here.
    young = [one for one in history if not isinstance(one, Done | Dropped) or one.time > NOW - 100]
    short = fold([*compacted(young, NOW), *rest])
    assert meaning(short) == meaning(fold([*young, *rest]))


@settings(max_examples=100, deadline=None)
@given(HISTORIES)
def test_making_short_twice_is_making_short_once(history: list[OutboxRecord]) -> None:
    once = compacted(history, NOW)
    assert compacted(once, NOW) == once


@settings(max_examples=100, deadline=None)
@given(HISTORIES, st.data())
def test_a_history_cut_anywhere_is_an_earlier_state_of_the_outbox(
    history: list[OutboxRecord], data: st.DataObject
) -> None:
    box = Outbox()
    states = [meaning(box)]
    for record in history:
        box.apply(record)
        states.append(meaning(box))
    cut = data.draw(st.integers(0, len(history)))
    assert meaning(fold(history[:cut])) == states[cut]


@settings(max_examples=100, deadline=None)
@given(HISTORIES)
def test_no_message_stands_in_two_places(history: list[OutboxRecord]) -> None:
    box = fold(history)
    waiting = [one.id for whole in box.waiting.values() for one in whole.everyone()]
    dead = [one.id for letter in box.dead.values() for one in letter.waiting.everyone()]
    places = [*waiting, *dead, *(name for name in box.done if name not in WHOLES)]
    assert len(places) == len(set(places))
    assert box.queued == len(waiting)
    accepted = {record.outbound.id for record in history if isinstance(record, Queued)}
    assert {name for name in accepted if not box.knows(name)} == set()
    assert accepted <= set(places)


@settings(max_examples=100, deadline=None)
@given(HISTORIES)
def test_making_one_robots_records_short_leaves_the_lines_of_another_as_they_are(
    history: list[OutboxRecord],
) -> None:
    lines = [encode(record) for record in history]
    kept = shortened(lines, "a", NOW)
    records = [decode(line) for line in kept]
    about_b = {encode(r) for r in of_robot(history, "b")} - {
        encode(r) for r in of_robot(history, "a")
    }
    assert [line for line in kept if line in about_b] == [line for line in lines if line in about_b]
    for robot in ("a", "b"):
        assert (
            meaning(fold(of_robot(records, robot)))[:2]
            == (meaning(fold(of_robot(history, robot)))[:2])
        )
    assert shortened(kept, "a", NOW) == kept


@settings(max_examples=100, deadline=None)
@given(HISTORIES)
def test_the_order_of_two_messages_that_both_wait_never_changes(
    history: list[OutboxRecord],
) -> None:
    box = Outbox()
    for record in history:
        before = list(box.waiting)
        box.apply(record)
        stayed = [name for name in before if name in box.waiting]
        assert [name for name in box.waiting if name in stayed] == stayed


# --- one thing after the other --------------------------------------------------------------------


def test_messages_wait_in_the_order_in_which_they_were_accepted() -> None:
    box = fold([put("a1"), put("a2"), put("a3"), Done("a2", NOW)])
    assert list(box.waiting) == ["a1", "a3"]
    assert box.queued == 2


@pytest.mark.parametrize(
    "end", [[], [Done("a1", NOW)], [Failed("a1", "no", NOW)], [Dropped("a1", NOW)]]
)
def test_a_message_that_is_handed_over_twice_waits_once(end: list[OutboxRecord]) -> None:
    box = fold([put("a1"), *end])
    again = fold([put("a1"), *end, put("a1")])
    assert again.knows("a1")
    assert meaning(again) == meaning(box)


def test_a_message_in_a_merged_one_is_known_wherever_that_one_is() -> None:
    merged: list[OutboxRecord] = [put("a1"), put("a2"), Merged(("a1", "a2"), out("a1+2"))]
    for end in ([], [Failed("a1+2", "no", NOW)], [Done("a1+2", NOW)], [Dropped("a1+2", NOW)]):
        box = fold([*merged, *end])
        assert box.knows("a2")
        assert meaning(fold([*merged, *end, put("a2")])) == meaning(box)


def test_merged_messages_take_the_place_of_the_first_and_share_its_fate() -> None:
    history: list[OutboxRecord] = [
        put("a1"),
        put("a2"),
        put("a3"),
        put("a4"),
        Merged(("a2", "a3"), out("a2+2")),
    ]
    box = fold(history)
    assert list(box.waiting) == ["a1", "a2+2", "a4"]
    assert [one.id for one in box.waiting["a2+2"].everyone()] == ["a2", "a3"]
    assert box.queued == 4
    done = fold([*history, Done("a2+2", NOW)])
    assert list(done.waiting) == ["a1", "a4"]
    assert set(done.done) == {"a2+2", "a2", "a3"}
    failed = fold([*history, Failed("a2+2", "no", NOW)])
    assert list(failed.dead) == ["a2+2"]
    assert failed.letter("a3") == failed.dead["a2+2"]
    assert failed.letter("a1") is None
    again = fold([*history, Failed("a2+2", "no", NOW), Retried("a2+2")])
    assert (list(again.waiting), again.queued) == (["a1", "a4", "a2+2"], 4)


@pytest.mark.parametrize(
    "merged",
    [
        Merged((), out("a1+2")),
        Merged(("a1", "a1"), out("a1+2")),
        Merged(("a1", "unknown"), out("a1+2")),
        Merged(("a1", "a3"), out("a1+2")),
        Merged(("a1", "a2"), out("a4")),
        Merged(("a1", "b1"), out("a1+2")),
    ],
    ids=["nothing", "one twice", "unknown", "under way", "a name that is taken", "two robots"],
)
def test_a_record_of_merging_that_makes_no_sense_changes_nothing(merged: Merged) -> None:
    history: list[OutboxRecord] = [
        put("a1"),
        put("a2"),
        put("a3"),
        put("a4"),
        put("b1"),
        Sent("a3", 3),
    ]
    assert meaning(fold([*history, merged])) == meaning(fold(history))


def test_parted_messages_wait_again_in_order_each_with_its_own_fate() -> None:
    history: list[OutboxRecord] = [
        *(put("a1"), put("a2"), put("a3"), put("a4")),
        *(Merged(("a2", "a3"), out("a2+2")), tried("a2+2"), Unmerged("a2+2")),
    ]
    box = fold(history)
    assert list(box.waiting) == ["a1", "a2", "a3", "a4"]
    assert box.queued == 4
    parted = [box.waiting["a2"], box.waiting["a3"]]
    assert [(one.alone, one.start, one.may_have_arrived) for one in parted] == [(True, 0, True)] * 2
    again = fold([*history, Merged(("a2", "a3"), out("a2+2"))])
    assert meaning(again) == meaning(box)
    ended = fold([*history, Done("a2", NOW), Failed("a3", "bad words", NOW)])
    assert (list(ended.dead), set(ended.done)) == (["a3"], {"a2"})
    assert ended.letter("a3") == ended.dead["a3"]


def test_what_is_partly_there_is_not_parted() -> None:
    history: list[OutboxRecord] = [put("a1"), put("a2"), Merged(("a1", "a2"), out("a1+2"))]
    history.append(Sent("a1+2", 3))
    assert meaning(fold([*history, Unmerged("a1+2")])) == meaning(fold(history))


def test_what_was_taken_of_a_message_is_not_sent_again() -> None:
    box = fold([put("a1"), tried("a1"), Sent("a1", 5)])
    assert (box.waiting["a1"].start, box.waiting["a1"].tried) == (5, ())
    box = fold([put("a1"), tried("a1"), Sent("a1", 5), Attempted("a1", 5, 9, Route.GROUP)])
    assert (box.waiting["a1"].start, box.waiting["a1"].tried) == (
        5,
        (Attempted("a1", 5, 9, Route.GROUP),),
    )


def test_a_dead_letter_keeps_its_reason_and_goes_to_the_end_when_it_is_tried_again() -> None:
    history: list[OutboxRecord] = [put("a1"), put("a2"), Failed("a1", "no permission", NOW)]
    box = fold(history)
    assert box.dead["a1"].reason == "no permission"
    assert list(box.waiting) == ["a2"]
    again = fold([*history, Retried("a1")])
    assert list(again.waiting) == ["a2", "a1"]
    assert not again.dead


@pytest.mark.parametrize("route", Route)
def test_tried_again_by_the_user_it_is_not_forgotten_that_it_may_have_arrived(
    route: Route,
) -> None:
    chunk = Attempted("a1", 3, 5, route)
    failed = Failed("a1", "no answer", NOW)
    history: list[OutboxRecord] = [put("a1"), Sent("a1", 3), chunk, failed, Retried("a1")]
    waiting = fold(history).waiting["a1"]
    assert (waiting.start, waiting.tried) == (3, (structs.replace(chunk, again=True),))
    assert waiting.may_have_arrived


@pytest.mark.parametrize("end", [Done("a1", NOW, uncertain=True), Dropped("a1", NOW)])
def test_the_end_of_what_may_have_arrived_is_remembered_as_uncertain(end: OutboxRecord) -> None:
    history: list[OutboxRecord] = [put("a1"), tried("a1"), end]
    assert fold(history).uncertain == {"a1"}
    assert fold(compacted(history, NOW)).uncertain == {"a1"}
    [(_, _, _, reason)] = outbox_journal.ends(history)
    assert "may" in reason


def test_a_dropped_message_is_gone_for_good() -> None:
    histories: list[list[OutboxRecord]] = [[put("a1")], [put("a1"), Failed("a1", "no", NOW)]]
    for history in histories:
        box = fold([*history, Dropped("a1", NOW), Retried("a1"), put("a1")])
        assert not box.waiting
        assert not box.dead
    assert fold([Dropped("a1", NOW)]).done == {}


def test_what_is_done_is_remembered_for_a_while_and_then_takes_no_room() -> None:
    history: list[OutboxRecord] = [put("a1"), tried("a1"), Sent("a1", 5), Done("a1", NOW)]
    assert compacted(history, NOW + 60) == [Done("a1", NOW)]
    assert compacted(history, NOW + DONE_REMEMBERED) == []


def test_an_end_that_may_not_stand_in_its_transcript_yet_is_told_by_a_short_journal_too() -> None:
    for end, fate, reason in (
        (Done("a1", NOW), Delivery.SENT, ""),
        (Dropped("a1", NOW), Delivery.FAILED, DROPPED),
    ):
        short = compacted([put("a1"), end], NOW + 1)
        assert ends(short) == [("s1", "a1", fate, reason)]
        assert compacted(short, NOW + 60) == compacted([put("a1"), end], NOW + 60)
        assert ends(compacted(short, NOW + 60)) == []


def test_what_another_robot_finished_is_not_forgotten_for_it() -> None:
    history: list[OutboxRecord] = [put("b1"), Done("b1", NOW), put("a1")]
    long_after = NOW + 2 * DONE_REMEMBERED
    kept = [decode(line) for line in shortened([encode(r) for r in history], "a", long_after)]
    assert not fold(of_robot(kept, "b")).waiting


def test_damaged_lines_go_when_the_journal_is_made_short() -> None:
    # A later version wrote this one.
    later = encode(put("b1"))[:-1] + b',"later":1}'
    lines = [b"{", encode(put("a1")), b"\xff\xff", b'{"type":"later"}', later]
    assert shortened(lines, "a", NOW) == [later, encode(put("a1"))]


# --- the results for a transcript -----------------------------------------------------------------


def test_a_transcript_is_told_every_end_that_the_journal_knows() -> None:
    history: list[OutboxRecord] = [
        *(put("a1"), put("a2", "s2"), put("a3", ""), put("a4"), put("b1"), put("b2")),
        Merged(("b1", "b2"), out("b1+2")),
        *(Done("a1", NOW), Failed("a2", "no", NOW), Done("a3", NOW), Dropped("a4", NOW)),
        *(Failed("b1+2", "refused", NOW), Dropped("b1+2", NOW)),
    ]
    assert outbox_journal.ends(history) == [
        ("s1", "a1", Delivery.SENT, ""),
        ("s2", "a2", Delivery.FAILED, "no"),
        ("s1", "a4", Delivery.FAILED, DROPPED),
        ("s1", "b1", Delivery.FAILED, "refused"),
        ("s1", "b2", Delivery.FAILED, "refused"),
        ("s1", "b1", Delivery.FAILED, DROPPED),
        ("s1", "b2", Delivery.FAILED, DROPPED),
    ]


@settings(max_examples=100, deadline=None)
@given(HISTORIES)
def test_a_message_that_waits_was_told_no_end_since_it_was_last_tried_again(
    history: list[OutboxRecord],
) -> None:
    box = fold(history)
    sent = {name for _, name, fate, _ in outbox_journal.ends(history) if fate is Delivery.SENT}
    assert not sent & {one.id for whole in box.waiting.values() for one in whole.everyone()}
    assert sent <= set(box.done)


# --- lines ----------------------------------------------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
WEBHOOKS = st.none() | st.builds(SessionWebhook, WORDS, st.floats(0, 1e10))
OUTBOUNDS = st.builds(
    Outbound,
    WORDS,
    st.builds(Target, WORDS, WORDS, WORDS, WEBHOOKS, WORDS),
    WORDS,
    WORDS,
    st.builds(At, st.lists(WORDS).map(tuple), st.lists(WORDS).map(tuple), st.booleans()),
)


@settings(max_examples=100, deadline=None)
@given(
    RECORDS
    | st.builds(Queued, WORDS, OUTBOUNDS, st.sampled_from(Purpose), WORDS, st.floats(0, 1e10))
)
def test_a_record_is_one_line_that_is_read_as_it_was_written(record: OutboxRecord) -> None:
    line = encode(record)
    assert line
    assert b"\n" not in line
    assert b"\0" not in line
    assert decode(line) == record


def test_text_that_is_no_unicode_can_be_written_down() -> None:
    broken = structs.replace(put("a1"), outbound=out("a1", "half \ud83d of a pair"))
    read = decode(encode(broken))
    assert isinstance(read, Queued)
    assert read.outbound.text == "half \ufffd of a pair"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a record"):
        decode(line)


@settings(max_examples=100, deadline=None)
@given(RECORDS, st.data())
def test_a_torn_line_is_no_record(record: OutboxRecord, data: st.DataObject) -> None:
    line = encode(record)
    torn = line[: data.draw(st.integers(0, len(line) - 1))]
    with pytest.raises(ValueError, match="not a record"):
        decode(torn)


def test_a_line_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="not a record"):
        decode(b'{"type":"put","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def test_fields_of_a_later_version_are_passed_over() -> None:
    line = encode(Done("a1", NOW))
    assert decode(line[:-1] + b',"by":"lisi"}') == Done("a1", NOW)


def test_a_target_of_an_earlier_version_is_read_as_the_place_it_was() -> None:
    line = (
        b'{"type":"put","robot":"r","outbound":{"id":"m","target":{"conversation_id":"",'
        b'"user_id":"","robot_code":"","session_webhook":null,"label":"the robot\'s group"},'
        b'"text":"hi"},"kind":"reply","session":"s1","time":1.0}'
    )
    read = decode(line)
    assert isinstance(read, Queued)
    assert read.outbound.target == Target(label="the robot's group")
