"""Fixtures that start message senders."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.delivery.rate_limit import RateLimit
from dingbridge.core.messages import SessionWebhook
from dingbridge.core.sessions.seen import SeenIds
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.stream import (
    MessagesReceived,
    StreamEvent,
    StreamSettings,
    StreamThread,
)
from dingbridge.sandbox.server import Sandbox
from tests.support.message_sender import OpenGate, Queue, StartQueue


@pytest.fixture
def make_queue(sandbox: Sandbox, tmp_path: Path) -> Iterator[StartQueue]:
    """Make senders that share one journal; they are started by hand."""
    made: list[Queue] = []

    def make(pace: RateLimit | None = None, **changes: Any) -> Queue:
        options = {**sandbox.settings(), **changes}
        made.append(Queue(options, tmp_path / "outbox.jsonl", pace or RateLimit(lambda: 0.0)))
        return made[-1]

    yield make
    for running in made:
        running.stop()


@pytest.fixture
def start_queue(make_queue: StartQueue) -> StartQueue:
    def start(**changes: Any) -> Queue:
        made = make_queue(**changes)
        made.start()
        return made

    return start


@pytest.fixture
def sending(start_queue: StartQueue) -> Queue:
    return start_queue()


@pytest.fixture
def session(sandbox: Sandbox) -> SessionWebhook:
    """The session webhook that DingTalk sent along with a message."""
    arrived: queue.Queue[StreamEvent] = queue.Queue()
    settings = StreamSettings(sandbox.client_id, sandbox.client_secret, sandbox.url, (sandbox.url,))
    stream = StreamThread(settings, Http(), SeenIds(), OpenGate(), arrived.put)
    stream.start()
    sandbox.client.wait_connections(1)
    sandbox.client.say("hi", user="zhangsan")
    while not isinstance(event := arrived.get(timeout=10), MessagesReceived):
        pass
    stream.stop()
    found = event.batch[0].inbound.session_webhook
    assert found is not None
    return found
