"""Robot messages, read into what the bridge works with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.dingtalk.addressees import without_mention
from dingbridge.core.dingtalk.robot_message import QuotaGone, read_robot_message, trusted
from dingbridge.core.errors import BadFrame
from dingbridge.core.messages import (
    Conversation,
    ConversationKind,
    Inbound,
    Sender,
    SessionWebhook,
)

pytestmark = pytest.mark.environment

WEBHOOK = "https://oapi.dingtalk.com/robot/sendBySession?session=abc"
GROUP: dict[str, Any] = {
    "conversationId": "cidAAA==",
    "conversationType": "2",
    "conversationTitle": "Team",
    "msgId": "msg1",
    "createAt": 1690362101894,
    "chatbotUserId": "$:LWCP_v1:robot",
    "robotCode": "dingrobot",
    "isInAtList": True,
    "atUsers": [{"dingtalkId": "$:LWCP_v1:robot"}],
    "senderId": "$:LWCP_v1:ann",
    "senderNick": "Ann",
    "senderStaffId": "1665",
    "isAdmin": True,
    "sessionWebhook": WEBHOOK,
    "sessionWebhookExpiredTime": 1690367502152,
    "msgtype": "text",
    "text": {"content": " hi"},
}


def read(trusted_origins: tuple[str, ...] = (), /, **changes: Any) -> Inbound:
    inbound = read_robot_message(json.dumps(GROUP | changes), trusted_origins)
    assert isinstance(inbound, Inbound)
    return inbound


def test_a_group_message_is_read_whole() -> None:
    assert read() == Inbound(
        id="msg1",
        robot_code="dingrobot",
        conversation=Conversation("cidAAA==", ConversationKind.GROUP, "Team"),
        sender=Sender("1665", "$:LWCP_v1:ann", "Ann"),
        mentioned=True,
        msgtype="text",
        text="hi",
        created=1690362101.894,
        session_webhook=SessionWebhook(WEBHOOK, 1690367502.152),
    )


def test_numbers_may_come_as_strings_and_strings_as_numbers() -> None:
    odd = read(
        createAt="1690362101894",
        conversationType=2,
        sessionWebhookExpiredTime="1690367502152",
        senderStaffId=1665,
        isInAtList="true",
    )
    assert odd == read()


def outcome(data: str) -> object:
    try:
        return read_robot_message(data)
    except BadFrame as error:
        return error


@pytest.mark.parametrize("kind", ["1", 1, 1.0])
def test_a_message_of_one_person_needs_no_mention(kind: object) -> None:
    inbound = read(conversationType=kind, isInAtList=None, text={"content": "@file hello"})
    assert inbound.conversation.kind is ConversationKind.SINGLE
    assert not inbound.mentioned
    assert inbound.text == "@file hello"


@pytest.mark.parametrize("kind", [None, "3", "", [], {}])
def test_a_conversation_of_unknown_kind_gets_the_stricter_rules_of_a_group(kind: object) -> None:
    assert read(conversationType=kind).conversation.kind is ConversationKind.GROUP


@pytest.mark.parametrize("value", [None, "", "soon", -1, 1e300, [], True])
def test_a_time_that_cannot_be_read_is_zero_and_does_not_cost_the_message(value: object) -> None:
    assert read(createAt=value).created == 0.0
    assert read(sessionWebhookExpiredTime=value).session_webhook is None


@pytest.mark.parametrize("field", ["conversationId", "msgId", "senderId"])
@pytest.mark.parametrize("value", [None, "", " ", [], "a\nb"])
def test_a_message_that_cannot_be_answered_is_refused_by_the_field(
    field: str, value: object
) -> None:
    with pytest.raises(BadFrame, match=field):
        read(**{field: value})


def test_a_person_from_outside_has_no_staff_id() -> None:
    data = {name: value for name, value in GROUP.items() if name != "senderStaffId"}
    inbound = read_robot_message(json.dumps(data))
    assert isinstance(inbound, Inbound)
    assert inbound.sender == Sender("", "$:LWCP_v1:ann", "Ann")


def test_names_and_text_cannot_act_on_the_editor() -> None:
    inbound = read(
        senderNick="A\x1b[31mnn\n",
        conversationTitle="Te\u202eam\r",
        text={"content": " one\r\n\x1b]0;title\x07two\x00"},
    )
    assert inbound.sender.nick == "Ann"
    assert inbound.conversation.title == "Team"
    assert inbound.text == "one\ntwo"


# --- mentions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("@Robot hello", "hello"),
        ("@Robot\u2005hello", "hello"),
        ("@My Robot\u2005hello", "hello"),
        ("@Robot\nhello\nthere", "hello\nthere"),
        ("@机器人 你好", "你好"),
        ("@Robot", ""),
        ("@Robot @Ann\u2005look", "@Ann\u2005look"),
        ("@Robot write to git@host now", "write to git@host now"),
        (" @types/node is broken", "@types/node is broken"),
        ("  hello", "hello"),
        ("git@host is down", "git@host is down"),
        ("clone git@host:a/b @Robot", "clone git@host:a/b @Robot"),
        ("@@ -1 +1 @@", "@@ -1 +1 @@"),
        ("@a@b.example hello", "@a@b.example hello"),
        ("@ Robot", "@ Robot"),
    ],
)
def test_exactly_one_mention_is_taken_from_the_start(content: str, text: str) -> None:
    assert read(text={"content": content}).text == text
    assert without_mention(content) == text


def test_without_being_mentioned_nothing_is_taken_away() -> None:
    assert read(isInAtList=False, text={"content": "@Ann hello"}).text == "@Ann hello"


# --- other kinds of message ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("msgtype", "content", "text"),
    [
        ("picture", {"downloadCode": "c"}, "[picture]"),
        ("image", None, "[picture]"),
        ("audio", {"recognition": "buy\nmilk", "duration": 3}, "buy\nmilk\n\n[voice message, 3 s]"),
        ("audio", {"downloadCode": "c"}, "[voice message]"),
        ("video", {"videoType": "mp4"}, "[video]"),
        ("file", {"fileName": "report.pdf"}, "[file: report.pdf]"),
        ("file", {"fileName": "a\x1b[2J\n.pdf"}, "[file: a .pdf]"),
        ("file", [], "[file]"),
        (
            "interactiveCard",
            {"biz_custom_action_url": "u"},
            "[card]\n\n[a link that cannot be shown]",
        ),
        ("chatRecord", {"title": "Ann and Bob", "chatRecord": "[]"}, "[chat record: Ann and Bob]"),
        ("markdown", {"text": "**bold**"}, "**bold**"),
        ("unknownMsgType", {"unknownMsgType": "hat"}, "[message of type hat, not supported yet]"),
        ("unknownMsgType", 7, "[message of type unknownMsgType, not supported yet]"),
        ("smell", {"a": 1}, "[message of type smell, not supported yet]"),
        ("x\ny", None, "[message of type x y, not supported yet]"),
        ("", None, "[message of type ?, not supported yet]"),
    ],
)
def test_other_kinds_of_message_arrive_as_a_readable_line(
    msgtype: str, content: object, text: str
) -> None:
    inbound = read(msgtype=msgtype, content=content, text=None)
    assert inbound.text == text
    assert inbound.msgtype == msgtype.replace("\n", " ")


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([{"text": "look: "}, {"type": "picture", "downloadCode": "c"}], "look: [picture]"),
        ([{"text": "look"}, {"type": "picture"}, {"text": "here"}], "look [picture] here"),
        ([{"type": "picture"}, {"type": "picture"}], "[picture] [picture]"),
        ([{"type": "bold", "text": "a"}, {"text": "b"}], "**a**b"),
        ([{"type": "at", "atName": "My Robot"}, {"text": "hello"}], "hello"),
        ([{"text": " "}, {"type": "at", "atName": "Ann"}, {"text": "hello"}], "@Ann\u2005hello"),
        ([{"type": "at"}, {"text": "hello"}], "hello"),
        ([7, None, {"text": ["x"]}, {}], "7 [unknown part] [unknown part] [unknown part]"),
        ({}, ""),
        (None, ""),
    ],
)
def test_rich_text_becomes_its_texts_and_pictures(items: object, text: str) -> None:
    assert read(msgtype="richText", text=None, content={"richText": items}).text == text


def test_the_other_spelling_of_msgtype_is_understood() -> None:
    data = {name: value for name, value in GROUP.items() if name not in ("msgtype", "text")}
    inbound = read_robot_message(json.dumps(data | {"msgType": "picture"}))
    assert isinstance(inbound, Inbound)
    assert (inbound.msgtype, inbound.text) == ("picture", "[picture]")


def test_a_message_with_text_but_no_type_is_a_text() -> None:
    inbound = read(msgtype=None)
    assert (inbound.msgtype, inbound.text) == ("text", "hi")


# --- quota --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"errorCode": 20001, "errorMessage": "quota ticket=s3cr3t"},
        {"errCode": "20001", "errMsg": "quota ticket=s3cr3t"},
    ],
)
def test_a_message_withheld_for_the_quota_is_no_empty_message(fields: dict[str, object]) -> None:
    gone = read_robot_message(json.dumps({"conversationId": "cid", **fields}))
    assert isinstance(gone, QuotaGone)
    assert gone.code == "20001"
    assert "quota is used up" in gone.message
    assert "DingTalk says: quota" in gone.message
    assert "s3cr3t" not in gone.message


def test_a_withheld_message_without_words_is_explained_all_the_same() -> None:
    gone = read_robot_message('{"errorCode":20001}')
    assert isinstance(gone, QuotaGone)
    assert gone.message.endswith(".")


# --- session webhook ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://oapi.dingtalk.com/robot/sendBySession?session=a",
        "https://dingtalk.com/x",
        "https://api.dingtalk.io:443/x",
        "HTTPS://OAPI.DingTalk.com/x",
        "http://127.0.0.1:4711/robot/sendBySession?session=a",
    ],
)
def test_a_reply_goes_to_dingtalk_or_to_a_configured_endpoint(url: str) -> None:
    assert trusted(url, ("https://api.example.com", "http://127.0.0.1:4711/base"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://oapi.dingtalk.com/x",
        "https://oapi.dingtalk.com:8443/x",
        "https://oapi.dingtalk.com.evil.example/x",
        "https://evildingtalk.com/x",
        "https://dingtalk.com@evil.example/x",
        "https://user@oapi.dingtalk.com/x",
        "https://evil.example\\.dingtalk.com/x",
        "https://evil.example/x#.dingtalk.com",
        "https://evil.example?.dingtalk.com",
        "https://oapi.dingtalk.com/x\r\nHost: evil.example",
        " https://oapi.dingtalk.com/x",
        "https://oapi.dingtalk.cоm/x",
        "https://oapi.dingtalk.com:99999/x",
        "https://[::1/x",
        "//oapi.dingtalk.com/x",
        "file:///etc/passwd",
        "http://127.0.0.1:4712/x",
        "https://127.0.0.1:4711/x",
        "http://localhost:4711/x",
    ],
)
def test_a_reply_goes_nowhere_else(url: str) -> None:
    assert not trusted(url, ("http://127.0.0.1:4711", "not a url"))


def test_an_untrusted_session_webhook_is_dropped_and_the_message_kept() -> None:
    inbound = read(sessionWebhook="https://evil.example/x")
    assert inbound.session_webhook is None
    assert inbound.text == "hi"


def test_a_configured_origin_makes_its_session_webhooks_usable() -> None:
    url = "http://127.0.0.1:4711/robot/sendBySession?session=a"
    assert read(sessionWebhook=url).session_webhook is None
    kept = read(("http://127.0.0.1:4711",), sessionWebhook=url).session_webhook
    assert kept is not None
    assert kept.url == url


# --- anything -----------------------------------------------------------------------------------


@pytest.mark.parametrize("data", ["", "null", "[]", "half {", "[" * 100_000, '{"msgId":1e999}'])
def test_what_is_no_robot_message_is_refused_as_one(data: str) -> None:
    with pytest.raises(BadFrame):
        read_robot_message(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["content", "richText", "text", "type", "atName", "fileName"]),
            children,
            max_size=3,
        )
    ),
    max_leaves=8,
)
NAMES = st.sampled_from([*GROUP, "content", "msgType", "errorCode", "errCode", "errMsg"])
TYPES = st.sampled_from(["richText", "audio", "file", "markdown", "20001", 20001])


@given(st.dictionaries(NAMES, JSON | TYPES, max_size=6))
def test_whatever_a_field_holds_the_message_is_read_or_refused(changes: dict[str, Any]) -> None:
    assert isinstance(outcome(json.dumps(GROUP | changes)), (Inbound, QuotaGone, BadFrame))


@given(st.text(max_size=60) | JSON.map(json.dumps))
def test_whatever_comes_as_a_message_is_read_or_refused(data: str) -> None:
    assert isinstance(outcome(data), (QuotaGone, BadFrame))


@given(st.text())
def test_taking_a_mention_away_loses_nothing_else(text: str) -> None:
    rest = without_mention(text)
    assert text.strip().endswith(rest)
    if not text.startswith("@"):
        assert rest == text.strip()


@given(st.text(max_size=40) | st.from_regex(r"https?://[ -~]{0,30}"))
def test_no_text_at_all_makes_the_check_of_a_url_fail(url: str) -> None:
    assert trusted(url, (url,)) in (True, False)
