"""The robot's reactions on messages: a short label, put on and taken off (doc/dingtalk.md §7)."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web

from dingbridge.sandbox.access import caller, robot_of
from dingbridge.sandbox.answers import new_style
from dingbridge.sandbox.openapi_bodies import body_of
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.records import Reacted
from dingbridge.sandbox.rules import media as rules

REPLY_PATH = "/v1.0/robot/emotion/reply"
RECALL_PATH = "/v1.0/robot/emotion/recall"
TEXT_EMOTION = 2


class ReactionCalls:
    """Answers reactions and remembers them, in their order."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here."""
        return [
            web.post(REPLY_PATH, new_style(self._reply)),
            web.post(RECALL_PATH, new_style(self._recall)),
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
        app = caller(self._world, request)
        body = await body_of(request)
        robot_of(self._world, app, body)
        for name in ("openMsgId", "openConversationId"):
            if not isinstance(body.get(name), str) or not body[name]:
                raise rules.REACTION_FIELD.refusal(name=name)
        named = body["openMsgId"], body["openConversationId"]
        known = any((said.message_id, said.conversation_id) == named for said in self._world.said)
        if not known:
            # What a call hears that is faster than the message it is for.
            raise rules.REACTION_EARLY.refusal()
        return body["openMsgId"], label(body)


def label(body: dict[str, Any]) -> str:
    """The label of a reaction, of which no part is required (§7). Raises ApiRefusal."""
    text = body.get("textEmotion")
    if text is None and "emotionType" not in body:
        return str(body.get("emotionName", ""))
    parts = ("emotionId", "emotionName", "text", "backgroundId")
    whole = isinstance(text, dict) and all(
        isinstance(text.get(name), str) and text[name] for name in parts
    )
    if not whole or body.get("emotionType") != TEXT_EMOTION:
        raise rules.REACTION_LABEL.refusal()
    return str(text["text"]) if isinstance(text, dict) else ""
