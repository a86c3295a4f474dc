"""The judge from the other side: DingTalk's own SDK for Node, unmodified."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dingbridge.sandbox import TEAM, Sandbox, Settings
from tests import node_sdk
from tests.support.processes import Child
from tests.support.sandbox_calls import fetch_token, post

SDK = node_sdk.folder()
PROGRAM = """
const { createRequire } = require('module');
const sdk = createRequire(process.env.SDK + '/');
const { DWClient, EventAck, TOPIC_ROBOT } = sdk('dingtalk-stream');
const axios = sdk('axios');

// The SDK names the public hosts whatever one sets; on its way out an address is that of a sandbox.
axios.interceptors.request.use((config) => {
  config.url = config.url.replace(/^https:\\/\\/o?api\\.dingtalk\\.com/, process.env.SANDBOX);
  return config;
});

const client = new DWClient({
  clientId: process.env.CLIENT_ID,
  clientSecret: process.env.CLIENT_SECRET,
});
client.registerCallbackListener(TOPIC_ROBOT, async (frame) => {
  const message = JSON.parse(frame.data);
  const answer = await axios.post(message.sessionWebhook, {
    msgtype: 'text',
    text: { content: `收到: ${message.text.content.trim()}` },
    at: { atUserIds: [message.senderStaffId], isAtAll: false },
  });
  client.socketCallBackResponse(frame.headers.messageId, answer.data);
});
client.registerCallbackListener('/v1.0/card/instances/callback', (frame) => {
  const pressed = JSON.parse(frame.data);
  const params = { markdown: `pressed by ${pressed.userId}` };
  client.socketCallBackResponse(frame.headers.messageId, { cardData: { cardParamMap: params } });
});
client.registerAllEventListener(() => ({ status: EventAck.SUCCESS }));
client.connect();
"""

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(SDK is None, reason="needs Node and its SDK, which `make dev` fetches"),
]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with the SDK connected to it."""
    program = tmp_path_factory.mktemp("node") / "program.cjs"
    program.write_text(PROGRAM, "utf-8")
    with Sandbox(Settings()) as running, started(program, running):
        running.client.wait_connections(1, timeout=30)
        yield running


def started(program: Path, sandbox: Sandbox) -> Child:
    kept = {name: each for name, each in os.environ.items() if "proxy" not in name.lower()}
    environment = {
        **kept,
        "SDK": str(SDK),
        "SANDBOX": sandbox.url,
        "CLIENT_ID": sandbox.client_id,
        "CLIENT_SECRET": sandbox.client_secret,
    }
    return Child(
        ["node", str(program)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_the_sdk_for_node_registers_for_messages_and_cards(sandbox: Sandbox) -> None:
    [connection] = sandbox.client.connections().open
    assert set(connection.topics) == {
        "/v1.0/im/bot/messages/get",
        "/v1.0/card/instances/callback",
    }


@pytest.mark.parametrize("group", [None, TEAM])
def test_the_sdk_for_node_reads_a_message_acknowledges_it_and_replies(
    sandbox: Sandbox, group: str | None
) -> None:
    said = sandbox.client.say("你好 😀", group=group)
    [reply] = sandbox.client.wait_arrived(lambda each: each.reply_to == said.message_id, 20)
    assert (reply.route, reply.text) == ("session", "收到: 你好 😀")
    assert reply.at == {"atUserIds": ["zhangsan"], "isAtAll": False}
    assert sandbox.client.wait_ack(said.header_id, timeout=20).code == 200


def test_the_sdk_for_node_acknowledges_a_ping_with_its_data(sandbox: Sandbox) -> None:
    [name] = sandbox.client.send_ping()
    ack = sandbox.client.wait_ack(name, timeout=20)
    assert (ack.code, set(ack.data)) == (200, {"opaque"})


def test_the_sdk_for_node_answers_a_pressed_button(sandbox: Sandbox) -> None:
    track = make_card(sandbox)
    pressed = sandbox.client.press(track, "allow")
    assert sandbox.client.wait_ack(pressed.header_id, timeout=20).code == 200
    [card] = sandbox.client.wait_cards(lambda each: bool(each.private))
    assert card.private == {"zhangsan": {"markdown": "pressed by zhangsan"}}


def make_card(sandbox: Sandbox) -> str:
    """A card with a button; the SDK for Node makes none itself."""
    body = {
        "cardTemplateId": "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema",
        "outTrackId": "card-1",
        "callbackType": "STREAM",
        "cardData": {"cardParamMap": {"markdown": "m"}},
        "openSpaceId": "dtv1.card//IM_ROBOT.zhangsan",
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
    }
    path = "/v1.0/card/instances/createAndDeliver"
    assert post(sandbox, path, body, fetch_token(sandbox))[0] == 200
    return "card-1"


def test_the_sdk_for_node_comes_back_after_its_connection_was_lost(sandbox: Sandbox) -> None:
    before = sandbox.client.connections().total
    sandbox.client.abort()
    sandbox.client.wait_connections(1, total=before + 1, timeout=30)
    said = sandbox.client.say("wieder da")
    assert sandbox.client.wait_ack(said.header_id, timeout=20).code == 200
