"""A thread that takes messages from the queue of a robot and sends one after the other."""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol

from msgspec import Struct

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery import send_queue
from dingbridge.core.delivery.outbox import QueuedMessage, apart
from dingbridge.core.delivery.outbox_records import Dropped, Failed, Merged
from dingbridge.core.delivery.sender_events import SenderEvent
from dingbridge.core.errors import in_words
from dingbridge.core.messages import Delivery, DeliveryReport
from dingbridge.edges.dingtalk.openapi import RobotClient
from dingbridge.edges.dingtalk.sender.message_sender import (
    Held,
    MergeRefused,
    MessageSender,
)
from dingbridge.edges.dingtalk.sender.shared_delivery import SharedDelivery


class InFlight(Struct, frozen=True):
    """A message that a thread sends: its conversation, the key of its rate limit, and when the
    attempt began (monotonic seconds)."""

    id: str
    place: str
    key: str
    since: float


class SendWork(Struct, frozen=True):
    """Messages to send now. Several of them go as the one that `merged` describes."""

    run: tuple[QueuedMessage, ...]
    merged: Merged | None


class WorkSource(Protocol):
    """The queue, as a sender thread sees it."""

    def take(self, thread: SenderThread) -> SendWork | None:
        """Wait for the next message that may be sent; None when the thread shall end."""
        ...

    def put_back(
        self, thread: SenderThread, run: tuple[QueuedMessage, ...], *, wanted: bool
    ) -> bool:
        """Queue messages again, in front of their conversation. With `wanted`, not if the user has
        dropped them meanwhile. Returns whether they are queued."""
        ...

    def cannot_write(self) -> None:
        """The attempt log cannot be written: begin no message for a while."""
        ...

    def hear(self, thread: SenderThread, event: SenderEvent) -> None:
        """Handle an event of the message that the thread sends."""
        ...


class SenderThread(threading.Thread):
    """Sends messages until the queue ends it.

    For each one: take, send, and then it is done, put back (`Held`, `MergeRefused`, disk failure),
    or failed.
    """

    def __init__(
        self,
        queue: WorkSource,
        client: RobotClient,
        shared: SharedDelivery,
    ) -> None:
        super().__init__(name="dingbridge-sender", daemon=True)
        self._log = logging.getLogger(f"{__name__}.{client.options.account}")
        self._queue = queue
        self._attempts = shared.attempts
        self.sender = MessageSender(client, self._hear, shared)

    def run(self) -> None:
        """Send until `take` returns None."""
        while (work := self._queue.take(self)) is not None:
            self._send(work)

    def _hear(self, event: SenderEvent) -> None:
        self._queue.hear(self, event)

    def _send(self, work: SendWork) -> None:
        try:
            waiting = self._as_one(work)
        except OSError as error:
            self._cannot_write(work.run, error)
            return
        try:
            self._send_one(waiting)
        except OSError as error:
            self._cannot_write((self.sender.rest,), error)

    def _send_one(self, waiting: QueuedMessage) -> None:
        try:
            self.sender.send(waiting)
        except Held:
            if not self._queue.put_back(self, (self.sender.rest,), wanted=True):
                self._attempts.record(Dropped(waiting.id, time.time()))
        except MergeRefused:
            self._queue.put_back(self, apart(self.sender.rest), wanted=False)
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - told to the user, and no harm to those behind it
            self._log.exception("a defect in sending")
            reason = say.DEFECT()
            if self.sender.rest.may_have_arrived:
                reason = in_words(say.MAY_HAVE_ARRIVED(), reason)
            self._attempts.record(Failed(waiting.id, reason, time.time()))

    def _as_one(self, work: SendWork) -> QueuedMessage:
        if work.merged is None:
            return work.run[0]
        self._attempts.record(work.merged)
        self._log.info("%d notifications go out as one", len(work.run))
        return send_queue.as_one(work.run, work.merged)

    def _cannot_write(self, run: tuple[QueuedMessage, ...], error: OSError) -> None:
        """The attempt log cannot be written, for example on a full disk. No request may leave
        without a record, so the queue waits until the disk takes it."""
        reason = say.OUTBOX_NOT_WRITTEN(reason=error.strerror or type(error).__name__)
        self._log.error("%s", reason)
        self._queue.cannot_write()
        # Also one that was dropped meanwhile: its next turn ends with the record of that.
        self._queue.put_back(self, run, wanted=False)
        for one in run:
            self._queue.hear(self, DeliveryReport(one.id, Delivery.RETRYING, reason))
