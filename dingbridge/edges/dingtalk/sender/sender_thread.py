"""A thread that carries messages, one after the other."""

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
    AttemptLog,
    Held,
    MergeRefused,
    MessageSender,
    UploadAndSend,
)
from dingbridge.edges.dingtalk.sender.shared_rate_limit import SharedRateLimit


class SendWork(Struct, frozen=True):
    """What goes now, and, when that is several messages, how they become one."""

    run: tuple[QueuedMessage, ...]
    merged: Merged | None


class WorkSource(Protocol):
    """Where a thread gets its work."""

    def take(self, thread: SenderThread) -> SendWork | None:
        """What goes next, as soon as it may; None when the thread is not needed any more."""
        ...

    def put_back(
        self, thread: SenderThread, run: tuple[QueuedMessage, ...], *, wanted: bool
    ) -> bool:
        """These wait again, in front of their conversation, unless the user has dropped them and
        they have to be `wanted`. Returns whether they wait."""
        ...

    def cannot_write(self) -> None:
        """The ledger is out of reach: begin nothing for a while."""
        ...

    def hear(self, thread: SenderThread, event: SenderEvent) -> None:
        """News of a thread's message."""
        ...


class SenderThread(threading.Thread):
    """Carries one message after the other."""

    def __init__(
        self,
        queue: WorkSource,
        client: RobotClient,
        ledger: AttemptLog,
        pace: SharedRateLimit,
        courier: UploadAndSend | None,
    ) -> None:
        super().__init__(name="dingbridge-sender", daemon=True)
        self._log = logging.getLogger(f"{__name__}.{client.options.account}")
        self._queue = queue
        self._ledger = ledger
        self.carrier = MessageSender(
            client,
            self._hear,
            patient=True,
            ledger=ledger,
            pace=pace,
            courier=courier,
        )

    def run(self) -> None:
        """Carry until there is nothing more to do for this thread."""
        while (work := self._queue.take(self)) is not None:
            self._carry(work)

    def _hear(self, event: SenderEvent) -> None:
        self._queue.hear(self, event)

    def _carry(self, work: SendWork) -> None:
        try:
            waiting = self._as_one(work)
        except OSError as error:
            self._cannot_write(work.run, error)
            return
        try:
            self._carry_one(waiting)
        except OSError as error:
            self._cannot_write((self.carrier.rest,), error)

    def _carry_one(self, waiting: QueuedMessage) -> None:
        try:
            self.carrier.carry(waiting)
        except Held:
            if not self._queue.put_back(self, (self.carrier.rest,), wanted=True):
                self._ledger.record(Dropped(waiting.id, time.time()))
        except MergeRefused:
            self._queue.put_back(self, apart(self.carrier.rest), wanted=False)
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - told to the user, and no harm to those behind it
            self._log.exception("a defect in sending")
            reason = say.DEFECT()
            if self.carrier.rest.may_have_arrived:
                reason = in_words(say.MAY_HAVE_ARRIVED(), reason)
            self._ledger.record(Failed(waiting.id, reason, time.time()))

    def _as_one(self, work: SendWork) -> QueuedMessage:
        if work.merged is None:
            return work.run[0]
        self._ledger.record(work.merged)
        self._log.info("%d notifications go out as one", len(work.run))
        return send_queue.as_one(work.run, work.merged)

    def _cannot_write(self, run: tuple[QueuedMessage, ...], error: OSError) -> None:
        """The ledger is out of reach, on a full disk say: nothing may leave that is not written
        down, so the queue waits until it is."""
        reason = say.OUTBOX_NOT_WRITTEN(reason=error.strerror or type(error).__name__)
        self._log.error("%s", reason)
        self._queue.cannot_write()
        # One that was dropped meanwhile waits as well: that cannot be written down either.
        self._queue.put_back(self, run, wanted=False)
        for one in run:
            self._queue.hear(self, DeliveryReport(one.id, Delivery.RETRYING, reason))
