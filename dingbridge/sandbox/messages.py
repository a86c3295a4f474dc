"""Messages by OpenAPI, to people and to groups (doc/dingtalk.md §3)."""

from __future__ import annotations

import uuid
from typing import Any

from aiohttp import web

from dingbridge.sandbox.access import caller, robot_of
from dingbridge.sandbox.answers import new_style
from dingbridge.sandbox.contents import Content
from dingbridge.sandbox.openapi_bodies import USERS_LIMIT, body_of, content
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.rules import openapi as rules


class MessageCalls:
    """Takes messages to people and to groups."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here."""
        return [
            web.post("/v1.0/robot/oToMessages/batchSend", new_style(self._to_people)),
            web.post("/v1.0/robot/groupMessages/send", new_style(self._to_group)),
        ]

    async def _to_people(self, request: web.Request) -> dict[str, Any]:
        app = caller(self._world, request)
        body = await body_of(request)
        robot = robot_of(self._world, app, body)
        users = body.get("userIds")
        if not isinstance(users, list) or not users or not all(isinstance(u, str) for u in users):
            raise rules.USERS_EMPTY.refusal()
        if len(users) > USERS_LIMIT:
            raise rules.USERS_OVER.refusal()
        content = self._content(body)
        settings = self._world.settings
        people = {person.staff_id: person for person in settings.people}
        unknown = [user for user in users if not user or user not in people]
        controlled = [u for u in users if u in settings.flow_controlled and u not in unknown]
        reached = tuple(user for user in users if user not in unknown and user not in controlled)
        key = f"pqk{uuid.uuid4().hex}"
        if reached:
            alone = settings.conversation_with(people[reached[0]], app)
            self._world.accept(
                "single",
                content,
                robot=robot,
                conversation_id=alone if len(reached) == 1 else "",
                user_ids=reached,
                body=body,
                size=len(await request.read()),
                process_query_key=key,
            )
            self._platform.changes.note()
        return {
            "processQueryKey": key,
            "invalidStaffIdList": unknown,
            "flowControlledStaffIdList": controlled,
        }

    async def _to_group(self, request: web.Request) -> dict[str, Any]:
        app = caller(self._world, request)
        body = await body_of(request)
        robot = robot_of(self._world, app, body)
        groups = {group.conversation_id for group in self._world.settings.groups}
        conversation_id = body.get("openConversationId")
        if not isinstance(conversation_id, str) or conversation_id not in groups:
            raise rules.GROUP_UNKNOWN.refusal()
        content = self._content(body)
        key = f"pqk{uuid.uuid4().hex}"
        self._world.accept(
            "group",
            content,
            robot=robot,
            conversation_id=conversation_id,
            body=body,
            size=len(await request.read()),
            process_query_key=key,
        )
        self._platform.changes.note()
        return {"processQueryKey": key}

    def _content(self, body: dict[str, Any]) -> Content:
        """What a message says, when the media it names are there. Raises ApiRefusal."""
        said = content(body)
        if said.media_id and said.media_id not in self._world.media:
            raise rules.MEDIA_UNKNOWN.refusal()
        return said
