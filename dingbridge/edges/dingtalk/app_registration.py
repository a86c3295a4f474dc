"""The calls that make an app by one scan (doc/dingtalk.md §8.8)."""

from __future__ import annotations

import time
from typing import Any, Protocol

from dingbridge.core import json_wire
from dingbridge.core.dingtalk import scanned_app as answers
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.scanned_app import ScanCode, ScanResult


class RegistrationCalls(Protocol):
    """What the calls need of HTTP."""

    def post(self, url: str, body: bytes) -> HttpAnswer:
        """POST a JSON body."""
        ...


class AppRegistration:
    """Asks for a code, and then for what became of it. `oapi` is the address of the older API."""

    def __init__(self, http: RegistrationCalls, oapi: str) -> None:
        self._http = http
        self._oapi = oapi

    def begin(self) -> ScanCode:
        """A new code to scan. Raises a `DeliveryError`."""
        nonce = answers.read_nonce(self._post("init", {}))
        return answers.read_code(self._post("begin", {"nonce": nonce}), time.time())

    def poll(self, code: ScanCode) -> ScanResult:
        """What became of the code. Raises a `DeliveryError`."""
        return answers.read_result(self._post("poll", {"device_code": code.device_code}))

    def _post(self, step: str, fields: dict[str, Any]) -> HttpAnswer:
        url = f"{self._oapi}/app/registration/{step}"
        return self._http.post(url, json_wire.encode(fields))
