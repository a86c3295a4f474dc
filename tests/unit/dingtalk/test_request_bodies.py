"""What is sent to the platform."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.catalogue import delivery
from dingbridge.core.dingtalk.limits import MSG_PARAM_BYTES, WEBHOOK_BODY_BYTES
from dingbridge.core.dingtalk.request_bodies import (
    keyword_bytes,
    msg_param_room,
    open_connection_body,
    robot_body,
    robot_room,
    send_to_group,
    send_to_people,
    sign,
    signed_url,
    token_body,
    with_keyword,
)
from dingbridge.core.dingtalk.stream_frames import ROBOT_TOPIC
from dingbridge.core.markdown.chunking import encoded_size
from dingbridge.core.messages import At

SECRET = "SEC" + "0123456789abcdef" * 4
TIME = 1690362101894
URL = "https://oapi.dingtalk.com/robot/send?access_token=abc"


# --- signature ----------------------------------------------------------------------------------


def _signature(timestamp: int, secret: str) -> str:
    """base64(HMAC_SHA256(key=secret, msg="{timestamp_ms}\\n{secret}")), doc/dingtalk.md §1."""
    digest = hmac.new(
        secret.encode(), b"%d\n%s" % (timestamp, secret.encode()), hashlib.sha256
    ).digest()
    return base64.b64encode(digest).decode()


@given(st.integers(0, 10**13), st.text("0123456789abcdef", min_size=1, max_size=64))
def test_the_signature_is_the_documented_one(timestamp: int, secret: str) -> None:
    assert sign("SEC" + secret, timestamp) == _signature(timestamp, "SEC" + secret)


def test_the_signature_of_a_known_secret_and_time_never_changes() -> None:
    assert sign("SECabc", 1577836800000) == "u2P4poOf3lkvTxhssKEUFLdQMNQCMWCzdFRy9n4Pom4="


@given(st.integers(0, 10**13))
def test_a_signed_url_carries_time_and_signature_encoded_once(timestamp: int) -> None:
    url = signed_url(URL, SECRET, timestamp)
    assert url == f"{URL}&timestamp={timestamp}&sign={quote_plus(_signature(timestamp, SECRET))}"
    assert parse_qs(urlsplit(url).query)["sign"] == [_signature(timestamp, SECRET)]


@pytest.mark.parametrize("old", ["&timestamp=1&sign=x%3D", "&sign=old", "&"])
def test_an_older_signature_in_the_url_is_replaced(old: str) -> None:
    assert signed_url(URL + old, SECRET, TIME) == signed_url(URL, SECRET, TIME)


def test_a_url_without_a_query_can_be_signed() -> None:
    assert signed_url("http://127.0.0.1:1/robot/send", SECRET, TIME).startswith(
        "http://127.0.0.1:1/robot/send?timestamp="
    )


def test_without_a_secret_the_url_stays_as_it_is() -> None:
    assert signed_url(URL, "", TIME) == URL


# --- webhook and session webhook ----------------------------------------------------------------


def test_a_markdown_message_has_title_and_text() -> None:
    assert json.loads(robot_body("markdown", "Title", "# 你好", At())) == {
        "msgtype": "markdown",
        "markdown": {"title": "Title", "text": "# 你好"},
    }


def test_a_text_message_has_no_title() -> None:
    assert json.loads(robot_body("text", "Title", "你好", At())) == {
        "msgtype": "text",
        "text": {"content": "你好"},
    }


@pytest.mark.parametrize("title", ["", "  \n"])
def test_an_empty_title_which_the_platform_refuses_is_never_sent(title: str) -> None:
    body = json.loads(robot_body("markdown", title, "x", At()))
    assert body["markdown"]["title"] == delivery.UNTITLED()
    parameters = json.loads(send_to_group("r", "c", "markdown", title, "x"))["msgParam"]
    assert json.loads(parameters)["title"] == delivery.UNTITLED()


def test_the_message_id_travels_along_so_that_a_retry_does_not_arrive_twice() -> None:
    assert json.loads(robot_body("text", "", "x", At(), msg_uuid="u1"))["msgUuid"] == "u1"


def test_mentions_stand_in_the_at_object_and_in_the_text() -> None:
    at = At(user_ids=("user1", "user2"), mobiles=("13800000000",))
    body = json.loads(robot_body("text", "", "ask @user2 please", at))
    assert body["at"] == {
        "atMobiles": ["13800000000"],
        "atUserIds": ["user1", "user2"],
        "isAtAll": False,
    }
    assert body["text"]["content"] == "ask @user2 please\n@user1 @13800000000"


def test_a_mention_of_a_longer_id_is_not_taken_for_a_shorter_one() -> None:
    body = json.loads(robot_body("text", "", "@user10", At(user_ids=("user1",))))
    assert body["text"]["content"] == "@user10\n@user1"


def test_mentions_after_a_code_block_do_not_become_part_of_it() -> None:
    body = json.loads(robot_body("markdown", "t", "```\nx\n```", At(user_ids=("user1",))))
    assert body["markdown"]["text"] == "```\nx\n```\n\n@user1"


def test_a_message_may_be_nothing_but_mentions() -> None:
    body = json.loads(robot_body("text", "", "", At(user_ids=("user1",))))
    assert body["text"]["content"] == "@user1"


def test_everybody_is_mentioned_only_when_asked_for() -> None:
    assert "at" not in json.loads(robot_body("text", "", "x", At()))
    assert json.loads(robot_body("text", "", "x", At(all=True)))["at"]["isAtAll"] is True


@pytest.mark.parametrize(
    ("text", "keyword", "sent"),
    [
        ("# Title", "alert", "alert\n\n# Title"),
        ("an alert", "alert", "an alert"),
        ("text", "", "text"),
    ],
)
def test_the_keyword_of_a_robot_is_put_before_a_text_without_it(
    text: str, keyword: str, sent: str
) -> None:
    assert with_keyword(text, keyword) == sent


# --- OpenAPI ------------------------------------------------------------------------------------


def test_a_message_to_people_names_robot_people_and_template() -> None:
    body = json.loads(send_to_people("robot", ["u1", "u2"], "markdown", "Title", 'say "你好"'))
    assert json.loads(body.pop("msgParam")) == {"title": "Title", "text": 'say "你好"'}
    assert body == {"robotCode": "robot", "userIds": ["u1", "u2"], "msgKey": "sampleMarkdown"}


def test_a_message_to_a_group_names_robot_conversation_and_template() -> None:
    body = json.loads(send_to_group("robot", "cid==", "text", "Title", "你好"))
    assert json.loads(body.pop("msgParam")) == {"content": "你好"}
    assert body == {"robotCode": "robot", "openConversationId": "cid==", "msgKey": "sampleText"}


def test_the_token_is_asked_for_with_key_and_secret() -> None:
    assert json.loads(token_body("key", "s3cr3t")) == {"appKey": "key", "appSecret": "s3cr3t"}


def test_a_connection_is_asked_for_with_the_robots_messages_only() -> None:
    assert json.loads(open_connection_body("id", "s3cr3t", "0.1.0")) == {
        "clientId": "id",
        "clientSecret": "s3cr3t",
        "subscriptions": [
            {"type": "CALLBACK", "topic": ROBOT_TOPIC},
            {"type": "CALLBACK", "topic": "/v1.0/card/instances/callback"},
        ],
        "ua": "dingbridge/0.1.0",
    }
    assert json.loads(open_connection_body("i", "s", "1", "10.0.0.2"))["localIp"] == "10.0.0.2"


@pytest.mark.parametrize(
    ("version", "agent"),
    [("0.2.0+g1f/dirty x", "dingbridge/0.2.0-g1f-dirty-x"), ("", "dingbridge/0")],
)
def test_an_odd_version_does_not_make_the_platform_refuse_us(version: str, agent: str) -> None:
    assert json.loads(open_connection_body("i", "s", version))["ua"] == agent


# --- bytes --------------------------------------------------------------------------------------

# Lone surrogates are among the characters; two that make a pair are one character to JSON.
TEXTS = st.text(
    st.characters() | st.sampled_from('"\\\n\t\x00\x7f\u2028字😀@'), min_size=1, max_size=60
).filter(lambda text: not re.search("[\ud800-\udbff][\udc00-\udfff]", text))
MSGTYPES = st.sampled_from(["text", "markdown"])
MENTIONS = st.builds(
    At,
    user_ids=st.lists(st.sampled_from(["user1", "user10", "字"]), unique=True).map(tuple),
    mobiles=st.lists(st.just("13800000000"), max_size=1).map(tuple),
    all=st.booleans(),
)


@given(MSGTYPES, st.text(max_size=20), TEXTS, MENTIONS, st.sampled_from(["", "uuid"]))
def test_a_text_that_fits_the_room_makes_a_body_under_the_ceiling(
    msgtype: str, title: str, text: str, at: At, uuid: str
) -> None:
    body = robot_body(msgtype, title, text, at, msg_uuid=uuid)
    free = robot_room(msgtype, title, at, msg_uuid=uuid) - encoded_size(text)
    assert len(body) + free <= WEBHOOK_BODY_BYTES
    if "@" not in text:
        assert len(body) + free == WEBHOOK_BODY_BYTES


@given(MSGTYPES, st.text(max_size=20), TEXTS)
def test_an_openapi_text_that_fits_the_room_makes_parameters_under_the_ceiling(
    msgtype: str, title: str, text: str
) -> None:
    free = msg_param_room(msgtype, title) - encoded_size(text)
    for body in (
        send_to_group("robot", "cid", msgtype, title, text),
        send_to_people("robot", ["user1"], msgtype, title, text),
    ):
        assert len(json.loads(body)["msgParam"].encode()) + free == MSG_PARAM_BYTES


@given(TEXTS, TEXTS | st.just(""))
def test_the_keyword_takes_no_more_bytes_than_reckoned(text: str, keyword: str) -> None:
    found = with_keyword(text, keyword)
    assert keyword in found
    assert found.endswith(text)
    assert encoded_size(found) <= encoded_size(text) + keyword_bytes(keyword)


@given(MSGTYPES, TEXTS)
def test_a_text_arrives_as_it_was_written_in_real_utf_8(msgtype: str, text: str) -> None:
    body = robot_body(msgtype, "t", text, At())
    sent = json.loads(body)[msgtype]["content" if msgtype == "text" else "text"]
    assert sent == "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text)
    if not any(ord(character) < 0x20 for character in text) and "\\" not in text:
        assert b"\\u" not in body


def test_half_a_surrogate_pair_does_not_stop_a_message() -> None:
    body = robot_body("text", "", "a\ud83db", At())
    assert json.loads(body)["text"]["content"] == "a\ufffdb"
    parameters = json.loads(send_to_group("r", "c", "text", "", "a\ud83db"))["msgParam"]
    assert json.loads(parameters)["content"] == "a\ufffdb"
