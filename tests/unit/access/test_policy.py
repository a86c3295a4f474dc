"""Nobody gets in unless a setting names them, and nobody does what a setting does not allow.

Every combination of the settings is in `test_access_table.py`.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from dingbridge.core.access.pairing_state import AccessKind, Paired, Pairings
from dingbridge.core.access.policy import (
    Admitted,
    MayPair,
    NotForUs,
    Rules,
    Stranger,
    Verdict,
    admit,
    describe,
    may_use,
    rules_of,
)
from dingbridge.core.messages import Conversation, ConversationKind, Inbound, Sender
from dingbridge.core.options.groups import GroupOptions
from dingbridge.core.options.settings import read

NOW = 1_800_000_000.0
OUTSIDER = "$:LWCP_v1:$yp9K0zJq3l5bq9nS2w=="
NOBODY = Pairings()


def said(
    *,
    staff_id: str = "zhangsan",
    sender_id: str = OUTSIDER,
    nick: str = "张三",
    group: str = "",
    mentioned: bool = False,
) -> Inbound:
    kind = ConversationKind.GROUP if group else ConversationKind.SINGLE
    return Inbound(
        id="m1",
        robot_code="robot",
        conversation=Conversation(group or "cid==", kind),
        sender=Sender(staff_id, sender_id, nick),
        mentioned=mentioned,
        msgtype="text",
        text="hello",
        created=NOW,
    )


def verdict(inbound: Inbound, rules: Rules, pairings: Pairings = NOBODY) -> Verdict:
    return admit(inbound, rules, pairings, NOW)


def listing(*allowed: str) -> Rules:
    return Rules(dm_policy="allowlist", allow_from=allowed)


def refused(inbound: Inbound, rules: Rules) -> Stranger | MayPair:
    answer = verdict(inbound, rules)
    assert isinstance(answer, Stranger | MayPair), answer
    return answer


# --- what users and admins are known by -----------------------------------------------------------


def test_a_named_staff_id_is_let_in() -> None:
    assert verdict(said(), listing("lisi", "zhangsan")) == Admitted("member")


def test_an_empty_list_lets_nobody_in_under_any_policy() -> None:
    for policy in ("pairing", "allowlist", "open", "disabled"):
        rules = structs.replace(Rules(allow_from=()), dm_policy=policy)
        assert not isinstance(verdict(said(), rules), Admitted)


def test_a_star_lets_everybody_in() -> None:
    assert verdict(said(), listing("*")) == Admitted()
    assert verdict(said(staff_id=""), listing("*")) == Admitted()


def test_somebody_outside_the_organisation_is_named_by_the_exact_sender_id() -> None:
    assert verdict(said(staff_id=""), listing(OUTSIDER)) == Admitted()
    assert isinstance(verdict(said(staff_id=""), listing(OUTSIDER.lower())), Stranger)


def test_a_member_of_the_organisation_is_named_by_the_staff_id_alone() -> None:
    assert isinstance(verdict(said(), listing(OUTSIDER)), Stranger)


@given(st.text(min_size=1), st.text(min_size=1))
def test_only_an_exact_id_counts(other: str, staff_id: str) -> None:
    allowed = {other, staff_id.upper(), staff_id + " ", staff_id[:-1]} - {staff_id, "*"}
    assert isinstance(verdict(said(staff_id=staff_id), listing(*allowed)), Stranger)


@pytest.mark.parametrize("allowed", [("",), ("", "zhangsan"), ("*",)])
def test_a_sender_without_any_id_is_nobody(allowed: tuple[str, ...]) -> None:
    everybody = Rules(
        dm_policy="open",
        allow_from=allowed,
        group_policy="open",
        groups={"*": GroupOptions(users=("*",))},
    )
    pairings = Pairings((Paired(AccessKind.PERSON, "", "?", NOW),))
    for group in ("", "cid1"):
        inbound = said(staff_id="", sender_id="", group=group, mentioned=True)
        assert isinstance(verdict(inbound, everybody, pairings), NotForUs)


def test_an_admin_is_let_in_as_one_and_everybody_else_is_not() -> None:
    rules = Rules(allow_from=("zhangsan",), admins=("root",))
    assert verdict(said(staff_id="root"), rules) == Admitted("admin")
    assert verdict(said(nick="root"), rules) == Admitted("member")
    assert isinstance(verdict(said(staff_id="lisi", nick="root"), rules), MayPair)


def test_a_star_among_admins_makes_nobody_an_admin() -> None:
    assert verdict(said(), Rules(allow_from=("*",), admins=("*",))) == Admitted("member")
    assert isinstance(verdict(said(), Rules(admins=("*",))), MayPair)


# --- policies ------------------------------------------------------------------------------------


def test_under_pairing_a_stranger_may_ask() -> None:
    assert isinstance(verdict(said(), Rules()), MayPair)


def test_under_allowlist_a_stranger_may_not_ask() -> None:
    answer = refused(said(), Rules(dm_policy="allowlist"))
    assert isinstance(answer, Stranger)
    assert answer.setting == "allow_from"


def test_open_lets_everybody_in_but_a_list_that_is_given_restricts_it() -> None:
    assert verdict(said(), Rules(dm_policy="open")) == Admitted()
    for listed in ((), ("lisi",)):
        assert refused(said(), Rules(dm_policy="open", allow_from=listed)).setting == "allow_from"
    assert verdict(said(), Rules(dm_policy="open", allow_from=("zhangsan",))) == Admitted()


def test_disabled_lets_not_even_an_admin_in() -> None:
    rules = Rules(dm_policy="disabled", allow_from=("*",), admins=("zhangsan",))
    assert refused(said(), rules).setting == "dm.policy"


def test_who_may_not_write_1_to_1_may_still_write_in_a_group() -> None:
    rules = Rules(dm_policy="disabled", allow_from=("zhangsan",), group_policy="open")
    assert verdict(said(group="cid1", mentioned=True), rules) == Admitted()


def test_who_was_paired_stays_so_under_allowlist() -> None:
    paired = Pairings((Paired(AccessKind.PERSON, "zhangsan", "?", NOW),))
    assert verdict(said(), listing(), paired) == Admitted()


# --- groups --------------------------------------------------------------------------------------


def test_groups_are_disabled_unless_a_setting_says_otherwise() -> None:
    rules = Rules(allow_from=("*",), groups={"cid1": GroupOptions()})
    assert refused(said(group="cid1", mentioned=True), rules).setting == "group_policy"


def test_a_group_that_is_not_listed_may_be_asked_for() -> None:
    rules = Rules(allow_from=("*",), group_policy="allowlist", groups={"cid1": GroupOptions()})
    assert verdict(said(group="cid1", mentioned=True), rules) == Admitted()
    answer = refused(said(group="cid2", mentioned=True), rules)
    assert isinstance(answer, MayPair)
    assert answer.kind is AccessKind.GROUP
    assert answer.setting == "groups['cid2']"


def test_a_group_by_the_name_of_the_defaults_is_not_listed_by_them() -> None:
    rules = Rules(allow_from=("*",), group_policy="allowlist", groups={"*": GroupOptions()})
    assert isinstance(verdict(said(group="*", mentioned=True), rules), MayPair)


@pytest.mark.parametrize("policy", ["disabled", "allowlist", "open"])
@pytest.mark.parametrize("required", [True, False])
def test_what_does_not_mention_the_robot_is_never_answered_with_a_refusal(
    policy: Any, required: bool
) -> None:
    rules = Rules(group_policy=policy, require_mention=required)
    assert isinstance(verdict(said(group="cid1"), rules), NotForUs)
    assert refused(said(group="cid1", mentioned=True), rules)


def test_words_that_look_like_a_mention_are_none() -> None:
    inbound = structs.replace(said(group="cid1"), text="@robot\u2005hello", mentioned=False)
    rules = Rules(allow_from=("*",), group_policy="open")
    assert isinstance(verdict(inbound, rules), NotForUs)


def test_a_group_that_lists_its_users_lets_in_exactly_those() -> None:
    rules = Rules(
        allow_from=("zhangsan",),
        group_policy="open",
        groups={"cid1": GroupOptions(users=("lisi",))},
    )
    answer = refused(said(group="cid1", mentioned=True), rules)
    assert answer.setting == "groups['cid1'].users"
    assert verdict(said(staff_id="lisi", group="cid1", mentioned=True), rules) == Admitted()
    assert isinstance(verdict(said(staff_id="lisi"), rules), MayPair), "the list is the group's"


def test_the_users_of_all_groups_are_changed_where_they_are_given() -> None:
    rules = Rules(
        group_policy="open", groups={"*": GroupOptions(users=("lisi",)), "cid1": GroupOptions()}
    )
    assert refused(said(group="cid1", mentioned=True), rules).setting == "groups['*'].users"


def test_a_member_of_a_group_is_told_that_pairing_is_asked_for_1_to_1() -> None:
    inbound = said(group="cid1", mentioned=True)
    assert "1:1 to ask" in refused(inbound, Rules(group_policy="open")).refusal
    listed = Rules(group_policy="open", dm_policy="allowlist")
    assert "1:1 to ask" not in refused(inbound, listed).refusal


# --- properties ----------------------------------------------------------------------------------

IDS = st.sampled_from(["zhangsan", "lisi", "*", "", "cid1", OUTSIDER, "张三"]) | st.text(max_size=5)
LISTS = st.lists(IDS, max_size=3).map(tuple)
MAYBE = st.none() | st.booleans()
GROUPS = st.dictionaries(IDS, st.builds(GroupOptions, MAYBE, st.none() | LISTS), max_size=3)
RULES = st.builds(
    Rules,
    dm_policy=st.sampled_from(["pairing", "allowlist", "open", "disabled"]),
    allow_from=st.none() | LISTS,
    group_policy=st.sampled_from(["disabled", "allowlist", "open"]),
    groups=GROUPS,
    require_mention=st.booleans(),
    admins=LISTS,
)
INBOUND = st.builds(said, staff_id=IDS, sender_id=IDS, nick=IDS, group=IDS, mentioned=st.booleans())
PAIRED = st.builds(Paired, st.sampled_from(AccessKind), IDS, IDS, st.just(NOW))
PAIRINGS = st.builds(Pairings, st.lists(PAIRED, max_size=3).map(tuple))


@given(INBOUND)
def test_without_settings_nobody_gets_in(inbound: Inbound) -> None:
    assert not isinstance(verdict(inbound, Rules()), Admitted)
    assert not isinstance(verdict(inbound, rules_of(read({}, {}))), Admitted)


@given(INBOUND, RULES, PAIRINGS, IDS)
def test_the_nick_changes_nothing(
    inbound: Inbound, rules: Rules, pairings: Pairings, nick: str
) -> None:
    renamed = structs.replace(inbound, sender=structs.replace(inbound.sender, nick=nick))
    assert verdict(renamed, rules, pairings) == verdict(inbound, rules, pairings)


@given(INBOUND, RULES, PAIRINGS, st.text())
def test_what_is_said_changes_nothing(
    inbound: Inbound, rules: Rules, pairings: Pairings, text: str
) -> None:
    other = structs.replace(inbound, text=text, id="m2")
    assert verdict(other, rules, pairings) == verdict(inbound, rules, pairings)


@given(INBOUND, RULES, PAIRINGS, LISTS)
def test_another_entry_in_the_list_puts_nobody_out(
    inbound: Inbound, rules: Rules, pairings: Pairings, more: tuple[str, ...]
) -> None:
    rules = structs.replace(rules, allow_from=rules.allow_from or ())
    longer = structs.replace(rules, allow_from=(*(rules.allow_from or ()), *more))
    before = verdict(inbound, rules, pairings)
    if isinstance(before, Admitted):
        assert verdict(inbound, longer, pairings) == before


@given(INBOUND, RULES, PAIRINGS, st.builds(GroupOptions, MAYBE, st.none() | LISTS))
def test_what_holds_for_all_groups_lets_no_group_in(
    inbound: Inbound, rules: Rules, pairings: Pairings, defaults: GroupOptions
) -> None:
    rules = structs.replace(rules, group_policy="allowlist", groups={"*": defaults})
    is_paired = any(
        one.kind is AccessKind.GROUP and one.id == inbound.conversation.id
        for one in pairings.paired
    )
    if inbound.conversation.kind is ConversationKind.GROUP and not is_paired:
        assert not isinstance(verdict(inbound, rules, pairings), Admitted)


@given(INBOUND, RULES, PAIRINGS)
def test_only_a_listed_admin_is_an_admin(
    inbound: Inbound, rules: Rules, pairings: Pairings
) -> None:
    answer = verdict(inbound, rules, pairings)
    if isinstance(answer, Admitted):
        assert (answer.role == "admin") is (inbound.sender.identity in rules.admins)


@given(INBOUND, RULES, PAIRINGS)
def test_in_a_group_nobody_is_refused_aloud_who_did_not_mention_the_robot(
    inbound: Inbound, rules: Rules, pairings: Pairings
) -> None:
    answer = verdict(inbound, rules, pairings)
    if inbound.conversation.kind is ConversationKind.GROUP and not inbound.mentioned:
        assert isinstance(answer, Admitted | NotForUs)


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", [{"staff_id": "stranger"}, {"staff_id": ""}])
def test_the_refusal_shows_the_id_and_a_setting_that_then_lets_in(sender: dict[str, Any]) -> None:
    inbound = said(**sender)
    answer = refused(inbound, listing())
    identity = inbound.sender.identity
    assert f"`{identity}`" in answer.refusal
    setting = re.search(r"allow_from = \{ '(.+)' \}", answer.refusal)
    assert setting is not None
    assert "hello" not in answer.refusal
    assert verdict(inbound, rules_of(read({"allow_from": [setting[1]]}, {}))) == Admitted()


@pytest.mark.parametrize("group", ["", "cid1"])
@pytest.mark.parametrize(
    "rules",
    [
        Rules(dm_policy="disabled"),
        Rules(),
        listing(),
        Rules(group_policy="open"),
        Rules(group_policy="allowlist"),
        Rules(group_policy="open", groups={"*": GroupOptions(users=())}),
    ],
    ids=["no 1:1", "default", "list", "open groups", "listed groups", "no users"],
)
def test_every_refusal_is_short_and_in_chinese_and_english(rules: Rules, group: str) -> None:
    answer = refused(said(group=group, mentioned=True), rules)
    assert answer.refusal.startswith("抱歉，")
    assert "\n\nSorry, " in answer.refusal
    assert "`zhangsan`" in answer.refusal
    assert ("conversationId: `cid1`" in answer.refusal) is bool(group)
    assert "- 设置 / Setting: `" in answer.refusal
    assert len(answer.refusal) < 400
    assert answer.reason in answer.refusal or isinstance(answer, MayPair)


def test_who_has_no_staff_id_is_told_why_their_id_looks_so_strange() -> None:
    assert "not published" in refused(said(staff_id=""), listing()).refusal
    assert "not published" not in refused(said(), listing()).refusal


@pytest.mark.parametrize("group", ["", "cid`1'\\"])
def test_an_id_with_quotes_neither_ends_the_lua_text_nor_the_code_it_is_shown_in(
    group: str,
) -> None:
    inbound = said(staff_id="a'b\\c`d", group=group, mentioned=True)
    rules = Rules(group_policy="open", groups={"*": GroupOptions(users=())} if group else {})
    line = refused(inbound, rules).refusal.splitlines()[-1]
    assert line.count("`") == 2
    assert r"'a\'b\\c\96d'" in line


# --- status --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "paired", "line"),
    [
        (Rules(), 0, "nobody (allow_from is empty); 1:1 pairing, groups disabled"),
        (Rules(), 2, "2 by a code; 1:1 pairing, groups disabled"),
        (
            Rules(allow_from=("ann", "bob"), admins=("ann",)),
            1,
            "ann, bob, 1 by a code; 1:1 pairing, groups disabled",
        ),
        (Rules(dm_policy="open"), 0, "everybody; 1:1 open, groups disabled"),
        (listing("*", "ann"), 0, "everybody; 1:1 allowlist, groups disabled"),
        (
            Rules(group_policy="allowlist", groups={"*": GroupOptions(), "cid1": GroupOptions()}),
            0,
            "nobody (allow_from is empty); 1:1 pairing, groups allowlist (1 listed)",
        ),
    ],
    ids=["default", "paired", "list", "open", "star", "groups"],
)
def test_status_says_who_is_let_in(rules: Rules, paired: int, line: str) -> None:
    assert describe(rules, paired) == line


# --- remote commands -----------------------------------------------------------------------------

COMMANDS = ("help", "status", "whoami", "whereami", "stop")


def test_everybody_may_use_what_the_account_allows_and_no_more() -> None:
    assert may_use("/stop", "member", None, COMMANDS)
    assert not may_use("/diff", "member", None, COMMANDS)
    assert may_use("/diff", "member", None, ("*",))


def test_the_tools_of_a_group_stand_in_the_place_of_the_accounts_commands() -> None:
    assert may_use("/where", "member", ("where",), COMMANDS)
    assert not may_use("/stop", "member", ("where",), COMMANDS)
    assert may_use("/anything", "member", ("*",), ())
    assert not may_use("/stop", "member", (), ("*",))


def test_help_and_whoami_are_for_everybody_who_is_let_in() -> None:
    for command in ("/help", "/whoami"):
        assert may_use(command, "member", (), ())
    assert not may_use("/status", "member", (), ())


@given(st.text())
def test_an_admin_may_use_everything(command: str) -> None:
    assert may_use(command, "admin", (), ())


@pytest.mark.parametrize("written", ["/status", "status", "/STATUS", "Status"])
def test_a_command_is_the_same_with_and_without_its_slash(written: str) -> None:
    assert may_use(written, "member", None, ("status",))
    assert may_use("/status", "member", (written,), ())
    assert not may_use(written + "x", "member", None, ("status",))


@given(st.text(max_size=8), LISTS)
def test_no_text_is_allowed_that_no_list_names(command: str, allowed: tuple[str, ...]) -> None:
    names = {each.removeprefix("/").casefold() for each in (*allowed, "help", "whoami")}
    name = command.removeprefix("/").casefold()
    assert may_use(command, "member", None, allowed) is (name in names or "*" in names)
