"""Nobody gets in unless a setting names them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.core.access import Admitted, NotForUs, Stranger, admit
from dingbridge.core.messages import Conversation, ConversationKind, Inbound, Sender
from dingbridge.core.settings import read

OUTSIDER = "$:LWCP_v1:$yp9K0zJq3l5bq9nS2w=="


def said(
    *,
    staff_id: str = "zhangsan",
    sender_id: str = OUTSIDER,
    nick: str = "张三",
    group: bool = False,
    mentioned: bool = False,
) -> Inbound:
    kind = ConversationKind.GROUP if group else ConversationKind.SINGLE
    return Inbound(
        id="m1",
        robot_code="robot",
        conversation=Conversation("cid==", kind),
        sender=Sender(staff_id, sender_id, nick),
        mentioned=mentioned,
        msgtype="text",
        text="hello",
        created=1_800_000_000.0,
    )


def test_a_named_staff_id_is_let_in() -> None:
    assert admit(said(), ("lisi", "zhangsan")) == Admitted()


def test_an_empty_list_lets_nobody_in() -> None:
    assert isinstance(admit(said(), ()), Stranger)


def test_a_star_lets_everybody_in() -> None:
    assert admit(said(), ("*",)) == Admitted()
    assert admit(said(staff_id=""), ("*",)) == Admitted()


def test_somebody_outside_the_organisation_is_named_by_the_exact_sender_id() -> None:
    assert admit(said(staff_id=""), (OUTSIDER,)) == Admitted()
    assert isinstance(admit(said(staff_id=""), (OUTSIDER.lower(),)), Stranger)


def test_a_member_of_the_organisation_is_named_by_the_staff_id_alone() -> None:
    assert isinstance(admit(said(), (OUTSIDER,)), Stranger)


@settings(deadline=None)
@given(st.text(min_size=1), st.text(min_size=1))
def test_the_nick_lets_nobody_in(nick: str, staff_id: str) -> None:
    allowed = {nick} - {staff_id, "*"}
    assert isinstance(admit(said(staff_id=staff_id, nick=nick), allowed), Stranger)


@settings(deadline=None)
@given(st.sets(st.text(min_size=1)), st.text(min_size=1))
def test_only_an_exact_id_counts(allowed: set[str], staff_id: str) -> None:
    allowed -= {staff_id, "*"}
    assert isinstance(admit(said(staff_id=staff_id), allowed), Stranger)


@pytest.mark.parametrize("allowed", [("",), ("", "zhangsan")])
def test_a_sender_without_any_id_is_a_stranger(allowed: tuple[str, ...]) -> None:
    assert isinstance(admit(said(staff_id="", sender_id=""), allowed), Stranger)


@pytest.mark.parametrize("staff_id", ["zhangsan", "stranger"])
def test_a_group_message_without_a_mention_is_passed_over_in_silence(staff_id: str) -> None:
    assert isinstance(admit(said(staff_id=staff_id, group=True), ("zhangsan", "*")), NotForUs)


def test_in_a_group_a_mention_is_not_enough() -> None:
    assert admit(said(group=True, mentioned=True), ("zhangsan",)) == Admitted()
    assert isinstance(admit(said(group=True, mentioned=True), ("lisi",)), Stranger)


@pytest.mark.parametrize("sender", [{"staff_id": "stranger"}, {"staff_id": ""}])
def test_the_refusal_shows_the_id_and_a_setting_that_then_lets_in(sender: dict[str, Any]) -> None:
    inbound = said(**sender)
    verdict = admit(inbound, ())
    assert isinstance(verdict, Stranger)
    identity = inbound.sender.identity
    assert f"`{identity}`" in verdict.refusal
    setting = re.search(r"allow_from = \{ '(.+)' \}", verdict.refusal)
    assert setting is not None
    assert "hello" not in verdict.refusal
    assert admit(inbound, read({"allow_from": [setting[1]]}, {}).allow_from) == Admitted()
