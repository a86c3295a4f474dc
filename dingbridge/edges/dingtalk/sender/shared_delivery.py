"""What all sender threads of a robot share: attempt log, rate limit, upload of files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from dingbridge.core.delivery.outbox_records import OutboxRecord
from dingbridge.core.delivery.requests import UploadedFile
from dingbridge.core.delivery.routing import Route
from dingbridge.core.messages import Outbound
from dingbridge.core.options.declarations import Options
from dingbridge.edges.dingtalk.sender.shared_rate_limit import SharedRateLimit


class AttemptLog(Protocol):
    """Records each attempt before its request leaves, and each result after the answer."""

    def record(self, record: OutboxRecord, *, sync: bool = False) -> None:
        """Write a record that outlives this process, and with `sync` a power cut as well. Raises
        `OSError`."""
        ...


class NoAttemptLog:
    """Keeps nothing: for a single message whose result the caller waits for."""

    def record(self, record: OutboxRecord, *, sync: bool = False) -> None:
        """Discard the record."""


UploadAndSend = Callable[
    [Options, Outbound, Route, Callable[[], str], Callable[[str], None], Callable[[], bool]],
    UploadedFile,
]
"""Uploads a message's file for a route, unless that was done before.

Arguments: settings, message, route, the getter of an access token, a callback for the progress in
words, and a predicate that becomes true when the upload shall stop. Raises `DeliveryError`.
"""


class SharedDelivery(Struct, frozen=True):
    """What all sender threads of a robot share: the record of attempts, the rate limit, and the
    upload of files."""

    attempts: AttemptLog
    rate_limit: SharedRateLimit
    upload: UploadAndSend | None = None
