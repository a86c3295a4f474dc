"""Who is next: in order, but when more waits than may go, replies first and the rest as one."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from dingbridge.core.delivery import mentions, send_queue
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.compose import LONGER
from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import Purpose
from dingbridge.core.delivery.routing import Route
from dingbridge.core.delivery.send_queue import SEPARATOR, SendQueue
from dingbridge.core.dingtalk.limits import AT_MENTIONS, TITLE_CHARACTERS
from dingbridge.core.messages import At, Outbound, SessionWebhook, Target

LARGEST = 60
WAYS = ("session_team", "api_team", "session_boss", "api_boss")
TEAM = Target(conversation_id="team")
BOSS = Target(user_id="boss")


def note(name: str, target: Target = TEAM, text: str = "hello") -> QueuedMessage:
    return QueuedMessage(
        "r", Outbound(name, target, text, f"title {name}"), Purpose.NOTIFICATION, "", 0.0
    )


def reply(name: str, target: Target = TEAM) -> QueuedMessage:
    return structs.replace(note(name, target), kind=Purpose.REPLY, session="s1")


def key(waiting: QueuedMessage) -> str:
    return waiting.outbound.target.conversation_id or waiting.outbound.target.user_id


def line(*waiting: QueuedMessage) -> SendQueue:
    up = SendQueue()
    for one in waiting:
        up.add(one)
    return up


def chosen(up: SendQueue, largest: int = LARGEST, **rooms: int) -> list[str]:
    return [one.id for one in up.choose(key, lambda name: rooms.get(name, 20), largest)]


def ids(run: Iterable[QueuedMessage]) -> list[str]:
    return [one.id for one in run]


# --- enough budget --------------------------------------------------------------------------------


def test_with_enough_budget_messages_leave_one_by_one_in_order() -> None:
    up = line(note("n1"), reply("r1"), note("n2"))
    order = []
    while run := chosen(up, team=3):
        assert len(run) == 1
        order += run
        up.remove(run[0])
    assert order == ["n1", "r1", "n2"]
    assert len(up) == 0


def test_nothing_waits_and_nothing_is_chosen() -> None:
    assert chosen(SendQueue()) == []


# --- short of budget ------------------------------------------------------------------------------


def test_short_of_budget_replies_go_first_in_their_order() -> None:
    up = line(note("n1"), note("n2"), reply("r1"), note("n3"), reply("r2"))
    assert chosen(up, team=2) == ["r1"]
    up.remove("r1")
    assert chosen(up, team=2) == ["r2"]


def test_short_of_budget_notifications_to_one_target_go_as_one() -> None:
    up = line(note("n1"), note("n2"), note("n3"))
    assert chosen(up, team=2) == ["n1", "n2", "n3"]


def test_a_notification_to_somebody_else_ends_the_run() -> None:
    other = structs.replace(TEAM, label="another name")
    up = line(note("n1"), note("n2"), note("n3", other), note("n4"))
    assert chosen(up, team=1) == ["n1", "n2"]


def test_what_counts_against_another_key_does_not_end_the_run() -> None:
    up = line(note("n1"), note("b1", BOSS), note("n2"))
    assert chosen(up, team=1, boss=20) == ["n1", "n2"]


def test_what_goes_as_one_is_no_longer_than_a_message_may_be() -> None:
    size = len("hello") + len(SEPARATOR) + len("hello")
    up = line(note("n1"), note("n2"), note("n3"))
    assert chosen(up, largest=size, team=1) == ["n1", "n2"]
    assert chosen(up, largest=size - 1, team=1) == ["n1"]
    assert chosen(line(note("n1", text="x" * 99), note("n2")), team=1) == ["n1"]


def test_what_is_under_way_or_merged_and_a_file_are_not_merged() -> None:
    tried = structs.replace(note("n1"), tried=(Attempted("n1", 0, 5, Route.GROUP),))
    merged = structs.replace(note("n1"), members=(note("x"), note("y")))
    file = structs.replace(note("n1").outbound, file_name="a.txt")
    for first in (tried, merged, structs.replace(note("n1"), outbound=file)):
        assert chosen(line(first, note("n2"), note("n3")), team=1) == ["n1"]
        second = structs.replace(first, outbound=structs.replace(first.outbound, id="n2"))
        assert chosen(line(note("n1"), second, note("n3")), team=1) == ["n1"]


def test_a_message_of_which_a_part_is_there_goes_on_before_any_reply() -> None:
    half = structs.replace(note("n1"), start=3)
    assert chosen(line(half, note("n2"), reply("r1")), team=1) == ["n1"]


# --- several targets ------------------------------------------------------------------------------


def test_a_target_whose_budget_is_spent_does_not_hold_up_another() -> None:
    up = line(note("n1"), reply("r1"), note("b1", BOSS), note("b2", BOSS))
    assert chosen(up, team=0, boss=5) == ["b1"]
    assert chosen(up, team=0, boss=0) == []
    assert chosen(up, team=5, boss=5) == ["n1"]


def test_of_two_targets_the_one_whose_first_message_came_earlier_is_next() -> None:
    up = line(note("n1"), note("b1", BOSS), note("n2"))
    up.remove("n1")
    assert chosen(up) == ["b1"]


def test_a_reply_to_one_target_does_not_overtake_where_there_is_budget() -> None:
    up = line(note("n1"), reply("b1", BOSS), note("n2"))
    assert chosen(up, team=2, boss=1) == ["n1"]


def test_a_message_that_is_put_in_twice_waits_once_in_its_place() -> None:
    up = line(note("n1"), note("n2"), note("n1"))
    assert ids(up) == ["n1", "n2"]


def test_a_message_that_is_put_back_is_the_first_again_also_among_replies() -> None:
    up = line(note("n1"), reply("r1"), reply("r2"))
    first = next(iter(up))
    up.remove("n1")
    up.put_back(first)
    assert ids(up) == ["n1", "r1", "r2"]
    up.remove("r1")
    up.put_back(reply("r1"))
    assert ids(up) == ["r1", "n1", "r2"]
    assert chosen(up, team=1) == ["r1"]
    up.put_back(note("n0"))
    assert chosen(up, team=1) == ["r1"]


def test_taking_out_what_does_not_wait_changes_nothing() -> None:
    up = line(reply("r1"))
    up.remove("other")
    assert ids(up) == ["r1"]
    up.remove("r1")
    assert chosen(up, team=0) == []


# --- two ways to one place ------------------------------------------------------------------------


def by_session(waiting: QueuedMessage) -> QueuedMessage:
    """The same message with a session webhook to go by."""
    session = SessionWebhook("https://session", 1e12)
    target = structs.replace(waiting.outbound.target, session_webhook=session)
    return structs.replace(waiting, outbound=structs.replace(waiting.outbound, target=target))


def way(waiting: QueuedMessage) -> str:
    """Two budgets for each place: that of its session webhook and that of OpenAPI."""
    return f"{'session' if waiting.outbound.target.session_webhook else 'api'}_{key(waiting)}"


def chosen_by_way(up: SendQueue, **rooms: int) -> list[str]:
    return [one.id for one in up.choose(way, lambda name: rooms.get(name, 20), LARGEST)]


def test_a_reply_does_not_overtake_an_earlier_reply_that_goes_another_way() -> None:
    up = line(reply("r1", BOSS), by_session(reply("r2", BOSS)), reply("r3"))
    assert chosen_by_way(up, api_boss=0) == ["r3"]
    up.remove("r3")
    assert chosen_by_way(up, api_boss=0) == []
    assert chosen_by_way(up) == ["r1"]


def test_a_reply_short_of_budget_does_not_overtake_an_earlier_reply_either() -> None:
    up = line(
        by_session(note("n1", BOSS)), reply("r1", BOSS), by_session(reply("r2", BOSS)), note("t1")
    )
    # n1 may go, and r2 not before r1.
    assert chosen_by_way(up, session_boss=1, api_boss=0) == ["n1"]
    up.remove("n1")
    assert chosen_by_way(up, session_boss=1, api_boss=0) == ["t1"]


def test_a_notification_does_not_overtake_one_that_has_to_wait_for_its_way() -> None:
    up = line(note("n1", BOSS), by_session(note("n2", BOSS)))
    assert chosen_by_way(up, api_boss=0) == []


def test_a_reply_goes_before_a_notification_that_has_to_wait_for_its_way() -> None:
    up = line(note("n1", BOSS), by_session(reply("r1", BOSS)))
    assert chosen_by_way(up, api_boss=0) == ["r1"]
    # The reply takes nothing of what the notification needs.
    assert chosen_by_way(up, api_boss=1) == ["n1"]


def test_nothing_comes_between_the_pieces_of_a_message_that_has_to_wait() -> None:
    half = structs.replace(note("n1", BOSS), start=3)
    up = line(half, by_session(reply("r1", BOSS)), note("t1"))
    assert chosen_by_way(up, api_boss=0) == ["t1"]
    up.remove("t1")
    assert chosen_by_way(up, api_boss=0) == []


def test_a_message_of_which_a_part_is_there_goes_on_before_what_it_overtook() -> None:
    up = line(note("n1"), structs.replace(reply("r1"), start=3))
    assert chosen(up) == ["r1"]


def test_what_may_be_next_are_the_first_message_and_the_first_reply_of_each_place() -> None:
    half = structs.replace(note("c1", Target(user_id="chef")), start=3)
    chef = structs.replace(reply("c2"), outbound=Outbound("c2", Target(user_id="chef"), "x"))
    up = line(note("n1"), note("n2"), reply("r1"), reply("r2"), reply("b1", BOSS), half, chef)
    assert ids(up.candidates()) == ["n1", "r1", "b1", "c1"]


# --- for every queue ------------------------------------------------------------------------------

QUEUES = st.lists(
    st.builds(
        lambda target, is_reply, text: (target, is_reply, text),
        st.sampled_from([TEAM, BOSS]),
        st.booleans(),
        st.sampled_from(["a", "b" * 20, "c" * 70]),
    ),
    max_size=25,
)
ROOMS = st.lists(st.fixed_dictionaries({"team": st.integers(0, 4), "boss": st.integers(0, 4)}))


@settings(max_examples=150, deadline=None)
@given(QUEUES, ROOMS)
def test_nothing_is_dropped_or_sent_twice_and_replies_and_notifications_keep_their_order(
    queue: list[tuple[Target, bool, str]], rooms: list[dict[str, int]]
) -> None:
    up = SendQueue()
    for n, (target, is_reply, text) in enumerate(queue):
        waiting = note(f"m{n:02}", target, text)
        up.add(structs.replace(waiting, kind=Purpose.REPLY) if is_reply else waiting)
    left: list[QueuedMessage] = []
    all_of_it = list(up)
    for room in [*rooms, *[{"team": 1, "boss": 1}] * len(queue)]:
        run = up.choose(key, room.__getitem__, LARGEST)
        assert bool(run) == any(room[key(one)] for one in up)
        assert len({key(one) for one in run}) <= 1
        if len(run) > 1:
            assert {one.kind for one in run} == {Purpose.NOTIFICATION}
            assert len(send_queue.merged(run).outbound.text) <= LARGEST
        for one in run:
            assert room[key(one)] > 0
            up.remove(one.id)
        left.extend(run)
    assert sorted(ids(left)) == sorted(ids(all_of_it))
    for target in (TEAM, BOSS):
        for kind in Purpose:
            names = [o.id for o in left if o.kind is kind and o.outbound.target == target]
            assert names == sorted(names)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([TEAM, BOSS]), st.booleans(), st.booleans(), st.booleans()),
        max_size=25,
    ),
    st.lists(
        st.fixed_dictionaries(
            {
                f"{how}_{place}": st.integers(0, 3)
                for how in ("session", "api")
                for place in ("team", "boss")
            }
        )
    ),
)
def test_whatever_ways_are_closed_only_a_reply_overtakes_and_only_notifications(
    queue: list[tuple[Target, bool, bool, bool]], rooms: list[dict[str, int]]
) -> None:
    up = SendQueue()
    for n, (target, is_reply, session, half) in enumerate(queue):
        waiting = note(f"m{n:02}", target)
        waiting = by_session(waiting) if session else waiting
        waiting = structs.replace(waiting, kind=Purpose.REPLY) if is_reply else waiting
        under_way = any(one.start and key(one) == key(waiting) for one in up)
        up.add(structs.replace(waiting, start=1) if half and not under_way else waiting)
    left: list[QueuedMessage] = []
    for room in [*rooms, *[dict.fromkeys(rooms[0] if rooms else WAYS, 1)] * len(queue)]:
        run = up.choose(way, room.__getitem__, LARGEST)
        assert bool(run) == any(room[way(one)] for one in up.candidates())
        for one in run:
            up.remove(one.id)
        left.extend(run)
    assert len(left) == len(queue)
    for index, later in enumerate(left):
        for earlier in left[index + 1 :]:
            if earlier.id < later.id and key(earlier) == key(later) and not later.start:
                assert (earlier.kind, later.kind) == (Purpose.NOTIFICATION, Purpose.REPLY)
                assert not earlier.start


def test_a_choice_among_ten_thousand_costs_as_much_as_one_among_a_hundred() -> None:
    asked = 0

    def counting(waiting: QueuedMessage) -> str:
        nonlocal asked
        asked += 1
        return key(waiting)

    for room in (0, 20):
        costs = []
        for many in (100, 10_000):
            up = line(*(note(f"n{n}") for n in range(many)))
            asked = 0
            up.choose(counting, {key(note("")): room}.__getitem__, LARGEST)
            costs.append(asked)
        assert costs[0] == costs[1] < 50


# --- as one ---------------------------------------------------------------------------------------


def test_merged_messages_keep_every_word_and_every_mention() -> None:
    run = [note("n1", text="one"), note("n2", text="two"), note("n3", text="three")]
    ats = [At(("a", "b"), ("1",)), At(("b", "c")), At((), ("2",), all=True)]
    run = [
        structs.replace(one, outbound=structs.replace(one.outbound, at=at))
        for one, at in zip(run, ats, strict=True)
    ]
    record = send_queue.merged(run)
    assert record.ids == ("n1", "n2", "n3")
    assert record.outbound.text == SEPARATOR.join(["one", "two", "three"])
    assert record.outbound.title == "3 × title n1"
    assert record.outbound.at == At(("a", "b", "c"), ("1", "2"), all=True)
    assert record.outbound.target == TEAM
    assert record.outbound.id not in record.ids
    whole = send_queue.as_one(run, record)
    assert whole.id == record.outbound.id
    assert whole.everyone() == tuple(run)


def calling(name: str, text: str, *people: tuple[str, str]) -> QueuedMessage:
    """A notification that mentions these people: the name and the staff id of each."""
    at = At(tuple(staff_id for _, staff_id in people))
    outbound = structs.replace(note(name, text=text).outbound, at=at, names=people)
    return structs.replace(note(name), outbound=outbound)


def readable(outbound: Outbound) -> str:
    """The text as it is shown where nobody can be mentioned."""
    return mentions.readable(outbound.text, outbound.at, dict(outbound.names))


def test_merged_messages_show_the_names_that_each_showed_alone() -> None:
    run = [calling("n1", "hello @staff1", ("Zhang San", "staff1")), note("n2", text="yo")]
    run.append(calling("n3", "and @staff2", ("Li Si", "staff2")))
    assert chosen(line(*run), largest=500, team=1) == ids(run)
    whole = send_queue.merged(run).outbound
    assert readable(whole) == SEPARATOR.join(["hello @Zhang San", "yo", "and @Li Si"])


def test_a_name_that_has_come_to_mean_somebody_else_ends_the_run() -> None:
    first = calling("n1", "@staff1", ("Zhang San", "staff1"))
    for other in (("Zhang San", "staff2"), ("San Zhang", "staff1")):
        up = line(first, calling("n2", f"@{other[1]}", other), note("n3"))
        assert chosen(up, largest=500, team=1) == ["n1"]


def test_what_goes_as_one_mentions_no_more_people_than_a_message_may() -> None:
    half = AT_MENTIONS // 2
    crowds = [
        structs.replace(note(f"n{n}"), outbound=structs.replace(note(f"n{n}").outbound, at=at))
        for n, at in enumerate(
            [
                At(tuple(f"a{n}" for n in range(half))),
                At(("a0",), tuple(f"1{n}" for n in range(AT_MENTIONS - half))),
                At(("one too many",)),
            ]
        )
    ]
    assert chosen(line(*crowds), largest=500, team=1) == ["n0", "n1"]
    assert chosen(line(crowds[0], note("x"), crowds[1]), largest=500, team=1) == ["n0", "x", "n1"]
    crowd = At(tuple(f"a{n}" for n in range(AT_MENTIONS + 1)))
    alone = structs.replace(note("n0"), outbound=structs.replace(note("n0").outbound, at=crowd))
    assert chosen(line(alone, note("x")), largest=500, team=1) == ["n0"]


def test_names_never_take_the_room_of_the_text_they_stand_in() -> None:
    name = "x" * 600
    run = [calling(f"n{n}", f"@{n}", (f"{n}{name}", f"{n}")) for n in range(3)]
    assert len(name) < LONGER < 2 * len(name)
    assert chosen(line(*run), largest=500, team=1) == ["n0"]


def test_the_title_of_merged_messages_is_no_longer_than_a_title_may_be() -> None:
    long = structs.replace(note("n1").outbound, title="t" * TITLE_CHARACTERS)
    run = [structs.replace(note("n1"), outbound=long), note("n2")]
    assert len(send_queue.merged(run).outbound.title) <= TITLE_CHARACTERS


def test_what_was_refused_in_company_goes_alone_from_then_on() -> None:
    alone = [structs.replace(note(name), alone=True) for name in ("n1", "n2")]
    up = line(*alone, note("n3"), note("n4"))
    order = []
    while run := chosen(up, team=1):
        order.append(ids(up.choose(key, lambda _: 1, LARGEST)))
        for name in run:
            up.remove(name)
    assert order == [["n1"], ["n2"], ["n3", "n4"]]


def test_what_was_dropped_on_its_way_goes_with_no_others() -> None:
    unwanted = structs.replace(note("n1"), unwanted=True)
    up = line(unwanted, note("n2"), note("n3"))
    assert ids(up.choose(key, lambda _: 1, LARGEST)) == ["n1"]


PEOPLE = st.lists(
    st.tuples(st.sampled_from(["Li", "Wang", "Li Si"]), st.sampled_from(["s1", "s2", "s3"])),
    max_size=3,
    unique_by=(lambda pair: pair[0], lambda pair: pair[1]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PEOPLE, min_size=1, max_size=8))
def test_merged_or_alone_a_message_reads_the_same_and_mentions_the_same(
    crowds: list[list[tuple[str, str]]],
) -> None:
    up = line(
        *(
            calling(f"n{n}", " ".join(f"hi @{who}" for _, who in people) or "hi", *people)
            for n, people in enumerate(crowds)
        )
    )
    while run := up.choose(key, lambda _: 1, 500):
        whole = send_queue.merged(run).outbound
        assert readable(whole) == SEPARATOR.join(readable(one.outbound) for one in run)
        assert {*whole.at.user_ids} == {who for one in run for who in one.outbound.at.user_ids}
        for one in run:
            up.remove(one.id)
