"""The three calls for an access token (doc/dingtalk.md §2)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from dingbridge.sandbox.access import within_second
from dingbridge.sandbox.answers import new_style, old_style
from dingbridge.sandbox.openapi_bodies import body_of
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.rules import tokens as rules
from dingbridge.sandbox.settings import App


class TokenCalls:
    """Gives apps their tokens."""

    def __init__(self, platform: Platform) -> None:
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here."""
        return [
            web.post("/v1.0/oauth2/accessToken", new_style(self._new)),
            web.post("/v1.0/oauth2/{corporation}/token", new_style(self._unified)),
            web.get("/gettoken", old_style(self._old)),
        ]

    async def _new(self, request: web.Request) -> dict[str, Any]:
        body = await body_of(request)
        for name in ("appKey", "appSecret"):
            if not body.get(name):
                raise rules.KEY_MISSING.refusal(name=name)
        app = self._app(body["appKey"])
        if app is None or body["appSecret"] != app.client_secret:
            raise rules.KEY_WRONG.refusal()
        if not within_second(self._world, app.client_id, request):
            raise rules.QPS.refusal()
        token, lifetime = self._issue(app)
        return {"accessToken": token, "expireIn": lifetime}

    async def _unified(self, request: web.Request) -> dict[str, Any]:
        body = await body_of(request)
        app = self._app(body.get("client_id"))
        if app is None or body.get("grant_type") != "client_credentials":
            raise rules.CLIENT_UNKNOWN.refusal()
        if body.get("client_secret") != app.client_secret:
            raise rules.CLIENT_WRONG.refusal()
        if request.match_info["corporation"] != self._world.settings.corporation:
            raise rules.CORPORATION_WRONG.refusal()
        if not within_second(self._world, app.client_id, request):
            raise rules.QPS.refusal()
        token, lifetime = self._issue(app)
        return {"access_token": token, "expires_in": lifetime}

    async def _old(self, request: web.Request) -> dict[str, Any]:
        for name in ("appkey", "appsecret"):
            if not request.query.get(name):
                raise rules.OLD_KEY_MISSING.refusal(name=name)
        app = self._app(request.query["appkey"])
        if app is None or request.query["appsecret"] != app.client_secret:
            raise rules.OLD_KEY_WRONG.refusal()
        if not within_second(self._world, app.client_id, request):
            raise rules.OLD_QPS.refusal()
        token, lifetime = self._issue(app)
        return {"access_token": token, "expires_in": lifetime}

    def _app(self, client_id: object) -> App | None:
        return self._world.settings.app(client_id) if isinstance(client_id, str) else None

    def _issue(self, app: App) -> tuple[str, int]:
        lifetime = self._world.settings.token_lifetime
        return self._world.tokens.issue(app.client_id, self._world.now(), lifetime), lifetime
