"""The HTTP calls to a sandbox's control API."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import requests

T = TypeVar("T")
WITHIN = 15.0
"""Seconds that something is waited for, on a busy machine."""
NETWORK = 5.0
"""Seconds an answer may take beyond the time that was asked for."""


class ControlCalls:
    """Asks and orders at the `control` address of a sandbox."""

    def __init__(self, control: str) -> None:
        self._base = control.rstrip("/") + "/"

    def _wait_log(
        self, name: str, kind: type[list[T]], want: int | Callable[[T], bool], timeout: float
    ) -> list[T]:
        deadline = time.monotonic() + timeout
        at_least = want if isinstance(want, int) else 0
        while True:
            left = max(0.0, deadline - time.monotonic())
            entries = self._ask(f"log/{name}", {"at_least": at_least, "timeout": left}, kind, left)
            fitting = entries if isinstance(want, int) else [each for each in entries if want(each)]
            if len(fitting) >= (want if isinstance(want, int) else 1):
                return fitting
            if time.monotonic() >= deadline:
                raise TimeoutError(f"waited {timeout} s for {name}; there are {entries!r}")
            at_least = len(entries) + 1

    def _log(self, name: str, kind: type[T]) -> T:
        return self._ask(f"log/{name}", {}, kind)

    def _ask(self, path: str, query: dict[str, Any], kind: type[T], seconds: float = 0.0) -> T:
        response = self._call("GET", path, seconds, params=query)
        response.raise_for_status()
        return msgspec.json.decode(response.content, type=kind)

    def _command(self, name: str, command: msgspec.Struct, kind: type[T]) -> T:
        return msgspec.json.decode(self._order(name, command), type=kind)

    def _order(self, name: str, command: msgspec.Struct) -> bytes:
        kind = {"Content-Type": "application/json"}
        body = msgspec.json.encode(command)
        response = self._call("POST", name, 0.0, data=body, headers=kind)
        if response.status_code == 400:
            raise ValueError(response.json()["error"])
        response.raise_for_status()
        return response.content

    def _call(self, method: str, path: str, seconds: float, **words: Any) -> requests.Response:
        # One connection per call: a client may be used by several threads and needs no closing.
        with requests.Session() as http:
            # The sandbox is on loopback: a proxy of the environment has no say.
            http.trust_env = False
            return http.request(method, self._base + path, timeout=seconds + NETWORK, **words)
