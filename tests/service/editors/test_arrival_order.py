"""Messages of one session keep their order, and none keeps back the others for good."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.service.editors.arrival_order import ArrivalOrder

Done = Callable[[], None]


HERE = ("s", "cid1")


def never(_done: Done) -> None:
    pass


def test_a_message_that_cannot_be_taken_in_keeps_back_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    arrivals, came = ArrivalOrder(), list[str]()

    def broken(_done: Done) -> None:
        raise ValueError("broken")

    arrivals.put(HERE, broken)
    arrivals.put(HERE, lambda _done: came.append("next"))
    assert came == ["next"]
    assert "could not be taken in" in caplog.text


def test_one_conversation_of_a_session_does_not_wait_for_another() -> None:
    arrivals, came = ArrivalOrder(), list[str]()
    arrivals.put(("s", "slow"), never)
    arrivals.put(("s", "other"), lambda _done: came.append("came"))
    assert came == ["came"]


def test_however_many_waited_they_all_come() -> None:
    arrivals, came, ends = ArrivalOrder(), list[int](), list[Done]()

    def at_once(number: int, done: Done) -> None:
        came.append(number)
        done()

    arrivals.put(HERE, ends.append)
    for number in range(5000):
        arrivals.put(HERE, partial(at_once, number))
    assert came == []
    ends[0]()
    assert came == list(range(5000))


def test_an_end_that_is_told_twice_lets_only_one_through() -> None:
    arrivals, ends = ArrivalOrder(), list[Done]()
    for _ in range(3):
        arrivals.put(HERE, ends.append)
    ends[0]()
    ends[0]()
    assert len(ends) == 2


@given(st.lists(st.booleans()))
def test_the_order_holds_whichever_of_them_take_long(slow: list[bool]) -> None:
    arrivals, came, ends = ArrivalOrder(), list[int](), list[Done]()

    def start(number: int, done: Done) -> None:
        came.append(number)
        if slow[number]:
            ends.append(done)
        else:
            done()

    for number in range(len(slow)):
        arrivals.put(HERE, partial(start, number))
    while ends:
        ends.pop()()
    assert came == list(range(len(slow)))
