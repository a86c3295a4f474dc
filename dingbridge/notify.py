"""One message from the shell to DingTalk, without an editor."""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping

from dingbridge.core.answers import Answer
from dingbridge.core.catalogue import delivery as say
from dingbridge.core.errors import DeliveryError, Retryable
from dingbridge.core.messages import At, Delivery, DeliveryReport, Target
from dingbridge.core.options import Options
from dingbridge.core.outbox import Kind, Waiting
from dingbridge.core.pace import Pace
from dingbridge.core.sender_events import SenderEvent
from dingbridge.core.writing import Circumstances, told, written
from dingbridge.edges.http import Http
from dingbridge.edges.openapi import AccessToken
from dingbridge.edges.sender import Carrier, Poster, RobotClient


class GaveUp(DeliveryError):
    """The time for the message is over. `answered`: whether DingTalk answered the last attempt."""

    def __init__(self, message: str, *, answered: bool, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.answered = answered


def deliver(
    options: Options,
    target: Target,
    text: str,
    *,
    title: str = "",
    at: At = At(),  # noqa: B008 - At is immutable
    seconds: float,
    waiting: Callable[[str], None],
) -> bool:
    """Send `text` to `target`; return when all of it was accepted, else raise `DeliveryError`.
    Returns whether some of it may be there twice.

    Nothing new is tried after `seconds`. `waiting` is told why, each time a pause begins, and what
    was masked in the text.
    """
    http = Http(options.proxy)
    within = _Within(http)

    def news(event: SenderEvent) -> None:
        if isinstance(event, DeliveryReport) and event.delivery is Delivery.RETRYING:
            within.reason = event.reason
            waiting(event.reason)

    client = RobotClient(options, within, AccessToken())
    carrier = Carrier(client, news, patient=False)

    def time_is_up() -> None:
        within.over = True
        # A pause under way ends with this, and the attempt after it is the one that is refused. So
        # a message that just got through is never taken for one that did not. A pace of its own
        # lets that attempt come at once, whatever DingTalk asked for.
        carrier.pace = Pace(random.random)
        carrier.configure(client)

    timer = threading.Timer(seconds, time_is_up)
    timer.daemon = True
    timer.start()
    try:
        circumstances = Circumstances(options.secrets, os.environ)
        made = written(
            secrets.token_hex(8), text, target, options, circumstances, title=title, at=at
        )
        if made.masked:
            waiting(told(made.masked, target))
        outbound = made.outbound
        # It stands in no outbox.
        error = carrier.carry(Waiting("", outbound, Kind.NOTIFICATION, "", time.time()))
    finally:
        timer.cancel()
        http.close()
    if error is not None:
        raise error
    return bool(carrier.rest.tried)


def was_reached(error: DeliveryError) -> bool:
    """Whether it was DingTalk that refused, rather than nobody who answered sensibly."""
    if isinstance(error, GaveUp):
        return error.answered
    return not isinstance(error, Retryable)


class _Within:
    """Lets requests through until the time is over."""

    def __init__(self, http: Poster) -> None:
        self._http = http
        self._answered = False
        self.over = False
        self.reason = ""

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """POST a JSON body, or raise `GaveUp`."""
        if self.over:
            why, late = self.reason, say.OUT_OF_TIME_BECAUSE if self.reason else say.OUT_OF_TIME
            fix = say.TIMEOUT_ALLOWS_MORE()
            raise GaveUp(late(reason=why), answered=self._answered, fix=fix)
        self._answered = False
        answer = self._http.post(url, body, headers)
        self._answered = answer.status < 500  # else it was some gateway that answered
        return answer
