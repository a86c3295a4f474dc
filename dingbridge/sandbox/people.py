"""What people do that an app hears of: they say something, tap a link, press a button
(doc/dingtalk.md §5, §8.4 and §8.6)."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct, structs

from dingbridge.sandbox.commands import Press, Tap
from dingbridge.sandbox.inbound import CARD_TOPIC, ROBOT_TOPIC, Push, Utterance
from dingbridge.sandbox.links import read_address, sent_by_tap
from dingbridge.sandbox.message_fields import tappable
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.records import Ack, Card, Pressed, Said
from dingbridge.sandbox.robot_messages import RobotMessages
from dingbridge.sandbox.stream import Pushed, Stream

ANSWER_WITHIN = 2.0
"""Seconds that an app has to answer a press (§8.4)."""
NOT_PUSHED = Pushed("", "", reached=False)


class PendingPress(Struct, frozen=True):
    """A press that is not answered yet."""

    out_track_id: str
    user_id: str
    until: float


class People:
    """Everybody in the organisation, and the strangers."""

    def __init__(self, platform: Platform, stream: Stream) -> None:
        self._platform = platform
        self._world = platform.world
        self._stream = stream
        self._messages = RobotMessages(platform.world)
        self._presses: dict[str, PendingPress] = {}
        platform.heard.append(self._answered)

    async def say(self, utterance: Utterance) -> Said:
        """Somebody says something to the robot."""
        push = self._messages.compose(utterance)
        pushed = NOT_PUSHED
        if not push.why:
            data = self._messages.granted(push)
            pushed = await self._stream.push(push.app.client_id, ROBOT_TOPIC, data)
        said = self._record(push, pushed)
        self._platform.changes.note()
        return said

    async def tap(self, tap: Tap) -> Said | None:
        """Somebody taps a link: what that says in their name, if anything. Raises ValueError when
        there is no such message or link."""
        message = next((one for one in self._world.arrived if one.number == tap.message), None)
        if message is None:
            raise ValueError(f"no message {tap.message} has arrived")
        shown = list(tappable(message))
        wanted = (tap.link, read_address(tap.link))
        link = next((one for one in shown if one.label in wanted or one.address in wanted), None)
        if link is None:
            raise ValueError(f"message {tap.message} has no link {tap.link!r}, it has {shown}")
        text = sent_by_tap(link)
        if text is None:
            return None
        groups = {group.conversation_id for group in self._world.settings.groups}
        place = message.conversation_id
        # That a client adds the mention in a group is unconfirmed; here it does the worst.
        group = place if place in groups else None
        app = message.robot if self._world.settings.app(message.robot) else ""
        return await self.say(Utterance(text, tap.user, group, app=app))

    async def press(self, press: Press) -> Pressed:
        """Somebody presses a button of a card. Raises ValueError when there is no such card."""
        world = self._world
        card = world.cards.get(press.card)
        if card is None or not card.places:
            raise ValueError(f"nobody sees a card {press.card!r}")
        person = world.settings.person(press.user)
        pushed = NOT_PUSHED
        if card.callback == "STREAM":
            data = pressed_data(card, person.staff_id, press, world.settings.corporation)
            world.push_quota.spend(world.now(), world.settings.pushes_per_month)
            pushed = await self._stream.push(card.client_id, CARD_TOPIC, data)
        pressed = Pressed(
            number=len(world.pressed) + 1,
            time=world.now(),
            out_track_id=card.out_track_id,
            user_id=person.staff_id,
            action=press.action,
            header_id=pushed.header_id,
            connection_id=pushed.connection_id,
            lost=not pushed.reached,
        )
        if pushed.reached:
            until = world.now() + ANSWER_WITHIN
            waiting = PendingPress(card.out_track_id, person.staff_id, until)
            self._presses[pushed.header_id] = waiting
        world.pressed.append(pressed)
        self._platform.changes.note()
        return pressed

    def _record(self, push: Push, pushed: Pushed) -> Said:
        world = self._world
        said = Said(
            number=len(world.said) + 1,
            time=world.now(),
            message_id=push.message_id,
            header_id=pushed.header_id,
            conversation_id=push.conversation_id,
            connection_id=pushed.connection_id,
            lost=not pushed.reached,
            session_webhook=push.session_webhook,
            why=push.why,
        )
        world.said.append(said)
        return said

    def _answered(self, ack: Ack) -> None:
        """Takes the answer to a press in: it changes the card for the person who pressed."""
        waiting = self._presses.pop(ack.message_id, None)
        if waiting is None or self._world.now() > waiting.until or ack.code != 200:
            return
        card = self._world.cards[waiting.out_track_id]
        response = ack.data.get("response") if isinstance(ack.data, dict) else None
        if not isinstance(response, dict):
            return
        own = dict(card.private.get(waiting.user_id, {}))
        for part in ("cardData", "userPrivateData"):
            given = response.get(part)
            params = given.get("cardParamMap") if isinstance(given, dict) else None
            own |= params if isinstance(params, dict) else {}
        if own:
            private = {**card.private, waiting.user_id: own}
            self._world.keep_card(structs.replace(card, private=private))


def pressed_data(card: Card, user_id: str, press: Press, corporation: str) -> dict[str, Any]:
    """The data of a card callback; `content` is JSON in a string (§8.4)."""
    place = card.places[-1]
    kind, _, space = place.removeprefix("dtv1.card//").partition(".")
    content = {"cardPrivateData": {"actionIds": [press.action], "params": press.params}}
    return {
        "type": "actionCallback",
        "outTrackId": card.out_track_id,
        "corpId": corporation,
        "userId": user_id,
        "userIdType": 1,
        "spaceType": kind,
        "spaceId": space,
        "content": json.dumps(content, ensure_ascii=False),
        "extension": "{}",
    }
