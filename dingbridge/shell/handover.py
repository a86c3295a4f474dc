"""Sends a message from the shell by the service of the data folder, if one runs."""

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
    ExchangeError,
    Heard,
)
from dingbridge.edges.storage.card import read_card
from dingbridge.edges.storage.journal import Journal
from dingbridge.edges.storage.robot_files import OUTBOX_FILE
from dingbridge.protocol.frames import (
    VERSION,
    Ends,
    Notify,
    NotServed,
    Told,
    Unfit,
    decode_for_shell,
    encode,
)

LET_GO_WITHIN = CONNECT_TIMEOUT + READ_TIMEOUT + 5.0
"""Seconds that the service has, once the time for a message is over, to tell how the request under
way ended."""


NEXT_WITHIN = 3.0
"""Seconds in which the editors have a next service, if there are any."""


class GaveUp(DeliveryError):
    """Nothing more is tried. `answered`: whether DingTalk answered the last attempt."""

    def __init__(self, message: str, *, answered: bool, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.answered = answered


def late(reason: str, *, answered: bool) -> GaveUp:
    """The time for the message is over; `reason` says why it had to wait, if anybody knows."""
    words = delivery.OUT_OF_TIME_BECAUSE if reason else delivery.OUT_OF_TIME
    return GaveUp(words(reason=reason), answered=answered, fix=delivery.TIMEOUT_ALLOWS_MORE())


class Handover:
    """Hands one message to the service, again under the same id if the service ends before it has
    reported the result. `waiting` gets the reason of each wait."""

    def __init__(
        self, data: Path, robot: str, outbound: Outbound, waiting: Callable[[str], None]
    ) -> None:
        self._data = data
        self._robot = robot
        self.outbound = outbound
        self._waiting = waiting
        self.is_known = False
        """Whether a service may have heard of the message."""

        self._lost = 0.0

    def try_it(self, seconds: float) -> DeliveryReport | None:
        """Hand the message over and wait for its fate; the report says that it was sent. Returns
        None when there is no service that sends it, or one that ended or fell silent meanwhile.

        Nothing new is tried after `seconds`. Raises `DeliveryError` when the message failed.
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
        except ExchangeError as cause:
            raise Refused(cause.message) from cause
        finally:
            client.stop()

    def may_be_taken_up(self) -> bool:
        """Whether the next service, if there is to be one, may not be there yet."""
        return self.is_known and time.monotonic() < self._lost + NEXT_WITHIN

    def _heard(self, told: Told, *, again: bool) -> DeliveryReport | None:
        """The report, once it says that the message was sent."""
        report = told.report
        if report.delivery is Delivery.RETRYING:
            self._waiting(report.reason)
        if report.delivery is not Delivery.FAILED:
            return report if report.delivery is Delivery.SENT else None
        if again and report.dropped and not (told.late or report.may_have_arrived):
            # The service took the silence for our end, before anything was tried.
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
        """See what became of the message, which no service sends any more: for who holds its robot.
        Returns None when it never left and never will, else the report says that it was sent.

        Raises `DeliveryError` when it failed or may have arrived.
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
    """The service is gone, or is silent, and had heard of the message."""
    error = GaveUp(service.FATE_NOT_TOLD(), answered=True)
    error.may_have_arrived = True
    return error
