"""Who may call: an app's token, how often it called, and what it is permitted (doc/dingtalk.md §0
and §2)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from dingbridge.sandbox.rules import openapi, tokens
from dingbridge.sandbox.settings import App
from dingbridge.sandbox.state import World

TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name, no secret
SEND_SCOPE = "qyapi_robot_sendmsg"


def caller(world: World, request: web.Request, scope: str = SEND_SCOPE) -> App:
    """The app that calls the new host, if it may. Raises ApiRefusal."""
    token = request.headers.get(TOKEN_HEADER, "")
    if not token:
        raise tokens.TOKEN_ABSENT.refusal(name=TOKEN_HEADER)
    app = world.settings.app(world.tokens.owner(token, world.now()))
    if app is None:
        raise tokens.TOKEN_INVALID.refusal()
    if not within_second(world, app.client_id, request):
        raise tokens.QPS.refusal()
    if not world.calls_quota.spend(world.now(), world.settings.calls_per_month):
        raise tokens.QUOTA.refusal()
    if scope in app.missing_scopes:
        detail = {"accessdenieddetail": {"requiredScopes": [scope]}}
        raise tokens.SCOPE.refusal(detail, scope=scope)
    return app


def within_second(world: World, client_id: str, request: web.Request) -> bool:
    """Whether one more call of this interface is within the app's 20 a second (§0). One that
    is not does not count, in the second or in the month."""
    # A path with a name in it is one interface, whatever the name is.
    route = request.match_info.route.resource
    interface = route.canonical if route is not None else request.path
    window = world.rate_limits.calls(client_id, f"{request.method} {interface}")
    return window.accept(world.now(), world.settings.calls_per_second)


def robot_of(world: World, app: App, body: dict[str, Any]) -> str:
    """The code of the robot that a body names, when it is the app's. Raises ApiRefusal."""
    code = body.get("robotCode")
    if not isinstance(code, str) or not code:
        raise openapi.ROBOT_EMPTY.refusal()
    if world.settings.app(code) is None:
        raise openapi.ROBOT_UNKNOWN.refusal()
    if code != app.client_id:
        raise openapi.ROBOT_FOREIGN.refusal()
    return code
