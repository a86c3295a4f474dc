"""Strangers ask to be let in; only the owner's code lets them, once, and nobody crowds them out."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from dingbridge.core.access import refusal_texts
from dingbridge.core.access.first_message import CHARACTERS as FIRST_CHARACTERS
from dingbridge.core.access.first_message import kept
from dingbridge.core.access.pairing import (
    DENIED_MOST,
    PAIRED_MOST,
    PENDING_EACH,
    PENDING_MOST,
    REPEAT_EVERY,
    WRONG_MOST,
    Accepted,
    Problem,
    SayNothing,
    TellCode,
    TooMany,
    accept,
    ask,
    deny,
    revoke,
)
from dingbridge.core.access.pairing_codes import ALPHABET, CHARACTERS, CODES
from dingbridge.core.access.pairing_state import (
    CLOSED_FOR,
    DENIED_FOR,
    ONCE_FOR,
    VALID_FOR,
    WRONG_WITHIN,
    AccessKind,
    AccessRequest,
    Denied,
    Paired,
    Pairings,
    current,
    is_paired,
)
from dingbridge.core.access.pairing_text import describe, minutes_left, who
from dingbridge.core.access.policy import Admitted, MayPair, Rules, Stranger, admit
from dingbridge.core.dingtalk.attachments import with_paths
from dingbridge.core.dingtalk.message_content import put_together
from dingbridge.core.messages import (
    Attachment,
    Conversation,
    ConversationKind,
    Inbound,
    Quoted,
    Sender,
    SessionWebhook,
    Target,
)
from dingbridge.core.sessions.inbox import Received

NOW = 1_800_000_000.0
WRONG = "33333333"
Chance = Callable[[int], int]
CHANCE: Chance = random.Random(1).randrange


def said_by(staff_id: str, nick: str = "Ann", group: str = "", title: str = "Team") -> Inbound:
    """A 1:1 message, or with `group` one in that group."""
    kind = ConversationKind.GROUP if group else ConversationKind.SINGLE
    return Inbound(
        id="m1",
        robot_code="robot",
        conversation=Conversation(group or f"cid-{staff_id}", kind, title if group else ""),
        sender=Sender(staff_id, f"$:LWCP_v1:{staff_id}", nick),
        mentioned=True,
        msgtype="text",
        text="hello",
        created=NOW,
        session_webhook=SessionWebhook("https://oapi.dingtalk.com/sendBySession?session=s", NOW),
    )


def asked(pairings: Pairings, inbound: Inbound, now: float = NOW) -> tuple[Pairings, AccessRequest]:
    """The request that this message makes, told to the sender."""
    pairings, answer = ask(pairings, inbound, now, CHANCE)
    assert isinstance(answer, TellCode), answer
    return pairings, answer.request


def let_in(pairings: Pairings, code: str, now: float = NOW, *, once: bool = False) -> Pairings:
    pairings, answer = accept(pairings, code, now, once=once)
    assert isinstance(answer, Accepted), answer
    return pairings


def problem(pairings: Pairings, code: str, now: float = NOW) -> tuple[Pairings, str]:
    pairings, answer = accept(pairings, code, now)
    assert isinstance(answer, Problem), answer
    return pairings, answer.sentence


# --- asking and being let in ----------------------------------------------------------------------


def test_a_stranger_asks_and_the_owner_lets_them_in_for_good() -> None:
    ann = said_by("ann")
    verdict = admit(ann, Rules(), Pairings(), NOW)
    assert isinstance(verdict, MayPair)
    assert verdict.kind is AccessKind.PERSON
    pairings, request = asked(Pairings(), ann)
    assert isinstance(admit(ann, Rules(), pairings, NOW), MayPair), "asking alone lets nobody in"
    pairings, answer = accept(pairings, request.code, NOW + 60)
    paired = Paired(AccessKind.PERSON, "ann", "Ann", NOW + 60)
    assert answer == Accepted(request, paired)
    assert pairings == Pairings(paired=(paired,))
    assert admit(ann, Rules(), pairings, NOW + 10 * 365 * 86400) == Admitted()


def test_the_code_lets_in_nobody_but_the_one_it_was_made_for() -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    pairings = let_in(pairings, request.code)
    assert isinstance(admit(said_by("bob"), Rules(), pairings, NOW), MayPair)
    assert not is_paired(pairings, AccessKind.GROUP, "ann", NOW)


def test_who_is_let_in_once_is_let_in_for_an_hour() -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    pairings = let_in(pairings, request.code, once=True)
    assert is_paired(pairings, AccessKind.PERSON, "ann", NOW + ONCE_FOR - 1)
    assert not is_paired(pairings, AccessKind.PERSON, "ann", NOW + ONCE_FOR)
    assert current(pairings, NOW + ONCE_FOR) == Pairings()


def test_who_was_let_in_once_may_ask_again_and_be_let_in_for_good() -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    pairings = let_in(pairings, request.code, once=True)
    later = NOW + ONCE_FOR + 1
    pairings, request = asked(pairings, said_by("ann"), later)
    pairings = let_in(pairings, request.code, later)
    assert [one.until for one in pairings.paired] == [0.0]


def test_who_asks_while_let_in_once_is_paired_in_one_way_only() -> None:
    pairings, request = asked(Pairings(), said_by("ann"))
    pairings = let_in(pairings, request.code, once=True)
    pairings, request = asked(pairings, said_by("ann"), NOW + 60)
    pairings = let_in(pairings, request.code, NOW + 60)
    assert pairings.paired == (Paired(AccessKind.PERSON, "ann", "Ann", NOW + 60),)


def test_whoever_mentions_the_robot_asks_for_the_group_and_the_sender_is_asked_about_still() -> (
    None
):
    rules = Rules(group_policy="allowlist")
    ann, bob = (said_by(each, group="cid1") for each in ("ann", "bob"))
    verdict = admit(ann, rules, Pairings(), NOW)
    assert isinstance(verdict, MayPair)
    assert verdict.kind is AccessKind.GROUP
    pairings, request = asked(Pairings(), ann)
    pairings = let_in(pairings, request.code)
    assert is_paired(pairings, AccessKind.GROUP, "cid1", NOW)
    for each in (ann, bob):
        refused = admit(each, rules, pairings, NOW)
        assert isinstance(refused, Stranger)
        assert refused.setting == "allow_from"
    allowed = structs.replace(rules, allow_from=("bob",))
    assert admit(bob, allowed, pairings, NOW) == Admitted()
    assert isinstance(admit(said_by("bob", group="cid2"), allowed, pairings, NOW), MayPair)


def test_somebody_outside_the_organisation_is_paired_by_the_exact_sender_id() -> None:
    outsider = structs.replace(said_by("x"), sender=Sender("", "$:LWCP_v1:x", "Ann"))
    pairings, request = asked(Pairings(), outsider)
    assert request.id == "$:LWCP_v1:x"
    pairings = let_in(pairings, request.code)
    assert admit(outsider, Rules(), pairings, NOW) == Admitted()
    assert isinstance(admit(said_by("x"), Rules(), pairings, NOW), MayPair)


def test_an_answer_can_be_sent_to_where_it_was_asked_and_no_secret_is_kept() -> None:
    pairings, single = asked(Pairings(), said_by("ann"))
    pairings, group = asked(pairings, said_by("ann", group="cid1", title="Team"))
    assert single.target == Target(user_id="ann", robot_code="robot", label="Ann")
    assert group.target == Target(conversation_id="cid1", robot_code="robot", label="Team")
    assert "session=" not in repr(pairings)


# --- codes ----------------------------------------------------------------------------------------


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


# --- asking again and again -----------------------------------------------------------------------


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


# --- fifty strangers, one friend ------------------------------------------------------------------


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


# --- a code that is guessed -----------------------------------------------------------------------


def is_closed(sentence: str) -> bool:
    return sentence.startswith("Too many wrong codes")


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


# --- denying and revoking -------------------------------------------------------------------------


def test_who_is_denied_may_not_ask_for_a_day() -> None:
    pairings, request = asked(Pairings(), said_by("eve"))
    pairings, answer = deny(pairings, request.code, NOW)
    assert answer == request
    assert pairings == Pairings(denied=(Denied(AccessKind.PERSON, "eve", NOW),))
    problem(pairings, request.code)
    for inbound in (said_by("eve"), said_by("eve", group="cid1"), said_by("eve", nick="Bob")):
        _, silence = ask(pairings, inbound, NOW + DENIED_FOR - 1, CHANCE)
        assert isinstance(silence, SayNothing)
    asked(pairings, said_by("eve"), NOW + DENIED_FOR)


def test_a_denied_group_can_be_asked_for_by_nobody_but_its_members_can_ask_for_themselves() -> None:
    pairings, request = asked(Pairings(), said_by("eve", group="cid1"))
    pairings, _ = deny(pairings, request.code, NOW)
    _, answer = ask(pairings, said_by("ann", group="cid1"), NOW + 1, CHANCE)
    assert isinstance(answer, SayNothing)
    asked(pairings, said_by("eve"), NOW + 1)


def test_denying_one_leaves_the_others() -> None:
    pairings, ann = asked(Pairings(), said_by("ann"))
    pairings, eve = asked(pairings, said_by("eve"))
    pairings, _ = deny(pairings, eve.code, NOW)
    assert pairings.requests == (ann,)


def test_a_pairing_is_revoked_by_its_id_and_nobody_by_a_name() -> None:
    pairings = Pairings()
    for person, nick in (("ann", "Ann"), ("eve", "ann")):
        pairings, request = asked(pairings, said_by(person, nick))
        pairings = let_in(pairings, request.code)
    pairings, revoked = revoke(pairings, "ann", NOW)
    assert [one.id for one in revoked] == ["ann"]
    assert not is_paired(pairings, AccessKind.PERSON, "ann", NOW)
    assert is_paired(pairings, AccessKind.PERSON, "eve", NOW)
    assert revoke(pairings, "Ann", NOW) == (pairings, ())


# --- what is kept ---------------------------------------------------------------------------------


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


# --- who is who -----------------------------------------------------------------------------------


def test_a_nick_that_imitates_somebody_let_in_lets_nobody_in() -> None:
    rules = Rules(allow_from=("boss",), admins=("root",))
    pairings, request = asked(Pairings(), said_by("ann", nick="Ann"))
    pairings = let_in(pairings, request.code)
    for nick in ("Ann", "ann", "boss", "root", "*", "group", "ann (Ann)"):
        assert isinstance(admit(said_by("eve", nick), rules, pairings, NOW), MayPair)


def test_the_list_shows_the_id_before_a_name_that_imitates_one() -> None:
    nick = "Boss), for good\npaired: boss (Boss"
    pairings, _ = asked(Pairings(), said_by("eve", nick))
    pairings, _ = asked(pairings, said_by("eve", nick, group="cid1", title=nick))
    person, group = describe(pairings, NOW)
    assert person.split("  ")[1].startswith("eve (")
    assert group.split("  ")[1].startswith("group cid1 (")
    assert " asked for by eve (" in group
    assert "\n" not in person + group


def test_requests_and_pairings_are_listed_in_words() -> None:
    pairings, ann = asked(Pairings(), said_by("ann"))
    pairings = let_in(pairings, ann.code)
    pairings, bob = asked(pairings, said_by("bob", "Bob"), NOW + 60)
    pairings = let_in(pairings, bob.code, NOW + 60, once=True)
    pairings, cy = asked(pairings, said_by("cy", "Cy"), NOW + 60)
    pairings, team = asked(pairings, said_by("cy", "Cy", "cid1", "Team"), NOW + 200)
    assert describe(pairings, NOW + 250) == (
        f"pending: {cy.code}  cy (Cy), 3 min ago",
        f"pending: {team.code}  group cid1 (Team) asked for by cy (Cy), just now",
        "paired: ann (Ann), for good",
        "paired: bob (Bob), for 57 min",
    )
    assert who(cy) == "cy (Cy)"
    assert describe(Pairings(), NOW) == ()


# --- what they are told ---------------------------------------------------------------------------


@pytest.mark.parametrize("group", ["", "cid1"])
def test_a_stranger_is_told_the_code_what_to_do_with_it_and_their_id_in_both_languages(
    group: str,
) -> None:
    inbound = said_by("ann", group=group)
    _, request = asked(Pairings(), inbound)
    told = refusal_texts.code_told(inbound, request, NOW + 600)
    assert told.count(f"`:DingTalk pair {request.code}`") == 2
    assert "50 分钟" in told
    assert "50 min" in told
    assert "`ann`" in told
    assert ("`cid1`" in told) is bool(group)
    assert len(told) < 400


def test_who_was_let_in_or_denied_is_told_so_in_both_languages() -> None:
    pairings, person = asked(Pairings(), said_by("ann"))
    _, group = asked(pairings, said_by("ann", group="cid1"))
    for request, words in ((person, "You are"), (group, "This group is")):
        assert refusal_texts.accepted_told(request, once=False).startswith(
            "本群已获准。" if request is group else "您已获准。"
        )
        assert f"{words} let in for 1 h." in refusal_texts.accepted_told(request, once=True)
        assert "有效 1 小时" in refusal_texts.accepted_told(request, once=True)
    assert refusal_texts.denied_told(person) != refusal_texts.denied_told(group)


# --- the first message ----------------------------------------------------------------------------


def first(text: str = "hello", **changes: Any) -> Received:
    return kept(
        Received("app", "app/m1", structs.replace(said_by("ann"), text=text, **changes), NOW)
    )


def test_the_message_that_asks_waits_with_the_request_and_goes_with_it() -> None:
    ann = said_by("ann")
    pairings, answer = ask(Pairings(), ann, NOW, CHANCE, first())
    assert isinstance(answer, TellCode)
    later, _ = ask(pairings, ann, NOW + REPEAT_EVERY, CHANCE, first("again"))
    code = answer.request.code
    _, accepted = accept(later, code, NOW + REPEAT_EVERY)
    assert isinstance(accepted, Accepted)
    assert accepted.request.first == first()
    assert "hello" in repr(later)
    for over in (
        accept(later, code, NOW + REPEAT_EVERY)[0],
        deny(later, code, NOW + REPEAT_EVERY)[0],
        current(later, NOW + VALID_FOR),
    ):
        assert "hello" not in repr(over)


@given(st.text(max_size=3000), st.integers(0, 5), st.text(max_size=3000))
def test_what_waits_is_short_and_holds_no_secret(text: str, pictures: int, quoted: str) -> None:
    content = put_together(
        [text, *(Attachment("picture", f"c{number}") for number in range(pictures))]
    )
    found = first(content.text, attachments=content.attachments, quote=Quoted(text=quoted)).inbound
    assert found.session_webhook is None
    assert len(found.text) <= FIRST_CHARACTERS + 60
    assert content.text.startswith(found.text[: min(len(content.text), 100)])
    assert found.quote is not None
    assert len(found.quote.text) <= FIRST_CHARACTERS + 60
    assert len(found.attachments) == len(content.attachments)
    paths = tuple(f"/m/{number}" for number in range(len(found.attachments)))
    shown = with_paths(found.text, found.attachments, paths)
    assert all(f"({path})" in shown for path in paths)
