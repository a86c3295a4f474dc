"""Custom robots' webhooks and session webhooks of the sandbox, rule by rule."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from dingbridge.sandbox import TEAM, CustomRobot, Sandbox, Settings
from dingbridge.sandbox.signatures import sign
from tests.support.sandbox_calls import request

SIGNED = CustomRobot("signed-token", name="签名", secret="SECsandbox")
WORDED = CustomRobot("worded-token", name="关键词", keywords=("部署", "告警"))
SETTINGS = Settings(robots=(*Settings().robots, SIGNED, WORDED))
HELLO = {"msgtype": "text", "text": {"content": "你好"}}
CARD = {"title": "t", "text": "x"}
ONE_BUTTON = {"singleTitle": "open", "singleURL": "https://example.com"}
BUTTONS = {"btns": [{"title": "open", "actionURL": "https://example.com"}]}
ENTRY = {"title": "x", "messageURL": "https://example.com", "picURL": "https://example.com/x.png"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SETTINGS) as running:
        yield running


def post(url: str, body: Any, **query: str) -> dict[str, Any]:
    response = request("POST", url, json=body, params=query)
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


def send(sandbox: Sandbox, body: Any, token: str, **query: str) -> dict[str, Any]:
    return post(f"{sandbox.url}/robot/send", body, access_token=token, **query)


def errcode(sandbox: Sandbox, msgtype: str, part: Any) -> int:
    """What comes of a message; nothing of it has arrived when it is refused."""
    before = len(sandbox.client.arrived())
    answer = post(sandbox.webhook_url, {"msgtype": msgtype, msgtype: part})
    assert len(sandbox.client.arrived()) - before == (answer["errcode"] == 0)
    code: int = answer["errcode"]
    return code


# --- the call -------------------------------------------------------------------------------------


def test_a_webhook_takes_post_only(sandbox: Sandbox) -> None:
    for url in (sandbox.webhook_url, sandbox.client.say("hi").session_webhook):
        assert request("GET", url).json()["errcode"] == 43002


def test_a_webhook_without_its_token_is_refused(sandbox: Sandbox) -> None:
    assert post(f"{sandbox.url}/robot/send", HELLO)["errcode"] == 40035
    assert sandbox.client.arrived() == []


def test_a_webhook_with_an_unknown_token_is_refused(sandbox: Sandbox) -> None:
    assert send(sandbox, HELLO, "wrong") == {"errcode": 300005, "errmsg": "token is not exist"}
    assert sandbox.client.arrived() == []
    sandbox.client.add_robot(CustomRobot("late"))
    assert send(sandbox, HELLO, "late")["errcode"] == 0


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", b"[1]", b"not json", b'"words"'])
def test_a_webhook_without_a_json_object_in_its_body_is_refused(
    sandbox: Sandbox, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    for url in (sandbox.webhook_url, sandbox.client.say("hi").session_webhook):
        assert request("POST", url, data=body, headers=headers).json()["errcode"] == 40035


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_webhook_wants_its_body_declared_as_json(sandbox: Sandbox, kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind else {}
    body = b'{"msgtype": "text", "text": {"content": "x"}}'
    for url in (sandbox.webhook_url, sandbox.client.say("hi").session_webhook):
        assert request("POST", url, data=body, headers=headers).json()["errcode"] == 43004


def test_a_webhook_takes_20000_bytes(sandbox: Sandbox) -> None:
    def body(text: str) -> bytes:
        return ('{"msgtype":"text","text":{"content":"' + text + '"}}').encode()

    headers = {"Content-Type": "application/json; charset=utf-8"}
    room = 20_000 - len(body(""))
    for url in (sandbox.webhook_url, sandbox.client.say("hi").session_webhook):
        good = request("POST", url, data=body("x" * room), headers=headers)
        assert good.json()["errcode"] == 0
        for text in ("x" * (room + 1), "字" * 7000):
            assert request("POST", url, data=body(text), headers=headers).json() == {
                "errcode": 460101,
                "errmsg": "message too long, exceed 20000 bytes",
            }


def test_the_old_host_knows_no_other_names(sandbox: Sandbox) -> None:
    assert post(f"{sandbox.url}/robot/nothing", {})["errcode"] == 22


# --- the message ----------------------------------------------------------------------------------


def test_a_webhook_message_names_its_msgtype(sandbox: Sandbox) -> None:
    assert post(sandbox.webhook_url, {"text": {"content": "x"}})["errcode"] == 40035


@pytest.mark.parametrize("msgtype", ["image", "voice", "file", "video", "interactiveCard", "any"])
def test_a_webhook_knows_five_msgtypes_and_no_media(sandbox: Sandbox, msgtype: str) -> None:
    assert errcode(sandbox, msgtype, {"media_id": "@x", "content": "x"}) == 400105
    assert post(sandbox.webhook_url, {"msgtype": ["text"]})["errcode"] == 400105


@pytest.mark.parametrize(
    ("msgtype", "part"),
    [
        ("text", {}),
        ("text", None),
        ("text", {"content": ""}),
        ("text", {"content": 1}),
        ("markdown", {"text": "x"}),
        ("markdown", {"title": "x"}),
        ("link", {"title": "t", "text": "x"}),
        ("actionCard", {"title": "t", **ONE_BUTTON}),
        ("feedCard", {"links": []}),
        ("feedCard", {"links": "x"}),
    ],
)
def test_a_webhook_message_has_all_the_fields_of_its_msgtype(
    sandbox: Sandbox, msgtype: str, part: Any
) -> None:
    assert errcode(sandbox, msgtype, part) == 40035


@pytest.mark.parametrize(
    ("msgtype", "part"),
    [
        ("text", {"content": " \n\t"}),
        ("markdown", {"title": "t", "text": "　"}),
        ("markdown", {"title": " ", "text": "x"}),
    ],
)
def test_a_webhook_message_of_blanks_is_refused(sandbox: Sandbox, msgtype: str, part: Any) -> None:
    assert errcode(sandbox, msgtype, part) == 40035
    assert post(sandbox.client.say("hi").session_webhook, {"msgtype": msgtype, msgtype: part})[
        "errcode"
    ] == (40035)


@pytest.mark.parametrize(
    "part",
    [
        {},
        {**ONE_BUTTON, **BUTTONS},
        {"singleTitle": "open"},
        {"btns": []},
        {"btns": [{"title": "open"}]},
        {**BUTTONS, "singleTitle": "open"},
    ],
)
def test_an_actioncard_has_one_button_of_its_own_or_a_list_of_them_and_never_both(
    sandbox: Sandbox, part: dict[str, Any]
) -> None:
    assert errcode(sandbox, "actionCard", {**CARD, **part}) == 40035


@pytest.mark.parametrize("part", [ONE_BUTTON, BUTTONS, {**BUTTONS, "btnOrientation": "1"}])
def test_an_actioncard_with_either_kind_of_buttons_is_taken(
    sandbox: Sandbox, part: dict[str, Any]
) -> None:
    assert errcode(sandbox, "actionCard", {**CARD, **part}) == 0


@pytest.mark.parametrize("missing", ["title", "messageURL", "picURL"])
def test_each_entry_of_a_feedcard_has_a_title_an_address_and_a_picture(
    sandbox: Sandbox, missing: str
) -> None:
    entry = {name: value for name, value in ENTRY.items() if name != missing}
    assert errcode(sandbox, "feedCard", {"links": [ENTRY, entry]}) == 40035
    assert errcode(sandbox, "feedCard", {"links": [ENTRY, "x"]}) == 40035
    assert errcode(sandbox, "feedCard", {"links": [ENTRY, ENTRY]}) == 0


def test_a_message_mentions_at_most_50_people(sandbox: Sandbox) -> None:
    def mentioning(phones: int, users: int) -> int:
        at = {
            "atMobiles": [f"1380000{n:04}" for n in range(phones)],
            "atUserIds": [f"user{n}" for n in range(users)],
        }
        code: int = post(sandbox.webhook_url, {**HELLO, "at": at})["errcode"]
        return code

    assert mentioning(20, 30) == 0
    assert mentioning(20, 31) == 40035
    assert mentioning(0, 51) == 40035
    assert len(sandbox.client.arrived()) == 1


def test_every_kind_of_message_is_read(sandbox: Sandbox) -> None:
    messages: list[tuple[str, Any, str, str]] = [
        ("text", {"content": "a"}, "", "a"),
        ("markdown", {"title": "t", "text": "b"}, "t", "b"),
        ("link", {"title": "t", "text": "c", "messageUrl": "https://example.com"}, "t", "c"),
        ("actionCard", {**CARD, **ONE_BUTTON}, "t", "x"),
        ("feedCard", {"links": [ENTRY, {**ENTRY, "title": "y"}]}, "x", "x\ny"),
    ]
    for msgtype, part, _, _ in messages:
        assert errcode(sandbox, msgtype, part) == 0
    assert [(each.msgtype, each.title, each.text) for each in sandbox.client.arrived()] == [
        (msgtype, title, text) for msgtype, _, title, text in messages
    ]


# --- security settings ----------------------------------------------------------------------------


def test_a_signature_is_good_for_an_hour(sandbox: Sandbox) -> None:
    stamp = str(int(time.time() * 1000))
    right = sign(SIGNED.secret, stamp)
    for query in ({}, {"timestamp": "now", "sign": sign(SIGNED.secret, "now")}):
        answer = send(sandbox, HELLO, SIGNED.token, **query)
        assert answer["errcode"] == 310000
        assert "invalid timestamp" in answer["errmsg"]
    assert send(sandbox, HELLO, SIGNED.token, timestamp=stamp, sign=right)["errcode"] == 0
    sandbox.client.advance(3700)
    late = send(sandbox, HELLO, SIGNED.token, timestamp=stamp, sign=right)
    assert late["errcode"] == 310000
    assert "invalid timestamp" in late["errmsg"]
    assert len(sandbox.client.arrived()) == 1


@pytest.mark.parametrize("signature", ["x", "签名", sign("SECother", "1")])
def test_a_wrong_signature_is_refused(sandbox: Sandbox, signature: str) -> None:
    stamp = str(int(time.time() * 1000))
    answer = send(sandbox, HELLO, SIGNED.token, timestamp=stamp, sign=signature)
    assert answer["errcode"] == 310000
    assert "sign not match" in answer["errmsg"]


def test_a_robot_with_keywords_wants_one_of_them(sandbox: Sandbox) -> None:
    refused = send(sandbox, HELLO, WORDED.token)
    assert refused["errcode"] == 310000
    assert "keywords not in content" in refused["errmsg"]
    good = {"msgtype": "markdown", "markdown": {"title": "告警", "text": "x"}}
    assert send(sandbox, good, WORDED.token) == {"errcode": 0, "errmsg": "ok"}


# --- how often ------------------------------------------------------------------------------------


def test_a_custom_robot_takes_20_messages_a_minute(sandbox: Sandbox) -> None:
    answers = [post(sandbox.webhook_url, HELLO)["errcode"] for _ in range(21)]
    assert answers == [0] * 20 + [130101]
    good = {"msgtype": "text", "text": {"content": "部署"}}
    assert send(sandbox, good, WORDED.token)["errcode"] == 0


def test_a_custom_robot_that_was_too_fast_is_throttled_for_ten_minutes(sandbox: Sandbox) -> None:
    sandbox.client.configure(rate_per_minute=1)
    assert [post(sandbox.webhook_url, HELLO)["errcode"] for _ in range(2)] == [0, 130101]
    sandbox.client.advance(590)
    assert post(sandbox.webhook_url, HELLO)["errcode"] == 410100
    sandbox.client.advance(10)
    assert post(sandbox.webhook_url, HELLO)["errcode"] == 0


def test_a_conversation_takes_20_replies_a_minute_by_session_webhook(sandbox: Sandbox) -> None:
    first, second = sandbox.client.say("a"), sandbox.client.say("b")
    other = sandbox.client.say("c", user="lisi")
    answers = [post(first.session_webhook, HELLO)["errcode"] for _ in range(19)]
    answers += [post(second.session_webhook, HELLO)["errcode"] for _ in range(2)]
    assert answers == [0] * 20 + [130101]
    assert post(other.session_webhook, HELLO)["errcode"] == 0


def test_a_message_with_a_known_msguuid_is_delivered_once(sandbox: Sandbox) -> None:
    body = {**HELLO, "msgUuid": "one"}
    assert [post(sandbox.webhook_url, body)["errcode"] for _ in range(3)] == [0, 0, 0]
    assert len(sandbox.client.arrived()) == 1


# --- replies --------------------------------------------------------------------------------------


def test_a_session_webhook_ends_after_90_minutes(sandbox: Sandbox) -> None:
    said = sandbox.client.say("hi")
    sandbox.client.advance(5395)
    assert post(said.session_webhook, HELLO)["errcode"] == 0
    sandbox.client.advance(6)
    assert post(said.session_webhook, HELLO)["errcode"] == 300001
    for query in ({}, {"session": "made-up"}):
        assert post(f"{sandbox.url}/robot/sendBySession", HELLO, **query) == {
            "errcode": 300001,
            "errmsg": "session 不存在",
        }


def test_all_sessions_can_be_ended_at_once(sandbox: Sandbox) -> None:
    said = sandbox.client.say("hi")
    sandbox.client.expire_session_webhooks()
    assert post(said.session_webhook, HELLO)["errcode"] == 300001


def test_a_reply_arrives_in_the_conversation_of_its_message(sandbox: Sandbox) -> None:
    said = sandbox.client.say("hi", group="产品讨论群")
    assert post(said.session_webhook, HELLO)["errcode"] == 0
    [arrived] = sandbox.client.arrived("session", TEAM)
    assert (arrived.text, arrived.reply_to) == ("你好", said.message_id)


# --- what is known afterwards ---------------------------------------------------------------------


def test_an_accepted_message_is_remembered_with_all_it_said(sandbox: Sandbox) -> None:
    at = {"atUserIds": ["lisi"], "isAtAll": False}
    body = {"msgtype": "markdown", "markdown": {"title": "标题", "text": "**正文**"}, "at": at}
    post(sandbox.webhook_url, body)
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.route, arrived.conversation_id) == ("webhook", TEAM)
    assert (arrived.msgtype, arrived.title, arrived.text) == ("markdown", "标题", "**正文**")
    assert arrived.at == at
    assert arrived.size == len(
        requests.Request("POST", "http://x", json=body).prepare().body or b""
    )


def test_the_bridge_options_carry_what_the_first_robot_asks_for() -> None:
    both = CustomRobot("t", secret="SECx", keywords=("告警",))
    with Sandbox(Settings(robots=(both,))) as other:
        options = other.settings()
        assert (options["secret"], options["keyword"]) == ("SECx", "告警")
        assert options["webhook"] == other.webhook_url
        assert options["endpoint"] == {"api": other.url, "oapi": other.url}
        credentials = (options["app_key"], options["app_secret"])
        assert credentials == (other.client_id, other.client_secret)
    with Sandbox(Settings(robots=())) as none:
        assert "webhook" not in none.settings()
        assert none.webhook_url == ""


def test_calls_are_recorded_without_their_secrets(sandbox: Sandbox) -> None:
    post(sandbox.webhook_url, HELLO)
    post(f"{sandbox.url}/nowhere", {})
    calls = sandbox.client.calls()
    assert [(call.path, call.status, call.code) for call in calls] == [
        ("/robot/send", 200, "0"),
        ("/nowhere", 200, "22"),
    ]
    assert SETTINGS.robots[0].token not in repr(calls)
