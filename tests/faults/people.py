"""DingTalk's side of a history: utterances, acks and repeated pushes."""

from __future__ import annotations

import time
from typing import Any

from dingbridge.sandbox.client import SandboxClient
from dingbridge.sandbox.inbound import ROBOT_TOPIC, Utterance, frame, message_data
from dingbridge.sandbox.records import Said
from dingbridge.sandbox.settings import TEAM, Settings
from tests.faults import check
from tests.faults.check import Uttered
from tests.faults.operations import Say

AGAIN = 0.5
"""Seconds after which the platform pushes what is not acked once more; it takes its time there."""


class People:
    """Everybody who writes to the robot."""

    def __init__(self, client: SandboxClient, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._said: dict[int, tuple[Say, Said]] = {}
        self._pushed_again = 0.0

    def said(self) -> tuple[Uttered, ...]:
        """Everything said so far."""
        return tuple(Uttered(say.message, say.admitted) for say, _ in self._said.values())

    def files(self) -> set[int]:
        """What was said with a file or a picture."""
        return {number for number, (say, _) in self._said.items() if say.what != "text"}

    def say(self, say: Say) -> None:
        """Say something. With `twice` the same frame is pushed again if the link is open."""
        said = self._spoken(say)
        self._said[say.message] = (say, said)
        if say.twice and not said.lost:
            try:
                self._client.raw_frame(self._frame(say, said), said.connection_id)
            except ValueError:
                return  # the link broke in between

    def _spoken(self, say: Say) -> Said:
        words: dict[str, Any] = {
            "user": say.user,
            "group": TEAM if say.group else None,
            "mention": say.mention,
            "message_id": f"said-{say.message}",
        }
        text, name = check.incoming(say.message), check.file_said(say.message)
        match say.what:
            case "text":
                return self._client.say(text, **words)
            case "file":
                return self._client.say_file(name, check.content(name), **words)
            case "picture":
                return self._client.say_rich(text, check.content(name), **words)

    def push_again(self, message: int) -> None:
        """Push a message again, with a new header id."""
        self._client.say(message_id=f"said-{message}", repeat=True)

    def push_what_is_not_acked(self) -> None:
        """Push unacked messages again, as the platform does. Does nothing if called too soon
        again."""
        now = time.monotonic()
        if now < self._pushed_again + AGAIN:
            return
        if any(each.state == "open" for each in self._client.connections().open):
            self._pushed_again = now
            for message in self.unacked():
                self.push_again(message)

    def unacked(self) -> list[int]:
        """Utterances that were not acked in any frame."""
        done = self.acked()
        return [message for message in self._said if message not in done]

    def acked(self) -> set[int]:
        """Acked utterances."""
        acked = {ack.message_id for ack in self._client.acks() if ack.code == 200}
        done = {said.message_id for said in self._client.said() if said.header_id in acked}
        return {number for number, (_, said) in self._said.items() if said.message_id in done}

    def waiting_for_ack(self) -> bool:
        """Whether something on an open link is not acked yet."""
        alive = {each.id for each in self._client.connections().open if each.state == "open"}
        acked = {ack.message_id for ack in self._client.acks() if ack.code == 200}
        return any(
            push.connection_id in alive and not push.lost and push.header_id not in acked
            for push in self._client.said()
        )

    def _frame(self, say: Say, said: Said) -> str:
        """The frame of an utterance, with its first header id."""
        settings = self._settings
        data = message_data(
            Utterance(
                check.incoming(say.message), say.user, TEAM if say.group else None, say.mention
            ),
            settings.person(say.user),
            settings.group(TEAM) if say.group else None,
            message_id=said.message_id,
            now=said.time,
            robot_code=settings.client_id,
            robot_name=settings.robot_name,
            session=(said.session_webhook, said.time + settings.session_lifetime),
        )
        return frame(
            "CALLBACK",
            ROBOT_TOPIC,
            data,
            header_id=said.header_id,
            now=said.time,
            app_id=settings.client_id,
            connection_id=said.connection_id,
        )
