"""What may have arrived is never forgotten and never comes twice without a word, whatever happens
between the first attempt and the message's end."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, field

from dingbridge.core.delivery import outbox_journal
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox import Outbox, fold
from dingbridge.core.delivery.outbox_records import (
    Done,
    Failed,
    OutboxRecord,
    Purpose,
    Queued,
    Retried,
    Sent,
)
from dingbridge.core.delivery.plan import Plan, RetryPolicy, SentSoFar
from dingbridge.core.delivery.plan_steps import Finished, PostChunk, Wait
from dingbridge.core.delivery.routing import Route
from dingbridge.core.errors import (
    DeliveryError,
    FreshToken,
    OtherRoute,
    Refused,
    Retryable,
    RetryAfter,
    TooLong,
    Uncertain,
    Unreachable,
)
from dingbridge.core.messages import Outbound, Target

NOW = 1_800_000_000.0
TEXT = "".join(f"{n:04} word\n" for n in range(300))


class Reply(Struct, frozen=True):
    """What the platform does with a post: does it take the chunk, and what does it say? `crash`:
    the process ends before the answer is written down."""

    takes: bool
    error: DeliveryError | None = None
    crash: bool = False


TAKEN = Reply(takes=True)
LOST = Reply(takes=True, error=Retryable("no answer", may_have_arrived=True))
UNHEARD = Reply(takes=False, error=Retryable("no answer", may_have_arrived=True))
REPLIES = st.sampled_from(
    [
        *(TAKEN, LOST, UNHEARD, Reply(takes=True, crash=True), Reply(takes=False, crash=True)),
        *(
            Reply(takes=False, error=error)
            for error in (
                *(Retryable("busy"), RetryAfter("too fast", 1.0), FreshToken("f"), TooLong("l")),
                *(OtherRoute("o"), Refused("r"), Unreachable("u")),
            )
        ),
    ]
)
ROUTES = st.lists(st.sampled_from(list(Route)), min_size=1, max_size=3, unique=True).map(tuple)


class Journey(Struct):
    """One message between its journal and a platform that knows what it took."""

    repeats: bool
    records: list[OutboxRecord]
    copies: list[int] = field(default_factory=lambda: [0] * len(TEXT))
    keys: set[str] = field(default_factory=set)

    @property
    def box(self) -> Outbox:
        return fold(self.records)

    def carry(self, routes: tuple[Route, ...], replies: Iterable[Reply]) -> Finished | None:
        """Send it as far as it goes; None after a crash."""
        waiting = self.box.waiting["m"]
        plan = Plan(
            waiting.outbound,
            routes,
            lambda _: (1500, 6000),
            RetryPolicy(lambda: 0.0, repeat=self.repeats),
            SentSoFar(waiting.start, waiting.tried),
        )
        reply = iter(replies)
        while not isinstance(step := plan.next(), Finished):
            if isinstance(step, Wait):
                plan.waited()
            elif not self._post(plan, step, next(reply)):
                return None
        end: OutboxRecord = Done("m", NOW, uncertain=step.uncertain)
        if step.error is not None:
            end = Failed("m", step.error.message, NOW)
        self.records.append(end)
        return step

    def _post(self, plan: Plan, step: PostChunk, reply: Reply) -> bool:
        chunk = step.chunk
        self.records.append(Attempted("m", chunk.start, chunk.end, step.route))
        known = step.route is Route.WEBHOOK and chunk.key in self.keys
        if reply.takes and not known:
            self.keys.add(chunk.key if step.route is Route.WEBHOOK else "")
            for place in range(chunk.start, chunk.end):
                self.copies[place] += 1
        if reply.crash:
            return False
        if reply.error is None:
            plan.accepted()
            self.records.append(Sent("m", chunk.end))
        else:
            plan.failed(reply.error)
            if not reply.error.may_have_arrived:
                self.records.append(Sent("m", chunk.start))
        return True


def journey(*, repeats: bool = True) -> Journey:
    put = Queued("robot", Outbound("m", Target(user_id="u"), TEXT), Purpose.REPLY, "", NOW)
    return Journey(repeats, [put])


def ending(*replies: Reply) -> Iterable[Reply]:
    """These replies, and then everything is taken."""
    return chain(replies, repeat(TAKEN))


RUNS = st.lists(
    st.tuples(ROUTES, st.lists(REPLIES, max_size=12), st.booleans()), min_size=1, max_size=4
)


@settings(max_examples=200, deadline=None)
@given(RUNS)
def test_whatever_happens_no_doubt_is_left_out_of_the_end(
    runs: list[tuple[tuple[Route, ...], list[Reply], bool]],
) -> None:
    way = journey()
    for routes, replies, shorten in runs:
        end = way.carry(routes, ending(*replies))
        if shorten:
            way.records = outbox_journal.compacted(way.records, NOW)
        if end is not None and end.error is None:
            assert min(way.copies) >= 1
            assert end.uncertain or max(way.copies) == 1
            return
        if end is not None:
            letter = way.box.dead["m"]
            left = way.copies[letter.waiting.start :]
            assert letter.waiting.may_have_arrived == end.uncertain
            assert end.uncertain or max(left) == 0
            way.records.append(Retried("m"))


@settings(max_examples=200, deadline=None)
@given(RUNS)
def test_at_most_once_nothing_is_there_twice_unless_the_user_sent_it_again(
    runs: list[tuple[tuple[Route, ...], list[Reply], bool]],
) -> None:
    way = journey(repeats=False)
    for routes, replies, shorten in runs:
        end = way.carry(routes, ending(*replies))
        if shorten:
            way.records = outbox_journal.compacted(way.records, NOW)
        assert max(way.copies) <= 1
        if end is not None and end.error is None:
            assert (min(way.copies), end.uncertain) == (1, False)
            return
        if end is not None and end.uncertain:
            return
        if end is not None:
            way.records.append(Retried("m"))


@settings(max_examples=100, deadline=None)
@given(st.lists(REPLIES.filter(lambda reply: reply.error is not LOST.error), max_size=12))
def test_without_a_lost_answer_or_a_crash_nothing_is_in_doubt(replies: list[Reply]) -> None:
    replies = [one for one in replies if not one.crash and one.error is not UNHEARD.error]
    way = journey()
    end = way.carry((Route.SINGLE, Route.GROUP), ending(*replies))
    assert end is not None
    assert not end.uncertain
    assert not any(letter.waiting.may_have_arrived for letter in way.box.dead.values())


@pytest.mark.parametrize("repeats", [True, False])
def test_by_the_custom_robot_a_repeat_of_the_same_chunk_takes_the_doubt_away(
    repeats: bool,
) -> None:
    way = journey(repeats=repeats)
    assert way.carry((Route.WEBHOOK,), ending(LOST)) == Finished()
    assert set(way.copies) == {1}


def test_after_the_users_retry_the_answer_that_was_lost_before_is_still_told() -> None:
    way = journey(repeats=False)
    first = way.carry((Route.SINGLE,), [LOST])
    assert first is not None
    assert isinstance(first.error, Uncertain)
    way.records.append(Retried("m"))
    refused = Refused("robot removed")
    assert way.carry((Route.SINGLE,), [Reply(takes=False, error=refused)]) == Finished(
        refused, uncertain=True
    )
    way.records.append(Retried("m"))
    assert way.carry((Route.SINGLE,), ending()) == Finished(uncertain=True)


def test_after_the_users_retry_one_more_lost_answer_ends_it_again_at_most_once() -> None:
    way = journey(repeats=False)
    for count in (1, 2):
        end = way.carry((Route.SINGLE,), [LOST])
        assert end is not None
        assert isinstance(end.error, Uncertain)
        assert max(way.copies) == count
        way.records.append(Retried("m"))


def test_at_most_once_a_chunk_is_not_sent_by_the_custom_robot_in_another_cut() -> None:
    way = journey(repeats=False)
    too_long = Reply(takes=False, error=TooLong("too long"))
    end = way.carry((Route.WEBHOOK,), [LOST, too_long])
    assert end is not None
    assert isinstance(end.error, Uncertain)
    assert max(way.copies) == 1
