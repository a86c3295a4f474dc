"""The send queue of a robot: starts the sender's threads with the first message."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import OutboxRecord
from dingbridge.core.delivery.rate_limit import RateLimit
from dingbridge.core.options.declarations import Options
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.openapi import RobotClient
from dingbridge.edges.dingtalk.sender import RobotSender
from dingbridge.edges.storage.robot_records import RobotRecords
from dingbridge.service.files.uploads import FileUploader
from dingbridge.service.robots.robot_resources import RobotResources
from dingbridge.service.robots.sender_batches import SenderBatches, SenderReport


class SenderQueue:
    """The port `Queue`. Service loop only, unless a method says otherwise.

    put() ──▶ waiting ──its turn──▶ under way ──answer──▶ ended (reported)
                 ▲ └─drop()──▶ gone    │
                 └──── retry ──────────┘

    - `reported` gets the sender's reports in batches; see `SenderBatches`.
    - `is_sending` tells whether a message is under way.
    """

    def __init__(
        self,
        options: Options,
        resources: RobotResources,
        records: RobotRecords,
        reported: Callable[[Sequence[SenderReport]], None],
        is_sending: Callable[[], bool],
    ) -> None:
        self._options = options
        self._resources = resources
        self._records = records
        self._reports = SenderBatches(resources.post, reported, is_sending)
        self.rate_limit = RateLimit(random.random)
        """When the next message may be sent. Set it before the first `put`."""
        self._sender: RobotSender | None = None

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        self._options = options
        if self._sender is not None:
            self._sender.configure(self._client)

    def _client(self) -> RobotClient:
        return self._resources.client(self._options, Http(self._options.proxy))

    def put(self, waiting: QueuedMessage) -> None:
        """Append a message."""
        if self._sender is None:
            self._sender = RobotSender(
                self._client,
                self._reports.notify,
                self,
                self.rate_limit,
                FileUploader(self._resources.files.outgoing).bring,
            )
            self._sender.start()
        self._sender.put(waiting)
        self._reports.expect()

    def drop(self, message: str) -> bool:
        """Remove a message. Returns whether it was waiting."""
        waited = self._sender is not None and self._sender.drop(message)
        # Earlier reports about the message come first.
        self._reports.take()
        return waited

    def hurry(self) -> bool:
        """Make the attempts that wait out a back-off now. Returns whether there are any."""
        return self._sender is not None and self._sender.hurry()

    def record(self, record: OutboxRecord, *, sync: bool = False) -> None:
        """Write a record. For the sender's threads."""
        self._records.append(record, sync=sync)
        self._reports.notify(record)

    def stop(self) -> None:
        """Stop the threads soon; see `wait_until_stopped`."""
        if self._sender is not None:
            self._sender.stop()

    def wait_until_stopped(self, seconds: float | None) -> None:
        """Return once the answer under way is on disk, or after `seconds`. Not for the loop or disk
        thread."""
        if self._sender is not None:
            self._sender.join(seconds)

    def dropped_under_way(self) -> tuple[str, ...]:
        """Messages that were dropped while their request was under way. For the disk thread."""
        return tuple(self._sender.given_up()) if self._sender is not None else ()
