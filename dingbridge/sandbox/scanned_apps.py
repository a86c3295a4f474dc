"""Makes apps by one scan: the calls, and who holds the phone (doc/dingtalk.md §8.8)."""

from __future__ import annotations

import json
import secrets
from typing import Any
from urllib.parse import quote

from aiohttp import web
from msgspec import Struct, structs

from dingbridge.sandbox.answers import old_style
from dingbridge.sandbox.commands import Scan
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.rules import registration as rules
from dingbridge.sandbox.settings import App

NONCE_SECONDS = 300
DEVICE_SECONDS = 7200
DECLINED = "用户拒绝授权"


class _Begun(Struct, frozen=True):
    """One registration: when it began, and what became of it."""

    began: float
    app: App | None = None
    fail_reason: str = ""


class ScannedApps:
    """Answers `/app/registration/…`, and lets somebody scan the code."""

    def __init__(self, platform: Platform) -> None:
        self._world = platform.world
        self._nonces: dict[str, float] = {}
        self._begun: dict[str, _Begun] = {}

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here."""
        return [
            web.post("/app/registration/init", old_style(self._init)),
            web.post("/app/registration/begin", old_style(self._begin)),
            web.post("/app/registration/poll", old_style(self._poll)),
        ]

    async def scan(self, scan: Scan) -> App | None:
        """Somebody scans the latest code. Returns the app that this makes. Raises ValueError when
        there is none to scan."""
        waiting = [code for code, each in self._begun.items() if self._waits(each)]
        if not waiting:
            raise ValueError("there is no code that could be scanned")
        code = waiting[-1]
        if not scan.confirm:
            reason = scan.reason or DECLINED
            self._begun[code] = structs.replace(self._begun[code], fail_reason=reason)
            return None
        app = App(
            f"ding{secrets.token_hex(8)}",
            secrets.token_urlsafe(32),
            missing_scopes=scan.missing_scopes,
        )
        settings = self._world.settings
        self._world.settings = structs.replace(settings, other_apps=(*settings.other_apps, app))
        self._begun[code] = structs.replace(self._begun[code], app=app)
        return app

    async def _init(self, request: web.Request) -> dict[str, Any]:
        nonce = f"nr_{secrets.token_hex(12)}"
        self._nonces[nonce] = self._world.now()
        return {"nonce": nonce, "expires_in": NONCE_SECONDS}

    async def _begin(self, request: web.Request) -> dict[str, Any]:
        given = self._nonces.pop(str((await _fields(request)).get("nonce", "")), None)
        if given is None:
            raise rules.NONCE_UNKNOWN.refusal()
        if self._world.now() >= given + NONCE_SECONDS:
            raise rules.NONCE_OLD.refusal()
        device, user = (
            secrets.token_urlsafe(32),
            "-".join(secrets.token_hex(2).upper() for _ in "123"),
        )
        self._begun[device] = _Begun(self._world.now())
        address = f"{self._world.address}/openapp/registration"
        return {
            "device_code": device,
            "user_code": user,
            "verification_uri": address,
            "verification_uri_complete": f"{address}?user_code={quote(user)}",
            "expires_in": DEVICE_SECONDS,
            "interval": self._world.settings.scan_interval,
        }

    async def _poll(self, request: web.Request) -> dict[str, Any]:
        begun = self._begun.get(str((await _fields(request)).get("device_code", "")))
        if begun is None:
            raise rules.DEVICE_UNKNOWN.refusal()
        if begun.app is not None:
            made = {"client_id": begun.app.client_id, "client_secret": begun.app.client_secret}
            return {"status": "SUCCESS", **made}
        if begun.fail_reason:
            return {"status": "FAIL", "fail_reason": begun.fail_reason}
        return {"status": "WAITING" if self._waits(begun) else "EXPIRED"}

    def _waits(self, begun: _Begun) -> bool:
        is_open = begun.app is None and not begun.fail_reason
        return is_open and self._world.now() < begun.began + DEVICE_SECONDS


async def _fields(request: web.Request) -> dict[str, Any]:
    try:
        fields = json.loads(await request.read())
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}
