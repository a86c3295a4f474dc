"""New-style calls: access token, messages to people and to groups (protocol sections 2 and 3)."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from dingbridge.sandbox.platform import Platform, json_response
from dingbridge.sandbox.shapes import (
    USERS_LIMIT,
    ApiRefusal,
    Content,
    api_body,
    param_content,
)
from dingbridge.sandbox.state import World

TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name, no secret
SEND_SCOPE = "qyapi_robot_sendmsg"
Answer = Callable[[web.Request], Awaitable[dict[str, Any]]]


class OpenApi:
    """Answers the OpenAPI's token and send calls."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here."""
        return [
            web.post("/v1.0/oauth2/accessToken", answering(self._access_token)),
            web.post("/v1.0/robot/oToMessages/batchSend", answering(self._send_to_people)),
            web.post("/v1.0/robot/groupMessages/send", answering(self._send_to_group)),
        ]

    async def _access_token(self, request: web.Request) -> dict[str, Any]:
        body = api_body(await request.read())
        settings = self._world.settings
        for name in ("appKey", "appSecret"):
            if not body.get(name):
                raise ApiRefusal(400, f"Missing{name}", f"{name} is mandatory for this action.")
        if (body["appKey"], body["appSecret"]) != (settings.client_id, settings.client_secret):
            raise ApiRefusal(400, "invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        token = self._world.tokens.issue(self._world.now(), settings.token_lifetime)
        return {"accessToken": token, "expireIn": settings.token_lifetime}

    async def _send_to_people(self, request: web.Request) -> dict[str, Any]:
        raw = await request.read()
        body = self._checked(request, raw)
        users = body.get("userIds")
        if not isinstance(users, list) or not users or not all(isinstance(u, str) for u in users):
            raise ApiRefusal(400, "invalidParameter.userIds.empty", "userIds is empty")
        if len(users) > USERS_LIMIT:
            raise ApiRefusal(400, "invalidParameter.userIds.overMax", "userIds is over max")
        content = self._content(body)
        people = {person.staff_id: person for person in self._world.settings.people}
        unknown = [user for user in users if not user or user not in people]
        slowed = self._world.settings.flow_controlled
        controlled = [user for user in users if user in slowed and user not in unknown]
        reached = tuple(user for user in users if user not in unknown and user not in controlled)
        key = f"pqk{uuid.uuid4().hex}"
        if reached:
            self._world.accept(
                "single",
                content,
                robot=body["robotCode"],
                conversation_id=(
                    people[reached[0]].single_conversation if len(reached) == 1 else ""
                ),
                user_ids=reached,
                body=body,
                size=len(raw),
                process_query_key=key,
            )
            self._platform.changes.note()
        return {
            "processQueryKey": key,
            "invalidStaffIdList": unknown,
            "flowControlledStaffIdList": controlled,
        }

    async def _send_to_group(self, request: web.Request) -> dict[str, Any]:
        raw = await request.read()
        body = self._checked(request, raw)
        groups = {group.conversation_id for group in self._world.settings.groups}
        conversation_id = body.get("openConversationId")
        if not isinstance(conversation_id, str) or conversation_id not in groups:
            raise ApiRefusal(400, "invalid.openConversationId", "openConversationId is invalid")
        content = self._content(body)
        key = f"pqk{uuid.uuid4().hex}"
        self._world.accept(
            "group",
            content,
            robot=body["robotCode"],
            conversation_id=conversation_id,
            body=body,
            size=len(raw),
            process_query_key=key,
        )
        self._platform.changes.note()
        return {"processQueryKey": key}

    def _checked(self, request: web.Request, raw: bytes) -> dict[str, Any]:
        """The body of a call whose token, permission and robot are good. Raises ApiRefusal."""
        authorised(self._world, request)
        return of_our_robot(self._world, api_body(raw))

    def _content(self, body: dict[str, Any]) -> Content:
        """What a message says, when the media it names are there. Raises ApiRefusal."""
        content = param_content(body)
        if content.media_id and content.media_id not in self._world.media:
            raise ApiRefusal(400, "invalidParameter.msgParam.invalid", "media is not exist")
        return content


def authorised(world: World, request: web.Request) -> None:
    """Returns when a call's token and permission are good. Raises ApiRefusal."""
    token = request.headers.get(TOKEN_HEADER, "")
    if not token:
        raise ApiRefusal(
            400,
            "AuthenticationFailed.MissingParameter",
            f"{TOKEN_HEADER} is missing",
        )
    if not world.tokens.valid(token, world.now()):
        raise ApiRefusal(400, "InvalidAuthentication", "不合法的access_token")
    if SEND_SCOPE in world.settings.missing_scopes:
        raise ApiRefusal(
            403,
            "Forbidden.AccessDenied.AccessTokenPermissionDenied",
            f"应用尚未开通所需的权限：[{SEND_SCOPE}]",
            {"accessdenieddetail": {"requiredScopes": [SEND_SCOPE]}},
        )


def of_our_robot(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """The body of a call, when it names the app's robot. Raises ApiRefusal."""
    code = body.get("robotCode")
    if not code:
        raise ApiRefusal(400, "invalidParameter.robotCode.empty", "robotCode is empty")
    if code != world.settings.client_id:
        # The platform spells it so (protocol section 3).
        raise ApiRefusal(400, "invalidParameter.robotCode.notExsit", "robot is not exist")
    return body


def answering(answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler that turns an answer or its refusal into a response."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return json_response(await answer(request))
        except ApiRefusal as refusal:
            return refused(refusal)

    return handle


def refused(refusal: ApiRefusal) -> web.Response:
    """The answer to a call that was refused (protocol section 3, error body)."""
    body = {"code": refusal.code, "message": refusal.message, **request_id(), **refusal.detail}
    return json_response(body, refusal.status)


def request_id() -> dict[str, str]:
    """A fresh `requestid`."""
    return {"requestid": str(uuid.uuid4()).upper()}


async def not_found(request: web.Request) -> web.Response:
    """The answer to a path nobody knows, in the words of the host it would have gone to."""
    if request.path.startswith("/v1.0/"):
        message = "Specified api is not found, please check your url and method."
        return refused(ApiRefusal(404, "InvalidAction.NotFound", message))
    return json_response({"errcode": 22, "errmsg": "不合法ApiName"})
