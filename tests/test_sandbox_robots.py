"""Custom robot webhooks and session webhooks of the sandbox, as a client meets them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from dingbridge.sandbox import TEAM, Robot, Sandbox, Settings
from dingbridge.sandbox.rules import sign

SIGNED = Robot("signed-token", name="签名", secret="SECsandbox")
WORDED = Robot("worded-token", name="关键词", keywords=("部署", "告警"))
SETTINGS = Settings(robots=(*Settings().robots, SIGNED, WORDED))
HELLO = {"msgtype": "text", "text": {"content": "你好"}}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SETTINGS) as running:
        yield running


def post(url: str, body: Any, **query: str) -> dict[str, Any]:
    with requests.Session() as http:
        http.trust_env = False
        response = http.post(url, json=body, params=query, timeout=5)
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


class TestCustomRobot:
    def send(self, sandbox: Sandbox, body: Any, token: str, **query: str) -> dict[str, Any]:
        return post(f"{sandbox.url}/robot/send", body, access_token=token, **query)

    def test_a_call_that_is_no_post_is_refused(self, sandbox: Sandbox) -> None:
        with requests.Session() as http:
            http.trust_env = False
            assert http.get(sandbox.webhook_url, timeout=5).json()["errcode"] == 43002

    def test_a_body_that_is_not_sent_as_json_is_refused(self, sandbox: Sandbox) -> None:
        with requests.Session() as http:
            http.trust_env = False
            answer = http.post(sandbox.webhook_url, data={"a": "b"}, timeout=5).json()
        assert answer["errcode"] == 43004

    def test_a_missing_token_and_a_wrong_one_are_told_apart(self, sandbox: Sandbox) -> None:
        assert post(f"{sandbox.url}/robot/send", HELLO)["errcode"] == 40035
        assert self.send(sandbox, HELLO, "wrong") == {
            "errcode": 300005,
            "errmsg": "token is not exist",
        }
        assert sandbox.client.arrived() == []

    def test_a_body_over_20000_bytes_is_refused(self, sandbox: Sandbox) -> None:
        body = {"msgtype": "text", "text": {"content": "x" * 20_000}}
        assert post(sandbox.webhook_url, body) == {
            "errcode": 460101,
            "errmsg": "message too long, exceed 20000 bytes",
        }

    def test_a_signed_robot_wants_a_fresh_right_signature(self, sandbox: Sandbox) -> None:
        stamp = str(int(time.time() * 1000))
        right = sign(SIGNED.secret, stamp)
        assert "invalid timestamp" in self.send(sandbox, HELLO, SIGNED.token)["errmsg"]
        wrong = self.send(sandbox, HELLO, SIGNED.token, timestamp=stamp, sign="x")
        assert wrong["errcode"] == 310000
        assert "sign not match" in wrong["errmsg"]
        assert self.send(sandbox, HELLO, SIGNED.token, timestamp=stamp, sign=right)["errcode"] == 0
        sandbox.client.advance(3700)
        late = self.send(sandbox, HELLO, SIGNED.token, timestamp=stamp, sign=right)
        assert late["errcode"] == 310000
        assert "invalid timestamp" in late["errmsg"]
        assert len(sandbox.client.arrived()) == 1

    def test_a_robot_with_keywords_wants_one_of_them(self, sandbox: Sandbox) -> None:
        refused = self.send(sandbox, HELLO, WORDED.token)
        assert refused["errcode"] == 310000
        assert "keywords not in content" in refused["errmsg"]
        good = {"msgtype": "markdown", "markdown": {"title": "告警", "text": "x"}}
        assert self.send(sandbox, good, WORDED.token) == {"errcode": 0, "errmsg": "ok"}

    def test_the_21st_message_of_a_minute_is_refused_for_this_robot_alone(
        self, sandbox: Sandbox
    ) -> None:
        answers = [post(sandbox.webhook_url, HELLO)["errcode"] for _ in range(22)]
        assert answers == [0] * 20 + [130101, 410100]
        good = {"msgtype": "text", "text": {"content": "部署"}}
        assert self.send(sandbox, good, WORDED.token)["errcode"] == 0
        sandbox.client.advance(600)
        assert post(sandbox.webhook_url, HELLO)["errcode"] == 0

    def test_a_message_with_a_known_uuid_is_accepted_and_not_delivered_again(
        self, sandbox: Sandbox
    ) -> None:
        body = {**HELLO, "msgUuid": "one"}
        assert [post(sandbox.webhook_url, body)["errcode"] for _ in range(3)] == [0, 0, 0]
        assert len(sandbox.client.arrived()) == 1

    def test_an_accepted_message_is_remembered_with_all_it_said(self, sandbox: Sandbox) -> None:
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

    def test_the_bridge_options_carry_what_the_first_robot_asks_for(self) -> None:
        both = Robot("t", secret="SECx", keywords=("告警",))
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

    def test_a_robot_can_be_added(self, sandbox: Sandbox) -> None:
        assert self.send(sandbox, HELLO, "late")["errcode"] == 300005
        sandbox.client.add_robot(Robot("late"))
        assert self.send(sandbox, HELLO, "late")["errcode"] == 0

    def test_calls_are_recorded_without_their_secrets(self, sandbox: Sandbox) -> None:
        post(sandbox.webhook_url, HELLO)
        post(f"{sandbox.url}/nowhere", {})
        calls = sandbox.client.calls()
        assert [(call.path, call.status, call.code) for call in calls] == [
            ("/robot/send", 200, "0"),
            ("/nowhere", 200, "22"),
        ]
        assert SETTINGS.robots[0].token not in repr(calls)


class TestSessionWebhook:
    def test_an_unknown_or_missing_session_is_refused(self, sandbox: Sandbox) -> None:
        for query in ({}, {"session": "made-up"}):
            assert post(f"{sandbox.url}/robot/sendBySession", HELLO, **query) == {
                "errcode": 300001,
                "errmsg": "session 不存在",
            }

    def test_a_session_ends_after_90_minutes(self, sandbox: Sandbox) -> None:
        said = sandbox.client.say("hi")
        sandbox.client.advance(5399)
        assert post(said.session_webhook, HELLO)["errcode"] == 0
        sandbox.client.advance(2)
        assert post(said.session_webhook, HELLO)["errcode"] == 300001

    def test_all_sessions_can_be_ended_at_once(self, sandbox: Sandbox) -> None:
        said = sandbox.client.say("hi")
        sandbox.client.expire_session_webhooks()
        assert post(said.session_webhook, HELLO)["errcode"] == 300001

    def test_a_reply_has_the_same_limit_and_needs_the_same_fields(self, sandbox: Sandbox) -> None:
        url = sandbox.client.say("hi").session_webhook
        long = {"msgtype": "text", "text": {"content": "x" * 20_000}}
        assert post(url, long)["errcode"] == 460101
        assert post(url, {"msgtype": "markdown", "markdown": {"text": "x"}})["errcode"] == 40035

    def test_replies_are_throttled_by_conversation_when_that_is_asked_for(
        self, sandbox: Sandbox
    ) -> None:
        sandbox.client.configure(session_rate_per_minute=1)
        first, second = sandbox.client.say("a"), sandbox.client.say("b")
        other = sandbox.client.say("c", user="lisi")
        assert post(first.session_webhook, HELLO)["errcode"] == 0
        assert post(second.session_webhook, HELLO)["errcode"] == 130101
        assert post(other.session_webhook, HELLO)["errcode"] == 0

    def test_a_reply_arrives_in_the_conversation_of_its_message(self, sandbox: Sandbox) -> None:
        said = sandbox.client.say("hi", group="产品讨论群")
        assert post(said.session_webhook, HELLO)["errcode"] == 0
        [arrived] = sandbox.client.arrived("session", TEAM)
        assert (arrived.text, arrived.reply_to) == ("你好", said.message_id)
