"""Sends one message at a time: chunk by chunk, with retries, pauses and other routes.

`core.delivery.plan` and `core.delivery.rate_limit` make all decisions; this module carries them
out. It records each attempt before the request leaves, and each result after the answer, so that
another process can continue after a crash.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

from msgspec import structs

from dingbridge.core.delivery import attempts, requests
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import Done, Failed, Sent, Unmerged
from dingbridge.core.delivery.plan import Plan, RetryPolicy, SentSoFar
from dingbridge.core.delivery.plan_steps import Finished, PostChunk, Wait
from dingbridge.core.delivery.rate_limit import RateLimit, key_of
from dingbridge.core.delivery.requests import UploadedFile
from dingbridge.core.delivery.routing import Route
from dingbridge.core.delivery.sender_events import CoolDown, Counted, SenderEvent
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
from dingbridge.edges.dingtalk.openapi import RobotClient
from dingbridge.edges.dingtalk.sender.chunk_requests import ChunkRequests
from dingbridge.edges.dingtalk.sender.shared_delivery import (
    AttemptLog,
    NoAttemptLog,
    SharedDelivery,
)


class Held(Exception):
    """The message has to wait, or was dropped, so another one may be sent meanwhile.

    What is left of it is `MessageSender.rest`.
    """


class MergeRefused(Exception):
    """DingTalk refused a merged message as a whole: send each of its parts on its own.

    The merged message is `MessageSender.rest`.
    """


class MessageSender:
    """Sends one message at a time, with retries. Used by one thread only.

    With `shared` other messages wait behind this one: a message that has to wait raises `Held`, so
    that they can go first. Without it (a message from the shell) `send` waits out every pause, and
    records nothing.

    States of a message in `send`, as the plan decides them::

        PostChunk --accepted--> PostChunk (next chunk) --last one accepted--> delivered
            |
            +--rate limit, RetryAfter--> Held (shared) or Wait, then PostChunk again
            +--another failure---------> Wait (back-off), then PostChunk, maybe on another route
            +--refused, out of routes--> failed, or MergeRefused for a merged message
    """

    def __init__(
        self,
        client: RobotClient,
        notify: Callable[[SenderEvent], None],
        shared: SharedDelivery | None = None,
    ) -> None:
        self._log = logging.getLogger(f"{__package__}.{client.options.account}")
        self._notify = notify
        self._is_shared = shared is not None
        self._upload_file = shared.upload if shared else None
        self._attempts: AttemptLog = shared.attempts if shared else NoAttemptLog()
        self.rate_limit = shared.rate_limit if shared else RateLimit(random.random)
        self._stopped = False
        self.unwanted = ""
        self._unanswered = False
        self._wake = threading.Event()
        self._requests = self._requests_of(client)
        self.rest: QueuedMessage

    # --- for other threads ----------------------------------------------------------------------

    def configure(self, client: RobotClient) -> None:
        """Use this client from the next attempt on, and make that attempt now."""
        self._requests = self._requests_of(client)
        self._wake.set()

    def drop(self, message: str) -> None:
        """Send no more of this message, which is the one under way; "" takes that back."""
        self.unwanted = message
        self._wake.set()

    def hurry(self) -> None:
        """End a pause before the next attempt."""
        self._wake.set()

    def stop(self) -> None:
        """Make `send` return soon: this ends a pause, but not a request under way."""
        self._stopped = True
        self._wake.set()

    # --- sending --------------------------------------------------------------------------------

    def send(self, waiting: QueuedMessage) -> DeliveryError | None:
        """Send all chunks of a message. Returns the error that ended it, if any.

        Returns None as well when the sender is stopped; then no result was recorded.
        Until the next call, `rest` is the part that was not sent.

        Raises:
            Held: the message was dropped or, with `shared`, has to wait.
            MergeRefused: a merged message was refused; send its parts.
            OSError: the attempt log cannot be written.
        """
        outbound = waiting.outbound
        self.rest = waiting
        self._unanswered = False
        plan = Plan(
            outbound,
            self._routes(outbound),
            lambda route: requests.room(self._requests.options, outbound, route),
            RetryPolicy(random.random, patient=self._is_shared, repeat=self._repeats),
            SentSoFar(waiting.start, waiting.tried),
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
        ready = self.rate_limit.ready_at(key, now)
        if ready > now:
            cooling = self.rate_limit.cool_down(now)
            self._hold(plan, step, ready - now, cooling[1] if cooling else "pacing")
            return
        chunk = step.chunk
        has_begun = False
        try:
            uploaded = self._upload(outbound, plan, step)
            attempt = Attempted(outbound.id, chunk.start, chunk.end, step.route, time=now, key=key)
            # Under at-most-once the attempt must survive a power cut too, or it could be repeated.
            self._attempts.record(attempt, sync=not self._repeats)
            has_begun = True
            self.rest = structs.replace(self.rest, tried=attempts.begun(plan.tried, attempt))
            self._log.debug(
                "message %s: chunk %d of %d by %s",
                outbound.id,
                plan.progress[0] + 1,
                plan.progress[1],
                step.route.value,
            )
            name = self._requests.post(outbound, step, uploaded)
        except DeliveryError as error:
            self._log.info(
                "message %s by %s: %s %s", outbound.id, step.route.value, error.code, error.message
            )
            self._notify(Counted(code=error.code))
            self._unanswered = isinstance(error, Retryable)
            if error.may_have_arrived:
                self.rate_limit.sent(key, time.time())
            if isinstance(error, FreshToken):
                self._requests.drop_token()
            if isinstance(error, RetryAfter):
                error.seconds = self.rate_limit.held(error, key, time.time())
            if not (self._is_shared and isinstance(error, RetryAfter)):
                plan.failed(error)
            self.rest = structs.replace(self.rest, start=chunk.start, tried=plan.tried)
            if has_begun and not error.may_have_arrived:
                # So that nobody has to assume after a crash that it may have arrived.
                self._attempts.record(Sent(outbound.id, chunk.start, time.time()))
            if isinstance(error, RetryAfter):
                paced = self.rate_limit.snapshot(time.time())
                self._attempts.record(Sent("", 0, robot=self.rest.robot, paced=paced))
                if self._is_shared:
                    self._hold(plan, step, error.seconds, plan.in_words(error))
        else:
            self._unanswered = False
            self.rate_limit.sent(key, time.time())
            if step.route is not Route.WEBHOOK:
                self._notify(requests.sent(outbound, chunk, name, time.time()))
            # The webhook of a custom robot has no quota that we count.
            direct = step.route in (Route.SINGLE, Route.GROUP)
            self._notify(Counted(int(direct), int(step.route is Route.SESSION)))
            plan.accepted()
            self.rest = structs.replace(self.rest, start=chunk.end, tried=plan.tried)
            sent, chunks = plan.progress
            if sent < chunks:
                # For the last chunk, `Done` says it.
                self._attempts.record(Sent(outbound.id, chunk.end, time.time()))
            if chunks > 1:
                self._report(outbound, plan, Delivery.SENDING)

    def _hold(self, plan: Plan, step: PostChunk, seconds: float, reason: str) -> None:
        """Wait, or raise `Held` if other messages can go meanwhile."""
        outbound = self.rest.outbound
        if not self._is_shared:
            self._pause(outbound, plan, seconds, reason)
            return
        if step.route is not Route.SESSION:
            # The session webhook failed for good; do not try it again with every attempt.
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
            self._attempts.record(Done(outbound.id, time.time(), uncertain=end.uncertain))
            return None
        error.may_have_arrived = end.uncertain
        self._log.error("message %s failed: %s %s", outbound.id, error.code, error.message)
        refused = isinstance(error, Refused) and not isinstance(error, Uncertain)
        may_come_again = self._repeats or not end.uncertain
        if refused and may_come_again and self.rest.members and not self.rest.start:
            self._attempts.record(Unmerged(outbound.id))
            raise MergeRefused
        reason, unanswered = whole_reason(error), isinstance(error, Retryable)
        self._attempts.record(Failed(outbound.id, reason, time.time(), unanswered))
        return error

    def _report(self, outbound: Outbound, plan: Plan, delivery: Delivery, reason: str = "") -> None:
        sent, chunks = plan.progress
        unanswered = self._unanswered
        self._notify(
            DeliveryReport(outbound.id, delivery, reason, sent, chunks, unanswered=unanswered)
        )

    @property
    def _repeats(self) -> bool:
        return self._requests.options.delivery == "at_least_once"

    # --- one request ----------------------------------------------------------------------------

    def _requests_of(self, client: RobotClient) -> ChunkRequests:
        return ChunkRequests(client, self._log, lambda: self.rate_limit.called(time.time()))

    def _routes(self, outbound: Outbound) -> tuple[Route, ...]:
        return requests.ways(self._requests.options, outbound, time.time())

    def _upload(self, outbound: Outbound, plan: Plan, step: PostChunk) -> UploadedFile | None:
        """Upload the message's file; None for a text. Nobody sees an upload, so it can be
        repeated."""
        if not outbound.file_name or self._upload_file is None:
            return None
        return self._upload_file(
            self._requests.options,
            outbound,
            step.route,
            self._requests.access_token,
            lambda words: self._report(outbound, plan, Delivery.SENDING, words),
            lambda: self._stopped or outbound.id == self.unwanted,
        )
