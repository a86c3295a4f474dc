"""Pairing codes: one use, one hour, one person, and how often they are sent."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.access.pairing import (
    PENDING_EACH,
    REPEAT_EVERY,
    Problem,
    SayNothing,
    TellCode,
    TooMany,
    accept,
    ask,
    revoke,
)
from dingbridge.core.access.pairing_codes import ALPHABET, CHARACTERS, CODES
from dingbridge.core.access.pairing_state import VALID_FOR, Pairings
from dingbridge.core.access.pairing_text import minutes_left
from tests.support.pairing import CHANCE, NOW, asked, let_in, problem, said_by


def test_a_code_works_once() -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    pairings = let_in(pairings, request.code)
    pairings, _ = revoke(pairings, "ann", NOW)
    _, sentence = problem(pairings, request.code)
    assert "works once" in sentence


def test_a_code_works_for_an_hour() -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    assert let_in(pairings, request.code, NOW + VALID_FOR - 1).paired
    pairings, sentence = problem(pairings, request.code, NOW + VALID_FOR)
    assert "within 60 min." in sentence
    assert not pairings.paired
    assert not pairings.requests


def test_after_an_hour_there_is_another_code() -> None:
    pairings, first = asked(Pairings(), said_by("ann"))
    pairings, second = asked(pairings, said_by("ann"), NOW + VALID_FOR)
    assert first.code != second.code
    assert pairings.requests == (second,)


@pytest.mark.parametrize(
    "typed",
    [
        "{0}",
        " {0}\n",
        "`{0}`",
        "{1}-{2}",
        "{1} {2}",
        "{3}",
        "{4}",
        "\u200b{0}\u00a0",
    ],
    ids=["as shown", "spaces", "quotes", "hyphen", "space", "small", "full width", "invisible"],
)
def test_a_code_may_be_typed_in_any_case_and_in_groups(typed: str) -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    code = request.code
    wide = "".join(chr(ord(each) + 0xFEE0) for each in code)
    assert let_in(pairings, typed.format(code, code[:4], code[4:], code.lower(), wide)).paired


@given(st.text())
def test_any_text_is_a_code_or_none(text: str) -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    pairings, answer = accept(pairings, text, NOW)
    assert isinstance(answer, Problem)
    assert request.code not in answer.sentence
    assert not pairings.paired


@given(st.integers(0, CODES - 1), st.integers(2, 20))
def test_codes_differ_even_when_chance_gives_the_same_number(number: int, people: int) -> None:
    pairings = Pairings()
    for person in range(people):
        pairings, answer = ask(pairings, said_by(str(person)), NOW, lambda _: number)
        assert isinstance(answer, TellCode)
        assert len(answer.request.code) == CHARACTERS
        assert set(answer.request.code) <= set(ALPHABET)
    assert len({one.code for one in pairings.requests}) == people


def test_every_code_is_as_likely_as_any_other() -> None:
    below = []

    def chance(n: int) -> int:
        below.append(n)
        return 0

    ask(Pairings(), said_by("ann"), NOW, chance)
    assert below == [CODES]
    assert len(set(ALPHABET)) == len(ALPHABET)
    assert not set(ALPHABET) & set("0O1IL2Z5S8BAEU")


def test_who_asks_again_is_told_the_same_code_every_ten_minutes_at_most() -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    told = []
    for second in range(1, int(VALID_FOR), 20):
        pairings, answer = ask(pairings, said_by("ann"), NOW + second, CHANCE)
        if isinstance(answer, TellCode):
            assert answer.request.code == request.code
            assert not answer.is_new
            told.append(second)
        else:
            assert isinstance(answer, SayNothing)
    assert 4 <= len(told) <= VALID_FOR / REPEAT_EVERY - 1
    assert all(b - a >= REPEAT_EVERY for a, b in pairwise(told))
    assert len(pairings.requests) == 1


def test_a_repeated_code_is_not_valid_for_longer() -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    pairings, again = asked(pairings, said_by("ann"), NOW + VALID_FOR - 90)
    assert minutes_left(request, NOW) == 60
    assert minutes_left(again, NOW + VALID_FOR - 90) == 2
    problem(pairings, request.code, NOW + VALID_FOR)


def test_a_group_has_one_code_whoever_of_its_members_asks() -> None:
    pairings, request = asked(Pairings(), said_by("ann", group="cid1"))
    for person in range(50):
        pairings, answer = ask(pairings, said_by(f"p{person}", group="cid1"), NOW + 1, CHANCE)
        assert isinstance(answer, SayNothing)
    assert pairings.requests == (request,)


def test_one_person_can_ask_for_themselves_and_a_few_groups_but_not_for_many() -> None:
    pairings, answers = Pairings(), []
    for group in ("", *(f"cid{n}" for n in range(20))):
        pairings, answer = ask(pairings, said_by("eve", group=group), NOW, CHANCE)
        answers.append(type(answer))
    assert answers == [TellCode] * PENDING_EACH + [TooMany] * (21 - PENDING_EACH)
    pairings, answer = ask(pairings, said_by("ann", group="cid19"), NOW, CHANCE)
    assert isinstance(answer, TellCode), "another member of that group may ask for it"
