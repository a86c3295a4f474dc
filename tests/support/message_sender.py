"""A message sender over a journal in a folder of the test, against the sandbox."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from dingbridge.core.delivery import outbox, outbox_records
from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import Done, Failed, OutboxRecord, Purpose, Queued
from dingbridge.core.delivery.rate_limit import Paced, RateLimit
from dingbridge.core.delivery.sender_events import SenderEvent
from dingbridge.core.messages import Delivery, DeliveryReport, Outbound, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.options.settings import read
from dingbridge.core.sessions.inbox import Received
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.openapi import AccessToken
from dingbridge.edges.dingtalk.sender import OpenApiHttp, RobotClient, RobotSender
from dingbridge.edges.storage.journal import Journal
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox

ROBOT = "/robot/send"
SESSION = "/robot/sendBySession"
SINGLE = "/v1.0/robot/oToMessages/batchSend"
GROUP = "/v1.0/robot/groupMessages/send"
TOKEN = "/v1.0/oauth2/accessToken"
TEAM = "cidTEAM=="
E = TypeVar("E")


def client(options: Options, http: OpenApiHttp | None = None) -> RobotClient:
    """A client of a robot with a token of its own."""
    return RobotClient(options, http or Http(), AccessToken())


class AttemptJournal:
    """The journal of attempts, on disk. It reports each record as well."""

    def __init__(self, path: Path, notify: Callable[[OutboxRecord], None]) -> None:
        self.path = path
        self.journal = Journal(path)
        self._notify = notify
        self.synced: list[OutboxRecord] = []

    def record(self, record: OutboxRecord, *, sync: bool = False) -> None:
        if sync:
            self.synced.append(record)
        self.journal.append(outbox_records.encode(record), sync=sync)
        self._notify(record)

    def read(self) -> list[OutboxRecord]:
        """The records on disk."""
        records, damaged = self.journal.read(outbox_records.decode)
        assert damaged == 0
        return records


class RunningSender:
    """A message sender, its reports, and its outbox journal."""

    def __init__(self, options: dict[str, Any], path: Path, pace: RateLimit) -> None:
        self.told: queue.Queue[SenderEvent | OutboxRecord] = queue.Queue()
        self.seen: list[SenderEvent | OutboxRecord] = []
        self.attempts = AttemptJournal(path, self.told.put)
        options = {key: value for key, value in options.items() if value}
        self.sender = RobotSender(
            lambda: client(read(options, {})), self.told.put, self.attempts, pace
        )
        self.started = False
        self.count = 0

    def start(self) -> None:
        self.started = True
        self.sender.start()

    def put(
        self,
        text: str,
        target: Target,
        kind: Purpose = Purpose.REPLY,
        title: str = "title",
        **more: Any,
    ) -> str:
        """Submit a message as the service does: written to the journal, then queued."""
        self.count += 1
        message = Outbound(f"m{self.count}", target, text, title, **more)
        self.attempts.journal.append(
            outbox_records.encode(Queued("robot", message, kind, "", time.time()))
        )
        self.sender.put(QueuedMessage("robot", message, kind, "", time.time()))
        return message.id

    def take_up(self) -> list[str]:
        """Send what an earlier sender left, as a new owner does."""
        waiting = outbox.fold(self.attempts.read()).waiting
        for one in waiting.values():
            self.sender.put(one)
        return list(waiting)

    def until(self, kind: type[E], where: Callable[[E], bool] = lambda _: True) -> E:
        """The next event or record of that kind for which `where` holds. Fails after ten
        seconds."""
        end = time.monotonic() + 10
        while True:
            try:
                event = self.told.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"told so far: {self.seen}") from None
            self.seen.append(event)
            if isinstance(event, kind) and where(event):
                return event

    def until_retrying(self, message: str) -> DeliveryReport:
        return self.until(
            DeliveryReport,
            lambda report: report.message_id == message and report.delivery is Delivery.RETRYING,
        )

    def until_end(self, message: str) -> Done | Failed:
        """The record of the message's final delivery."""
        end = self.until(
            object, lambda event: isinstance(event, Done | Failed) and event.id == message
        )
        assert isinstance(end, Done | Failed)
        return end

    def send(self, text: str, target: Target, **more: Any) -> Done | Failed:
        """Send one message and wait for its final delivery."""
        return self.until_end(self.put(text, target, **more))

    def fails(self, text: str, target: Target, **more: Any) -> str:
        """Send one message that fails. Returns the reason."""
        end = self.send(text, target, **more)
        assert isinstance(end, Failed)
        return end.reason

    def stop(self) -> None:
        self.sender.stop()
        if self.started:
            self.sender.join(5)
            assert not self.sender.is_alive()

    def all(self, kind: type[E]) -> list[E]:
        """All events and records of that kind so far."""
        while not self.told.empty():
            self.seen.append(self.told.get())
        return [event for event in self.seen if isinstance(event, kind)]


StartSender = Callable[..., RunningSender]


class OpenGate:
    """A gate that allows everything."""

    def may_open(self) -> float:
        return 0.0

    def record(self, batch: Sequence[Received]) -> None:
        """Record nothing."""


def spent(sent: int) -> RateLimit:
    """A rate limit after `sent` messages of the webhook just now."""
    return RateLimit.restore(Paced({"webhook": (time.time(),) * sent}), lambda: 0.0)


def until_half_is_there(sending: RunningSender, sandbox: Sandbox, text: str) -> str:
    """Send a long message to the team. Returns its id once the first chunk has arrived and the
    second one is held back by the rate limit."""
    sandbox.client.fault(Fault.hang(GROUP))
    message = sending.put(text, Target(conversation_id=TEAM), Purpose.NOTIFICATION)
    sandbox.client.wait_hanging(1)
    sandbox.client.fault(Fault.qps(GROUP))
    sandbox.client.release()
    assert "calls" in sending.until_retrying(message).reason
    assert len(sandbox.client.arrived()) == 1
    return message
