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
from tests.support.message_sender import OpenGate, RunningSender, StartSender


@pytest.fixture
def make_sender(sandbox: Sandbox, tmp_path: Path) -> Iterator[StartSender]:
    """Make senders that share one journal; they are started by hand."""
    made: list[RunningSender] = []

    def make(pace: RateLimit | None = None, **changes: Any) -> RunningSender:
        options = {**sandbox.settings(), **changes}
        made.append(
            RunningSender(options, tmp_path / "outbox.jsonl", pace or RateLimit(lambda: 0.0))
        )
        return made[-1]

    yield make
    for running in made:
        running.stop()


@pytest.fixture
def start_sender(make_sender: StartSender) -> StartSender:
    def start(**changes: Any) -> RunningSender:
        made = make_sender(**changes)
        made.start()
        return made

    return start


@pytest.fixture
def sending(start_sender: StartSender) -> RunningSender:
    return start_sender()


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
