"""A stranger asks for access; the owner accepts, denies and revokes it, and sees who asks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from dingbridge.core.access import refusal_texts
from dingbridge.core.access.first_message import CHARACTERS as FIRST_CHARACTERS
from dingbridge.core.access.pairing import (
    REPEAT_EVERY,
    Accepted,
    SayNothing,
    TellCode,
    accept,
    ask,
    deny,
    revoke,
)
from dingbridge.core.access.pairing_state import (
    DENIED_FOR,
    ONCE_FOR,
    VALID_FOR,
    AccessKind,
    Denied,
    Paired,
    Pairings,
    current,
    is_paired,
)
from dingbridge.core.access.pairing_text import describe, who
from dingbridge.core.access.policy import Admitted, MayPair, Rules, Stranger, admit
from dingbridge.core.dingtalk.attachments import with_paths
from dingbridge.core.dingtalk.message_content import put_together
from dingbridge.core.messages import Attachment, Quoted, Sender, Target
from tests.support.pairing import CHANCE, NOW, asked, first, let_in, problem, said_by


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
    assert " through eve (" in group
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
        f"pending: {team.code}  group cid1 (Team) through cy (Cy), just now",
        "paired: ann (Ann), for good",
        "paired: bob (Bob), for 57 min",
    )
    assert who(cy) == "cy (Cy)"
    assert describe(Pairings(), NOW) == ()


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
    for request, words in ((person, "You have"), (group, "This group has")):
        assert refusal_texts.accepted_told(request, once=False).startswith(
            "本群已获准。" if request is group else "您已获准。"
        )
        assert f"{words} access for 1 h." in refusal_texts.accepted_told(request, once=True)
        assert "有效 1 小时" in refusal_texts.accepted_told(request, once=True)
    assert refusal_texts.denied_told(person) != refusal_texts.denied_told(group)


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


def test_a_wrong_code_says_where_the_open_requests_are() -> None:
    pairings, _ = asked(Pairings(), said_by("ann"))
    assert ":Chat pair lists the open requests" in problem(pairings, "XXXXXXXX")[1]
    assert ":Chat pair" not in problem(Pairings(), "XXXXXXXX")[1]
