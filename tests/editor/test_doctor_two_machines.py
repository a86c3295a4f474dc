"""Two machines with one app: a ping that the other one gets is explained."""

from __future__ import annotations

import itertools
import queue
from typing import Any

from dingbridge.core.delivery.routing import robot_name
from dingbridge.core.doctor.ping_findings import PingReport
from dingbridge.core.options.settings import read
from dingbridge.core.sessions.seen import SeenIds
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.stream import (
    MessagesReceived,
    StreamEvent,
    StreamSettings,
    StreamThread,
)
from dingbridge.sandbox.server import Sandbox
from dingbridge.shell.service_answers import awaited_ping
from tests.support.editor import Editor
from tests.support.message_sender import OpenGate


def test_a_ping_that_another_connection_of_the_app_got_is_explained(
    bound: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    options = read(api_options, {})
    taken: queue.Queue[StreamEvent] = queue.Queue()
    other = StreamThread(StreamSettings.of(options), Http(), SeenIds(), OpenGate(), taken.put)
    other.start()
    try:
        sandbox.client.wait_connections(2)
        for digits in (f"{number:04}" for number in itertools.count()):
            asked = awaited_ping(bound.data, robot_name(options), digits, 3.0)
            assert next(asked).step == "awaited"
            sandbox.client.say(f"ping {digits}", user="zhangsan")
            last = list(asked)[-1]
            if last.step == "missed":
                break
            assert last.step == "answered"
        got = [event for event in taken.queue if isinstance(event, MessagesReceived)]
        assert got[-1].batch[0].inbound.text == f"ping {digits}"
        [finding] = PingReport(digits).findings(last)
        assert "two machines with one app get a part each" in finding.fixes[0]
    finally:
        other.stop()
        other.join(10)
