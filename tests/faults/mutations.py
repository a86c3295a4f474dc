"""Defects to plant in a service: the checks must report each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.edges.dingtalk.http import Http
from tests.faults.layer import LATE, Later, Layer


def late(*files: str) -> Callable[[Layer], None]:
    """Report a write before it is done."""

    def plant(layer: Layer) -> None:
        layer.late.update({file: Later() for file in files})

    return plant


def unsynced(*files: str) -> Callable[[Layer], None]:
    """Report a write as durable before it is synced."""
    return lambda layer: layer.unsynced.update(files)


def answered_early(layer: Layer) -> None:
    """Report a delivery before the request is sent."""
    post = Http.post

    def early(self: Http, url: str, *words: Any) -> HttpAnswer:
        if "/robot/send" not in url:
            return post(self, url, *words)
        threading.Timer(2 * LATE, lambda: post(self, url, *words)).start()
        return HttpAnswer(200, b'{"errcode":0,"errmsg":"ok"}')

    setattr(Http, "post", early)  # noqa: B010 - mypy knows it as a method


BY_NAME = {
    "an ack comes before the record": late("inbox"),
    "a message is reported as queued before the record": late("outbox"),
    "what is acked is not synced": unsynced("inbox"),
    "what is queued is not synced": unsynced("outbox"),
    "a message is reported as delivered before it is sent": answered_early,
}
