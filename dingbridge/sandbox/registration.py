"""Registering for a stream connection: who asks, and for what (doc/dingtalk.md §4.1)."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from dingbridge.sandbox.access import within_second
from dingbridge.sandbox.answers import json_response, refused
from dingbridge.sandbox.inbound import TOPICS
from dingbridge.sandbox.openapi_bodies import body_of
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.rules import stream as rules
from dingbridge.sandbox.rules import tokens
from dingbridge.sandbox.rules.rule import ApiRefusal
from dingbridge.sandbox.state import CONNECT_PATH, OPEN_PATH
from dingbridge.sandbox.tickets import Grant

UA_SHAPE = re.compile(r"[\w.-]+/[\w.+-]+")
"""`name/version`."""


class Registration:
    """Gives an endpoint, and a ticket for one connection to it."""

    def __init__(self, platform: Platform) -> None:
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The path answered here."""
        return [web.post(OPEN_PATH, self._open)]

    async def _open(self, request: web.Request) -> web.Response:
        plain = "application/json" in request.headers.get("Accept", "")
        try:
            answer = self._grant(request, await body_of(request))
        except ApiRefusal as refusal:
            return refused(refusal)
        if plain:
            return json_response(answer)
        fields = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in answer.items())
        text = f"<OpenConnectionResponse>{fields}</OpenConnectionResponse>"
        return web.Response(text=text, content_type="application/xml")

    def _grant(self, request: web.Request, body: dict[str, Any]) -> dict[str, str]:
        world = self._world
        client_id, secret = body.get("clientId"), body.get("clientSecret")
        for each in (client_id, secret):
            if not isinstance(each, str) or not each.strip():
                raise rules.NAME_MISSING.refusal()
        app = world.settings.app(str(client_id))
        if app is None or secret != app.client_secret:
            raise rules.SECRET_WRONG.refusal()
        if not within_second(world, app.client_id, request):
            raise tokens.QPS.refusal()
        topics = callback_topics(body.get("subscriptions"))
        ua = body.get("ua", "")
        if not isinstance(ua, str) or (ua and not UA_SHAPE.fullmatch(ua)):
            raise rules.USER_AGENT.refusal()
        grant = Grant(app.client_id, topics, ua)
        ticket = world.tickets.issue(grant, world.now(), world.settings.ticket_lifetime)
        endpoint = world.bridge_address.replace("http", "ws", 1) + CONNECT_PATH
        return {"endpoint": endpoint, "ticket": ticket}


def callback_topics(wanted: object) -> tuple[str, ...]:
    """The callbacks that are subscribed to. Raises ApiRefusal."""
    if not isinstance(wanted, list) or not wanted:
        raise rules.SUBSCRIPTIONS.refusal()
    topics = []
    for each in wanted:
        kind = each.get("type") if isinstance(each, dict) else None
        topic = each.get("topic") if isinstance(each, dict) else None
        if kind not in ("CALLBACK", "EVENT", "SYSTEM") or not isinstance(topic, str):
            raise rules.SUBSCRIPTIONS.refusal()
        if kind == "EVENT" and topic != "*":
            raise rules.EVENT_TOPIC.refusal()
        if kind == "CALLBACK":
            if topic not in TOPICS:
                raise rules.CALLBACK_TOPIC.refusal(topic=topic)
            topics.append(topic)
    return tuple(topics)
