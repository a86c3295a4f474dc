"""Who somebody is, is what DingTalk says in exactly that field, and nothing that only looks so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from dingbridge.core.access.pairing_state import AccessKind, Paired, Pairings
from dingbridge.core.access.policy import Admitted, Rules, admit
from dingbridge.core.delivery.routing import reply_target
from dingbridge.core.delivery.sent_messages import SentChunk, SentKeys, with_quote
from dingbridge.core.dingtalk.robot_message import read_robot_message
from dingbridge.core.errors import BadFrame
from dingbridge.core.messages import Inbound, Quoted
from dingbridge.core.options.groups import GroupOptions
from dingbridge.core.options.settings import read

NOW = 1_800_000_000.0
OUTSIDER = "$:LWCP_v1:$outsider=="
LISTED = Rules(
    dm_policy="allowlist",
    allow_from=("user001", OUTSIDER),
    admins=("user001",),
    group_policy="allowlist",
    groups={"cidTEAM==": GroupOptions(users=("user001", OUTSIDER))},
)
PAIRED = Pairings(
    (Paired(AccessKind.PERSON, "user001", "?", NOW), Paired(AccessKind.PERSON, OUTSIDER, "?", 0))
)
EVERYBODY_PAIRS = Rules()
HONEST: dict[str, Any] = {
    "conversationId": "cidTEAM==",
    "conversationType": "2",
    "msgId": "msg1",
    "chatbotUserId": "$:LWCP_v1:$robot",
    "chatbotCorpId": "dingcorp",
    "robotCode": "dingrobot",
    "senderId": "$:LWCP_v1:$somebody==",
    "senderNick": "user001",
    "senderStaffId": "user001",
    "senderCorpId": "dingcorp",
    "isInAtList": True,
    "msgtype": "text",
    "text": {"content": " hi"},
}


def push(**changes: Any) -> Inbound:
    data = {name: value for name, value in (HONEST | changes).items() if value != "left out"}
    inbound = read_robot_message(json.dumps(data))
    assert isinstance(inbound, Inbound)
    return inbound


def roles(inbound: Inbound) -> set[str]:
    """As what the sender gets in: by a list, by a group's list, by a code."""
    return {
        verdict.role
        for rules, pairings in ((LISTED, Pairings()), (EVERYBODY_PAIRS, PAIRED))
        for verdict in (admit(inbound, rules, pairings, NOW),)
        if isinstance(verdict, Admitted)
    }


@pytest.mark.parametrize("kind", ["1", "2"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"senderCorpId": "left out"},
        {"senderCorpId": None},
        {"senderCorpId": ""},
        {"senderCorpId": "left out", "chatbotCorpId": "left out"},
    ],
    ids=str,
)
def test_a_listed_member_of_the_robots_organisation_gets_in(
    changes: dict[str, Any], kind: str
) -> None:
    assert "admin" in roles(push(conversationType=kind, **changes))


@pytest.mark.parametrize("staff_id", ["left out", None, ""])
def test_a_listed_outsider_gets_in_by_the_sender_id(staff_id: object) -> None:
    inbound = push(senderStaffId=staff_id, senderId=OUTSIDER)
    assert roles(inbound) == {"member"}
    assert inbound.sender.identity == OUTSIDER


TRICKS: dict[str, dict[str, Any]] = {
    "a blank before the id": {"senderStaffId": " user001"},
    "a blank after it": {"senderStaffId": "user001 "},
    "a wide blank after it": {"senderStaffId": "user001\u3000"},
    "a tab after it": {"senderStaffId": "user001\t"},
    "a line end after it": {"senderStaffId": "user001\n"},
    "a joiner in it": {"senderStaffId": "user\u200b001"},
    "a null after it": {"senderStaffId": "user001\x00"},
    "a byte order mark before it": {"senderStaffId": "\ufeffuser001"},
    "a mark of direction in it": {"senderStaffId": "\u202euser001"},
    "capitals": {"senderStaffId": "USER001"},
    "full-width letters": {"senderStaffId": "ｕｓｅｒ００１"},
    "a letter of another script": {"senderStaffId": "us\u0435r001"},
    "an accent": {"senderStaffId": "user001\u0301"},
    "a list with the id": {"senderStaffId": ["user001"]},
    "an object with the id": {"senderStaffId": {"staffId": "user001"}},
    "no staff id, and the staff id as sender id": {"senderStaffId": "", "senderId": "user001"},
    "a blank staff id, and the staff id as sender id": {
        "senderStaffId": " ",
        "senderId": "user001",
    },
    "the staff id as sender id with its mark": {
        "senderStaffId": None,
        "senderId": "sender:user001",
    },
    "the outsider's sender id as staff id": {"senderStaffId": OUTSIDER},
    "the outsider's sender id with a blank": {"senderStaffId": "", "senderId": f" {OUTSIDER}"},
    "the outsider's sender id as that of a member": {
        "senderStaffId": "lisi",
        "senderId": OUTSIDER,
    },
    "another organisation": {"senderCorpId": "dingOTHERcorp"},
    "another organisation in capitals": {"senderCorpId": "DINGCORP"},
    "the organisation with a blank": {"senderCorpId": "dingcorp "},
    "a list of organisations": {"senderCorpId": ["dingcorp"]},
    "an organisation, and none of the robot's": {"chatbotCorpId": "left out"},
    "a nick that is the id": {"senderStaffId": "lisi", "senderNick": "user001"},
    "a claim to be an admin": {"senderStaffId": "lisi", "isAdmin": True},
    "a mention of the listed person": {
        "senderStaffId": "lisi",
        "atUsers": [{"dingtalkId": "$:x", "staffId": "user001"}],
    },
    "a star": {"senderStaffId": "*"},
}


@pytest.mark.parametrize("kind", ["1", "2"])
@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_nobody_gets_in_by_what_only_looks_like_a_listed_id(
    trick: dict[str, Any], kind: str
) -> None:
    assert roles(push(conversationType=kind, **trick)) == set()


@pytest.mark.parametrize("conversation", [" cidTEAM==", "cidTEAM== ", "cidteam==", "*"])
def test_a_group_is_let_in_by_its_exact_id_alone(conversation: str) -> None:
    assert not isinstance(
        admit(push(conversationId=conversation), LISTED, Pairings(), NOW), Admitted
    )


IDS = st.one_of(
    st.text(max_size=12),
    st.builds(
        lambda before, id, after: before + id + after,
        st.sampled_from(["", " ", "$:", "sender:", "\u200b"]),
        st.sampled_from(["user001", "USER001", OUTSIDER, "*", ""]),
        st.sampled_from(["", " ", "\u3000", "\x00"]),
    ),
    st.none(),
    st.integers(0, 10**20),
    st.lists(st.just("user001"), max_size=1),
)


@given(staff_id=IDS, sender_id=IDS, corporation=IDS, kind=st.sampled_from(["1", "2"]))
def test_only_the_two_honest_ways_in_exist(
    staff_id: object, sender_id: object, corporation: object, kind: str
) -> None:
    try:
        inbound = push(
            senderStaffId=staff_id,
            senderId=sender_id,
            senderCorpId=corporation,
            conversationType=kind,
        )
    except BadFrame:
        return
    member = staff_id == "user001" and corporation in (None, "", "dingcorp")
    # A staff id that no organisation has given does not hide the sender's own id.
    outsider = sender_id == OUTSIDER and not inbound.sender.staff_id
    assert roles(inbound) == ({"admin", "member"} if member else {"member"} if outsider else set())


@given(staff_id=IDS, sender_id=IDS)
def test_an_id_of_one_kind_is_never_one_of_the_other(staff_id: object, sender_id: object) -> None:
    try:
        by_staff_id = push(senderStaffId=staff_id)
        by_sender_id = push(senderStaffId="", senderId=sender_id)
    except BadFrame:
        return
    if by_staff_id.sender.staff_id:
        assert by_staff_id.sender.identity != by_sender_id.sender.identity


def test_a_foreign_staff_id_is_no_address_either() -> None:
    target = reply_target(push(senderCorpId="dingOTHERcorp", conversationType="1"))
    assert target.user_id == ""
    assert target.private == "cidTEAM=="


def test_ids_in_the_settings_lose_the_blanks_around_them_once() -> None:
    options = read(
        {
            "app_key": "key",
            "app_secret": "secret",
            "allow_from": [" user001 "],
            "admins": ["boss\t"],
            "groups": {" cidTEAM== ": {"users": [" lisi"]}},
        },
        {},
    )
    assert options.allow_from == ("user001",)
    assert options.admins == ("boss",)
    assert options.groups["cidTEAM=="].users == ("lisi",)


def test_a_quote_in_a_group_is_not_taken_for_what_was_said_to_one_person_alone() -> None:
    quote = Quoted(ours=True, created=NOW)
    book: SentKeys = {"robot": (SentChunk("m1", "s1", "for you alone", NOW, place="user001"),)}
    for kind, shown in (("1", "for you alone"), ("2", "")):
        asked = structs.replace(push(conversationType=kind), quote=quote)
        answered = with_quote(book, "robot", asked).quote
        assert answered is not None
        assert answered.text == shown
