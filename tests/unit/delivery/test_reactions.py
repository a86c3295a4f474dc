"""A reaction shows that a message is worked on, goes when it is not, and is never in the way."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.delivery.quota import Budget, Quota, QuotaKind, is_short
from dingbridge.core.delivery.reactions import (
    ADD_AGAIN,
    ADD_WITHIN,
    CALL_EVERY,
    OFFLINE_PAUSE,
    REMOVE_AGAIN,
    STORE_EVERY,
    MessageReactions,
    Reaction,
    ReactionCall,
    StoreReactions,
)
from dingbridge.core.dingtalk.request_bodies import reaction_body
from dingbridge.core.errors import (
    DeliveryError,
    FreshToken,
    Refused,
    Retryable,
    RetryAfter,
    Unreachable,
)

ONE = Reaction("ding1", "cid1", "msg1", "👀")
TWO = Reaction("ding1", "cid2", "msg2", "👀")
ADD, REMOVE = ReactionCall(ONE, adds=True), ReactionCall(ONE, adds=False)
BUSY = Retryable("busy")
NO_ANSWER = Retryable("no answer", may_have_arrived=True)
REFUSED = Refused("no")


def next_call(reactions: MessageReactions, now: float) -> ReactionCall | None:
    """The next request; what has to be stored before it is."""
    step = reactions.next_step(now)
    if isinstance(step, StoreReactions):
        reactions.ended(None, now)
        step = reactions.next_step(now)
    assert not isinstance(step, StoreReactions)
    return step


def shown(now: float) -> MessageReactions:
    """A message that shows its reaction."""
    reactions = MessageReactions()
    reactions.show(ONE, now)
    assert next_call(reactions, now) == ADD
    reactions.ended(None, now)
    return reactions


# --- one message ----------------------------------------------------------------------------------


def test_a_reaction_is_added_on_arrival_and_removed_with_the_answer() -> None:
    reactions = MessageReactions()
    assert reactions.next_at() is None
    reactions.show(ONE, 1.0)
    assert reactions.next_at() == 1.0
    assert next_call(reactions, 1.0) == ADD
    reactions.ended(None, 1.1)
    assert reactions.next_at() is None
    reactions.remove("msg1", 7.0)
    assert reactions.next_at() == 7.0
    assert next_call(reactions, 7.0) == REMOVE
    reactions.ended(None, 7.1)
    reactions.remove("msg1", 8.0)
    assert reactions.next_at() is None
    assert reactions.stored() == ()


def test_a_reaction_is_stored_before_it_is_added_and_forgotten_once_it_is_removed() -> None:
    reactions = MessageReactions()
    reactions.show(ONE, 1.0)
    assert reactions.stored() == ()
    assert reactions.next_step(1.0) == StoreReactions((ONE,))
    assert reactions.next_step(1.0) is None
    assert reactions.next_at() is None
    reactions.ended(None, 1.0)
    assert reactions.next_step(1.0) == ADD
    reactions.ended(None, 1.0)
    assert reactions.stored() == (ONE,)
    reactions.remove("msg1", 2.0)
    assert reactions.next_step(2.0) == REMOVE
    assert reactions.stored() == (ONE,)
    reactions.ended(None, 2.0)
    assert reactions.stored() == ()


def test_a_message_that_is_handed_over_again_gets_one_reaction() -> None:
    reactions = shown(0.0)
    reactions.show(ONE, 1.0)
    assert next_call(reactions, 1.0) is None


def test_a_message_that_is_handed_over_while_its_reaction_is_tried_again_waits_as_before() -> None:
    reactions = MessageReactions()
    reactions.show(ONE, 0.0)
    assert next_call(reactions, 0.0) == ADD
    reactions.ended(BUSY, 0.0)
    reactions.show(ONE, 0.1)
    assert reactions.next_at() == ADD_AGAIN[0]


def test_an_answer_that_is_faster_than_the_reaction_costs_no_call() -> None:
    reactions = MessageReactions()
    reactions.show(ONE, 1.0)
    reactions.remove("msg1", 1.0)
    assert reactions.next_step(1.0) is None
    assert reactions.next_at() is None


def test_an_answer_while_the_reaction_is_stored_costs_no_call() -> None:
    reactions = MessageReactions()
    reactions.show(ONE, 1.0)
    assert reactions.next_step(1.0) == StoreReactions((ONE,))
    reactions.remove("msg1", 1.0)
    assert reactions.stored() == ()
    reactions.ended(None, 1.0)
    assert reactions.next_step(9.0) is None


def test_what_is_stored_for_a_message_does_not_count_for_its_next_reaction() -> None:
    reactions = MessageReactions()
    reactions.show(ONE, 1.0)
    assert reactions.next_step(1.0) == StoreReactions((ONE,))
    reactions.remove("msg1", 1.0)
    reactions.show(ONE, 1.0)
    reactions.ended(None, 1.0)
    assert reactions.next_step(1.0 + STORE_EVERY) == StoreReactions((ONE,))


# --- what changes while a request is under way ----------------------------------------------------


def test_an_answer_while_the_reaction_is_being_added_removes_it_afterwards() -> None:
    reactions = MessageReactions()
    reactions.show(ONE, 1.0)
    assert next_call(reactions, 1.0) == ADD
    reactions.remove("msg1", 1.0)
    assert reactions.next_step(1.0) is None
    reactions.ended(None, 1.2)
    assert reactions.next_step(1.2) is None
    assert reactions.next_at() == 1.2 + CALL_EVERY
    assert reactions.next_step(1.2 + CALL_EVERY) == REMOVE


@pytest.mark.parametrize(("error", "left"), [(BUSY, ()), (NO_ANSWER, (ONE,)), (REFUSED, ())])
def test_an_answer_while_adding_fails_removes_only_what_may_stand_there(
    error: DeliveryError, left: tuple[Reaction, ...]
) -> None:
    reactions = MessageReactions()
    reactions.show(ONE, 1.0)
    assert next_call(reactions, 1.0) == ADD
    reactions.remove("msg1", 1.0)
    reactions.ended(error, 1.2)
    assert reactions.stored() == left
    assert reactions.next_step(9.0) == (REMOVE if left else None)


def test_work_that_begins_again_while_its_reaction_goes_brings_it_back() -> None:
    reactions = MessageReactions([ONE], 0.0)
    assert reactions.next_step(0.0) == REMOVE
    reactions.show(ONE, 0.1)
    reactions.ended(None, 0.2)
    assert reactions.next_step(0.2 + CALL_EVERY) == ADD


@pytest.mark.parametrize("error", [BUSY, NO_ANSWER, REFUSED])
def test_work_that_begins_again_while_removing_fails_keeps_the_reaction(
    error: DeliveryError,
) -> None:
    reactions = MessageReactions([ONE], 0.0)
    assert reactions.next_step(0.0) == REMOVE
    reactions.show(ONE, 0.1)
    reactions.ended(error, 0.2)
    assert reactions.next_at() is None
    reactions.remove("msg1", 9.0)
    assert reactions.next_step(9.0) == REMOVE


def test_the_latest_of_several_changes_during_a_request_counts() -> None:
    reactions = MessageReactions()
    reactions.show(ONE, 0.0)
    assert next_call(reactions, 0.0) == ADD
    reactions.remove("msg1", 0.1)
    reactions.show(ONE, 0.1)
    reactions.ended(None, 0.2)
    assert reactions.next_at() is None
    assert reactions.stored() == (ONE,)


# --- requests that fail ---------------------------------------------------------------------------


@pytest.mark.parametrize("error", [BUSY, FreshToken("token")])
def test_a_failing_reaction_is_tried_as_often_as_it_helps_and_then_let_be(
    error: DeliveryError,
) -> None:
    reactions, now = MessageReactions(), 10.0
    reactions.show(ONE, now)
    for pause in (*ADD_AGAIN, None):
        assert reactions.next_at() == now
        assert next_call(reactions, now) == ADD
        reactions.ended(error, now)
        if pause is not None:
            assert reactions.next_at() == now + pause
            assert reactions.next_step(now + pause - 0.01) is None
            now += pause
    assert reactions.next_at() is None
    assert reactions.stored() == ()
    reactions.remove("msg1", now)
    assert reactions.next_step(now + 100) is None


@pytest.mark.parametrize("error", [NO_ANSWER, FreshToken("token"), RetryAfter("fast", 0.1)])
def test_a_reaction_that_cannot_be_removed_is_tried_as_often_as_it_helps(
    error: DeliveryError,
) -> None:
    reactions, now = MessageReactions([ONE], 10.0), 10.0
    for pause in (*REMOVE_AGAIN, None):
        assert reactions.next_step(now) == REMOVE
        reactions.ended(error, now)
        if pause is not None:
            assert reactions.next_at() == now + pause
            now += pause
    assert reactions.next_at() is None
    assert reactions.stored() == ()


def test_a_refused_reaction_is_not_tried_again() -> None:
    reactions = MessageReactions()
    reactions.show(ONE, 0.0)
    assert next_call(reactions, 0.0) == ADD
    reactions.ended(REFUSED, 0.0)
    assert reactions.next_at() is None
    assert reactions.stored() == ()


def test_a_reaction_is_not_added_after_a_pause_that_is_longer_than_it_is_worth() -> None:
    reactions = MessageReactions()
    reactions.show(ONE, 0.0)
    assert next_call(reactions, 0.0) == ADD
    reactions.ended(RetryAfter("too fast", 60.0, code="QpsLimit"), 0.0)
    assert reactions.next_step(59.0) is None
    assert reactions.next_step(60.0) is None
    assert reactions.stored() == ()


def test_one_that_may_stand_there_is_removed_although_no_answer_came() -> None:
    reactions = MessageReactions()
    reactions.show(ONE, 0.0)
    for now in (0.0, 0.4, 1.6):
        assert next_call(reactions, now) == ADD
        reactions.ended(NO_ANSWER if now == 0.4 else BUSY, now)
    assert reactions.stored() == (ONE,)
    assert reactions.next_at() is None
    reactions.remove("msg1", 5.0)
    for now in (5.0, 6.5):
        assert reactions.next_step(now) == REMOVE
        reactions.ended(BUSY, now)
    assert reactions.next_step(11.5) == REMOVE
    reactions.ended(None, 11.5)
    assert reactions.stored() == ()


def test_too_many_calls_hold_all_reactions() -> None:
    reactions = MessageReactions([ONE, TWO], 0.0)
    assert reactions.next_step(0.0) == REMOVE
    reactions.ended(RetryAfter("too fast", 60.0, code="QpmLimit"), 0.0)
    assert reactions.next_step(59.0) is None
    assert reactions.next_at() == 60.0
    assert reactions.next_step(60.0) == ReactionCall(TWO, adds=False)


def test_without_a_network_removing_waits_for_it() -> None:
    reactions, now = MessageReactions([ONE], 0.0), 0.0
    for _ in range(20):
        assert reactions.next_step(now) == REMOVE
        reactions.ended(Unreachable("offline"), now)
        assert reactions.stored() == (ONE,)
        assert reactions.next_at() == now + OFFLINE_PAUSE
        now += OFFLINE_PAUSE
    assert reactions.next_step(now) == REMOVE
    reactions.ended(BUSY, now)
    assert reactions.next_at() == now + REMOVE_AGAIN[0]


def test_without_a_network_adding_is_tried_as_often_as_ever() -> None:
    reactions = MessageReactions()
    reactions.show(ONE, 0.0)
    assert next_call(reactions, 0.0) == ADD
    reactions.ended(Unreachable("offline"), 0.0)
    assert reactions.next_at() == ADD_AGAIN[0]


def test_when_the_months_calls_are_gone_removing_is_left_to_a_later_process() -> None:
    reactions = MessageReactions([ONE], 0.0)
    assert reactions.next_step(0.0) == REMOVE
    reactions.ended(Refused("gone", code="Forbidden.AccessDenied.ApiCountLimitForOrg"), 0.0)
    assert reactions.next_at() is None
    assert MessageReactions(reactions.stored(), 9.0).next_step(9.0) == REMOVE


# --- several messages -----------------------------------------------------------------------------


def test_removing_goes_before_adding() -> None:
    reactions = MessageReactions([TWO], 1.0)
    reactions.show(ONE, 0.0)
    assert next_call(reactions, 1.0) == ReactionCall(TWO, adds=False)


def test_of_several_that_are_due_the_one_that_waits_longest_is_next() -> None:
    reactions = MessageReactions()
    reactions.show(TWO, 0.0)
    reactions.show(ONE, 0.1)
    assert next_call(reactions, 1.0) == ReactionCall(TWO, adds=True)


def test_a_reaction_that_is_late_is_not_added_any_more() -> None:
    reactions = MessageReactions()
    reactions.show(ONE, 0.0)
    assert next_call(reactions, ADD_WITHIN + 0.1) is None
    assert reactions.next_at() is None
    reactions.show(TWO, 0.0)
    assert next_call(reactions, ADD_WITHIN) == ReactionCall(TWO, adds=True)


def test_a_reaction_that_is_shown_stays_however_long_the_answer_takes() -> None:
    reactions = shown(0.0)
    assert reactions.next_step(1000.0) is None
    assert reactions.stored() == (ONE,)


def test_after_a_crash_the_reaction_on_a_message_still_worked_on_stays() -> None:
    reactions = MessageReactions([ONE], 0.0)
    reactions.show(ONE, 0.0)
    assert next_call(reactions, 0.0) is None
    assert reactions.stored() == (ONE,)
    reactions.remove("msg1", 3.0)
    assert reactions.next_step(3.0) == REMOVE


@given(st.lists(st.floats(0, 0.04), min_size=50, max_size=50))
def test_no_second_has_more_calls_than_an_app_may_make_however_many_messages_wait(
    lasting: list[float],
) -> None:
    reactions, now, called = MessageReactions(), 0.0, []
    for number in range(len(lasting)):
        reactions.show(Reaction("ding1", "cid1", f"msg{number}", "👀"), now)
    for seconds in lasting:
        at = reactions.next_at()
        assert at is not None
        now = max(now, at)
        assert next_call(reactions, now) is not None
        called.append(now + seconds)
        now += seconds
        reactions.ended(None, now)
    assert len(reactions.stored()) == len(lasting)
    apart = zip(called, called[20:], strict=False)
    assert all(later - earlier > 0.999 for earlier, later in apart)


def test_in_a_flood_reactions_are_stored_once_a_second() -> None:
    reactions, now, came = MessageReactions(), 0.0, 0
    stored: list[float] = []
    added: list[str] = []
    while (due := reactions.next_at()) is not None or not came:
        now = max(now, due or 0.0)
        while came < min(150, 50 + 40 * now):
            reactions.show(Reaction("ding1", "cid1", f"msg{came}", "👀"), now)
            came += 1
        step = reactions.next_step(now)
        if isinstance(step, StoreReactions):
            stored.append(now)
        elif step is not None:
            assert step.adds
            assert step.reaction in reactions.stored()
            added.append(step.reaction.message_id)
        reactions.ended(None, now)
    # What cannot be shown within its time is let be.
    assert len(added) >= 0.9 * ADD_WITHIN / CALL_EVERY
    assert len(stored) > 1
    assert all(later - earlier >= STORE_EVERY for earlier, later in pairwise(stored))


# --- any order of events --------------------------------------------------------------------------

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["show", "remove", "step", "ok", "lost", "late", "busy", "crash"]),
        st.integers(0, 2),
        st.sampled_from([0.0, 0.1, 0.5, 2.0, 6.0]),
    ),
    max_size=40,
)
THREE = [ONE, TWO, Reaction("ding1", "cid1", "msg3", "👀")]


class World:
    """A platform, a disk, and a service that may crash. `lost`: the call arrived and no answer
    came; `late`: neither did the call."""

    def __init__(self) -> None:
        self.now = 0.0
        self.shown: set[Reaction] = set()
        self.stored: tuple[Reaction, ...] = ()
        self.worked_on: set[Reaction] = set()
        self.under_way: ReactionCall | StoreReactions | None = None
        self.reactions = MessageReactions()

    def carry_out(self) -> None:
        match self.under_way:
            case StoreReactions(reactions=reactions):
                self.stored = reactions
            case ReactionCall(reaction=reaction, adds=True):
                self.shown.add(reaction)
            case ReactionCall(reaction=reaction):
                self.shown.discard(reaction)

    def ask(self) -> None:
        step = self.reactions.next_step(self.now)
        if step is None:
            return
        assert self.under_way is None
        if isinstance(step, ReactionCall):
            assert step.adds == (step.reaction in self.worked_on)
            assert step.reaction in self.stored
        self.under_way = step

    def answer(self, how: str) -> None:
        step = self.under_way
        if step is None:
            return
        if how in ("ok", "lost") or isinstance(step, StoreReactions):
            self.carry_out()
        self.under_way = None
        error = None if how == "ok" else BUSY if how == "busy" else NO_ANSWER
        self.reactions.ended(None if isinstance(step, StoreReactions) else error, self.now)
        if len(self.reactions.stored()) < len(self.stored):
            self.stored = self.reactions.stored()

    def drain(self) -> None:
        self.answer("ok")
        for _ in range(20):
            due = self.reactions.next_at()
            if due is None:
                return
            self.now = max(self.now, due)
            self.ask()
            self.answer("ok")
        raise AssertionError("it never ends")


@given(EVENTS)
def test_whatever_happens_no_reaction_stays_behind(
    events: list[tuple[str, int, float]],
) -> None:
    world = World()
    failures = 0
    for what, number, seconds in events:
        reaction = THREE[number]
        if what == "show":
            world.worked_on.add(reaction)
            world.reactions.show(reaction, world.now)
        elif what == "remove":
            world.worked_on.discard(reaction)
            world.reactions.remove(reaction.message_id, world.now)
        elif what == "step":
            world.ask()
        elif what == "crash":
            if world.under_way is not None and number:
                world.carry_out()
            world.under_way = None
            world.worked_on.clear()
            world.reactions = MessageReactions(world.stored, world.now)
            failures = 0
        else:
            # Removing is given up after three failures, and then a reaction may stay.
            is_removing = isinstance(world.under_way, ReactionCall) and not world.under_way.adds
            failures += what != "ok" and is_removing
            world.answer("ok" if failures > len(REMOVE_AGAIN) else what)
        world.now += seconds
        assert world.shown <= {*world.stored}
    for reaction in THREE:
        world.worked_on.discard(reaction)
        world.reactions.remove(reaction.message_id, world.now)
    world.drain()
    assert world.shown == set()
    assert world.reactions.stored() == ()


@given(st.lists(st.sampled_from([BUSY, NO_ANSWER, REFUSED, FreshToken("token")]), min_size=9))
def test_a_message_costs_at_most_three_calls_each_way(errors: list[DeliveryError]) -> None:
    reactions, now, calls = MessageReactions(), 0.0, 0
    reactions.show(ONE, now)
    for is_answered in (False, True):
        if is_answered:
            reactions.remove("msg1", now)
        while (due := reactions.next_at()) is not None:
            now = max(now, due)
            if next_call(reactions, now) is not None:
                reactions.ended(errors[calls], now)
                calls += 1
    assert calls <= 6
    assert reactions.stored() == ()


# --- on the wire ----------------------------------------------------------------------------------


def test_a_reaction_has_the_body_that_the_platform_takes() -> None:
    body = reaction_body("ding1", "cid1", "msg1", "👀")
    assert json.loads(body) == {
        "robotCode": "ding1",
        "openMsgId": "msg1",
        "openConversationId": "cid1",
        "emotionType": 2,
        "emotionName": "👀",
        "textEmotion": {
            "emotionId": "2659900",
            "emotionName": "👀",
            "text": "👀",
            "backgroundId": "im_bg_1",
        },
    }
    assert "👀".encode() in body


@pytest.mark.parametrize(
    ("quota", "budget", "short"),
    [
        (Quota("2026-08", calls=3749), Budget(5000), False),
        (Quota("2026-08", calls=3750), Budget(5000), True),
        (Quota("2026-08", calls=99_999), Budget(0), False),
        (Quota("2026-08", calls=1, spent=(QuotaKind.CALLS,)), Budget(0), True),
        (Quota("2026-08", pushes=9999, spent=(QuotaKind.PUSHES,)), Budget(5000), False),
    ],
)
def test_the_last_quarter_of_the_months_calls_is_for_messages(
    quota: Quota, budget: Budget, short: bool
) -> None:
    assert is_short(quota, budget) is short
