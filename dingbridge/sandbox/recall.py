"""What can be done about a message that was sent: take it back, ask who has read it
(doc/dingtalk.md §3 and §8.7)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from dingbridge.sandbox.access import caller, robot_of
from dingbridge.sandbox.answers import new_style
from dingbridge.sandbox.openapi_bodies import body_of
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.records import ArrivedMessage, Recalled
from dingbridge.sandbox.rules import openapi as rules

KEYS_LIMIT = 20
"""Messages one call may take back."""
PAGE_LIMIT = 200
"""Readers that one answer names."""
WITHIN = 24 * 3600.0
"""Seconds after which nothing is known of a message any more."""


class Recall:
    """Takes messages back and tells who has read them."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here."""
        return [
            web.post("/v1.0/robot/otoMessages/batchRecall", new_style(self._from_people)),
            web.post("/v1.0/robot/groupMessages/recall", new_style(self._from_group)),
            web.get("/v1.0/robot/oToMessages/readStatus", new_style(self._read_by_people)),
            web.post("/v1.0/robot/groupMessages/query", new_style(self._read_in_group)),
        ]

    async def _from_people(self, request: web.Request) -> dict[str, Any]:
        app = caller(self._world, request)
        body = await body_of(request)
        robot_of(self._world, app, body)
        return self._recall(body, app.client_id, "")

    async def _from_group(self, request: web.Request) -> dict[str, Any]:
        app = caller(self._world, request)
        body = await body_of(request)
        robot_of(self._world, app, body)
        conversation_id = body.get("openConversationId")
        if not isinstance(conversation_id, str) or not conversation_id:
            raise rules.GROUP_UNKNOWN.refusal()
        return self._recall(body, app.client_id, conversation_id)

    async def _read_by_people(self, request: web.Request) -> dict[str, Any]:
        app = caller(self._world, request)
        robot_of(self._world, app, dict(request.query))
        message = self._asked(request.query.get("processQueryKey"), app.client_id, "")
        people = {person.staff_id: person for person in self._world.settings.people}
        readers = self._world.read[message.number]
        return {
            "sendStatus": self._status(message),
            "messageReadInfoList": [
                {
                    "name": people[user].nick if user in people else user,
                    "userId": user,
                    "readStatus": "READ" if user in readers else "UNREAD",
                }
                for user in message.user_ids
            ],
        }

    async def _read_in_group(self, request: web.Request) -> dict[str, Any]:
        app = caller(self._world, request)
        body = await body_of(request)
        robot_of(self._world, app, body)
        conversation_id = body.get("openConversationId")
        if not isinstance(conversation_id, str) or not conversation_id:
            raise rules.GROUP_UNKNOWN.refusal()
        most = body.get("maxResults", PAGE_LIMIT)
        if not isinstance(most, int) or not 0 < most <= PAGE_LIMIT:
            raise rules.READ_PAGE.refusal()
        message = self._asked(body.get("processQueryKey"), app.client_id, conversation_id)
        readers = self._world.read[message.number]
        given = body.get("nextToken") or "0"
        start = int(given) if isinstance(given, str) and given.isdecimal() else 0
        end = start + most
        return {
            "sendStatus": self._status(message),
            "readUserIds": readers[start:end],
            "nextToken": str(end) if end < len(readers) else "",
            "hasMore": end < len(readers),
        }

    def _recall(self, body: dict[str, Any], robot: str, conversation_id: str) -> dict[str, Any]:
        keys = body.get("processQueryKeys")
        if (
            not isinstance(keys, list)
            or not 0 < len(keys) <= KEYS_LIMIT
            or not all(isinstance(key, str) for key in keys)
        ):
            raise rules.KEYS_INVALID.refusal()
        good: list[str] = []
        bad: dict[str, str] = {}
        for key in keys:
            message = self._sent(key, robot, conversation_id)
            if message is None:
                bad[key] = "notRevoke.all.messages"
            elif self._world.now() - message.time > WITHIN:
                bad[key] = "robot.processQueryKey.expired"
            else:
                good.append(key)
                self._take_back(message)
        self._platform.changes.note()
        return {"successResult": good, "failedResult": bad}

    def _take_back(self, message: ArrivedMessage) -> None:
        world = self._world
        if all(each.message != message.number for each in world.recalled):
            number = len(world.recalled) + 1
            key = message.process_query_key
            world.recalled.append(Recalled(number, world.now(), message.number, key))

    def _asked(self, key: object, robot: str, conversation_id: str) -> ArrivedMessage:
        message = self._sent(key, robot, conversation_id) if isinstance(key, str) else None
        if message is None or self._world.now() - message.time > WITHIN:
            raise rules.READ_UNKNOWN.refusal()
        return message

    def _sent(self, key: str, robot: str, conversation_id: str) -> ArrivedMessage | None:
        """The message of this robot with this key: in that group, or to people when it is empty."""
        for message in self._world.arrived:
            if key and message.process_query_key == key and message.robot == robot:
                place = message.conversation_id if message.route == "group" else ""
                return message if place == conversation_id else None
        return None

    def _status(self, message: ArrivedMessage) -> str:
        gone = any(each.message == message.number for each in self._world.recalled)
        return "RECALLED" if gone else "SUCCESS"
