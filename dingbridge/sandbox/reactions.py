"""The robot's reactions on messages: a short label, put on and taken off (protocol section 7)."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web

from dingbridge.sandbox.openapi import answering, authorised, of_our_robot
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.records import Reacted
from dingbridge.sandbox.shapes import ApiRefusal, api_body

REPLY_PATH = "/v1.0/robot/emotion/reply"
RECALL_PATH = "/v1.0/robot/emotion/recall"
TEXT_EMOTION = 2


class Reactions:
    """Answers reactions and remembers them, in their order."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here."""
        return [
            web.post(REPLY_PATH, answering(self._reply)),
            web.post(RECALL_PATH, answering(self._recall)),
        ]

    async def _reply(self, request: web.Request) -> dict[str, Any]:
        message_id, label = await self._checked(request)
        self._record("reply", message_id, label)
        return {"success": True}

    async def _recall(self, request: web.Request) -> dict[str, Any]:
        message_id, label = await self._checked(request)
        if label not in self._world.reactions_on(message_id):
            # HTTP 200 all the same: a caller has to look at `success`.
            return {"success": False}
        self._record("recall", message_id, label)
        return {"success": True}

    def _record(self, action: Literal["reply", "recall"], message_id: str, label: str) -> None:
        world = self._world
        world.reacted.append(
            Reacted(len(world.reacted) + 1, world.now(), action, message_id, label)
        )
        self._platform.changes.note()

    async def _checked(self, request: web.Request) -> tuple[str, str]:
        """Message and label of a good call. Raises ApiRefusal."""
        raw = await request.read()
        authorised(self._world, request)
        body = of_our_robot(self._world, api_body(raw))
        for name in ("openMsgId", "openConversationId"):
            if not isinstance(body.get(name), str) or not body[name]:
                raise ApiRefusal(400, f"Missing{name}", f"{name} is mandatory for this action.")
        known = any(
            (said.message_id, said.conversation_id)
            == (body["openMsgId"], body["openConversationId"])
            for said in self._world.said
        )
        if not known:
            # What a call hears that is faster than the message it is for.
            raise ApiRefusal(400, "system.err", "system error")
        text = body.get("textEmotion")
        if body.get("emotionType") != TEXT_EMOTION or not isinstance(text, dict):
            raise ApiRefusal(400, "invalidParameter", "textEmotion is empty")
        if not all(
            isinstance(text.get(name), str) and text[name]
            for name in ("emotionId", "emotionName", "text", "backgroundId")
        ):
            raise ApiRefusal(400, "invalidParameter", "textEmotion is invalid")
        return body["openMsgId"], text["text"]
