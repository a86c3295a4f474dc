"""Many strangers, and guessed codes, neither keep a friend out nor give access."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.access.pairing import (
    PENDING_EACH,
    PENDING_MOST,
    WRONG_MOST,
    Accepted,
    Problem,
    TellCode,
    accept,
    ask,
    deny,
)
from dingbridge.core.access.pairing_codes import CODES
from dingbridge.core.access.pairing_state import CLOSED_FOR, VALID_FOR, WRONG_WITHIN, Pairings
from dingbridge.core.access.policy import Admitted, Rules, admit
from tests.support.pairing import CHANCE, NOW, WRONG, asked, is_closed, let_in, problem, said_by


def besiege(pairings: Pairings, strangers: int, requests: int, now: float) -> Pairings:
    """That many strangers with another name each, with as many requests each as they get."""
    for stranger in range(strangers):
        for n in range(requests):
            group = f"cid-{stranger}-{n}" if n else ""
            pairings, _ = ask(pairings, said_by(f"stranger{stranger}", group=group), now, CHANCE)
    return pairings


@pytest.mark.parametrize("requests", [1, PENDING_EACH, 20])
def test_fifty_strangers_keep_a_friend_out_neither_before_nor_after(requests: int) -> None:
    pairings = besiege(Pairings(), 50, requests, NOW)
    pairings, friend = asked(pairings, said_by("friend"), NOW + 1)
    for minute in range(1, 59, 10):
        pairings = besiege(pairings, 50, requests, NOW + 60 * minute)
        assert len(pairings.requests) <= PENDING_MOST
    pairings = let_in(pairings, friend.code, NOW + 59 * 60)
    assert admit(said_by("friend"), Rules(), pairings, NOW + 59 * 60) == Admitted()


def test_a_hundred_identities_can_push_out_a_request_but_its_sender_asks_again_at_once() -> None:
    pairings, friend = asked(Pairings(), said_by("friend"))
    pairings = besiege(pairings, PENDING_MOST - 1, PENDING_EACH, NOW + 1)
    assert friend in pairings.requests
    pairings = besiege(Pairings(requests=(friend,)), PENDING_MOST, 1, NOW + 1)
    assert friend not in pairings.requests
    pairings, again = asked(pairings, said_by("friend"), NOW + 2)
    assert let_in(pairings, again.code, NOW + 3).paired


Asking = st.tuples(st.integers(0, 60), st.integers(0, 5), st.floats(0, 60))


@given(st.lists(Asking, max_size=200), st.integers(0, 200))
def test_whatever_sixty_others_do_a_friends_code_works_for_an_hour(
    others: list[tuple[int, int, float]], turn: int
) -> None:
    pairings, now, friend = Pairings(), NOW, None
    for n, (person, group, pause) in enumerate([*others[:turn], (99, 0, 0.0), *others[turn:]]):
        now += pause
        where = f"cid{person}-{group}" if group else ""
        pairings, answer = ask(pairings, said_by(f"p{person}", group=where), now, CHANCE)
        if person == 99:
            assert isinstance(answer, TellCode), n
            friend = answer.request
        for one in {request.asker for request in pairings.requests}:
            assert sum(request.asker == one for request in pairings.requests) <= PENDING_EACH
        assert len(pairings.requests) <= PENDING_MOST
        assert len({request.code for request in pairings.requests}) == len(pairings.requests)
    assert friend is not None
    _, taken = accept(pairings, friend.code, now)
    assert isinstance(taken, Accepted) is (now < friend.asked + VALID_FOR)


def test_after_five_wrong_codes_not_even_the_right_one_is_taken_for_ten_minutes() -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    for _ in range(WRONG_MOST):
        pairings, sentence = problem(pairings, WRONG)
        assert not is_closed(sentence)
    assert "for another 10 min." in sentence
    pairings, sentence = problem(pairings, request.code, NOW + 200)
    assert sentence == "Too many wrong codes: none is taken for another 7 min."
    _, answer = deny(pairings, request.code, NOW + 200)
    assert isinstance(answer, Problem)
    _, sentence = problem(pairings, request.code, NOW + CLOSED_FOR - 1)
    assert "another 1 min." in sentence
    assert let_in(pairings, request.code, NOW + CLOSED_FOR).paired


def test_five_wrong_codes_over_a_longer_time_are_a_person_who_cannot_type() -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    for n in range(2 * WRONG_MOST):
        pairings, sentence = problem(pairings, WRONG, NOW + n * WRONG_WITHIN / 4)
        assert not is_closed(sentence)
    assert let_in(pairings, request.code, NOW + 2 * WRONG_MOST * WRONG_WITHIN / 4).paired


def test_a_right_code_in_between_does_not_make_the_wrong_ones_forgotten() -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    for _ in range(WRONG_MOST - 1):
        pairings, _ = problem(pairings, WRONG)
    pairings = let_in(pairings, request.code)
    pairings, _ = problem(pairings, WRONG)
    assert is_closed(problem(pairings, WRONG)[1])


def test_denying_is_no_way_to_guess_either() -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    for _ in range(WRONG_MOST):
        pairings, answer = deny(pairings, WRONG, NOW)
        assert isinstance(answer, Problem)
    assert is_closed(problem(pairings, request.code)[1])


def test_a_day_of_guessing_makes_a_few_hundred_tries_in_fifty_thousand_million() -> None:
    pairings = besiege(Pairings(), PENDING_MOST, 1, NOW)
    tried = 0
    for second in range(0, 86_400, 10):
        pairings, answer = accept(pairings, WRONG, NOW + second)
        assert isinstance(answer, Problem)
        tried += not is_closed(answer.sentence)
    assert tried <= WRONG_MOST * 86_400 / CLOSED_FOR
    assert tried * PENDING_MOST / CODES < 2e-6


@given(st.lists(st.one_of(st.floats(0, 30), st.floats(0, 2 * CLOSED_FOR)), max_size=100))
def test_however_guesses_are_paced_any_six_take_ten_minutes(pauses: list[float]) -> None:
    pairings, now, tried = Pairings(), NOW, []
    for pause in pauses:
        now += pause
        pairings, sentence = problem(pairings, WRONG, now)
        if not is_closed(sentence):
            tried.append(now)
    for first, sixth in zip(tried, tried[WRONG_MOST:], strict=False):
        assert sixth - first >= min(WRONG_WITHIN, CLOSED_FOR) - 1e-6
