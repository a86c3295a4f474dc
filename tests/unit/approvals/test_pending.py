"""A request is approved by a valid answer only, decided once, and never left waiting."""

from __future__ import annotations

import random

import pytest
from msgspec import structs

from dingbridge.core.access.pairing_codes import ALPHABET
from dingbridge.core.approvals.approval import (
    VALID_SECONDS,
    Answerer,
    ApprovalRequest,
    ClosedApproval,
    Decision,
    OpenApproval,
)
from dingbridge.core.approvals.pending import (
    REMEMBERED_SECONDS,
    AnswerAccepted,
    AnswerForeign,
    AnswerLate,
    OnlyOnce,
    PendingApprovals,
    UnknownCode,
)

NOW = 1_800_000_000.0
USER = Answerer()
ASKER = Answerer("robot", "ann", "Ann")
ADMIN = Answerer("robot", "boss", "Boss", is_admin=True)
STRANGER = Answerer("robot", "mallory", "Mallory")
ADMIN_ELSEWHERE = Answerer("other", "boss", "Boss", is_admin=True)
ASKER_ELSEWHERE = Answerer("other", "ann", "Ann")
NOBODY = Answerer("robot", "", "", is_admin=True)
COUNT = (USER, ASKER, ADMIN)
DO_NOT_COUNT = (STRANGER, ADMIN_ELSEWHERE, ASKER_ELSEWHERE, NOBODY)


def request(
    kind: str = "edit",
    session: str = "s1",
    *,
    robot: str = "robot",
    asker: str = "ann",
    can_always: bool = True,
) -> ApprovalRequest:
    return ApprovalRequest(
        session=session,
        source="qwen",
        title="Edit a.py",
        kind=kind,
        robot=robot,
        asker=asker,
        can_always=can_always,
    )


def asked(
    pending: PendingApprovals, one: ApprovalRequest | None = None, now: float = NOW
) -> OpenApproval:
    found = pending.ask(one or request(), now, lambda limit: limit - 1)
    assert found is not None
    return found


def test_a_code_has_four_characters_that_look_like_no_other() -> None:
    one = asked(PendingApprovals())
    assert len(one.code) == 4
    assert set(one.code) <= set(ALPHABET)
    assert not set(ALPHABET) & set("0O1IL2Z5S8B")


@pytest.mark.parametrize("by", COUNT)
def test_the_asker_an_admin_and_the_editors_user_may_answer(by: Answerer) -> None:
    pending = PendingApprovals()
    one = asked(pending)
    result = pending.answer(one.code, "allow", by, NOW + 1)
    assert result == AnswerAccepted(ClosedApproval(one.code, one.request, "allow", NOW + 1, by))
    assert not pending.open


@pytest.mark.parametrize("by", DO_NOT_COUNT)
def test_nobody_else_may_answer_and_the_request_stays_open(by: Answerer) -> None:
    pending = PendingApprovals()
    one = asked(pending)
    assert pending.answer(one.code, "allow", by, NOW) == AnswerForeign(one.code)
    assert [*pending.open] == [one.code]
    pending.answer(one.code, "reject", USER, NOW)
    # Nor do they hear what was decided.
    assert pending.answer(one.code, "allow", by, NOW) == AnswerForeign(one.code)


def test_a_turn_typed_in_neovim_is_for_its_user_and_for_admins() -> None:
    pending = PendingApprovals()
    one = asked(pending, request(asker=""))
    ann = Answerer("robot", "ann")
    assert pending.answer(one.code, "allow", ann, NOW) == AnswerForeign(one.code)
    assert isinstance(pending.answer(one.code, "allow", ADMIN, NOW), AnswerAccepted)


def test_without_a_robot_only_the_editors_user_may_answer() -> None:
    pending = PendingApprovals()
    one = asked(pending, request(robot="", asker=""))
    assert pending.answer(one.code, "allow", ADMIN, NOW) == AnswerForeign(one.code)
    nowhere = Answerer("", "boss", is_admin=True)
    assert pending.answer(one.code, "allow", nowhere, NOW) == AnswerForeign(one.code)
    assert isinstance(pending.answer(one.code, "allow", USER, NOW), AnswerAccepted)


@pytest.mark.parametrize("form", ["{0}", " {1} ", "`{1}`", "{2} {3}", "{0}."])
def test_a_code_may_be_typed_in_any_case(form: str) -> None:
    pending = PendingApprovals()
    code = asked(pending).code
    typed = form.format(code, code.lower(), code[:2], code[2:])
    assert isinstance(pending.answer(typed, "allow", USER, NOW), AnswerAccepted)


def test_the_second_answer_is_late_and_says_what_the_first_was() -> None:
    pending = PendingApprovals()
    one = asked(pending)
    first = pending.answer(one.code, "reject", ASKER, NOW)
    assert isinstance(first, AnswerAccepted)
    assert pending.answer(one.code, "allow", USER, NOW + 9) == AnswerLate(first.closed)


def test_an_answer_after_five_minutes_is_late_even_if_the_timer_did_not_run() -> None:
    pending = PendingApprovals()
    one = asked(pending)
    result = pending.answer(one.code, "allow", USER, NOW + VALID_SECONDS)
    assert isinstance(result, AnswerLate)
    assert result.closed.outcome == "expired"
    assert not pending.open
    assert pending.expire(one.code, NOW + VALID_SECONDS) is None


def test_a_late_answer_is_known_for_thirty_minutes() -> None:
    pending = PendingApprovals()
    code = asked(pending).code
    assert pending.expire(code, NOW) is not None
    assert isinstance(pending.answer(code, "allow", USER, NOW + REMEMBERED_SECONDS - 1), AnswerLate)
    late = pending.answer(code, "allow", USER, NOW + REMEMBERED_SECONDS)
    assert late == UnknownCode(code)


def test_a_code_that_is_open_or_was_decided_lately_is_not_given_again() -> None:
    pending = PendingApprovals()
    codes = [asked(pending, now=NOW).code for _ in range(3)]
    pending.answer(codes[0], "allow", USER, NOW)
    assert asked(pending, now=NOW + REMEMBERED_SECONDS - 1).code not in codes
    assert asked(pending, now=NOW + REMEMBERED_SECONDS).code == codes[0]


def test_always_is_for_this_session_and_this_kind_and_can_be_taken_back() -> None:
    pending = PendingApprovals()
    pending.answer(asked(pending).code, "always", ASKER, NOW)
    assert pending.always("s1") == ("edit",)
    assert pending.ask(request(), NOW, lambda _: 0) is None
    asked(pending, request(kind="execute"))
    asked(pending, request(session="s2"))
    asked(pending, request(can_always=False))
    assert pending.forget_always("s1", "execute") == ()
    assert pending.forget_always("s1") == ("edit",)
    assert pending.always("s1") == ()
    asked(pending)


@pytest.mark.parametrize(
    ("by", "covered"),
    [
        (ASKER, [("robot", "ann")]),
        (ADMIN, [("robot", "ann"), ("robot", "bob"), ("robot", "")]),
        (USER, [("robot", "ann"), ("robot", "bob"), ("robot", ""), ("other", "ann"), ("", "")]),
    ],
)
def test_always_covers_the_turns_whose_requests_this_person_may_answer(
    by: Answerer, covered: list[tuple[str, str]]
) -> None:
    pending = PendingApprovals()
    pending.answer(asked(pending).code, "always", by, NOW)
    people = [("robot", "ann"), ("robot", "bob"), ("robot", ""), ("other", "ann"), ("", "")]
    found = [
        (robot, asker)
        for robot, asker in people
        if pending.ask(request(robot=robot, asker=asker), NOW, lambda limit: limit - 1) is None
    ]
    assert found == covered


def test_always_of_one_person_does_not_end_that_of_another() -> None:
    pending = PendingApprovals()
    bob = Answerer("robot", "bob", "Bob")
    pending.answer(asked(pending).code, "always", ASKER, NOW)
    pending.answer(asked(pending, request(asker="bob")).code, "always", bob, NOW)
    for asker in ("ann", "bob"):
        assert pending.ask(request(asker=asker), NOW, lambda limit: limit - 1) is None
    assert pending.forget_always("s1") == ("edit",)
    asked(pending)


def test_what_may_be_allowed_once_only_stays_open_after_always() -> None:
    pending = PendingApprovals()
    one = asked(pending, request(can_always=False))
    assert pending.answer(one.code, "always", USER, NOW) == OnlyOnce(one.code)
    assert pending.always("s1") == ()
    assert isinstance(pending.answer(one.code, "allow", USER, NOW), AnswerAccepted)


@pytest.mark.parametrize("first", range(0, 1200, 100))
def test_whatever_happens_in_whatever_order_nothing_is_approved_without_a_valid_answer(
    first: int,
) -> None:
    for seed in range(first, first + 100):
        interleave(seed)


def interleave(seed: int) -> None:
    """Ask, answer, expire, withdraw and die in an order that `seed` chooses."""
    chance = random.Random(seed)
    pending, now = PendingApprovals(), NOW
    waiting: dict[str, OpenApproval] = {}
    ended: dict[str, ClosedApproval] = {}
    allowed_always: set[tuple[str, str]] = set()

    def close(closed: ClosedApproval) -> None:
        assert closed.code not in ended, "decided twice"
        assert waiting.pop(closed.code).request == closed.request
        ended[closed.code] = closed

    for _ in range(60):
        now += chance.choice((0.0, 1.0, 30.0, 250.0, -20.0))
        known = [*waiting, *ended, "AAAA"]
        code = chance.choice(known)
        match chance.choice(("ask", "ask", "answer", "answer", "expire", "withdraw", "die")):
            case "ask":
                one = request(
                    chance.choice(("edit", "execute")),
                    chance.choice(("s1", "s2")),
                    can_always=chance.random() < 0.7,
                )
                found = pending.ask(one, now, chance.randrange)
                is_always = (one.session, one.kind) in allowed_always and one.can_always
                assert (found is None) == is_always
                if found is not None:
                    assert found.code not in waiting
                    recent = ended.pop(found.code, None)
                    assert recent is None or now - recent.time >= REMEMBERED_SECONDS
                    waiting[found.code] = found
            case "answer":
                decision: Decision = chance.choice(("allow", "always", "reject"))
                by = chance.choice((*COUNT, *DO_NOT_COUNT))
                before = waiting.get(code)
                result = pending.answer(code, decision, by, now)
                if isinstance(result, AnswerAccepted):
                    assert by in COUNT
                    assert before is not None
                    assert now < before.until
                    assert result.closed.outcome == decision
                    close(result.closed)
                    if decision == "always":
                        assert before.request.can_always
                        allowed_always.add((before.request.session, before.request.kind))
                elif isinstance(result, AnswerLate) and code in waiting:
                    assert result.closed.outcome == "expired"
                    close(result.closed)
                else:
                    assert by in DO_NOT_COUNT or isinstance(
                        result, AnswerLate | OnlyOnce | UnknownCode
                    )
            case "expire":
                gone = pending.expire(code, now)
                assert (gone is not None) == (code in waiting)
                if gone is not None:
                    assert gone.outcome == "expired"
                    close(gone)
            case "withdraw":
                gone = pending.withdraw(code, now)
                assert (gone is not None) == (code in waiting)
                if gone is not None:
                    assert gone.outcome == "withdrawn"
                    close(gone)
            case "die":  # the agent of a session: everything that it waits for is withdrawn
                session = chance.choice(("s1", "s2"))
                for each in [c for c, one in waiting.items() if one.request.session == session]:
                    closed = pending.withdraw(each, now)
                    assert closed is not None
                    close(closed)
        assert {*pending.open} == {*waiting}
    for code in [*waiting]:  # the timer of each runs in the end
        closed = pending.expire(code, now)
        assert closed is not None
        close(closed)
    assert not pending.open
    assert not waiting


def test_of_a_request_that_is_closed_its_title_alone_is_remembered() -> None:
    pending = PendingApprovals()
    long = structs.replace(request(), detail="x" * 500_000)
    approval = asked(pending, long)
    assert approval.request.detail
    closed = pending.withdraw(approval.code, NOW)
    assert closed is not None
    assert (closed.request.title, closed.request.detail) == (long.title, "")
