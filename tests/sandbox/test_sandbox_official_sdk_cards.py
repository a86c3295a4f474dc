"""The judge of cards: those that DingTalk's own SDK for Python sends, unmodified."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from dingbridge.sandbox import TEAM, Ack, Card, Sandbox, Settings
from tests.support.processes import Child

PROGRAM = """
import json, os, dingtalk_stream
from dingtalk_stream import AckMessage, CardCallbackMessage, CardReplier

BUTTONS = [{"text": "Docs", "url": "https://example.com", "color": "gray"}]
SLIDES = [("one", "https://example.com/1.png"), ("two", "https://example.com/2.png")]

class Cards(dingtalk_stream.ChatbotHandler):
    async def process(self, callback):
        message = dingtalk_stream.ChatbotMessage.from_dict(callback.data)
        card = await getattr(self, message.text.content.strip())(message)
        self.reply_text(card, message)
        return AckMessage.STATUS_OK, "OK"

    async def markdown(self, message):
        card = self.reply_markdown_card("**one**", message, title="T", at_sender=True)
        card.update("**two**")
        return card.card_instance_id

    async def button(self, message):
        card = self.reply_markdown_button(message, "press", BUTTONS, tips="tip", title="T")
        card.update("pressed", [])
        return card.card_instance_id

    async def ai(self, message):
        card = self.reply_ai_markdown_button(message, "whole answer", BUTTONS, title="T")
        return card.card_instance_id

    async def typing(self, message):
        card = self.ai_markdown_card_start(message, title="T")
        for part in ("a", "b", "c"):
            card.ai_streaming(part, append=True)
        card.ai_finish()
        return card.card_instance_id

    async def failing(self, message):
        card = self.ai_markdown_card_start(message)
        card.ai_streaming("half")
        card.ai_fail()
        return card.card_instance_id

    async def carousel(self, message):
        return self.reply_carousel_card(message, "choose", SLIDES, "take it").card_instance_id

    async def plugin(self, message):
        card = self.reply_rpa_plugin_card(message, "id", "1", "name", "ability", {"k": "v"})
        return card.card_instance_id

    async def at_once(self, message):
        replier = CardReplier(self.dingtalk_client, message)
        template = "589420e2-c1e2-46ef-a5ed-b8728e654da9.schema"
        return await replier.async_create_and_deliver_card(template, {"markdown": "m"})

class Pressed(dingtalk_stream.CallbackHandler):
    async def process(self, callback):
        pressed = CardCallbackMessage.from_dict(callback.data)
        answer = {"markdown": pressed.user_id + json.dumps(pressed.content)}
        return AckMessage.STATUS_OK, {"cardData": {"cardParamMap": answer}}

credential = dingtalk_stream.Credential(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
client = dingtalk_stream.DingTalkStreamClient(credential)
client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, Cards())
client.register_callback_handler(dingtalk_stream.Card_Callback_Router_Topic, Pressed())
client.start_forever()
"""

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with the SDK connected to it."""
    with Sandbox(Settings(session_rate_per_minute=None)) as running:
        environment = {
            **os.environ,
            "DINGTALK_OPENAPI_ENDPOINT": running.url,
            "CLIENT_ID": running.client_id,
            "CLIENT_SECRET": running.client_secret,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
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


def card_of(sandbox: Sandbox, sample: str, group: str | None = None) -> Card:
    """The card that the SDK sends on this word, once the SDK is done with it."""
    said = sandbox.client.say(sample, group=group)
    [reply] = sandbox.client.wait_arrived(lambda each: each.reply_to == said.message_id, 20)
    [card] = [each for each in sandbox.client.cards() if each.out_track_id == reply.text]
    return card


def objects(card: Card) -> Any:
    return json.loads(card.data["sys_full_json_obj"])


@pytest.mark.parametrize("group", [None, TEAM])
def test_the_markdown_card_of_the_sdk_is_delivered_and_updated(
    sandbox: Sandbox, group: str | None
) -> None:
    card = card_of(sandbox, "markdown", group)
    assert card.data == {"markdown": "**two**", "title": "T"}
    place = f"IM_GROUP.{TEAM}" if group else "IM_ROBOT.zhangsan"
    assert card.places == (f"dtv1.card//{place}",)
    assert card.callback == "STREAM"


def test_the_button_card_of_the_sdk_loses_its_buttons_when_it_is_updated(sandbox: Sandbox) -> None:
    card = card_of(sandbox, "button")
    assert card.data["markdown"] == "pressed"
    assert objects(card) == {"msgButtons": []}


def test_the_ai_card_of_the_sdk_ends_with_its_answer_and_its_buttons(sandbox: Sandbox) -> None:
    card = card_of(sandbox, "ai", TEAM)
    assert (card.state, card.data["msgContent"]) == ("finished", "whole answer")
    assert objects(card)["msgButtons"][0]["text"] == "Docs"
    assert len(card.guids) == 1


def test_the_sdk_streams_into_its_ai_card(sandbox: Sandbox) -> None:
    card = card_of(sandbox, "typing")
    assert (card.state, card.data["msgContent"], len(card.guids)) == ("finished", "abc", 3)


def test_an_ai_card_of_the_sdk_fails(sandbox: Sandbox) -> None:
    assert card_of(sandbox, "failing").state == "failed"


def test_the_carousel_card_of_the_sdk_calls_back(sandbox: Sandbox) -> None:
    card = card_of(sandbox, "carousel")
    assert [each["title"] for each in objects(card)["msgSlider"]] == ["one", "two"]
    [button] = objects(card)["msgButtons"]
    pressed = sandbox.client.press(card.out_track_id, button["id"])
    ack: Ack = sandbox.client.wait_ack(pressed.header_id, timeout=20)
    assert ack.code == 200
    [shown] = [
        each.private for each in sandbox.client.cards() if each.out_track_id == card.out_track_id
    ]
    assert button["id"] in shown["zhangsan"]["markdown"]
    assert shown["zhangsan"]["markdown"].startswith("zhangsan")


@pytest.mark.parametrize("sample", ["plugin", "at_once"])
def test_the_other_cards_of_the_sdk_are_delivered(sandbox: Sandbox, sample: str) -> None:
    assert card_of(sandbox, sample, TEAM).places


def test_nothing_of_what_the_sdk_called_was_refused(sandbox: Sandbox) -> None:
    card_of(sandbox, "markdown")
    refused = [call for call in sandbox.client.calls() if call.status >= 400]
    assert refused == []
