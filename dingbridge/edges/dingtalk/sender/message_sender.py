"""One outbound message at a time, carried to its end: it owns the pace.

It touches DingTalk only through the poster it is given; every decision is the plan's or the pace's.
Before a chunk leaves and after it was taken, the ledger knows.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from msgspec import structs

from dingbridge.core.delivery import attempts, requests
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import Done, Failed, OutboxRecord, Sent, Unmerged
from dingbridge.core.delivery.plan import Finished, Plan, PostChunk, Wait
from dingbridge.core.delivery.rate_limit import RateLimit, key_of
from dingbridge.core.delivery.requests import UploadedFile
from dingbridge.core.delivery.routing import Route
from dingbridge.core.delivery.sender_events import CoolDown, Counted, SenderEvent
from dingbridge.core.dingtalk import responses
from dingbridge.core.errors import (
    DeliveryError,
    FreshToken,
    Refused,
    Retryable,
    RetryAfter,
    Uncertain,
    whole_reason,
)
from dingbridge.core.messages import Delivery, DeliveryReport, Outbound
from dingbridge.core.options.declarations import Options
from dingbridge.edges.dingtalk.openapi import OpenApi, RobotClient
from dingbridge.edges.dingtalk.sender.shared_rate_limit import SharedRateLimit


class AttemptLog(Protocol):
    """Where records are written down."""

    def record(self, record: OutboxRecord, *, sync: bool = False) -> None:
        """Write a record, so that it outlives this process; with `sync` also a power cut. Raises
        `OSError`."""
        ...


UploadAndSend = Callable[
    [Options, Outbound, Route, Callable[[], str], Callable[[str], None], Callable[[], bool]],
    UploadedFile,
]
"""Uploads a message's file for a route, unless that was done. It is given what gets a token, what
hears in words how far it is, and what says that it is to stop. Raises `DeliveryError`."""


class Held(Exception):
    """The message goes no further now: DingTalk lets it go on later only, so others may go
    meanwhile, or nobody wants it any more. What is left of it is `MessageSender.rest`."""


class MergeRefused(Exception):
    """DingTalk took nothing of several messages that went as one, `MessageSender.rest`: each of
    them is to be tried on its own."""


class NoAttemptLog:
    """Keeps nothing: for a single message whose fate the caller waits for."""

    def record(self, record: OutboxRecord, *, sync: bool = False) -> None:
        """Forget it."""


class MessageSender:
    """Carries one message at a time to its end. Used by one thread only."""

    def __init__(
        self,
        client: RobotClient,
        notify: Callable[[SenderEvent], None],
        *,
        patient: bool,
        ledger: AttemptLog | None = None,
        pace: RateLimit | SharedRateLimit | None = None,
        courier: UploadAndSend | None = None,
    ) -> None:
        self._options, self._http = client.options, client.http
        self._courier = courier
        self._log = logging.getLogger(f"{__package__}.{self._options.account}")
        self._notify = notify
        self._patient = patient
        self._ledger = ledger or NoAttemptLog()
        self.pace = pace or RateLimit(random.random)
        self._stopped = False
        self.unwanted = ""
        self._unanswered = False
        self._wake = threading.Event()
        self._api = OpenApi(client, self._log)
        self.rest: QueuedMessage

    # --- for other threads ----------------------------------------------------------------------

    def configure(self, client: RobotClient) -> None:
        """Use this from the next attempt on, which comes at once."""
        self._options, self._http = client.options, client.http
        self._api = OpenApi(client, self._log)
        self._wake.set()

    def let_go(self, message: str) -> None:
        """The message under way, which is this one, is to go no further; empty takes that back."""
        self.unwanted = message
        self._wake.set()

    def stop(self) -> None:
        """Come back soon: a pause ends, a request under way does not."""
        self._stopped = True
        self._wake.set()

    # --- carrying -------------------------------------------------------------------------------

    def carry(self, waiting: QueuedMessage) -> DeliveryError | None:
        """Send all chunks. Returns the error that ended it, if any.

        Comes back without a fate when the sender is being stopped. Raises `Held` when the message
        is let go of, and, when patient, when DingTalk wants it to wait; `MergeRefused` for merged
        messages that are to go one by one; and OSError when the ledger cannot be written. Until the
        next call, `rest` is what is left of the message then.
        """
        outbound = waiting.outbound
        self.rest = waiting
        self._unanswered = False
        plan = Plan(
            outbound,
            self._routes(outbound),
            lambda route: requests.room(self._options, outbound, route),
            random.random,
            patient=self._patient,
            repeat=self._repeats,
            start=waiting.start,
            tried=waiting.tried,
        )
        self._report(outbound, plan, Delivery.SENDING)
        while True:
            match plan.next():
                case Finished(error=None) as end:
                    return self._finish(outbound, end)
                case _ if outbound.id == self.unwanted:
                    raise Held
                case _ if self._stopped:
                    return None
                case Finished() as end:
                    return self._finish(outbound, end)
                case Wait(seconds=seconds, reason=reason):
                    self._pause(outbound, plan, seconds, reason)
                    plan.waited()
                case PostChunk() as step:
                    self._step(outbound, plan, step)

    def _step(self, outbound: Outbound, plan: Plan, step: PostChunk) -> None:
        key = key_of(step.route, outbound.target)
        now = time.time()
        ready = self.pace.ready_at(key, now)
        if ready > now:
            cooling = self.pace.cool_down(now)
            self._hold(plan, step, ready - now, cooling[1] if cooling else "pacing")
            return
        chunk = step.chunk
        has_begun = False
        try:
            uploaded = self._upload(outbound, plan, step)
            attempt = Attempted(outbound.id, chunk.start, chunk.end, step.route, time=now, key=key)
            # What must not come twice must not be forgotten in a power cut either.
            self._ledger.record(attempt, sync=not self._repeats)
            has_begun = True
            self.rest = structs.replace(self.rest, tried=attempts.begun(plan.tried, attempt))
            self._log.debug(
                "message %s: chunk %d of %d by %s",
                outbound.id,
                plan.progress[0] + 1,
                plan.progress[1],
                step.route.value,
            )
            name = self._post(outbound, step, uploaded)
        except DeliveryError as error:
            self._log.info(
                "message %s by %s: %s %s", outbound.id, step.route.value, error.code, error.message
            )
            self._notify(Counted(code=error.code))
            self._unanswered = isinstance(error, Retryable)
            if error.may_have_arrived:
                self.pace.sent(key, time.time())
            if isinstance(error, FreshToken):
                self._api.drop_token()
            if isinstance(error, RetryAfter):
                error.seconds = self.pace.held(error, key, time.time())
            if not (self._patient and isinstance(error, RetryAfter)):
                plan.failed(error)
            self.rest = structs.replace(self.rest, start=chunk.start, tried=plan.tried)
            if has_begun and not error.may_have_arrived:
                # It did not arrive, which nobody has to wonder about after a crash.
                self._ledger.record(Sent(outbound.id, chunk.start, time.time()))
            if isinstance(error, RetryAfter):
                paced = self.pace.snapshot(time.time())
                self._ledger.record(Sent("", 0, robot=self.rest.robot, paced=paced))
                if self._patient:
                    self._hold(plan, step, error.seconds, plan.in_words(error))
        else:
            self._unanswered = False
            self.pace.sent(key, time.time())
            if step.route is not Route.WEBHOOK:
                self._notify(requests.sent(outbound, chunk, name, time.time()))
            # A custom robot's webhook counts in no quota that is written down.
            direct = step.route in (Route.SINGLE, Route.GROUP)
            self._notify(Counted(int(direct), int(step.route is Route.SESSION)))
            plan.accepted()
            self.rest = structs.replace(self.rest, start=chunk.end, tried=plan.tried)
            sent, chunks = plan.progress
            if sent < chunks:
                # The end of the message answers for its last chunk.
                self._ledger.record(Sent(outbound.id, chunk.end, time.time()))
            if chunks > 1:
                self._report(outbound, plan, Delivery.SENDING)

    def _hold(self, plan: Plan, step: PostChunk, seconds: float, reason: str) -> None:
        """Wait, or when others may go meanwhile, raise `Held`."""
        outbound = self.rest.outbound
        if not self._patient:
            self._pause(outbound, plan, seconds, reason)
            return
        if step.route is not Route.SESSION:
            # A session webhook that failed is not tried again with each attempt.
            target = structs.replace(outbound.target, session_webhook=None)
            outbound = structs.replace(outbound, target=target)
            self.rest = structs.replace(self.rest, outbound=outbound)
        self._log.warning("message %s waits %.1f s: %s", outbound.id, seconds, reason)
        self._report(outbound, plan, Delivery.RETRYING, reason)
        raise Held

    def _pause(self, outbound: Outbound, plan: Plan, seconds: float, reason: str) -> None:
        self._log.warning("message %s waits %.1f s: %s", outbound.id, seconds, reason)
        self._report(outbound, plan, Delivery.RETRYING, reason)
        self._notify(CoolDown(time.time() + seconds, reason))
        if self._wake.wait(seconds):
            self._wake.clear()
        self._notify(CoolDown(0.0, ""))

    def _finish(self, outbound: Outbound, end: Finished) -> DeliveryError | None:
        error = end.error
        if error is None:
            self._log.info("message %s was delivered", outbound.id)
            self._ledger.record(Done(outbound.id, time.time(), uncertain=end.uncertain))
            return None
        error.may_have_arrived = end.uncertain
        self._log.error("message %s failed: %s %s", outbound.id, error.code, error.message)
        refused = isinstance(error, Refused) and not isinstance(error, Uncertain)
        may_come_again = self._repeats or not end.uncertain
        if refused and may_come_again and self.rest.members and not self.rest.start:
            self._ledger.record(Unmerged(outbound.id))
            raise MergeRefused
        reason, unanswered = whole_reason(error), isinstance(error, Retryable)
        self._ledger.record(Failed(outbound.id, reason, time.time(), unanswered))
        return error

    def _report(self, outbound: Outbound, plan: Plan, delivery: Delivery, reason: str = "") -> None:
        sent, chunks = plan.progress
        unanswered = self._unanswered
        self._notify(
            DeliveryReport(outbound.id, delivery, reason, sent, chunks, unanswered=unanswered)
        )

    @property
    def _repeats(self) -> bool:
        return self._options.delivery == "at_least_once"

    # --- one request ----------------------------------------------------------------------------

    def _routes(self, outbound: Outbound) -> tuple[Route, ...]:
        return requests.ways(self._options, outbound, time.time())

    def _upload(self, outbound: Outbound, plan: Plan, step: PostChunk) -> UploadedFile | None:
        """Bring a file to the platform, which nobody sees, so that it may happen any number of
        times; None for a text."""
        if not outbound.file_name or self._courier is None:
            return None
        return self._courier(
            self._options,
            outbound,
            step.route,
            self._api.access_token,
            lambda words: self._report(outbound, plan, Delivery.SENDING, words),
            lambda: self._stopped or outbound.id == self.unwanted,
        )

    def _post(self, outbound: Outbound, step: PostChunk, uploaded: UploadedFile | None) -> str:
        """Send a chunk or an uploaded file. Returns the `processQueryKey`, empty without one."""
        options, route = self._options, step.route
        if route in (Route.SINGLE, Route.GROUP):
            return self._api.call(
                outbound.target.robot_code,
                lambda code: self._post_openapi(_named(outbound, code), step, uploaded),
            )
        if uploaded is not None:
            url, body = requests.file(options, outbound, uploaded, route)
        else:
            url, body = requests.robot(options, outbound, step.chunk, route, time.time())
        responses.read_robot(self._http.post(url, body), session=route is Route.SESSION)
        return ""

    def _post_openapi(
        self, outbound: Outbound, step: PostChunk, uploaded: UploadedFile | None
    ) -> str:
        if uploaded is not None:
            url, body = requests.file(self._options, outbound, uploaded, step.route)
        else:
            url, body = requests.openapi(self._options, outbound, step.chunk.text, step.route)
        headers = self._api.headers()
        try:
            answer = self._http.post(url, body, headers)
        finally:
            self.pace.called(time.time())
        return responses.read_send(answer).process_query_key


def _named(outbound: Outbound, robot_code: str) -> Outbound:
    """The same, to be sent by the robot of this code."""
    return structs.replace(outbound, target=structs.replace(outbound.target, robot_code=robot_code))
