"""Bridges of other projects take the sandbox for DingTalk: unmodified, by the hosts they name.

`tests/foreign_bridges.py` says how they get here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dingbridge.sandbox import TEAM, ArrivedMessage, Said, Sandbox, Settings
from dingbridge.sandbox.speaking import PICTURE
from tests import foreign_bridges
from tests.support import own_network

LACKING = own_network.missing() if sys.platform == "linux" else "needs Linux"
ABSENT = f"{foreign_bridges.VARIABLE} names no folder that has it"
WITHIN = 40.0
"""Seconds: Node and large Pythons take their time on a busy machine."""

NANOBOT = """
import asyncio, os
from nanobot.bus.events import OutboundMessage
from nanobot.bus.queue import MessageBus
from nanobot.channels.dingtalk.runtime import DingTalkChannel

async def main():
    bus = MessageBus()
    known = {"clientId": os.environ["CLIENT_ID"], "clientSecret": os.environ["CLIENT_SECRET"]}
    channel = DingTalkChannel({"enabled": True, "allowFrom": ["*"], **known}, bus)
    running = asyncio.create_task(channel.start())
    while True:
        heard = await bus.consume_inbound()
        files = [os.environ[name] for name in ("NOTES", "SHOT") if name.lower() in heard.content]
        await channel.send(OutboundMessage(
            channel="dingtalk", chat_id=heard.chat_id, content=f"heard: {heard.content}",
            media=files, metadata=heard.metadata,
        ))

asyncio.run(main())
"""
QWEN = """
import { EventEmitter } from 'node:events'
const { plugin } = await import(process.env.CHANNEL)

class Agent extends EventEmitter {
  availableCommands = []
  waiting = new Map()
  async newSession() { return 'session-1' }
  async loadSession(id) { return id }
  async cancelSession() {}
  async prompt(sessionId, text, options) {
    const said = text.split('\\n\\n').at(-1)
    const parts = [`heard: ${said} ${options?.images?.length ?? 0}`]
    if (said.includes('notes')) parts.push(`[FILE: ${process.env.NOTES}]`)
    if (said.includes('permission')) parts.push(await this.ask(sessionId))
    const answer = parts.join('\\n')
    this.emit('textChunk', sessionId, answer)
    return answer
  }
  ask(sessionId) {
    const option = (id, kind) => ({ optionId: id, name: id, kind })
    const options = [option('yes', 'allow_once'), option('no', 'reject_once')]
    const toolCall = { toolCallId: 'w', title: 'Write a.txt', kind: 'edit', status: 'pending' }
    const request = { sessionId, toolCall, options }
    return new Promise((resolve) => {
      this.waiting.set('request-1', resolve)
      this.emit('permissionRequest', { requestId: 'request-1', sessionId, request })
    })
  }
  async respondToPermission(id, response) {
    this.waiting.get(id)(`decided: ${JSON.stringify(response.outcome)}`)
    this.emit('permissionResolved', { requestId: id, outcome: response.outcome })
    return true
  }
}

const config = {
  type: 'dingtalk', token: '', clientId: process.env.CLIENT_ID,
  clientSecret: process.env.CLIENT_SECRET, senderPolicy: 'open', allowedUsers: [],
  sessionScope: 'user', cwd: process.cwd(), groupPolicy: 'open', dmPolicy: 'open', groups: {},
  ...JSON.parse(process.env.CONFIG),
}
await plugin.createChannel('sandbox', config, new Agent()).connect()
"""

needs_nanobot = pytest.mark.skipif(not foreign_bridges.nanobot(), reason=f"nanobot: {ABSENT}")
needs_qwen = pytest.mark.skipif(not foreign_bridges.qwen(), reason=f"Qwen Code: {ABSENT}")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(150),
    pytest.mark.skipif(bool(LACKING), reason=LACKING),
]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose addresses are those of DingTalk."""
    with Sandbox(Settings(bridge_address=own_network.ADDRESS)) as running:
        yield running


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """What a bridge needs to know."""
    notes, shot = tmp_path / "notes.pdf", tmp_path / "shot.png"
    notes.write_bytes(b"%PDF-1.4 some notes")
    shot.write_bytes(PICTURE)
    known = {"CLIENT_ID": sandbox.client_id, "CLIENT_SECRET": sandbox.client_secret}
    return {**known, "NOTES": str(notes), "SHOT": str(shot)}


@pytest.fixture
def nanobot(sandbox: Sandbox, environ: dict[str, str], tmp_path: Path) -> Iterator[None]:
    """nanobot's channel, which repeats what it hears."""
    program = tmp_path / "program.py"
    program.write_text(NANOBOT, "utf-8")
    argv = [str(foreign_bridges.nanobot()), str(program)]
    with own_network.started(argv, tmp_path, sandbox.url, environ):
        sandbox.client.wait_connections(1, timeout=WITHIN)
        yield


@pytest.fixture
def qwen(
    request: pytest.FixtureRequest, sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> Iterator[None]:
    """Qwen Code's channel, with an agent that repeats what it hears, and its cards if wanted."""
    program = tmp_path / "program.mjs"
    program.write_text(QWEN, "utf-8")
    channel = {"CHANNEL": str(foreign_bridges.qwen()), "CONFIG": json.dumps(request.param)}
    argv = ["node", str(program)]
    with own_network.started(argv, tmp_path, sandbox.url, {**environ, **channel}):
        sandbox.client.wait_connections(1, timeout=WITHIN)
        yield


def answers(sandbox: Sandbox, said: Said, count: int = 1) -> list[ArrivedMessage]:
    """The bridge's answers to what somebody said, once they are there; it has acknowledged that."""
    ack = sandbox.client.wait_ack(said.header_id, timeout=WITHIN)
    assert ack.code == 200
    return sandbox.client.wait_arrived(count, timeout=WITHIN)


def refused(sandbox: Sandbox) -> list[str]:
    """The calls that were refused."""
    return [f"{each.path} {each.status}" for each in sandbox.client.calls() if each.status >= 400]


# --- nanobot --------------------------------------------------------------------------------------


@needs_nanobot
@pytest.mark.parametrize("group", [None, TEAM])
@pytest.mark.usefixtures("nanobot")
def test_nanobot_receives_and_answers(sandbox: Sandbox, group: str | None) -> None:
    [answer] = answers(sandbox, sandbox.client.say("你好 😀", group=group))
    assert (answer.route, answer.msgtype) == ("group" if group else "single", "sampleMarkdown")
    assert "heard: 你好 😀" in answer.text
    assert refused(sandbox) == []


@needs_nanobot
@pytest.mark.usefixtures("nanobot")
def test_nanobot_gets_a_file_and_sends_a_file_and_a_picture(sandbox: Sandbox) -> None:
    said = sandbox.client.say_file("plan.txt", b"what we want")
    [answer] = answers(sandbox, said)
    path = answer.text.rpartition("- ")[2]
    assert Path(path).read_bytes() == b"what we want"
    said = sandbox.client.say("your notes and a shot")
    _, _, file, picture = answers(sandbox, said, 4)
    assert (file.msgtype, file.text) == ("sampleFile", "notes.pdf")
    assert picture.msgtype == "sampleImageMsg"
    assert refused(sandbox) == []


# --- Qwen Code ------------------------------------------------------------------------------------


@needs_qwen
@pytest.mark.parametrize("qwen", [{}], indirect=True)
@pytest.mark.parametrize("group", [None, TEAM])
@pytest.mark.usefixtures("qwen")
def test_qwen_code_receives_reacts_and_answers(sandbox: Sandbox, group: str | None) -> None:
    said = sandbox.client.say("你好 😀", group=group)
    [answer] = answers(sandbox, said)
    assert (answer.route, answer.reply_to) == ("session", said.message_id)
    assert "heard:" in answer.text
    assert "你好 😀" in answer.text
    labels = [each.label for each in sandbox.client.wait_reacted(3, timeout=WITHIN)]
    assert labels == ["👀", "👀", "✅ Done"]
    assert refused(sandbox) == []


@needs_qwen
@pytest.mark.parametrize("qwen", [{}], indirect=True)
@pytest.mark.usefixtures("qwen")
def test_qwen_code_gets_a_picture_and_a_file(sandbox: Sandbox) -> None:
    [answer] = answers(sandbox, sandbox.client.say_picture())
    assert answer.text == "heard: (image) 1"
    said = sandbox.client.say_file("plan.txt", b"what we want")
    [_, answer] = answers(sandbox, said, 2)
    [path] = re.findall(r"/\S+plan\S*\.txt", answer.text)
    assert Path(path).read_bytes() == b"what we want"
    assert refused(sandbox) == []


@needs_qwen
@pytest.mark.parametrize("qwen", [{}], indirect=True)
@pytest.mark.usefixtures("qwen")
def test_qwen_code_sends_a_file_by_the_session_webhook_which_takes_none(sandbox: Sandbox) -> None:
    [answer] = answers(sandbox, sandbox.client.say("your notes"))
    assert "[File delivery failed: notes.pdf]" in answer.text
    [upload] = sandbox.client.calls("/media/upload")
    assert upload.status == 200
    codes = [each.code for each in sandbox.client.calls("/robot/sendBySession")]
    assert codes == ["400105", "0"]


CARDS = {"interactiveCards": {"enabled": True}}


@needs_qwen
@pytest.mark.parametrize("qwen", [CARDS], indirect=True)
@pytest.mark.usefixtures("qwen")
def test_qwen_code_writes_its_answer_on_a_card(sandbox: Sandbox) -> None:
    sandbox.client.say("hello")
    sandbox.client.wait_cards(
        lambda each: each.state == "finished" and "hello" in each.data["content"], timeout=WITHIN
    )
    assert refused(sandbox) == []


@needs_qwen
@pytest.mark.parametrize("qwen", [CARDS], indirect=True)
@pytest.mark.usefixtures("qwen")
def test_qwen_code_asks_for_a_permission_by_a_form_on_a_card(sandbox: Sandbox) -> None:
    sandbox.client.say("with permission")
    asked = sandbox.client.wait_cards(lambda each: "form" in each.data, timeout=WITHIN)[0]
    [field] = json.loads(asked.data["form"])["fields"]
    chosen = {"form": {field["name"]: field["options"][0]["value"]}}
    pressed = sandbox.client.press(asked.out_track_id, "submit", params=chosen)
    assert sandbox.client.wait_ack(pressed.header_id, timeout=WITHIN).code == 200
    sandbox.client.wait_cards(
        lambda each: '"optionId":"yes"' in each.data.get("content", ""), timeout=WITHIN
    )
    assert refused(sandbox) == []
