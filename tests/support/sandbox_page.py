"""The page of a sandbox, as a browser asks for it: what it may do, and the news that it gets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from dingbridge.sandbox import Sandbox
from tests.support.sandbox_calls import WITHIN, request


def own_headers(sandbox: Sandbox) -> dict[str, str]:
    """What a browser adds to the requests of the page itself."""
    return {"Origin": sandbox.url, "Sec-Fetch-Site": "same-origin"}


def do(sandbox: Sandbox, name: str, /, **body: Any) -> tuple[int, dict[str, Any]]:
    """Something that is done in the page; status and answer."""
    answer = request("POST", sandbox.page + name, json=body, headers=own_headers(sandbox))
    return answer.status_code, answer.json()


def upload(sandbox: Sandbox, data: bytes) -> str:
    """The code of bytes that were dropped on the page."""
    headers = {**own_headers(sandbox), "Content-Type": "application/octet-stream"}
    code: str = request("POST", f"{sandbox.page}upload", data=data, headers=headers).json()
    return code


class News:
    """The events that a page gets, one after the other."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self.last_id = ""

    def next(self, kind: str = "news") -> dict[str, Any]:
        """The data of the next event of this kind."""
        event = ""
        for line in self._lines:
            name, _, value = line.decode().partition(": ")
            if name == "id":
                self.last_id = value
            elif name == "event":
                event = value
            elif name == "data" and event == kind:
                data: dict[str, Any] = json.loads(value)
                return data
        raise EOFError(f"no {kind} any more")

    def until(self, name: str) -> list[dict[str, Any]]:
        """The entries of a log in the next news that have some."""
        while not (found := self.next().get(name)):
            pass
        entries: list[dict[str, Any]] = found
        return entries


@contextmanager
def news(sandbox: Sandbox, last_id: str = "") -> Iterator[News]:
    """Follows what is new; with `last_id` from there on."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with requests.Session() as http:
        http.trust_env = False
        address = f"{sandbox.page}events"
        with http.get(address, headers=headers, stream=True, timeout=WITHIN) as response:
            response.raise_for_status()
            yield News(response.iter_lines(chunk_size=1))
