"""Of whatever comes a reader sees words: nothing of a message vanishes silently."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dingbridge.core.commands.remote_commands import ClearSession, FileSlice, ListSessions, WhoAmI
from dingbridge.core.commands.remote_parser import Bad
from dingbridge.core.dingtalk.addressees import command_in
from dingbridge.core.dingtalk.robot_message import QuotaGone, read_robot_message
from dingbridge.core.messages import Inbound
from dingbridge.core.sessions import inbound_entry
from dingbridge.core.text import visible

NOW = 1_800_000_000.0
ROBOT = "$:LWCP_v1:$robot"
ROBOT_ALONE = [{"dingtalkId": ROBOT}]
WITH_ZHANGSAN = [{"dingtalkId": ROBOT}, {"dingtalkId": "$:x", "staffId": "zs01"}]
GROUP: dict[str, Any] = {
    "conversationId": "cidTEAM==",
    "conversationType": "2",
    "msgId": "msg1",
    "createAt": 1690362101894,
    "chatbotUserId": ROBOT,
    "chatbotCorpId": "dingcorp",
    "robotCode": "dingrobot",
    "senderId": "$:LWCP_v1:$ann",
    "senderNick": "Ann",
    "senderStaffId": "ann",
    "isInAtList": True,
    "atUsers": ROBOT_ALONE,
}
LEFT_OUT = "left out"


def push(**fields: Any) -> Inbound:
    data = {name: value for name, value in (GROUP | fields).items() if value != LEFT_OUT}
    inbound = read_robot_message(json.dumps(data), (), NOW)
    assert isinstance(inbound, Inbound)
    return inbound


def shown(msgtype: str, content: object = None, text: object = None, **fields: Any) -> str:
    return inbound_entry.text(push(msgtype=msgtype, content=content, text=text, **fields))


# --- nothing vanishes -----------------------------------------------------------------------------

CODE = {"pictureDownloadCode": "u1", "downloadCode": "u1"}


def test_an_item_with_a_code_is_an_attachment_in_its_place() -> None:
    items = [{"text": "Look at the chart: "}, CODE, {"text": "why does it drop"}]
    inbound = push(msgtype="richText", content={"richText": items})
    assert inbound.text == "Look at the chart: [picture] why does it drop"
    [picture] = inbound.attachments
    assert (picture.kind, picture.download_code) == ("picture", "u1")
    linked = inbound_entry.text(inbound, ("/m/1.png",))
    assert linked == "Look at the chart: ![picture](/m/1.png) why does it drop"


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({"type": "text", **CODE}, "picture"),
        ({"type": "photo", "downloadCode": "c"}, "picture"),
        ({"type": "doc", "downloadCode": "c", "fileName": "a.pdf"}, "file"),
        ({"downloadCode": "c", "recognition": "hello"}, "audio"),
        ({"downloadCode": "c", "videoType": "mp4"}, "video"),
        ({"type": 7, "text": "caption", "downloadCode": "c"}, "picture"),
        ({"type": "at", "downloadCode": "c"}, "picture"),
    ],
)
def test_whatever_its_type_says_what_can_be_fetched_is_an_attachment(
    item: dict[str, Any], kind: str
) -> None:
    inbound = push(msgtype="richText", content={"richText": [item]})
    assert [one.kind for one in inbound.attachments] == [kind]
    assert item.get("text", "") in inbound.text


UNKNOWN = "[unknown part]"


@pytest.mark.parametrize(
    ("msgtype", "content", "text", "expected"),
    [
        ("richText", {"richText": [{"text": "a"}, {}, {"text": "b"}]}, None, f"a {UNKNOWN} b"),
        ("richText", {"richText": [None, True, ["x"], {"x": 1}]}, None, " ".join([UNKNOWN] * 4)),
        ("richText", {"richText": [1.5, "words"]}, None, "1.5words"),
        ("richText", {"richText": [{"type": "sticker", "url": "x"}]}, None, "[sticker]"),
        ("richText", {"richText": [{"type": "at"}, {"text": "x"}]}, None, "x"),
        ("richText", {"richText": {"a": 1}}, None, UNKNOWN),
        ("richText", {"richText": "plain words"}, None, "plain words"),
        ("richText", {"richText": [{"text": {"content": "deep"}}]}, None, "deep"),
        ("richText", {"text": "beside"}, None, "beside"),
        ("richText", None, {"content": "above"}, "above"),
        ("richText", "words instead", None, "[message without text]"),
        ("text", None, "words instead of an object", "words instead of an object"),
        ("text", {"content": "in the other field"}, None, "in the other field"),
        ("text", "words in the other field", None, "words in the other field"),
        ("text", {"richText": [{"text": "rich after all"}]}, None, "rich after all"),
        ("text", {"downloadCode": "c"}, {"content": "see"}, "see\n\n[picture]"),
        ("text", {"downloadCode": "c"}, None, "[picture]"),
        ("text", None, {"content": None}, "[message without text]"),
        ("text", None, [], "[message without text]"),
        ("markdown", "plain", None, "plain"),
        ("markdown", {"title": "only a title"}, None, "only a title"),
        ("markdown", {"text": "**x**", "downloadCode": "c"}, None, "**x**\n\n[picture]"),
        ("picture", {"downloadCode": "c", "text": "caption"}, None, "[picture]\n\ncaption"),
        ("file", {"fileName": "a.txt"}, {"content": "see"}, "[file: a.txt]\n\nsee"),
        ("audio", {"downloadCode": "c"}, None, "[voice message]"),
        ("audio", {"downloadCode": "c", "recognition": " "}, None, "[voice message]"),
        (
            "chatRecord",
            {"chatRecord": ["a", 7, None, {}]},
            None,
            f"[chat record]\n\n> a\n\n> 7\n\n> {UNKNOWN}\n\n> [message without text]",
        ),
        (
            "chatRecord",
            {"chatRecord": "not json"},
            None,
            "[chat record]\n\n[its messages cannot be read]",
        ),
        (
            "chatRecord",
            {"chatRecord": [{"senderNick": "甲", "msgType": "picture", "downloadCode": "c"}]},
            None,
            "[chat record]\n\n> **甲**\n> [picture]",
        ),
        (
            "chatRecord",
            {"chatRecord": [{"msgType": "richText", "richText": [{"text": "rich words"}]}]},
            None,
            "[chat record]\n\n> rich words",
        ),
        (
            "chatRecord",
            {"chatRecord": [{"senderNick": "甲", "msgType": "hologram", "content": {"a": 1}}]},
            None,
            "[chat record]\n\n> **甲**\n> [message of type hologram, not supported yet]",
        ),
        ("interactiveCard", {}, None, "[card]"),
        (
            "interactiveCard",
            {"cardData": {"cardParamMap": {"content": "approved"}}},
            None,
            "[card]\n\napproved",
        ),
        (
            "interactiveCard",
            {"biz_custom_action_url": "javascript:alert(1)"},
            None,
            "[card]\n\n[a link that cannot be shown]",
        ),
        (
            "hologram",
            {"downloadCode": "c"},
            None,
            "[message of type hologram, not supported yet]\n\n[file]",
        ),
        ("hologram", None, None, "[message of type hologram, not supported yet]"),
        ("unknownMsgType", None, None, "[message of type unknownMsgType, not supported yet]"),
    ],
)
def test_what_is_not_understood_leaves_a_word_in_its_place(
    msgtype: str, content: object, text: object, expected: str
) -> None:
    assert shown(msgtype, content, text) == expected


def test_an_error_in_place_of_a_message_is_told() -> None:
    said = shown("text", errorCode=50001, errorMessage="session=s3cret broken")
    assert said.startswith("[DingTalk sent error 50001")
    assert "broken" in said
    assert "s3cret" not in said
    assert shown("text", text={"content": "hi"}, errorCode=0) == "hi"


def test_a_quoted_card_shows_what_came_of_it() -> None:
    card = {"cardData": {"cardParamMap": {"content": "earlier card text"}}}
    replied = {"msgType": "interactiveCard", "content": card}
    said = shown("text", text={"content": "why?", "isReplyMsg": True, "repliedMsg": replied})
    assert said == "> In answer to a message:\n>\n> earlier card text\n\nwhy?"


def test_what_can_be_fetched_of_a_quoted_message_of_unknown_type_is_offered() -> None:
    replied = {"msgType": "hologram", "content": {"downloadCode": "c", "fileName": "a.bin"}}
    inbound = push(msgtype="text", text={"content": "?", "isReplyMsg": True, "repliedMsg": replied})
    assert [one.file_name for one in inbound_entry.to_fetch(inbound)] == ["a.bin"]
    assert "fetching a.bin …" in inbound_entry.while_fetched(inbound)


def test_a_mention_alone_in_answer_to_something_asks_about_that() -> None:
    replied = {"msgType": "text", "content": {"text": "is it true?"}}
    inbound = push(msgtype="text", text={"content": " ", "isReplyMsg": True, "repliedMsg": replied})
    assert not inbound.says_nothing
    assert inbound_entry.text(inbound) == "> In answer to a message:\n>\n> is it true?"
    nothing = push(msgtype="text", text={"content": " ", "isReplyMsg": True})
    assert nothing.says_nothing
    assert inbound_entry.text(nothing).endswith("\n\n[message without text]")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("text", "content", "richText", "type", "msgType", "atName", "atUserId"),
                    *("downloadCode", "fileName", "recognition", "chatRecord", "summary", "title"),
                    *("cardData", "cardParamMap", "repliedMsg", "isReplyMsg", "senderNick"),
                ]
            )
            | st.text(max_size=3),
            children,
            max_size=4,
        )
        | children.map(json.dumps)
    ),
    max_leaves=12,
)
TYPES = st.sampled_from(
    [
        *("text", "richText", "picture", "image", "audio", "voice", "video", "file", "markdown"),
        *("chatRecord", "interactiveCard", "unknownMsgType", "hologram", "", 7),
    ]
) | st.text(max_size=5)
FIELDS = st.dictionaries(
    st.sampled_from(
        [
            *("text", "content", "isInAtList", "atUsers", "createAt", "conversationType"),
            *("quoteMessage", "originalMsgId", "originalProcessQueryKey", "senderNick"),
            *("robotCode", "conversationTitle", "errorCode", "errMsg", "chatbotUserId"),
        ]
    ),
    JSON,
    max_size=6,
)


@given(TYPES, JSON, FIELDS)
@example("richText", {"richText": [{"type": "at", "atName": "\u200b"}]}, {})
@example("text", {"richText": {"richText": 1}}, {})
def test_whatever_comes_with_a_type_a_reader_sees_words(
    msgtype: object, content: object, fields: dict[str, Any]
) -> None:
    data = GROUP | {"msgtype": msgtype, "content": content} | fields
    inbound = read_robot_message(json.dumps(data), (), NOW)
    if isinstance(inbound, QuotaGone):
        assert visible(inbound.message)
        return
    assert visible(inbound_entry.text(inbound))
    assert inbound.created > 0
    command_in(inbound)


# --- forwarded chats ------------------------------------------------------------------------------


def entry(sender: str, said: object, **fields: Any) -> dict[str, Any]:
    return {"senderId": sender, "msgType": "text", "content": said, **fields}


def record(entries: list[Any], summary: list[Any], **how: Any) -> str:
    content = {"title": "t", "summary": json.dumps(summary), "chatRecord": json.dumps(entries)}
    return shown("chatRecord", content | how).replace("[chat record: t]\n\n", "")


@pytest.mark.parametrize("colon", [": ", ":", "：", " : "])
def test_the_names_of_a_forwarded_chat_are_taken_from_its_summary(colon: str) -> None:
    said = record([entry("$:1", "a"), entry("$:2", "b")], [f"甲{colon}a", f"乙{colon}b"])
    assert said == "> **甲**\n> a\n\n> **乙**\n> b"


def test_a_picture_among_the_texts_gets_its_name_too() -> None:
    picture = {"senderId": "$:1", "msgType": "picture", "content": {"downloadCode": "c"}}
    said = record([entry("$:2", "look:"), picture], ["乙: look:", "甲: [图片]"])
    assert said == "> **乙**\n> look:\n\n> **甲**\n> [picture]"


def test_a_line_of_the_summary_may_be_cut() -> None:
    said = record([entry("$:1", "a long story"), entry("$:2", "b")], ["甲: a long…", "乙: b"])
    assert said == "> **甲**\n> a long story\n\n> **乙**\n> b"


@pytest.mark.parametrize(
    "summary",
    [
        ["甲: a"],
        ["甲: a", "乙: b", "丙: c"],
        ["甲: b", "乙: a"],
        ["甲: a", "乙: something else"],
        ["甲: a", "no colon at all"],
        ["甲 a", "乙: b"],
        ["甲: a", 7],
        [],
    ],
)
def test_names_are_not_guessed_from_a_summary_that_does_not_fit(summary: list[Any]) -> None:
    assert record([entry("$:1", "a"), entry("$:2", "b")], summary) == "> a\n\n> b"


def test_an_entrys_own_name_counts() -> None:
    said = record([entry("$:1", "a", senderNick="丙"), entry("$:2", "b")], ["甲: a", "乙: b"])
    assert said == "> **丙**\n> a\n\n> **乙**\n> b"


# --- mentions -------------------------------------------------------------------------------------


def text(content: str, **fields: Any) -> Inbound:
    return push(msgtype="text", text={"content": content}, **fields)


@pytest.mark.parametrize(
    ("content", "at_users", "expected"),
    [
        ("@张三 明天来吗 ", WITH_ZHANGSAN, "@张三 明天来吗"),
        ("@Robot 大后天", ROBOT_ALONE, "大后天"),
        ("@Robot 大后天", [*ROBOT_ALONE, *ROBOT_ALONE], "大后天"),
        ("@Robot 大后天", LEFT_OUT, "大后天"),
        ("@Robot 大后天", None, "大后天"),
        (" 大后天", WITH_ZHANGSAN, "大后天"),
        ("@张三 明天来吗", [{"dingtalkId": "$:x"}], "@张三 明天来吗"),
    ],
)
def test_only_a_name_that_must_be_the_robots_is_taken_from_the_start(
    content: str, at_users: object, expected: str
) -> None:
    assert text(content, atUsers=at_users).text == expected


def test_who_else_is_mentioned_by_an_item_stays() -> None:
    items = [
        {"type": "at", "atName": "Robot", "atUserId": ROBOT},
        {"type": "at", "atName": "张三", "atUserId": "$:x"},
        {"text": "明天来吗"},
    ]
    for at_users in (WITH_ZHANGSAN, ROBOT_ALONE, LEFT_OUT):
        inbound = push(msgtype="richText", content={"richText": items}, atUsers=at_users)
        assert inbound.text == "@张三\u2005明天来吗"


def test_somebody_without_a_name_who_is_mentioned_leaves_a_word() -> None:
    items = [{"type": "at", "atUserId": "$:x"}, {"text": "hello"}]
    inbound = push(msgtype="richText", content={"richText": items}, atUsers=WITH_ZHANGSAN)
    assert inbound.text == "[mention] hello"


@pytest.mark.parametrize(
    ("is_in_at_list", "at_users", "mentioned"),
    [
        (LEFT_OUT, ROBOT_ALONE, True),
        (None, ROBOT_ALONE, True),
        (None, WITH_ZHANGSAN, True),
        (None, [{"dingtalkId": f" {ROBOT}"}], False),
        (None, [{"dingtalkId": "$:x", "staffId": ROBOT}], False),
        (None, [], False),
        (None, LEFT_OUT, False),
        (None, "robot", False),
        (False, ROBOT_ALONE, False),
        ("false", ROBOT_ALONE, False),
        (True, [], True),
    ],
)
def test_where_it_is_not_told_the_robot_among_those_mentioned_is_a_mention(
    is_in_at_list: object, at_users: object, mentioned: bool
) -> None:
    assert text("hi", isInAtList=is_in_at_list, atUsers=at_users).mentioned is mentioned


def test_a_robot_without_an_id_is_not_mentioned_by_whoever_has_none() -> None:
    inbound = text("hi", isInAtList=None, atUsers=[{}], chatbotUserId=LEFT_OUT)
    assert not inbound.mentioned


@pytest.mark.parametrize(
    ("content", "command"),
    [
        ("/whoami @Robot", WhoAmI()),
        ("/whoami@Robot", None),
        ("@Robot /whoami", WhoAmI()),
        ("/whoami @My Robot\u2005", WhoAmI()),
        ("/whoami @Robot.v2", WhoAmI()),
        ("/list @Robot", ListSessions("")),
        ("/list @Robot build", ListSessions("build")),
        ("/file @types/node.d.ts:1-2 @Robot", FileSlice("@types/node.d.ts", 1, 2)),
        ("/file @types/node.d.ts:1-2", FileSlice("@types/node.d.ts", 1, 2)),
    ],
)
def test_the_robots_name_is_never_an_argument(content: str, command: object) -> None:
    assert command_in(text(content)) == command


def test_a_command_is_found_behind_a_name_that_stays() -> None:
    inbound = text("@张三 /clear", atUsers=WITH_ZHANGSAN)
    assert inbound.text == "@张三 /clear"
    assert command_in(inbound) == ClearSession()
    assert command_in(text("@张三 /shrug", atUsers=WITH_ZHANGSAN)) is None


def test_in_a_chat_of_two_a_name_is_what_was_typed() -> None:
    assert isinstance(command_in(text("/whoami @Robot", conversationType="1")), Bad)


# --- the time -------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [LEFT_OUT, None, 0, "0", "soon", "", -1, {}, 1e300, 1690362101])
def test_a_message_without_a_time_was_written_when_it_came(value: object) -> None:
    assert text("hi", createAt=value).created == NOW


def test_a_time_that_can_be_read_is_kept() -> None:
    assert text("hi", createAt="1690362101894").created == 1690362101.894
