"""The checks themselves: they report every kind of violation, and nothing for good records."""

from __future__ import annotations

from msgspec import structs

from dingbridge.sandbox.records import ArrivalRoute, ArrivedMessage
from tests.faults import check
from tests.faults.check import Link, Records, Sent, Shown, Uttered


def arrived(
    *texts: str, route: ArrivalRoute = "session", conversation: str = "cidTEAM"
) -> list[ArrivedMessage]:
    """These texts as the sandbox records them."""
    return [
        ArrivedMessage(
            number=number,
            time=float(number),
            route=route,
            robot="robot",
            conversation_id=conversation,
            user_ids=(),
            msgtype="markdown",
            title="",
            text=text,
            at={},
            size=len(text),
        )
        for number, text in enumerate(texts, 1)
    ]


def pieces(message: int, lines: int, size: int) -> list[str]:
    """A long message in chunks of `size` lines."""
    whole = check.outgoing(message, lines).split("\n")
    return ["\n".join(whole[start : start + size]) for start in range(0, lines, size)]


ONE, TWO = check.outgoing(1, 1), check.outgoing(2, 1)
LONG = pieces(3, 6, 2)
GOOD = Records(
    sent=(Sent(1, "a", 1, True), Sent(2, "a", 1, True), Sent(3, "a", 6, True)),
    accepted={"a": (1, 2, 3)},
    arrived=tuple(arrived(ONE, TWO, *LONG)),
    said=(Uttered(1, True), Uttered(2, True), Uttered(3, False)),
    transcripts={"s": (check.incoming(1),), "t": (check.incoming(2),)},
    announced=(check.incoming(1), check.incoming(2)),
    strangers=("cidSTRANGER",),
    links=(Link("one", 1.0, 2.0), Link("two", 2.1)),
)


def kinds(records: Records) -> list[str]:
    """The kinds of the violations found."""
    return [violation.kind for violation in check.judge(records)]


def with_arrived(*texts: str, route: ArrivalRoute = "session") -> Records:
    """The good records, but with these arrivals."""
    return structs.replace(GOOD, arrived=tuple(arrived(*texts, route=route)))


def test_a_history_without_a_fault_is_passed() -> None:
    assert kinds(GOOD) == []


def test_an_empty_history_is_passed() -> None:
    assert kinds(Records()) == []


def test_a_message_that_was_accepted_and_did_not_arrive_is_lost() -> None:
    assert kinds(with_arrived(ONE, *LONG)) == ["lost"]


def test_a_message_of_which_a_chunk_is_missing_is_lost() -> None:
    [violation] = check.judge(with_arrived(ONE, TWO, LONG[0], LONG[2]))
    assert (violation.kind, violation.words) == (
        "lost",
        "m3 was accepted, 4 of its 6 lines arrived",
    )


def test_a_message_that_was_never_accepted_may_be_missing_when_its_editor_was_killed() -> None:
    killed = structs.replace(GOOD, sent=(*GOOD.sent, Sent(4, "a", 1, certain=False)))
    assert kinds(killed) == []


def test_a_message_of_a_healthy_editor_must_be_accepted() -> None:
    healthy = structs.replace(GOOD, sent=(*GOOD.sent, Sent(4, "a", 1, certain=True)))
    assert kinds(healthy) == ["not accepted"]


def test_messages_of_one_sender_must_arrive_in_the_order_of_acceptance() -> None:
    [violation] = check.judge(with_arrived(TWO, ONE, *LONG))
    assert violation.kind == "out of order"
    assert "line 1 of m2 arrived before line 1 of m1" in violation.words


def test_chunks_must_arrive_in_order() -> None:
    assert kinds(with_arrived(ONE, TWO, LONG[1], LONG[0], LONG[2])) == ["out of order"]


def test_no_other_message_may_come_between_two_chunks() -> None:
    assert kinds(with_arrived(ONE, LONG[0], TWO, *LONG[1:])) == ["out of order"]


def test_a_reply_may_come_before_a_notification_when_the_platform_asked_for_a_pause() -> None:
    sent = (Sent(1, "a", 1, True, notification=True), *GOOD.sent[1:])
    overtaken = structs.replace(with_arrived(TWO, ONE, *LONG), sent=sent)
    assert kinds(overtaken) == ["out of order"]
    assert kinds(structs.replace(overtaken, told_to_wait=True)) == []


def test_a_notification_must_never_come_before_what_was_accepted_before_it() -> None:
    both = (Sent(1, "a", 1, True, notification=True), Sent(2, "a", 1, True, notification=True))
    for sent in ((GOOD.sent[0], both[1]), both, GOOD.sent[:2]):
        overtaken = structs.replace(
            with_arrived(TWO, ONE, *LONG), sent=(*sent, GOOD.sent[2]), told_to_wait=True
        )
        assert kinds(overtaken) == ["out of order"]


def test_a_reply_must_never_come_between_the_chunks_of_a_notification() -> None:
    sent = (GOOD.sent[1], Sent(3, "a", 6, True, notification=True), GOOD.sent[0])
    between = structs.replace(
        with_arrived(TWO, LONG[0], ONE, *LONG[1:]),
        sent=sent,
        accepted={"a": (2, 3, 1)},
        told_to_wait=True,
    )
    assert kinds(between) == ["out of order"]


def test_messages_must_be_accepted_in_the_order_in_which_they_were_sent() -> None:
    swapped = structs.replace(GOOD, accepted={"a": (2, 1, 3)})
    [violation] = check.judge(swapped)
    assert (violation.kind, violation.words) == (
        "out of order",
        "a sent m1 before m2, accepted after it",
    )


def test_a_notification_may_be_reported_before_a_message_of_a_session_but_not_before_another() -> (
    None
):
    def sent(*notifications: int) -> tuple[check.Sent, ...]:
        return tuple(
            structs.replace(one, notification=one.message in notifications) for one in GOOD.sent
        )

    swapped = structs.replace(GOOD, accepted={"a": (2, 1, 3)})
    assert "accepted" not in str(list(check.judge(structs.replace(swapped, sent=sent(2)))))
    assert "accepted" in str(list(check.judge(structs.replace(swapped, sent=sent(1, 2)))))


def test_two_senders_may_overtake_each_other() -> None:
    two = structs.replace(with_arrived(TWO, ONE, *LONG), accepted={"a": (1, 3), "b": (2,)})
    assert kinds(two) == []


def test_two_targets_may_overtake_each_other() -> None:
    late = arrived(ONE, conversation="cidOTHER")
    two = structs.replace(GOOD, arrived=(*arrived(TWO, *LONG), *late))
    assert kinds(two) == []


def test_a_repeat_is_passed_where_no_key_exists_and_an_answer_may_have_been_missed() -> None:
    three = with_arrived(ONE, ONE, TWO, LONG[0], LONG[0], *LONG[1:], ONE)
    assert kinds(structs.replace(three, unanswered=3)) == []
    assert kinds(structs.replace(three, unanswered=2)) == ["twice"]


def test_a_repeat_without_any_reason_is_a_duplicate() -> None:
    assert kinds(with_arrived(ONE, ONE, TWO, *LONG)) == ["twice"]


def test_a_repeat_must_not_hide_that_the_first_one_came_late() -> None:
    late = structs.replace(with_arrived(TWO, ONE, TWO, *LONG), unanswered=1)
    assert kinds(late) == ["out of order"]


def test_a_repeat_by_the_webhook_is_a_duplicate() -> None:
    assert kinds(with_arrived(ONE, ONE, TWO, *LONG, route="webhook")) == ["twice"]


def test_a_repeat_inside_a_merged_message_is_a_duplicate() -> None:
    assert kinds(with_arrived(ONE, f"{ONE}\n\n{TWO}", *LONG, route="webhook")) == ["twice"]


def test_merged_messages_count_as_arrived() -> None:
    assert kinds(with_arrived(f"{ONE}\n\n---\n\n{TWO}", *LONG, route="webhook")) == []


def test_a_message_must_not_be_spread_over_two_conversations() -> None:
    spread = structs.replace(
        GOOD,
        arrived=(*arrived(ONE, TWO, *LONG[:2]), *arrived(LONG[2], conversation="cidOTHER")),
    )
    assert kinds(spread) == ["astray"]


def test_nothing_of_a_session_may_go_to_a_stranger() -> None:
    wrong = arrived(ONE, conversation="cidSTRANGER")
    told = structs.replace(GOOD, arrived=(*wrong, *arrived(TWO, *LONG)))
    assert kinds(told) == ["astray"]


def test_what_was_said_must_stand_in_a_transcript() -> None:
    assert kinds(structs.replace(GOOD, transcripts={"s": (check.incoming(1),)})) == ["unheard"]


def test_what_was_said_must_not_stand_in_two_transcripts() -> None:
    both = {"s": (check.incoming(1), check.incoming(2)), "t": (check.incoming(2),)}
    assert kinds(structs.replace(GOOD, transcripts=both)) == ["heard twice"]


def test_what_was_said_must_not_stand_twice_in_one_transcript() -> None:
    twice = {"s": (check.incoming(1), check.incoming(2), check.incoming(1))}
    assert kinds(structs.replace(GOOD, transcripts=twice)) == ["heard twice"]


def test_what_was_said_is_announced_once_unless_somebody_was_killed() -> None:
    again = structs.replace(GOOD, announced=(*GOOD.announced, check.incoming(1)))
    assert kinds(again) == ["heard twice"]
    assert kinds(structs.replace(again, killed=True)) == []


def test_a_stranger_must_not_get_into_a_transcript() -> None:
    open_door = {**GOOD.transcripts, "u": (check.incoming(3),)}
    assert kinds(structs.replace(GOOD, transcripts=open_door)) == ["let in"]


def test_two_links_must_not_be_open_at_the_same_time() -> None:
    two = (Link("one", 1.0, 3.0), Link("two", 2.0, 4.0))
    assert kinds(structs.replace(GOOD, links=two)) == ["two links"]


def test_two_links_that_stay_open_are_found() -> None:
    two = (Link("one", 1.0), Link("two", 2.0))
    assert kinds(structs.replace(GOOD, links=two)) == ["two links"]


def test_links_that_do_not_follow_each_other_directly_are_compared_too() -> None:
    three = (Link("one", 1.0, 9.0), Link("two", 2.0, 2.1), Link("three", 5.0, 6.0))
    assert kinds(structs.replace(GOOD, links=three)) == ["two links"]


def test_a_link_that_the_platform_gave_up_may_overlap_with_the_next() -> None:
    told_to_leave = (Link("one", 1.0, 3.0, given_up=True), Link("two", 2.0, 4.0))
    assert kinds(structs.replace(GOOD, links=told_to_leave)) == []


def test_the_end_of_a_message_must_be_told_to_the_editor_that_sent_it() -> None:
    told = structs.replace(GOOD, witnessed=(1, 2), ended=(1, 2))
    assert kinds(told) == []
    assert kinds(structs.replace(told, ended=(1,))) == ["end"]


def test_nobody_needs_to_be_told_the_end_of_what_an_editor_sent_that_is_gone() -> None:
    assert kinds(structs.replace(GOOD, witnessed=(1,), ended=(1,))) == []


def test_the_end_of_a_message_must_not_be_told_twice() -> None:
    assert kinds(structs.replace(GOOD, witnessed=(1,), ended=(1, 1))) == ["end"]


def test_a_message_that_was_not_accepted_need_not_have_an_end() -> None:
    sent = (*GOOD.sent, Sent(9, "a", 1, False))
    assert kinds(structs.replace(GOOD, sent=sent, witnessed=(9,))) == []


def test_nothing_may_wait_at_the_end() -> None:
    assert kinds(structs.replace(GOOD, queued=1)) == ["still waiting"]


def test_a_process_that_misbehaves_is_told() -> None:
    assert kinds(structs.replace(GOOD, problems=("a host stayed",))) == ["process"]


ROWS = (("1", "hello", "sent"), ("2", "you", ""))
SHOWN = structs.replace(
    GOOD, written={"s": ROWS}, shown=(Shown("a", "s", ROWS), Shown("b", "s", ROWS))
)


def test_editors_that_show_what_stands_in_the_transcript_are_passed() -> None:
    assert kinds(SHOWN) == []


def test_an_editor_that_shows_another_fate_or_less_than_there_is_is_found() -> None:
    for rows in (ROWS[:1], (("1", "hello", "queued"), ROWS[1]), ()):
        differs = structs.replace(SHOWN, shown=(Shown("a", "s", ROWS), Shown("b", "s", rows)))
        assert kinds(differs) == ["shown"]


def test_an_editor_that_shows_a_session_in_another_order_is_found() -> None:
    first, second = SHOWN.shown
    turned = structs.replace(second, rows=ROWS[::-1])
    assert kinds(structs.replace(SHOWN, shown=(first, turned))) == ["shown"]
    assert kinds(structs.replace(SHOWN, shown=(turned,))) == ["shown"]


# --- files ----------------------------------------------------------------------------------------

FILE = check.file_name(4, "pdf")
WITH_FILE = structs.replace(
    GOOD,
    sent=(*GOOD.sent, Sent(4, "a", 1, True, sha256="as sent")),
    accepted={"a": (1, 2, 3, 4)},
    arrived=(*GOOD.arrived, structs.replace(arrived(FILE)[0], media_id="medium")),
    uploads={"medium": "as sent"},
)


def test_a_file_that_arrived_whole_and_in_its_place_is_passed() -> None:
    assert kinds(WITH_FILE) == []


def test_a_file_that_did_not_arrive_is_lost() -> None:
    assert kinds(structs.replace(WITH_FILE, arrived=GOOD.arrived)) == ["lost"]


def test_a_file_that_arrives_before_its_turn_is_found() -> None:
    early = (WITH_FILE.arrived[-1], *GOOD.arrived)
    assert kinds(structs.replace(WITH_FILE, arrived=early)) == ["out of order"]


def test_a_file_that_arrives_twice_without_a_reason_is_a_duplicate() -> None:
    twice = (*WITH_FILE.arrived, WITH_FILE.arrived[-1])
    assert kinds(structs.replace(WITH_FILE, arrived=twice)) == ["twice"]


def test_a_file_that_is_not_what_was_sent_is_found() -> None:
    assert kinds(structs.replace(WITH_FILE, uploads={"medium": "other bytes"})) == ["damaged"]
    assert kinds(structs.replace(WITH_FILE, uploads={})) == ["damaged"]


def test_a_file_that_was_not_copied_when_its_host_ended_may_be_accepted_later() -> None:
    *rest, before = WITH_FILE.sent
    sent = (structs.replace(before, late=True), *rest)
    assert kinds(structs.replace(WITH_FILE, sent=sent)) == []
    assert set(kinds(structs.replace(WITH_FILE, sent=(before, *rest)))) == {"out of order"}


def test_what_an_editor_heard_of_late_must_have_left_in_its_place_all_the_same() -> None:
    sent = tuple(structs.replace(one, late=one.message == 1) for one in GOOD.sent)
    heard_late = structs.replace(GOOD, sent=sent, accepted={"a": (2, 1, 3)})
    assert kinds(heard_late) == []
    swapped = structs.replace(heard_late, arrived=tuple(arrived(TWO, ONE, *LONG)))
    assert kinds(swapped) == ["out of order"]


def test_a_file_of_a_healthy_editor_is_accepted_or_told_as_not_sent() -> None:
    not_copied = structs.replace(GOOD, sent=WITH_FILE.sent)
    assert kinds(not_copied) == ["not accepted"]
    assert kinds(structs.replace(not_copied, told_unsent=(4,))) == []


def test_a_text_must_be_accepted_even_if_it_is_told_as_not_sent() -> None:
    refused = structs.replace(GOOD, sent=(*GOOD.sent, Sent(4, "a", 1, True)), told_unsent=(4,))
    assert kinds(refused) == ["not accepted"]


def test_what_arrived_must_not_be_told_as_not_sent() -> None:
    assert kinds(structs.replace(GOOD, told_unsent=(2,))) == ["told wrongly"]


def test_a_file_that_came_and_is_not_what_was_said_is_found() -> None:
    assert kinds(structs.replace(GOOD, unwhole=(1,))) == ["damaged"]


def test_the_name_of_a_file_counts_once_wherever_its_link_leads() -> None:
    name = check.file_said(7)
    assert check.heard(f"[{name}](/data/media/abc-{name})") == [7]
    assert check.heard(f"[file: {name}] (not fetched: it is gone)") == [7]
    assert check.heard(f"{check.incoming(7)}\n\n![picture](</a folder/{name}>)") == [7]
