"""For every text and platform, a plan ends, loses nothing, and keeps each chunk in its limits."""

from __future__ import annotations

from itertools import cycle

from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.core.delivery.routing import Route
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
from tests.support.pieces import counts
from tests.support.plans import ACCEPTED, ROOMS, TEXTS, Reply, a_plan, answered, travel

CHANCES = st.floats(0, 1, exclude_max=True)
ROUTES = st.lists(st.sampled_from(list(Route)), min_size=1, max_size=4, unique=True).map(tuple)
ERRORS = st.one_of(
    st.sampled_from([FreshToken("f"), TooLong("l"), OtherRoute("o"), Refused("r")]),
    st.sampled_from([Retryable("y"), Retryable("y", may_have_arrived=True), Unreachable("u")]),
    st.just(DeliveryError("d")),
    st.floats(0, 100).map(lambda seconds: RetryAfter("a", seconds)),
)
REPLIES = st.one_of(st.just(ACCEPTED), ERRORS)


@settings(max_examples=60, deadline=None)
@given(TEXTS, ROUTES, ROOMS, st.lists(REPLIES, max_size=30), CHANCES, st.booleans())
def test_every_message_ends_and_what_was_accepted_has_no_holes(
    text: str,
    routes: tuple[Route, ...],
    rooms: dict[Route, tuple[int, int]],
    replies: list[Reply],
    chance: float,
    patient: bool,
) -> None:
    plan = a_plan(text, routes, rooms.__getitem__, chance, patient=patient)
    way = travel(plan, answered(*replies))
    position = 0
    for chunk in way.accepted:
        assert chunk.start >= position
        assert text[position : chunk.start].strip() == ""
        position = chunk.end
    if way.end.error is None:
        assert text[position:].strip() == ""
        assert plan.progress == (len(way.accepted), len(way.accepted))
    assert plan.next() == way.end


@settings(max_examples=60, deadline=None)
@given(TEXTS, ROUTES, ROOMS, st.lists(REPLIES, max_size=30))
def test_every_chunk_fits_its_route_and_is_a_piece_of_the_text(
    text: str,
    routes: tuple[Route, ...],
    rooms: dict[Route, tuple[int, int]],
    replies: list[Reply],
) -> None:
    way = travel(a_plan(text, routes, rooms.__getitem__), answered(*replies))
    for post in way.posts:
        characters, size = rooms[post.route]
        assert text[post.chunk.start : post.chunk.end] in post.chunk.text
        assert text[post.chunk.start : post.chunk.end].strip()
        assert len(post.chunk.text) <= characters
        assert encoded_size(post.chunk.text) <= size
    assert [post.route for post in way.posts] == sorted(
        (post.route for post in way.posts), key=routes.index
    )


@settings(max_examples=60, deadline=None)
@given(TEXTS, ROUTES, ROOMS, st.lists(REPLIES, max_size=30))
def test_a_piece_keeps_its_key_and_no_two_pieces_share_one(
    text: str,
    routes: tuple[Route, ...],
    rooms: dict[Route, tuple[int, int]],
    replies: list[Reply],
) -> None:
    way = travel(a_plan(text, routes, rooms.__getitem__), answered(*replies))
    pieces = {(post.chunk.start, post.chunk.end) for post in way.posts}
    assert len({(post.chunk.key, post.chunk.start, post.chunk.end) for post in way.posts}) == len(
        pieces
    )
    assert len(set(way.keys)) == len(pieces)
    texts = {(post.chunk.key, post.route): post.chunk.text for post in way.posts}
    for post in way.posts:
        assert texts[post.chunk.key, post.route] == post.chunk.text, "asked again, the same again"


@settings(max_examples=60, deadline=None)
@given(TEXTS, ROUTES, ROOMS, st.lists(REPLIES, max_size=30))
def test_pieces_are_counted_one_after_the_other_up_to_the_total(
    text: str,
    routes: tuple[Route, ...],
    rooms: dict[Route, tuple[int, int]],
    replies: list[Reply],
) -> None:
    rooms = {route: (max(60, room[0]), max(200, room[1])) for route, room in rooms.items()}
    way = travel(a_plan(text, routes, rooms.__getitem__), answered(*replies))
    if len(way.accepted) > 1:
        said = counts([chunk.text for chunk in way.accepted])
        first = 1 + len(way.accepted) - len(said)
        # A message that was one piece until it was cut again began without a number.
        assert first in (1, 2)
        assert [number for number, _ in said] == list(range(first, len(way.accepted) + 1))
        assert all(number <= total for number, total in said)
        if way.end.error is None:
            assert said[-1] == (len(way.accepted), len(way.accepted))


@settings(max_examples=40, deadline=None)
@given(TEXTS, ROUTES, ROOMS, st.lists(REPLIES, min_size=1, max_size=6), CHANCES, st.booleans())
def test_no_platform_can_keep_a_message_for_ever(
    text: str,
    routes: tuple[Route, ...],
    rooms: dict[Route, tuple[int, int]],
    replies: list[Reply],
    chance: float,
    patient: bool,
) -> None:
    # A patient message waits for ever while it is offline or asked to wait.
    endless = (Unreachable, RetryAfter) if patient else ()
    replies = [reply for reply in replies if not isinstance(reply, endless)] or [Retryable("busy")]
    # Ends with an assertion of its own when it does not end.
    travel(a_plan(text, routes, rooms.__getitem__, chance, patient=patient), cycle(replies))
