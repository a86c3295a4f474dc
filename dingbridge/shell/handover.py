"""Sends a message from the shell through the service of the data folder, if one runs."""

from __future__ import annotations

import queue
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import structs

from dingbridge.core.catalogue import delivery, service
from dingbridge.core.delivery import outbox as outboxes
from dingbridge.core.delivery import outbox_records
from dingbridge.core.delivery.outbox_records import Dropped
from dingbridge.core.dingtalk.limits import CONNECT_TIMEOUT, READ_TIMEOUT
from dingbridge.core.errors import DeliveryError, Refused
from dingbridge.core.messages import Delivery, DeliveryReport, Outbound
from dingbridge.edges.ipc import (
    Client,
    ClientEvent,
    Connected,
    ConnectionLost,
    Heard,
    LocalSocketError,
)
from dingbridge.edges.storage.card import read_card
from dingbridge.edges.storage.journal import Journal
from dingbridge.edges.storage.robot_files import OUTBOX_FILE
from dingbridge.protocol.frames import VERSION, Ends, Unfit, decode_for_shell, encode
from dingbridge.protocol.shell_frames import Notify, NotServed, Told

LET_GO_WITHIN = CONNECT_TIMEOUT + READ_TIMEOUT + 5.0
"""Seconds after a message's time limit in which the service must report the result of the running
request."""


NEXT_WITHIN = 3.0
"""Seconds in which editors, if there are any, start the next service."""


class GaveUp(DeliveryError):
    """The time limit is over. `answered`: whether DingTalk answered the last attempt."""

    def __init__(self, message: str, *, answered: bool, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.answered = answered


def late(reason: str, *, answered: bool) -> GaveUp:
    """The error for a message whose time is over; `reason` is why it had to wait, or empty."""
    words = delivery.OUT_OF_TIME_BECAUSE if reason else delivery.OUT_OF_TIME
    return GaveUp(words(reason=reason), answered=answered, fix=delivery.TIMEOUT_ALLOWS_MORE())


class Handover:
    """Submits one message to the service, and again under the same id if the service ends before
    it has reported the result.

    `waiting` is called with the reason of each wait.
    """

    def __init__(
        self, data: Path, robot: str, outbound: Outbound, waiting: Callable[[str], None]
    ) -> None:
        self._data = data
        self._robot = robot
        self.outbound = outbound
        self._waiting = waiting
        self.is_known = False
        """Whether a service may have received the message."""

        self._lost = 0.0

    def try_it(self, seconds: float) -> DeliveryReport | None:
        """Submit the message and wait for its result. Returns the report that it was sent.

        Returns None if no service sends it, or if the service ended or became silent meanwhile. No
        attempt begins after `seconds`. Raises `DeliveryError` if the message failed.
        """
        card = read_card(self._data / "dingbridge", "service")
        if not card.address:
            return None
        was_known, has_heard, end = self.is_known, False, time.monotonic() + seconds + LET_GO_WITHIN
        events: queue.SimpleQueue[ClientEvent] = queue.SimpleQueue()
        client = Client(card.address, card.secret, events.put)
        client.start()
        try:
            while True:
                match events.get(timeout=max(0.0, end - time.monotonic())):
                    case Connected():
                        self.is_known = has_heard = True
                        client.send(encode(Notify(VERSION, self._robot, self.outbound, seconds)))
                    case Heard(data=data):
                        told = decode_for_shell(data)
                        if isinstance(told, NotServed | Unfit):
                            self.is_known = was_known
                        if isinstance(told, Ends):
                            self._lost = time.monotonic()
                        if not isinstance(told, Told):
                            return None
                        report = self._heard(told, again=was_known)
                        if report is not None or not self.is_known:
                            return report
                    case ConnectionLost():
                        self._lost = time.monotonic() if has_heard else self._lost
                        return None
        except (queue.Empty, ValueError):
            return None
        except LocalSocketError as cause:
            raise Refused(cause.message) from cause
        finally:
            client.stop()

    def may_be_taken_up(self) -> bool:
        """Whether a next service may still be starting."""
        return self.is_known and time.monotonic() < self._lost + NEXT_WITHIN

    def _heard(self, told: Told, *, again: bool) -> DeliveryReport | None:
        """The report, if it says that the message was sent; otherwise None."""
        report = told.report
        if report.delivery is Delivery.RETRYING:
            self._waiting(report.reason)
        if report.delivery is not Delivery.FAILED:
            return report if report.delivery is Delivery.SENT else None
        if again and report.dropped and not (told.late or report.may_have_arrived):
            # The service took our silence for a disconnect, before any attempt.
            self.outbound = structs.replace(self.outbound, id=secrets.token_hex(8))
            self.is_known = False
            return None
        answered = not report.unanswered
        if not told.late:
            raise GaveUp(report.reason, answered=answered)
        error = late(report.reason, answered=answered)
        error.may_have_arrived = report.may_have_arrived
        raise error

    def take_back(self) -> DeliveryReport | None:
        """Find the message's result in the journal, and drop it there if it is still waiting.

        The caller must hold the robot's locks, so that no service sends the message. Returns the
        report that it was sent, or None if it was not sent and never will be. Raises
        `DeliveryError` if it failed or may have arrived.
        """
        if not self.is_known:
            return None
        message = self.outbound.id
        journal = Journal(self._data / OUTBOX_FILE)
        try:
            records, _ = journal.read(outbox_records.decode)
            outbox = outboxes.fold(records)
            letter, whole = outbox.letter(message), outbox.whole(message)
            if letter is not None:
                raise GaveUp(letter.reason, answered=True)
            if whole is not None and whole.id == message:
                journal.append(outbox_records.encode(Dropped(message, time.time())))
                journal.close()  # the service of another robot may be about to replace the file
        except OSError as cause:
            raise fate_not_told() from cause
        doubtful = message in outbox.uncertain
        if message in outbox.done and message not in outbox.dropped:
            reason = delivery.MAY_BE_TWICE() if doubtful else ""
            return DeliveryReport(message, Delivery.SENT, reason)
        if doubtful or (whole is not None and (whole.may_have_arrived or whole.id != message)):
            raise fate_not_told()
        self.is_known = False
        return None


def fate_not_told() -> GaveUp:
    """The error if the service is gone or silent and may have received the message."""
    error = GaveUp(service.FATE_NOT_TOLD(), answered=True)
    error.may_have_arrived = True
    return error
