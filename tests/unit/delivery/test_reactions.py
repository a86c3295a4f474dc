"""A reaction shows that a message is worked on, goes when it is not, and is never in the way."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.delivery.quota import Budget, Quota, QuotaKind
from dingbridge.core.delivery.reaction_calls import (
    AddReaction,
    Reaction,
    RemoveReaction,
    Step,
    accepted,
    quota_is_short,
    reaction_to,
    request,
)
from dingbridge.core.delivery.reactions import (
    ADD_AGAIN,
    ADD_WITHIN,
    CALL_EVERY,
    MOST_OUTSTANDING,
    OFFLINE_PAUSE,
    PLANNED,
    REMOVE_AGAIN,
    ReactionSchedule,
)
from dingbridge.core.errors import (
    DeliveryError,
    FreshToken,
    Refused,
    Retryable,
    RetryAfter,
    Unreachable,
)
from dingbridge.core.messages import Conversation, ConversationKind, Inbound, Sender

ONE = Reaction("ding1", "cid1", "msg1", "👀")
TWO = Reaction("ding1", "cid2", "msg2", "👀")
BUSY = Retryable("busy")
NO_ANSWER = Retryable("no answer", may_have_arrived=True)
REFUSED = Refused("no")


def test_a_failing_reaction_is_tried_as_often_as_it_helps_and_then_let_be() -> None:
    reactions, now = ReactionSchedule(), 10.0
    reactions.arrived(ONE, now)
    for pause in (*ADD_AGAIN, None):
        assert reactions.next_at() == now
        assert reactions.next_step(now) == AddReaction(ONE)
        reactions.failed(AddReaction(ONE), BUSY, now)
        assert reactions.outstanding() == ()
        if pause is not None:
            assert reactions.next_at() == now + pause
            assert reactions.next_step(now + pause - 0.01) is None
            now += pause
    assert reactions.next_at() is None
    reactions.finished("msg1", now)
    assert reactions.next_step(now + 100) is None
    assert reactions.outstanding() == ()


def test_a_reaction_that_cannot_be_removed_is_tried_as_often_as_it_helps() -> None:
    reactions, now = ReactionSchedule([ONE], 10.0), 10.0
    for pause in (*REMOVE_AGAIN, None):
        assert reactions.next_step(now) == RemoveReaction(ONE)
        reactions.failed(RemoveReaction(ONE), NO_ANSWER, now)
        if pause is not None:
            assert reactions.next_at() == now + pause
            now += pause
    assert reactions.next_at() is None
    assert reactions.outstanding() == ()


@pytest.mark.parametrize("error", [REFUSED, RetryAfter("too fast", 60.0, code="QpsLimit")])
def test_a_refused_reaction_is_not_tried_again(error: DeliveryError) -> None:
    reactions = ReactionSchedule()
    reactions.arrived(ONE, 0.0)
    step = reactions.next_step(0.0)
    assert step == AddReaction(ONE)
    reactions.failed(step, error, 0.0)
    assert reactions.next_at() is None
    assert reactions.outstanding() == ()


def test_one_that_may_stand_there_is_removed_although_no_answer_came() -> None:
    reactions = ReactionSchedule()
    reactions.arrived(ONE, 0.0)
    for now in (0.0, 0.4, 1.6):
        step = reactions.next_step(now)
        assert step == AddReaction(ONE)
        reactions.failed(step, NO_ANSWER if now == 0.4 else BUSY, now)
    assert reactions.outstanding() == (ONE,)
    assert reactions.next_at() is None
    reactions.finished("msg1", 5.0)
    for now in (5.0, 6.5):
        assert reactions.next_step(now) == RemoveReaction(ONE)
        reactions.failed(RemoveReaction(ONE), BUSY, now)
    assert reactions.next_step(11.5) == RemoveReaction(ONE)
    reactions.succeeded(RemoveReaction(ONE), 11.5)
    assert reactions.outstanding() == ()


def test_too_many_calls_hold_all_reactions() -> None:
    reactions = ReactionSchedule([ONE], 0.0)
    step = reactions.next_step(0.0)
    assert step == RemoveReaction(ONE)
    reactions.failed(step, RetryAfter("too fast", 60.0, code="QpmLimit"), 0.0)
    reactions.arrived(TWO, 1.0)
    assert reactions.next_step(59.0) is None
    assert reactions.next_at() == 60.0
    assert reactions.next_step(60.0) == RemoveReaction(ONE)
    reactions.succeeded(RemoveReaction(ONE), 60.0)
    assert reactions.next_step(60.0) is None


def test_without_a_network_removing_waits_for_it() -> None:
    reactions, now = ReactionSchedule([ONE], 0.0), 0.0
    for _ in range(20):
        assert reactions.next_step(now) == RemoveReaction(ONE)
        reactions.failed(RemoveReaction(ONE), Unreachable("offline"), now)
        assert reactions.outstanding() == (ONE,)
        assert reactions.next_at() == now + OFFLINE_PAUSE
        now += OFFLINE_PAUSE
    assert reactions.next_step(now) == RemoveReaction(ONE)
    reactions.failed(RemoveReaction(ONE), BUSY, now)
    assert reactions.next_at() == now + REMOVE_AGAIN[0]


def test_when_the_months_calls_are_gone_removing_is_left_to_a_later_process() -> None:
    reactions = ReactionSchedule([ONE], 0.0)
    step = reactions.next_step(0.0)
    assert step == RemoveReaction(ONE)
    gone = Refused("gone", code="Forbidden.AccessDenied.ApiCountLimitForOrg")
    reactions.failed(step, gone, 0.0)
    assert reactions.next_at() is None
    assert ReactionSchedule(reactions.outstanding(), 9.0).next_step(9.0) == RemoveReaction(ONE)


def test_a_reaction_is_added_on_arrival_and_removed_with_the_answer() -> None:
    reactions = ReactionSchedule()
    assert reactions.next_at() is None
    reactions.arrived(ONE, 1.0)
    assert reactions.outstanding() == ()
    assert reactions.next_step(1.0) == AddReaction(ONE)
    assert reactions.outstanding() == (ONE,)
    assert reactions.next_step(1.0) is None
    reactions.succeeded(AddReaction(ONE), 1.1)
    assert reactions.next_at() is None
    reactions.finished("msg1", 7.0)
    assert reactions.next_step(7.0) == RemoveReaction(ONE)
    reactions.succeeded(RemoveReaction(ONE), 7.1)
    assert reactions.outstanding() == ()
    reactions.finished("msg1", 8.0)
    assert reactions.next_at() is None


def test_an_answer_that_is_faster_than_the_reaction_costs_no_call() -> None:
    reactions = ReactionSchedule()
    reactions.arrived(ONE, 1.0)
    reactions.finished("msg1", 1.0)
    assert reactions.next_step(1.0) is None
    assert reactions.outstanding() == ()


def test_an_answer_while_the_reaction_is_being_added_removes_it_afterwards() -> None:
    reactions = ReactionSchedule()
    reactions.arrived(ONE, 1.0)
    step = reactions.next_step(1.0)
    assert step == AddReaction(ONE)
    reactions.finished("msg1", 1.0)
    assert reactions.next_step(1.0) is None
    reactions.succeeded(step, 1.2)
    assert reactions.next_step(1.2 + CALL_EVERY) == RemoveReaction(ONE)


@pytest.mark.parametrize(("error", "left"), [(BUSY, ()), (NO_ANSWER, (ONE,)), (REFUSED, ())])
def test_an_answer_while_adding_fails_removes_only_what_may_stand_there(
    error: DeliveryError, left: tuple[Reaction, ...]
) -> None:
    reactions = ReactionSchedule()
    reactions.arrived(ONE, 1.0)
    step = reactions.next_step(1.0)
    assert step is not None
    reactions.finished("msg1", 1.0)
    reactions.failed(step, error, 1.2)
    assert reactions.outstanding() == left
    assert reactions.next_step(9.0) == (RemoveReaction(ONE) if left else None)


def test_a_waiting_message_goes_first_and_a_late_reaction_is_dropped() -> None:
    reactions = ReactionSchedule([TWO], 0.0)
    reactions.arrived(ONE, 0.0)
    assert reactions.next_step(ADD_WITHIN, idle=False) is None
    assert reactions.next_step(ADD_WITHIN + 1, idle=False) is None
    assert reactions.next_step(ADD_WITHIN + 1) == RemoveReaction(TWO)
    reactions.succeeded(RemoveReaction(TWO), ADD_WITHIN + 1)
    assert reactions.next_step(ADD_WITHIN + 1) is None


def test_removing_goes_before_adding() -> None:
    reactions = ReactionSchedule([TWO], 1.0)
    reactions.arrived(ONE, 0.0)
    assert reactions.next_step(1.0) == RemoveReaction(TWO)


def test_nothing_is_added_while_the_quota_is_short_or_the_option_is_off() -> None:
    reactions = ReactionSchedule()
    reactions.arrived(ONE, 0.0, short=True)
    reactions.arrived(None, 0.0)
    assert reactions.next_step(0.0) is None


def test_a_message_that_is_handed_over_again_gets_one_reaction() -> None:
    reactions = ReactionSchedule()
    reactions.arrived(ONE, 0.0)
    step = reactions.next_step(0.0)
    assert step == AddReaction(ONE)
    reactions.succeeded(step, 0.0)
    reactions.arrived(ONE, 1.0)
    assert reactions.next_step(1.0) is None


def test_after_a_crash_the_reaction_on_a_message_still_worked_on_stays() -> None:
    reactions = ReactionSchedule([ONE], 0.0)
    reactions.arrived(ONE, 0.0)
    assert reactions.next_step(0.0) is None
    assert reactions.outstanding() == (ONE,)
    reactions.finished("msg1", 3.0)
    assert reactions.next_step(3.0) == RemoveReaction(ONE)


@pytest.mark.parametrize("short", [False, True])
def test_work_that_begins_again_while_its_reaction_goes_brings_it_back(short: bool) -> None:
    reactions = ReactionSchedule([ONE], 0.0)
    step = reactions.next_step(0.0)
    assert step == RemoveReaction(ONE)
    reactions.arrived(ONE, 0.1, short=short)
    reactions.succeeded(step, 0.2)
    assert reactions.outstanding() == ()
    assert reactions.next_step(0.2 + CALL_EVERY) == (None if short else AddReaction(ONE))


@given(st.lists(st.floats(0, 0.04), min_size=50, max_size=50))
def test_no_second_has_more_calls_than_an_app_may_make_however_many_messages_wait(
    lasting: list[float],
) -> None:
    reactions, now, called = ReactionSchedule(), 0.0, []
    for number in range(len(lasting)):
        reactions.arrived(Reaction("ding1", "cid1", f"msg{number}", "👀"), now)
    for seconds in lasting:
        at = reactions.next_at()
        assert at is not None
        now = max(now, at)
        step = reactions.next_step(now)
        assert isinstance(step, AddReaction)
        called.append(now + seconds)
        now += seconds
        reactions.succeeded(step, now)
    assert len(reactions.outstanding()) == len(lasting)
    apart = zip(called, called[20:], strict=False)
    assert all(later - earlier > 0.999 for earlier, later in apart)


def test_work_that_begins_again_while_removing_fails_keeps_the_reaction() -> None:
    reactions = ReactionSchedule([ONE], 0.0)
    step = reactions.next_step(0.0)
    assert step == RemoveReaction(ONE)
    reactions.arrived(ONE, 0.1)
    reactions.failed(step, BUSY, 0.2)
    assert reactions.next_at() is None
    reactions.finished("msg1", 9.0)
    assert reactions.next_step(9.0) == RemoveReaction(ONE)


def test_only_so_many_reactions_are_kept_track_of() -> None:
    left = [Reaction("ding1", "cid1", f"m{n}", "👀") for n in range(MOST_OUTSTANDING + 9)]
    reactions = ReactionSchedule(left, 0.0)
    assert reactions.outstanding() == tuple(left[9:])
    step = reactions.next_step(0.0)
    assert step is not None
    reactions.arrived(ONE, 0.0)
    reactions.arrived(TWO, 0.0)
    reactions.failed(step, BUSY, 0.0)
    assert len(reactions.outstanding()) == MOST_OUTSTANDING - 2


def test_news_of_another_step_changes_nothing() -> None:
    reactions = ReactionSchedule()
    reactions.arrived(ONE, 0.0)
    reactions.succeeded(RemoveReaction(ONE), 0.0)
    reactions.failed(AddReaction(TWO), REFUSED, 0.0)
    assert reactions.next_step(0.0) == AddReaction(ONE)


# --- any order of events --------------------------------------------------------------------------

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["arrived", "finished", "step", "ok", "lost", "late", "busy", "crash"]),
        st.integers(0, 2),
        st.sampled_from([0.0, 0.1, 0.5, 2.0, 6.0]),
    ),
    max_size=40,
)
THREE = [ONE, TWO, Reaction("ding1", "cid1", "msg3", "👀")]


class World:
    """A platform and an editor that may crash. `lost`: the call arrived and no answer came;
    `late`: neither did the call."""

    def __init__(self) -> None:
        self.now = 0.0
        self.shown: set[Reaction] = set()
        self.worked_on: set[Reaction] = set()
        self.tries: dict[Step, int] = {}
        self.under_way: Step | None = None
        self.reactions = ReactionSchedule()

    def carry_out(self, step: Step) -> None:
        if isinstance(step, AddReaction):
            self.shown.add(step.reaction)
        else:
            self.shown.discard(step.reaction)

    def ask(self) -> None:
        step = self.reactions.next_step(self.now)
        if step is None:
            return
        assert self.under_way is None
        assert step.reaction in self.reactions.outstanding()
        assert isinstance(step, AddReaction) == (step.reaction in self.worked_on)
        self.under_way = step

    def answer(self, how: str) -> None:
        step, self.under_way = self.under_way, None
        if step is None:
            return
        if how in ("ok", "lost"):
            self.carry_out(step)
        if how == "ok":
            self.reactions.succeeded(step, self.now)
        else:
            error = BUSY if how == "busy" else NO_ANSWER
            self.reactions.failed(step, error, self.now)

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
        if what == "arrived":
            world.worked_on.add(reaction)
            world.reactions.arrived(reaction, world.now)
        elif what == "finished":
            world.worked_on.discard(reaction)
            world.reactions.finished(reaction.message_id, world.now)
        elif what == "step":
            world.ask()
        elif what == "crash":
            if world.under_way is not None and number:
                world.carry_out(world.under_way)
            world.under_way = None
            world.worked_on.clear()
            world.reactions = ReactionSchedule(world.reactions.outstanding(), world.now)
            failures = 0
        else:
            # Removing is given up after three failures, and then a reaction may stay.
            failures += what != "ok" and isinstance(world.under_way, RemoveReaction)
            world.answer("ok" if failures > len(REMOVE_AGAIN) else what)
        world.now += seconds
        assert world.shown <= {*world.reactions.outstanding()}
    for reaction in THREE:
        world.worked_on.discard(reaction)
        world.reactions.finished(reaction.message_id, world.now)
    world.drain()
    assert world.shown == set()
    assert world.reactions.outstanding() == ()


@given(st.lists(st.sampled_from([BUSY, NO_ANSWER, REFUSED, FreshToken("token")]), min_size=9))
def test_a_message_costs_at_most_three_calls_each_way(errors: list[DeliveryError]) -> None:
    reactions, now, calls = ReactionSchedule(), 0.0, 0
    reactions.arrived(ONE, now)
    for finishing in (False, True):
        if finishing:
            reactions.finished("msg1", now)
        while (due := reactions.next_at()) is not None:
            now = max(now, due)
            step = reactions.next_step(now)
            if step is not None:
                reactions.failed(step, errors[calls], now)
                calls += 1
    assert calls <= 6
    assert reactions.outstanding() == ()


def test_in_a_flood_reactions_are_shown_only_where_that_is_written_once_a_second() -> None:
    reactions, now, writings = ReactionSchedule(), 0.0, 0
    written: frozenset[Reaction] = frozenset()
    write_at = 0.0
    added = []
    for number in range(150):
        reactions.arrived(Reaction("ding1", "cid1", f"msg{number}", "👀"), now)
    while (due := reactions.next_at(written, write_at)) is not None:
        now = max(now, due)
        wanted = frozenset(reactions.may_stand(now))
        if not wanted <= written and now >= write_at:
            written, write_at, writings = wanted, now + PLANNED, writings + 1
        step = reactions.next_step(now, written=written)
        if step is not None:
            assert step.reaction in written
            assert isinstance(step, AddReaction)
            added.append(step.reaction.message_id)
            reactions.succeeded(step, now)
    # What cannot be shown within its time is let be.
    assert added == [f"msg{number}" for number in range(len(added))]
    assert len(added) >= 0.9 * ADD_WITHIN / CALL_EVERY
    assert writings <= ADD_WITHIN / PLANNED + 1


def test_what_stands_at_a_message_needs_nothing_written_to_be_removed() -> None:
    reactions = ReactionSchedule([ONE], 0.0)
    assert reactions.next_at(frozenset(), 9.0) == 0.0
    assert reactions.next_step(0.0, written=frozenset()) == RemoveReaction(ONE)


def test_what_was_answered_before_its_reaction_is_not_written_any_more() -> None:
    reactions = ReactionSchedule()
    reactions.arrived(ONE, 0.0)
    reactions.arrived(TWO, 0.0)
    assert reactions.may_stand(0.0) == (ONE, TWO)
    reactions.finished("msg1", 0.0)
    assert reactions.may_stand(0.0) == (TWO,)


# --- on the wire ----------------------------------------------------------------------------------


def test_both_calls_have_the_body_that_the_platform_takes() -> None:
    path, body = request(AddReaction(ONE), ONE.robot_code)
    assert path == "/v1.0/robot/emotion/reply"
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
    assert request(RemoveReaction(ONE), ONE.robot_code) == ("/v1.0/robot/emotion/recall", body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"success":true}', True),
        (b'{"success":"true","x":1}', True),
        (b'{"success":false}', False),
        (b'{"success":1}', False),
        (b"{}", False),
        (b"[]", False),
        (b"<html>", False),
        (b"", False),
    ],
)
def test_an_answer_counts_only_if_it_says_success(body: bytes, expected: bool) -> None:
    assert accepted(body) is expected


def inbound() -> Inbound:
    conversation = Conversation("cid1", ConversationKind.GROUP)
    return Inbound("msg1", "ding1", conversation, Sender("u", "$:u", "u"), True, "text", "hi", 1.0)


def test_the_reaction_is_the_one_of_the_option_and_none_when_it_is_off() -> None:
    assert reaction_to(inbound(), "👀") == ONE
    assert reaction_to(inbound(), " 🤔Thinking ") == Reaction("ding1", "cid1", "msg1", "🤔Thinking")
    assert reaction_to(inbound(), "") is None
    assert reaction_to(inbound(), "  ") is None


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
    assert quota_is_short(quota, budget) is short
