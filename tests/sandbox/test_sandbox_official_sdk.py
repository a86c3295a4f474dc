"""The judge: DingTalk's own SDK takes the sandbox for DingTalk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dingbridge.sandbox import TEAM, Sandbox, Settings
from tests.support.processes import Child

PROGRAM = """
import os, dingtalk_stream

class Echo(dingtalk_stream.ChatbotHandler):
    async def process(self, callback):
        message = dingtalk_stream.ChatbotMessage.from_dict(callback.data)
        said = message.text.content.strip()
        if said == "token":
            token = self.dingtalk_client.get_access_token()
            same = token == self.dingtalk_client.get_access_token()
            answer = self.reply_text(f"token {bool(token)} {same}", message)
        elif said == "markdown":
            answer = self.reply_markdown("标题", "**正文**", message)
        else:
            answer = self.reply_text("收到: " + said, message)
        good = answer is not None and answer["errcode"] == 0
        status = dingtalk_stream.AckMessage
        return (status.STATUS_OK if good else status.STATUS_SYSTEM_EXCEPTION), "OK"

credential = dingtalk_stream.Credential(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
client = dingtalk_stream.DingTalkStreamClient(credential)
client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, Echo())
client.start_forever()
"""

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Settings(session_rate_per_minute=None)) as running:
        environment = {
            **os.environ,
            "DINGTALK_OPENAPI_ENDPOINT": running.url,
            "CLIENT_ID": running.client_id,
            "CLIENT_SECRET": running.client_secret,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "PYTHONUTF8": "1",
        }
        with Child(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as program:
            try:
                running.client.wait_connections(1, timeout=30)
                yield running
            finally:
                program.kill()


def test_the_sdk_registers_with_its_own_user_agent(sandbox: Sandbox) -> None:
    [connection] = sandbox.client.connections().open
    assert connection.ua.startswith("dingtalk-sdk-python/")
    assert "/v1.0/im/bot/messages/get" in connection.topics


@pytest.mark.parametrize("group", [None, TEAM])
def test_the_sdk_reads_a_message_acknowledges_it_and_replies(
    sandbox: Sandbox, group: str | None
) -> None:
    said = sandbox.client.say("你好 😀", group=group)
    ack = sandbox.client.wait_ack(said.header_id, timeout=20)
    assert (ack.code, ack.data) == (200, {"response": "OK"})
    [reply] = sandbox.client.wait_arrived(lambda each: each.reply_to == said.message_id)
    assert (reply.route, reply.msgtype) == ("session", "text")
    assert reply.text == "收到: 你好 😀"
    assert reply.conversation_id == said.conversation_id
    assert reply.at == {"atUserIds": ["zhangsan"]}


def test_the_sdk_replies_with_markdown(sandbox: Sandbox) -> None:
    said = sandbox.client.say("markdown")
    [reply] = sandbox.client.wait_arrived(lambda each: each.reply_to == said.message_id, 20)
    assert (reply.msgtype, reply.title, reply.text) == ("markdown", "标题", "**正文**")


def test_the_sdk_fetches_an_access_token(sandbox: Sandbox) -> None:
    said = sandbox.client.say("token")
    [reply] = sandbox.client.wait_arrived(lambda each: each.reply_to == said.message_id, 20)
    assert reply.text == "token True True"
    assert [call.status for call in sandbox.client.calls("/v1.0/oauth2/accessToken")] == [200]


def test_the_sdk_acknowledges_a_ping_with_its_data(sandbox: Sandbox) -> None:
    [name] = sandbox.client.send_ping()
    ack = sandbox.client.wait_ack(name, timeout=20)
    assert ack.code == 200
    assert set(ack.data) == {"opaque"}


def test_the_sdk_sees_a_refused_reply_and_acknowledges_a_failure(sandbox: Sandbox) -> None:
    client = sandbox.client
    client.configure(session_rate_per_minute=0)
    said = client.say("hi")
    ack = client.wait_ack(said.header_id, timeout=20)
    client.configure(session_rate_per_minute=None)
    assert ack.code == 500


def test_the_sdk_comes_back_after_it_was_told_to_leave(sandbox: Sandbox) -> None:
    before = sandbox.client.connections().total
    sandbox.client.disconnect()
    now = sandbox.client.wait_connections(1, total=before + 1, timeout=30)
    assert now.open[0].id == f"connection-{before + 1}"
    said = sandbox.client.say("wieder da")
    assert sandbox.client.wait_ack(said.header_id, timeout=20).code == 200
