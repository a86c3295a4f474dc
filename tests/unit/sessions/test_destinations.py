"""Which conversation a text is for, and what an id of a conversation means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Conversation, ConversationKind, Inbound, Sender, Target
from dingbridge.core.sessions import destinations, known_conversations, targets
from dingbridge.core.sessions.destinations import MOST, NOBODY, Destination, Destinations
from dingbridge.core.sessions.targets import Address

ZHANG = Target(user_id="zhangsan", label="张三")
LI = Target(user_id="lisi", label="李四")
TEAM = Target(conversation_id="cidTEAM==", label="产品讨论群")
OUTSIDER = Target(private="cid1TO1out==", label="陌生人")

ids = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=6)
labels = st.text(max_size=60)
conversations = st.one_of(
    st.builds(lambda id, label: Target(user_id=id, label=label), ids, labels),
    st.builds(lambda id, label: Target(conversation_id=id, label=label), ids, labels),
    # Without a name it would stand for the person who spoke to a session last.
    st.builds(lambda id, label: Target(private=id, label=label), ids, labels.filter(bool)),
)


def known(*spoke: Target) -> Destinations:
    """What is known after these conversations spoke, one after the other."""
    found = Destinations()
    for one in spoke:
        found = found.spoke(one)
    return found


def wanted(target: Target, robot: str = "r") -> Destination:
    return Destination(targets.written("default", target), destinations.name(target), robot)


# --- new texts ----------------------------------------------------------------------------------


def test_a_new_text_is_for_whoever_spoke_or_was_written_to_last() -> None:
    assert Destinations().target is None
    assert known(ZHANG, LI, TEAM).target == TEAM
    assert known(ZHANG, LI, ZHANG).target == ZHANG
    assert known(ZHANG, LI, TEAM).known == (TEAM, LI, ZHANG)


def test_a_conversation_that_was_chosen_stays_whoever_speaks_until_another_one_is() -> None:
    chosen = known(ZHANG, LI).chose(ZHANG)
    assert chosen.spoke(TEAM).target == ZHANG
    assert chosen.spoke(TEAM).chose(LI).spoke(TEAM).target == LI
    assert chosen.following().spoke(TEAM).target == TEAM


@given(st.lists(conversations, max_size=2 * MOST))
def test_the_chosen_conversation_is_never_among_those_that_are_forgotten(
    others: list[Target],
) -> None:
    found = known(LI).chose(ZHANG)
    many = [Target(user_id=f"many{number}") for number in range(MOST)]
    for one in [*others, *many]:
        found = found.spoke(one)
    assert found.current == ZHANG.key
    assert found.target is not None
    assert len(found.known) <= MOST


def test_the_configured_conversation_is_for_as_long_as_nobody_has_spoken() -> None:
    assert Destinations().or_else(TEAM).target == TEAM
    assert known(ZHANG).or_else(TEAM).target == ZHANG
    assert known(ZHANG).or_else(TEAM).known == (ZHANG, TEAM)
    assert Destinations().learnt([], [LI, TEAM]).or_else(TEAM).target == TEAM
    assert known(TEAM).or_else(structs.replace(TEAM, label="configured")).known == (TEAM,)


def test_what_a_transcript_tells_comes_behind_what_is_known() -> None:
    assert Destinations().learnt([LI, ZHANG], [TEAM]).known == (LI, ZHANG, TEAM)
    assert Destinations().learnt([LI, ZHANG], [TEAM]).target == LI
    assert Destinations().learnt([], [TEAM]).target is None
    assert known(TEAM).learnt([LI, TEAM]).known == (TEAM, LI)
    assert known(TEAM).learnt([LI]).target == TEAM


def test_a_name_that_is_known_stays_when_only_the_id_is_given() -> None:
    assert known(ZHANG, Target(user_id="zhangsan", label="zhangsan")).target == ZHANG


# --- names --------------------------------------------------------------------------------------


@given(st.lists(conversations, max_size=8))
def test_no_two_conversations_have_the_same_name_and_each_is_found_by_it(
    spoke: list[Target],
) -> None:
    found = known(*spoke)
    names = found.names()
    assert len({*names.values()}) == len(found.known)
    for one in found.known:
        assert found.find(names[one.key]) == one


def test_somebody_who_is_called_like_a_group_is_not_taken_for_it() -> None:
    liar = Target(user_id="mallory", label="产品讨论群 (group)")
    names = known(TEAM, liar).names()
    assert names == {TEAM.key: "产品讨论群 (group)", liar.key: "产品讨论群 (group) (1:1)"}


@pytest.mark.parametrize("words", ["张三", "张三 (1:1)", "zhangsan", "user:zhangsan"])
def test_a_conversation_is_found_by_its_name_or_its_id(words: str) -> None:
    assert known(TEAM, ZHANG, LI).find(words) == ZHANG


def test_a_name_of_two_people_is_refused_with_both() -> None:
    other = Target(user_id="zhangsan2", label="张三")
    both = known(ZHANG, other)
    with pytest.raises(BridgeError) as refused:
        both.find("张三")
    assert "张三 (1:1, zhangsan)" in str(refused.value)
    assert "张三 (1:1, zhangsan2)" in str(refused.value)
    assert both.find("张三 (1:1, zhangsan2)") == other
    assert both.find("王五") is None


@given(conversations)
def test_what_a_conversation_is_called_is_read_from_its_name(target: Target) -> None:
    name = destinations.name(target)
    again = destinations.name(structs.replace(target, label=destinations.label(name)))
    assert again == name


# --- a text that was begun ----------------------------------------------------------------------


@given(conversations)
def test_a_text_goes_to_the_conversation_that_it_was_begun_for(target: Target) -> None:
    found = destinations.checked(wanted(target), "default", "r")
    assert found is not None
    assert found.key == target.key


@given(
    st.one_of(st.just(NOBODY), st.builds(wanted, conversations, st.sampled_from(["r", "q"]))),
    st.sampled_from(["", "default", "work"]),
    st.sampled_from(["r", "q"]),
)
def test_a_text_goes_where_it_was_begun_for_or_nowhere(
    begun: Destination, account: str, robot: str
) -> None:
    robot = robot if account else ""
    may_go = begun.target.startswith(f"dingtalk:{account}:") and begun.robot == robot
    stays = begun == NOBODY and not account
    if may_go or stays:
        found = destinations.checked(begun, account, robot)
        assert (targets.written(account, found) if found else "") == begun.target
    else:
        with pytest.raises(BridgeError) as refused:
            destinations.checked(begun, account, robot)
        assert ":Chat to" in refused.value.fix


# --- addresses ----------------------------------------------------------------------------------


@given(conversations, st.sampled_from(["default", "work", "user", "group"]))
def test_an_address_that_was_given_out_leads_back(target: Target, account: str) -> None:
    address = targets.whole(targets.written(account, target))
    assert (address.account, address.target.key) == (account, target.key)
    assert not address.target.guessed


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("dingtalk:user:cidABCDEF", Address("", "cidABCDEF", "user")),
        ("dingtalk:group:manager", Address("", "manager", "group")),
        ("dingtalk:work:user:cidABCDEF", Address("work", "cidABCDEF", "user")),
        ("dingtalk:work:group:g", Address("work", "g", "group")),
        ("dingtalk:work:manager", Address("work", "manager")),
        ("dingtalk:manager", Address("", "manager")),
        ("dingtalk:$:LWCP_v1:$x", Address("", "$:LWCP_v1:$x")),
        ("dingtalk:user:$:LWCP_v1:$x", Address("", "$:LWCP_v1:$x", "user")),
    ],
)
def test_an_address_says_what_its_id_is(text: str, address: Address) -> None:
    assert targets.read(text, ("default", "work")) == address


def test_a_kind_that_is_also_an_account_is_refused_unless_both_are_there() -> None:
    with pytest.raises(BridgeError, match="user is a kind of target and an account"):
        targets.read("dingtalk:user:manager", ("user",))
    assert targets.read("dingtalk:user:user:manager", ("user",)) == Address(
        "user", "manager", "user"
    )


# --- what is known of an id ---------------------------------------------------------------------


def inbound(conversation: Conversation, staff_id: str, nick: str = "张三") -> Inbound:
    sender = Sender(staff_id, f"$:{staff_id}", nick)
    return Inbound("m", "robot", conversation, sender, True, "text", "hi", 1.0)


SINGLE = Conversation("cid1TO1zhang==", ConversationKind.SINGLE)
GROUP = Conversation("group-of-old", ConversationKind.GROUP, "老群")


def acquainted(*messages: Inbound) -> known_conversations.Acquaintances:
    found: known_conversations.Acquaintances = {}
    for one in messages:
        found = known_conversations.met(found, one)
    return found


@pytest.mark.parametrize(
    "text",
    ["dingtalk:cid1TO1zhang==", "dingtalk:group:cid1TO1zhang==", "dingtalk:user:cid1TO1zhang=="],
)
def test_the_id_of_a_private_chat_leads_to_the_person_however_it_is_written(text: str) -> None:
    met = acquainted(inbound(SINGLE, "zhangsan"))
    found = known_conversations.resolved(met, targets.read(text, ()).target)
    assert (found.key, found.label) == ("user:zhangsan", "张三")


def test_the_id_of_an_outsiders_chat_leads_to_no_group() -> None:
    met = acquainted(inbound(SINGLE, ""))
    target = targets.read(f"dingtalk:{SINGLE.id}", ()).target
    assert known_conversations.resolved(met, target).key == f"private:{SINGLE.id}"


def test_what_is_known_of_an_id_decides_over_how_it_looks() -> None:
    met = acquainted(inbound(GROUP, "zhangsan"), inbound(SINGLE, "cidZHANGSAN"))
    group = known_conversations.resolved(met, targets.read(f"dingtalk:{GROUP.id}", ()).target)
    assert group.key == f"group:{GROUP.id}"
    person = known_conversations.resolved(met, targets.read("dingtalk:cidZHANGSAN", ()).target)
    assert person.key == "user:cidZHANGSAN"


@pytest.mark.parametrize(
    ("text", "key"), [("dingtalk:cidABCDE", "group:cidABCDE"), ("dingtalk:cidABCD", "user:cidABCD")]
)
def test_an_id_of_which_nothing_is_known_is_what_it_looks_like(text: str, key: str) -> None:
    met = acquainted(inbound(GROUP, "zhangsan"))
    assert known_conversations.resolved(met, targets.read(text, ()).target).key == key


@pytest.mark.parametrize("text", ["dingtalk:user:group-of-old", "dingtalk:group:cidZHANGSAN"])
def test_what_was_said_of_an_id_is_not_taken_for_a_group_or_a_person(text: str) -> None:
    met = acquainted(inbound(GROUP, "zhangsan"), inbound(SINGLE, "cidZHANGSAN"))
    target = targets.read(text, ()).target
    assert known_conversations.resolved(met, target) == target


def test_acquaintances_that_were_silent_longest_go_first_and_no_news_changes_nothing() -> None:
    met = acquainted(inbound(GROUP, "zhangsan"), inbound(SINGLE, "zhangsan"))
    assert known_conversations.met(met, inbound(GROUP, "lisi")) is met
    for number in range(known_conversations.MOST - 1):
        chat = Conversation(f"cid{number}", ConversationKind.SINGLE)
        met = known_conversations.met(met, inbound(chat, f"staff{number}"))
    assert len(met) == known_conversations.MOST
    assert GROUP.id not in met
    assert SINGLE.id in met
