"""What pairing keeps is bounded and expires; no history of steps pairs anybody without a code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.access.pairing import (
    DENIED_MOST,
    PAIRED_MOST,
    WRONG_MOST,
    Accepted,
    accept,
    ask,
    deny,
    revoke,
)
from dingbridge.core.access.pairing_state import (
    DENIED_FOR,
    VALID_FOR,
    AccessKind,
    Denied,
    Paired,
    Pairings,
    current,
    is_paired,
)
from tests.support.pairing import CHANCE, NOW, WRONG, asked, is_closed, let_in, problem, said_by


def test_only_a_thousand_can_be_paired_and_the_next_code_stays_valid() -> None:
    paired = tuple(Paired(AccessKind.PERSON, f"p{n}", "?", NOW) for n in range(PAIRED_MOST))
    pairings, request = asked(Pairings(paired), said_by("ann"))
    pairings, sentence = problem(pairings, request.code)
    assert "revoke one first" in sentence
    pairings, _ = revoke(pairings, "p7", NOW)
    assert len(let_in(pairings, request.code).paired) == PAIRED_MOST


def test_only_so_many_denials_are_remembered() -> None:
    denied = tuple(Denied(AccessKind.PERSON, f"p{n}", NOW) for n in range(DENIED_MOST))
    pairings, request = asked(Pairings(denied=denied), said_by("eve"))
    pairings, _ = deny(pairings, request.code, NOW)
    assert len(pairings.denied) == DENIED_MOST
    assert pairings.denied[-1].id == "eve"


def test_what_is_over_is_forgotten() -> None:
    pairings, once = asked(Pairings(), said_by("once"))
    pairings = let_in(pairings, once.code, once=True)
    pairings, for_good = asked(pairings, said_by("good"))
    pairings = let_in(pairings, for_good.code)
    pairings, eve = asked(pairings, said_by("eve"))
    pairings, _ = deny(pairings, eve.code, NOW)
    pairings, _ = asked(pairings, said_by("ann"))
    for _ in range(WRONG_MOST + 1):
        pairings, _ = problem(pairings, WRONG)
    assert current(pairings, NOW) == pairings
    assert current(pairings, NOW + DENIED_FOR) == Pairings(
        paired=(Paired(AccessKind.PERSON, "good", "Ann", NOW),)
    )


@pytest.mark.parametrize("back", [0.01, 2.0, 86_400.0 * 400])
def test_a_clock_that_is_set_back_opens_nothing_for_ever(back: float) -> None:
    pairings, once = asked(Pairings(), said_by("once"))
    pairings = let_in(pairings, once.code, once=True)
    pairings, request = asked(pairings, said_by("ann"))
    for _ in range(WRONG_MOST):
        pairings, _ = problem(pairings, WRONG)
    now = NOW - back
    a_little = back < VALID_FOR
    assert is_paired(pairings, AccessKind.PERSON, "once", now) is a_little
    assert bool(current(pairings, now).requests) is a_little
    _, sentence = problem(pairings, request.code, now)
    assert is_closed(sentence) is a_little


Step = st.tuples(
    st.sampled_from(["ask", "accept", "once", "deny", "revoke", "guess"]),
    st.integers(0, 4),
    st.booleans(),
    st.floats(0, 4000),
)


@given(st.lists(Step, max_size=60))
def test_nobody_is_ever_paired_without_a_code_of_their_own_that_the_owner_entered(
    steps: list[tuple[str, int, bool, float]],
) -> None:
    pairings, now = Pairings(), NOW
    let: set[tuple[AccessKind, str]] = set()
    for action, person, group, pause in steps:
        now += pause
        inbound = said_by(f"p{person}", group=f"cid{person}" if group else "")
        code = pairings.requests[person].code if person < len(pairings.requests) else WRONG
        before = {(one.kind, one.id) for one in pairings.paired}
        if action == "ask":
            pairings, _ = ask(pairings, inbound, now, CHANCE)
        elif action in ("accept", "once"):
            pairings, answer = accept(pairings, code, now, once=action == "once")
            if isinstance(answer, Accepted):
                assert now - answer.request.asked < VALID_FOR
                let.add((answer.request.kind, answer.request.id))
        elif action == "deny":
            pairings, _ = deny(pairings, code, now)
        elif action == "revoke":
            pairings, revoked = revoke(pairings, f"p{person}", now)
            let -= {(one.kind, one.id) for one in revoked}
        else:
            pairings, _ = problem(pairings, WRONG, now)
        after = {(one.kind, one.id) for one in pairings.paired}
        assert after <= let
        assert after - before <= let
        assert current(pairings, now) == pairings
        assert len(after) == len(pairings.paired)
