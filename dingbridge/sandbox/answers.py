"""How the platform words an answer or a refusal (doc/dingtalk.md §1 and §3)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from dingbridge.sandbox.rules import openapi, webhooks
from dingbridge.sandbox.rules.rule import ApiRefusal, RobotRefusal

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
RouteHandler = Callable[[web.Request], Awaitable[Any]]


def json_response(answer: Any, status: int = 200) -> web.Response:
    """An answer as the platform writes it: JSON with real characters."""
    text = json.dumps(answer, ensure_ascii=False)
    return web.Response(status=status, text=text, content_type="application/json")


def answer(value: Any, status: int = 200) -> web.Response:
    """A value as JSON, as the sandbox's own addresses answer."""
    body = msgspec.json.encode(value)
    return web.Response(status=status, body=body, content_type="application/json")


def new_style(handler: RouteHandler) -> Handler:
    """A handler of the new host: HTTP 200 with the answer, or the refusal's status and code."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return json_response(await handler(request))
        except ApiRefusal as refusal:
            return refused(refusal)

    return handle


def old_style(handler: RouteHandler) -> Handler:
    """A handler of the old host: HTTP 200 in any case, with `errcode` 0 or the refusal's."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            fields = await handler(request)
        except RobotRefusal as refusal:
            return json_response({"errcode": refusal.errcode, "errmsg": refusal.errmsg})
        return json_response({"errcode": 0, "errmsg": "ok", **(fields or {})})

    return handle


def refused(refusal: ApiRefusal) -> web.Response:
    """The new host's answer to a call that was refused (doc/dingtalk.md §3, error body)."""
    request_id = str(uuid.uuid4()).upper()
    body = {
        "code": refusal.code,
        "message": refusal.message,
        "requestid": request_id,
        **refusal.detail,
    }
    return json_response(body, refusal.status)


def code_of(response: web.StreamResponse | None) -> str:
    """The `errcode` or `code` in an answer; empty when there is none."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return ""
    try:
        answer = json.loads(response.body)
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    return str(answer.get("errcode", answer.get("code", "")))


async def not_found(request: web.Request) -> web.StreamResponse:
    """The answer to a path nobody knows, in the words of the host it would have gone to."""

    async def refuse(_: web.Request) -> None:
        if request.path.startswith("/v1.0/"):
            raise openapi.NOT_FOUND.refusal()
        raise webhooks.UNKNOWN_NAME.refusal()

    answering = new_style if request.path.startswith("/v1.0/") else old_style
    return await answering(refuse)(request)
