"""Delivers one message from the shell: by the service, or directly if no service has the robot."""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from dingbridge.core.catalogue import service as say
from dingbridge.core.delivery.compose import ComposeContext, told, written
from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import Purpose
from dingbridge.core.delivery.rate_limit import RateLimit
from dingbridge.core.delivery.routing import notify_robot
from dingbridge.core.delivery.sender_events import SenderEvent
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.errors import DeliveryError, Retryable
from dingbridge.core.messages import At, Delivery, DeliveryReport, Outbound, Target
from dingbridge.core.options.declarations import Options
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.openapi import AccessToken
from dingbridge.edges.dingtalk.sender import MessageSender, OpenApiHttp, RobotClient
from dingbridge.edges.programs.process_identity import born
from dingbridge.edges.storage.card import OwnerCard
from dingbridge.edges.storage.data_paths import data_folder
from dingbridge.edges.storage.robot_locks import RobotLocks, holder
from dingbridge.shell.handover import GaveUp, Handover, fate_not_told, late

TRY_EVERY = 0.2
"""Seconds between two attempts to get the lock of the robot."""


def deliver(
    options: Options,
    target: Target,
    text: str,
    *,
    title: str = "",
    at: At = At(),
    seconds: float,
    waiting: Callable[[str], None],
) -> bool:
    """Send `text` to `target`. Returns when all of it was accepted: whether some of it may have
    arrived twice.

    No attempt begins after `seconds`. `waiting` is called with the reason of each pause, and with a
    line about masked secrets. Raises `DeliveryError`.
    """
    end = time.monotonic() + seconds
    context = ComposeContext(options.secrets, os.environ)
    made = written(secrets.token_hex(8), text, target, options, context, title=title, at=at)
    if made.masked:
        waiting(told(made.masked, target))
    data, robot = data_folder(), notify_robot(options)
    handover = Handover(data, robot, made.outbound, waiting)
    reason, pause = "", threading.Event()
    while (left := end - time.monotonic()) > 0:
        report = handover.try_it(left)
        if report is not None:
            return bool(report.reason)
        if not handover.may_be_taken_up():
            with RobotLocks(data, robot) as locks:
                held_by = take_locks(locks, data)
                if not held_by:
                    report = handover.take_back()
                    if report is not None:
                        return bool(report.reason)
                    return _send(options, handover.outbound, end, waiting)
            if held_by != reason:
                reason = held_by
                waiting(reason)
        pause.wait(min(TRY_EVERY, max(0.0, end - time.monotonic())))
    with RobotLocks(data, robot) as locks:
        report = None if take_locks(locks, data) else handover.take_back()
    if report is not None:
        return bool(report.reason)
    raise fate_not_told() if handover.is_known else late(reason, answered=True)


def take_locks(locks: RobotLocks, data: Path) -> str:
    """Take the robot's locks. Returns an empty text, or who holds them in words."""
    process = os.getpid()
    try:
        lock = locks.acquire_at_once(OwnerCard(process, born=born(process), holder="notify"))
    except OSError:
        # Nobody can hold a lock in a folder that cannot be written.
        return ""
    if lock is None:
        return ""
    card = lock.read_card()
    if card.data == str(data):
        return say.ROBOT_HELD_BY_SERVICE(pid=card.pid)
    return holder(lock) or say.ROBOT_HELD_BY_UNKNOWN()


def _send(options: Options, outbound: Outbound, end: float, waiting: Callable[[str], None]) -> bool:
    """Send the message directly, as `deliver` does, until the monotonic time `end`."""
    http = Http(options.proxy)
    within = _Within(http)

    def news(event: SenderEvent) -> None:
        if isinstance(event, DeliveryReport) and event.delivery is Delivery.RETRYING:
            within.why = event
            waiting(event.reason)

    client = RobotClient(options, within, AccessToken())
    sender = MessageSender(client, news)

    def time_is_up() -> None:
        within.over = True
        # This ends the current pause, and `_Within` refuses the next attempt. So a message that was
        # just accepted is never reported as failed. The new rate limit lets that attempt happen at
        # once, whatever pause DingTalk asked for.
        sender.rate_limit = RateLimit(random.random)
        sender.configure(client)

    timer = threading.Timer(max(0.0, end - time.monotonic()), time_is_up)
    timer.daemon = True
    timer.start()
    try:
        # This message is in no outbox.
        error = sender.send(QueuedMessage("", outbound, Purpose.NOTIFICATION, "", time.time()))
    finally:
        timer.cancel()
        http.close()
    if error is not None:
        raise error
    return bool(sender.rest.tried)


def was_reached(error: DeliveryError) -> bool:
    """Whether DingTalk answered and refused; otherwise it could not be reached."""
    if isinstance(error, GaveUp):
        return error.answered
    return not isinstance(error, Retryable)


class _Within:
    """Passes requests on until the time limit. `why` is the reason of the latest pause."""

    def __init__(self, http: OpenApiHttp) -> None:
        self._http = http
        self.over = False
        self.why = DeliveryReport("", Delivery.NONE, unanswered=True)

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """POST a JSON body, or raise `GaveUp`."""
        if self.over:
            raise late(self.why.reason, answered=not self.why.unanswered)
        return self._http.post(url, body, headers)
