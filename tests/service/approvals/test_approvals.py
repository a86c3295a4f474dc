"""Sources get one decision for each request, and all listeners hear of its end."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from dingbridge.core.approvals.approval import (
    VALID_SECONDS,
    Answerer,
    ApprovalRequest,
    ClosedApproval,
    Decision,
    OpenApproval,
)
from dingbridge.service.approvals.approvals import Approvals

NOW = 1_800_000_000.0
USER = Answerer()
ASKER = Answerer("robot", "ann", "Ann")
STRANGER = Answerer("robot", "mallory", "Mallory")


def request(session: str = "s1", kind: str = "edit") -> ApprovalRequest:
    return ApprovalRequest(
        session=session,
        source="qwen",
        title="Edit a.py",
        kind=kind,
        robot="robot",
        asker="ann",
    )


class Clock:
    """A clock and timers that a test moves, and what a listener heard."""

    def __init__(self, seed: int = 0) -> None:
        self.time = NOW
        self.chance = random.Random(seed)
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.asked_of: list[OpenApproval] = []
        self.closings: list[ClosedApproval] = []
        self.decisions: list[Decision | None] = []
        self.approvals = Approvals(self, lambda after, call: self._timer(after, call))
        self.approvals.join(self)

    def now(self) -> float:
        return self.time

    def new_id(self) -> str:
        raise AssertionError("approvals have codes")

    def below(self, limit: int) -> int:
        return self.chance.randrange(limit)

    def _timer(self, after: float, call: Callable[[], None]) -> None:
        self.timers.append((self.time + after, call))

    def asked(self, approval: OpenApproval) -> None:
        self.asked_of.append(approval)

    def closed(self, approval: ClosedApproval) -> None:
        self.closings.append(approval)

    def ask(self, one: ApprovalRequest | None = None) -> str:
        return self.approvals.ask(one or request(), self.decisions.append)

    def advance(self, seconds: float) -> None:
        self.time += seconds
        due = [timer for timer in self.timers if timer[0] <= self.time]
        self.timers = [timer for timer in self.timers if timer[0] > self.time]
        for _, call in due:
            call()


def test_the_first_answer_decides_and_the_second_is_told_who_was_first() -> None:
    clock = Clock()
    code = clock.ask()
    assert clock.asked_of[0].code == code
    words = clock.approvals.answer(code.lower(), "allow", ASKER)
    assert code in words
    assert clock.decisions == ["allow"]
    assert [(one.outcome, one.by) for one in clock.closings] == [("allow", ASKER)]
    late = clock.approvals.answer(code, "reject", USER)
    assert "Ann" in late
    assert clock.decisions == ["allow"]
    assert len(clock.closings) == 1


class Broken:
    """A listener with a defect."""

    def asked(self, approval: OpenApproval) -> None:
        raise ValueError("broken")

    def closed(self, approval: ClosedApproval) -> None:
        raise ValueError("broken")


def test_a_listener_that_fails_keeps_nothing_from_the_others_and_from_the_source() -> None:
    clock = Clock()
    clock.approvals.leave(clock)
    clock.approvals.join(Broken())
    clock.approvals.join(clock)
    code = clock.ask()
    assert [one.code for one in clock.asked_of] == [code]
    clock.approvals.answer(code, "allow", ASKER)
    assert clock.decisions == ["allow"]
    clock.approvals.withdraw(clock.ask())
    assert [one.outcome for one in clock.closings] == ["allow", "withdrawn"]


def test_what_nobody_answers_in_five_minutes_is_refused_and_not_approved_later() -> None:
    clock = Clock()
    code = clock.ask()
    clock.advance(VALID_SECONDS - 1)
    assert clock.decisions == []
    clock.advance(1)
    assert clock.decisions == [None]
    assert [one.outcome for one in clock.closings] == ["expired"]
    assert "Expired" in clock.approvals.answer(code, "allow", ASKER)
    assert clock.decisions == [None]


def test_an_answer_that_overtakes_a_late_timer_ends_the_wait() -> None:
    clock = Clock()
    code = clock.ask()
    clock.time += VALID_SECONDS  # as after a suspend
    assert "Expired" in clock.approvals.answer(code, "allow", ASKER)
    assert clock.decisions == [None]
    clock.advance(0)
    assert clock.decisions == [None]
    assert len(clock.closings) == 1


def test_a_withdrawn_request_is_closed_everywhere_and_its_source_hears_nothing() -> None:
    clock = Clock()
    code = clock.ask()
    clock.approvals.withdraw(code)
    clock.approvals.withdraw(code)
    clock.advance(VALID_SECONDS)
    assert clock.decisions == []
    assert [one.outcome for one in clock.closings] == ["withdrawn"]
    assert "Not needed" in clock.approvals.answer(code, "allow", ASKER)


def test_what_is_always_allowed_is_decided_at_once_until_that_is_taken_back() -> None:
    clock = Clock()
    clock.approvals.answer(clock.ask(), "always", ASKER)
    assert clock.ask() == ""
    assert clock.decisions == ["always", "always"]
    assert clock.approvals.always_of("s1") == ("edit",)
    assert len(clock.asked_of) == 1
    assert clock.approvals.forget_always("s1", "edit") == ("edit",)
    assert clock.ask()


def test_each_person_sees_what_they_may_answer() -> None:
    clock = Clock()
    code = clock.ask()
    approvals = clock.approvals
    assert [one.code for one in approvals.open_for(ASKER)] == [code]
    assert [one.code for one in approvals.open_for(USER)] == [code]
    assert approvals.open_for(STRANGER) == ()
    assert code in approvals.describe(ASKER, "s1")
    assert code not in approvals.describe(STRANGER, "s1")


def test_a_decision_that_fails_at_its_source_still_closes_the_question() -> None:
    clock = Clock()

    def broken(decision: Decision | None) -> None:
        raise RuntimeError("a defect")

    code = clock.approvals.ask(request(), broken)
    with pytest.raises(RuntimeError):
        clock.approvals.answer(code, "allow", USER)
    assert [one.outcome for one in clock.closings] == ["allow"]


@pytest.mark.parametrize("first", range(0, 1000, 100))
def test_every_request_is_decided_once_or_withdrawn_and_closed_once(first: int) -> None:
    for seed in range(first, first + 100):
        clock, chance = Clock(seed), random.Random(seed)
        results: dict[str, list[Decision | None]] = {}
        withdrawn: set[str] = set()
        answered: dict[str, Decision] = {}
        for number in range(40):
            codes = [*results] or ["XXXX"]
            code = chance.choice(codes)
            match chance.choice(("ask", "answer", "answer", "advance", "withdraw")):
                case "ask":
                    heard: list[Decision | None] = []
                    made = clock.approvals.ask(
                        request(kind=chance.choice(("edit", "run", f"k{number}"))), heard.append
                    )
                    if made:
                        results[made] = heard
                    else:
                        assert heard == ["always"]
                case "answer":
                    decision: Decision = chance.choice(("allow", "always", "reject"))
                    by = chance.choice((USER, ASKER, STRANGER))
                    before = code in {one.code for one in clock.approvals.open_for(by)}
                    clock.approvals.answer(code, decision, by)
                    if results.get(code) == [decision] and before:
                        answered.setdefault(code, decision)
                case "advance":
                    clock.advance(chance.choice((1.0, 100.0, 299.0)))
                case "withdraw":
                    if results.get(code) == []:
                        withdrawn.add(code)
                    clock.approvals.withdraw(code)
        clock.advance(VALID_SECONDS)
        assert clock.approvals.open_for(USER) == ()
        for code, heard in results.items():
            assert len(heard) == (0 if code in withdrawn else 1)
            if heard and heard[0] in ("allow", "always"):
                assert answered[code] == heard[0]
        assert sorted(one.code for one in clock.closings) == sorted(results)
