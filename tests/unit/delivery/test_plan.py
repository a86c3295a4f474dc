"""What the plan of a message does after each kind of answer, and after an interruption."""

from __future__ import annotations

from itertools import cycle, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.plan_steps import Finished, PostChunk, Wait
from dingbridge.core.delivery.routing import Route
from dingbridge.core.dingtalk.limits import SMALLEST_CHUNK_BYTES
from dingbridge.core.errors import (
    DeliveryError,
    FreshToken,
    OtherRoute,
    Refused,
    Retryable,
    RetryAfter,
    TooLong,
    Unreachable,
)
from dingbridge.core.markdown.chunking import encoded_size
from dingbridge.core.timeouts import ANSWERED_TRIES, BACK_OFF_LONGEST, PAUSES
from tests.support.pieces import counts, joined
from tests.support.plans import ACCEPTED, ROOMS, TEXTS, Reply, Way, a_plan, answered, travel


def test_without_a_way_to_the_target_the_settings_to_fill_in_are_named() -> None:
    way = travel(a_plan(routes=()), answered())
    assert way.posts == []
    assert way.end.error is not None
    assert "no way to this target" in way.end.error.message
    for setting in ("`app_key`", "`app_secret`"):
        assert setting in way.end.error.fix
    # Nothing else that could be set leads to a person or a group of the user's choice.
    assert "set `webhook`" not in way.end.error.fix


@pytest.mark.parametrize("room", [(20_000, -5), (20_000, 5), (0, 14_000)])
def test_mentions_and_a_title_that_leave_no_room_for_text_are_a_refusal_not_a_crash(
    room: tuple[int, int],
) -> None:
    way = travel(a_plan(room=lambda _: room), answered())
    assert way.posts == []
    assert isinstance(way.end.error, Refused)
    assert "no room" in way.end.error.message
    assert way.end.error.fix


def test_a_route_without_room_for_text_ends_a_message_that_has_to_change_to_it() -> None:
    rooms = {Route.SESSION: (20_000, 18_000), Route.SINGLE: (20_000, 0)}
    plan = a_plan(routes=(Route.SESSION, Route.SINGLE), room=rooms.__getitem__)
    way = travel(plan, answered(OtherRoute("expired")))
    assert isinstance(way.end.error, Refused)


def test_after_a_refusal_nothing_more_of_the_message_leaves() -> None:
    refused = Refused("robot removed")
    way = travel(a_plan("x" * 40_000), answered(ACCEPTED, refused))
    assert way.end == Finished(refused)
    assert len(way.posts) == 2


def test_a_blank_text_needs_no_post() -> None:
    assert travel(a_plan(" \n "), answered()).posts == []


def test_white_space_between_chunks_is_not_posted_on_its_own() -> None:
    text = "a" * 10 + " " * 30 + "b" * 10
    way = travel(a_plan(text, room=lambda _: (10, 100)), answered())
    assert [post.chunk.text.strip() for post in way.posts] == ["a" * 10, "b" * 10]


def test_an_answer_that_asks_for_a_pause_is_given_exactly_that_pause_and_then_repeated() -> None:
    way = travel(a_plan(chance=0.9), answered(RetryAfter("too fast", 42.0)))
    assert way.waits == [Wait(42.0, "too fast")]
    assert way.keys[0] == way.keys[1]
    assert way.end == Finished()


def test_a_platform_that_asks_for_pauses_without_end_is_waited_for() -> None:
    replies: list[Reply] = [RetryAfter("too fast", 60.0)] * 500
    way = travel(a_plan(), answered(*replies))
    assert way.end == Finished()
    assert [wait.seconds for wait in way.waits] == [60.0] * 500
    assert len(set(way.keys)) == 1


def test_an_impatient_message_grants_a_platform_a_few_pauses_and_then_gives_up() -> None:
    error = RetryAfter("too fast", 1.0)
    way = travel(a_plan(patient=False), repeat(error))
    assert way.end == Finished(error)
    assert len(way.waits) == PAUSES


def test_the_pauses_are_counted_anew_for_each_chunk() -> None:
    slow: list[Reply] = [*[RetryAfter("too fast", 1.0)] * PAUSES, ACCEPTED]
    assert travel(a_plan("x" * 40_000, patient=False), cycle(slow)).end == Finished()


def test_a_passing_failure_is_repeated_with_growing_pauses_and_then_given_up() -> None:
    error = Retryable("busy")
    way = travel(a_plan(), repeat(error))
    assert way.end == Finished(error)
    assert [wait.seconds for wait in way.waits] == [1, 2, 4, 8, 16][:ANSWERED_TRIES]
    assert len(set(way.keys)) == 1


def test_pauses_spread_by_at_most_a_quarter() -> None:
    waits = travel(a_plan(chance=0.999), repeat(Retryable("busy"))).waits
    assert waits[0].seconds == pytest.approx(1.25, abs=0.01)


def test_a_passing_failure_that_does_not_pass_tries_the_next_route() -> None:
    plan = a_plan(routes=(Route.SESSION, Route.SINGLE))
    way = travel(plan, answered(*[Retryable("busy")] * (ANSWERED_TRIES + 1)))
    assert way.end == Finished()
    assert way.posts[-1].route is Route.SINGLE


def test_offline_for_two_days_the_message_still_waits_and_then_leaves() -> None:
    offline: list[Reply] = [Unreachable("no network")] * 3000
    way = travel(a_plan(), answered(*offline))
    assert way.end == Finished()
    assert sum(wait.seconds for wait in way.waits) > 2 * 24 * 3600


def test_the_pause_while_offline_grows_to_its_ceiling_and_stays_there() -> None:
    waits = travel(a_plan(chance=0.99), answered(*[Unreachable("u")] * 12)).waits
    seconds = [wait.seconds for wait in waits]
    assert seconds == sorted(seconds)
    assert seconds[-1] == seconds[-2] <= BACK_OFF_LONGEST


def test_having_been_offline_does_not_use_up_the_tries_for_a_busy_platform() -> None:
    offline: list[Reply] = [Unreachable("no network")] * 20
    way = travel(a_plan(), answered(*offline, Retryable("busy"), Retryable("busy")))
    assert way.end == Finished()
    assert [wait.seconds for wait in way.waits[-2:]] == [1, 2]


def test_the_next_time_offline_begins_with_a_short_pause_again() -> None:
    offline: list[Reply] = [Unreachable("no network")] * 8
    way = travel(a_plan(), answered(*offline, Retryable("busy"), Unreachable("no network")))
    assert way.waits[-1].seconds == 1


def test_an_impatient_message_gives_up_when_nothing_can_be_reached() -> None:
    error = Unreachable("no network")
    way = travel(a_plan(patient=False), repeat(error))
    assert way.end == Finished(error)
    assert len(way.posts) == ANSWERED_TRIES + 1


SILENCE = Retryable("no answer", may_have_arrived=True)


@pytest.mark.parametrize("route", Route)
def test_at_least_once_repeats_what_may_have_arrived_as_often_as_any_passing_failure(
    route: Route,
) -> None:
    way = travel(a_plan(routes=(route,)), repeat(SILENCE))
    assert len(way.posts) == ANSWERED_TRIES + 1
    assert len(set(way.keys)) == 1
    assert way.end == Finished(SILENCE, uncertain=True)
    assert {wait.reason for wait in way.waits} == {"no answer; it may have arrived or not"}


def test_at_least_once_goes_on_by_another_route_when_there_is_never_an_answer() -> None:
    plan = a_plan(routes=(Route.SESSION, Route.SINGLE))
    way = travel(plan, answered(*[SILENCE] * (ANSWERED_TRIES + 1)))
    assert way.end == Finished(uncertain=True)
    assert way.posts[-1].route is Route.SINGLE


@pytest.mark.parametrize("route", [Route.SESSION, Route.SINGLE, Route.GROUP])
def test_at_most_once_never_repeats_what_may_have_arrived(route: Route) -> None:
    plan = a_plan("x" * 40_000, (route, Route.SINGLE), repeat=False)
    way = travel(plan, answered(ACCEPTED, SILENCE))
    assert len(way.posts) == 2
    assert isinstance(way.end.error, Refused)
    assert "may have arrived" in way.end.error.message
    assert "DingTalk" in way.end.error.fix


@pytest.mark.parametrize(
    "error", [Retryable("busy"), Unreachable("u"), RetryAfter("too fast", 1.0), FreshToken("f")]
)
def test_at_most_once_repeats_what_certainly_did_not_arrive(error: DeliveryError) -> None:
    assert travel(a_plan(repeat=False), answered(error)).end == Finished()


def test_at_most_once_leaves_a_dead_route_for_the_next_one() -> None:
    plan = a_plan(routes=(Route.SESSION, Route.SINGLE), repeat=False)
    assert travel(plan, answered(OtherRoute("expired"))).end == Finished()


def test_the_custom_robot_knows_a_repeated_message_by_its_key_so_it_is_repeated_freely() -> None:
    way = travel(a_plan(routes=(Route.WEBHOOK,), repeat=False), repeat(SILENCE))
    assert len(way.posts) == ANSWERED_TRIES + 1
    assert len(set(way.keys)) == 1


def test_the_tries_are_counted_anew_for_each_chunk() -> None:
    silent: list[Reply] = [*[SILENCE] * ANSWERED_TRIES, ACCEPTED]
    assert travel(a_plan("x" * 40_000), cycle(silent)).end == Finished(uncertain=True)


def test_after_a_refused_token_the_chunk_is_repeated_at_once() -> None:
    way = travel(a_plan(), answered(FreshToken("expired")))
    assert (way.end, way.waits) == (Finished(), [])


def test_a_token_that_is_refused_again_and_again_ends_the_message_at_last() -> None:
    error = FreshToken("expired")
    way = travel(a_plan(), repeat(error))
    assert way.end == Finished(error)
    assert len(way.posts) == ANSWERED_TRIES + 2
    hasty = travel(a_plan(patient=False), repeat(error))
    assert hasty.end == Finished(error)
    assert len(hasty.posts) == 2


def test_a_chunk_that_is_too_long_is_halved_until_it_fits() -> None:
    text = "word " * 2000
    plan = a_plan(text)
    way = Way([], [], [], [], Finished())
    while isinstance(step := plan.next(), PostChunk):
        way.posts.append(step)
        if encoded_size(step.chunk.text) > 3000:
            plan.failed(TooLong("too long"))
        else:
            way.accepted.append(step.chunk)
            plan.accepted()
    assert step == Finished()
    assert joined([chunk.text for chunk in way.accepted]) == text
    assert plan.progress == (len(way.accepted), len(way.accepted))


def test_a_small_chunk_that_is_still_too_long_is_given_up() -> None:
    error = TooLong("too long")
    way = travel(a_plan("x" * 10_000), repeat(error))
    assert way.end == Finished(error)
    sizes = [post.chunk.end - post.chunk.start for post in way.posts]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] <= SMALLEST_CHUNK_BYTES < sizes[-2]


def test_a_half_that_is_only_white_space_is_left_out() -> None:
    text = "x" * 1000 + " " * 2000
    way = travel(a_plan(text), answered(TooLong("too long")))
    assert way.end == Finished()
    assert all(post.chunk.text.strip() for post in way.posts)


def test_a_dead_route_hands_over_only_what_is_left_cut_for_the_next_one() -> None:
    rooms = {Route.SESSION: (5000, 18_000), Route.SINGLE: (1000, 14_000)}
    text = "x" * 10_000
    plan = a_plan(text, (Route.SESSION, Route.SINGLE), rooms.__getitem__)
    way = travel(plan, answered(ACCEPTED, OtherRoute("expired")))
    assert len(way.accepted[0].text) > 4900
    assert all(900 < len(chunk.text) <= 1000 for chunk in way.accepted[1:-1])
    assert joined([chunk.text for chunk in way.accepted]) == text


def test_after_a_change_of_route_the_count_goes_on_with_a_new_total() -> None:
    rooms = {Route.SESSION: (5000, 18_000), Route.SINGLE: (1000, 14_000)}
    plan = a_plan("word " * 2000, (Route.SESSION, Route.SINGLE), rooms.__getitem__)
    way = travel(plan, answered(ACCEPTED, OtherRoute("expired")))
    assert counts([post.chunk.text for post in way.posts]) == [
        (1, 3),
        (2, 3),
        *((number, 7) for number in range(2, 8)),
    ]


def test_after_a_chunk_was_halved_the_count_goes_on_with_a_new_total() -> None:
    way = travel(a_plan("word " * 6000), answered(ACCEPTED, TooLong("too long")))
    assert counts([post.chunk.text for post in way.posts]) == [
        (1, 3),
        (2, 3),
        (2, 4),
        (3, 4),
        (4, 4),
    ]


def test_a_message_that_fits_one_chunk_has_no_count() -> None:
    assert travel(a_plan("hello"), answered()).posts[0].chunk.text == "hello"


def test_code_that_is_halved_stays_code_in_its_language() -> None:
    text = "```python\n" + "x = 1\n" * 300 + "```\n"
    way = travel(a_plan(text), answered(TooLong("too long")))
    first, second = (chunk.text for chunk in way.accepted)
    assert first.endswith("x = 1\n```\n\n— 1/2")
    assert second.startswith("```python\nx = 1\n")
    assert joined([first, second]) == text


def test_the_last_route_that_is_dead_ends_the_message_with_its_reason() -> None:
    error = OtherRoute("expired")
    assert travel(a_plan(), answered(error)).end == Finished(error)


def test_a_new_route_starts_with_all_its_tries_and_its_own_token() -> None:
    busy: list[Reply] = [Retryable("busy")] * ANSWERED_TRIES
    replies = [FreshToken("f"), *busy, OtherRoute("expired"), *busy, FreshToken("f")]
    way = travel(a_plan(routes=(Route.GROUP, Route.SINGLE)), answered(*replies))
    assert way.end == Finished()


def test_progress_tells_how_many_chunks_there_are_and_how_many_were_taken() -> None:
    plan = a_plan("x" * 30_000)
    assert plan.progress == (0, 3)
    plan.accepted()
    assert plan.progress == (1, 3)


@settings(max_examples=60, deadline=None)
@given(TEXTS, ROOMS, st.sampled_from(Route), st.data())
def test_a_message_that_was_interrupted_anywhere_goes_on_with_the_same_chunks_and_keys(
    text: str, rooms: dict[Route, tuple[int, int]], route: Route, data: st.DataObject
) -> None:
    whole = travel(a_plan(text, (route,), rooms.__getitem__), answered())
    sent = data.draw(st.integers(0, len(whole.accepted)))
    start = whole.accepted[sent - 1].end if sent else 0
    left = whole.accepted[sent:]
    under_way = bool(left) and data.draw(st.booleans())
    tried = (Attempted("m1", left[0].start, left[0].end, route),) if under_way else ()
    rest = travel(a_plan(text, (route,), rooms.__getitem__, start=start, tried=tried), answered())
    by_key = route is Route.WEBHOOK
    assert rest.end == Finished(whole.end.error, uncertain=under_way and not by_key)
    assert rest.accepted == left, "the same ranges, keys, texts and counts"


def test_a_chunk_that_was_halved_and_may_have_arrived_keeps_its_cut_and_key() -> None:
    text = "word " * 4000
    first = a_plan(text, (Route.WEBHOOK,))
    first.failed(TooLong("too long"))
    step = first.next()
    assert isinstance(step, PostChunk)
    chunk = step.chunk
    tried = (Attempted("m1", chunk.start, chunk.end, Route.WEBHOOK),)
    way = travel(a_plan(text, (Route.WEBHOOK,), tried=tried), answered())
    assert way.posts[0].chunk.key == chunk.key
    assert joined([post.chunk.text for post in way.posts]) == text


def test_by_another_route_what_was_tried_is_cut_for_that_one() -> None:
    rooms = {Route.SESSION: (5000, 18_000), Route.SINGLE: (1000, 14_000)}
    plan = a_plan(
        "x" * 5000,
        (Route.SINGLE,),
        rooms.__getitem__,
        start=2000,
        tried=(Attempted("m1", 2000, 5000, Route.SESSION),),
    )
    way = travel(plan, answered())
    assert [chunk.start for chunk in way.accepted] == [2000, 2985, 3970, 4955]
    assert max(len(chunk.text) for chunk in way.accepted) <= 1000
    assert counts([chunk.text for chunk in way.accepted]) == [(n, 7) for n in range(4, 8)]


@pytest.mark.parametrize("route", [Route.SESSION, Route.SINGLE, Route.GROUP])
def test_at_most_once_does_not_send_what_may_have_left_before_the_end_of_the_editor(
    route: Route,
) -> None:
    plan = a_plan(routes=(Route.SINGLE,), repeat=False, tried=(Attempted("m1", 0, 5, route),))
    way = travel(plan, answered())
    assert way.posts == []
    assert way.end.error is not None
    assert "may have arrived" in way.end.error.message


def test_at_most_once_sends_what_never_left_and_what_the_custom_robot_would_recognise() -> None:
    assert len(travel(a_plan("x" * 20_000, repeat=False, start=14_000), answered()).posts) == 1
    plan = a_plan(
        routes=(Route.WEBHOOK,), repeat=False, tried=(Attempted("m1", 0, 5, Route.WEBHOOK),)
    )
    assert len(travel(plan, answered()).posts) == 1


def test_a_message_of_which_everything_was_taken_needs_no_post() -> None:
    way = travel(a_plan("hello \n", start=5), answered())
    assert (way.posts, way.end) == ([], Finished())
