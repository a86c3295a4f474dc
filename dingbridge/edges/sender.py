"""Outbound messages, one after the other: the thread that owns the access token and the queue.

It touches DingTalk only through the poster it is given; every decision is the plan's.
"""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from dingbridge.core import answers, payloads
from dingbridge.core.answers import Answer
from dingbridge.core.errors import DeliveryError, Retryable
from dingbridge.core.messages import Delivery, DeliveryReport, Outbound
from dingbridge.core.plan import KEY_CHARACTERS, Chunk, Finished, Plan, Post, Wait
from dingbridge.core.routing import Route, routes
from dingbridge.core.settings import Options
from dingbridge.core.token import HeldToken, held

log = logging.getLogger(__name__)

Report = Callable[[DeliveryReport], None]


class Poster(Protocol):
    """What sending needs of HTTP."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """POST a JSON body."""
        ...


class Carrier:
    """Carries one message at a time to its end. Used by one thread only."""

    def __init__(self, options: Options, http: Poster, *, patient: bool) -> None:
        self._options = options
        self._http = http
        self._patient = patient
        self._stopped = False
        self._wake = threading.Event()
        self._token = HeldToken()

    def configure(self, options: Options, http: Poster) -> None:
        """Use these from the next attempt on, which comes at once. For other threads."""
        self._options, self._http = options, http
        self._token = HeldToken()
        self._wake.set()

    def stop(self) -> None:
        """Come back soon: a pause ends, a request under way does not. For other threads."""
        self._stopped = True
        self._wake.set()

    def carry(self, outbound: Outbound, report: Report) -> DeliveryError | None:
        """Send all chunks, telling `report` each change. Returns the error that ended it, if any.

        Comes back without a final report when the sender is being stopped.
        """
        options = self._options
        ways = routes(
            outbound.target,
            api=bool(options.app_key),
            webhook=bool(options.webhook),
            now=time.time(),
        )
        plan = Plan(
            outbound,
            ways,
            lambda route: self._room(outbound, route),
            random.random,
            patient=self._patient,
        )
        report(_news(outbound, plan, Delivery.SENDING))
        while not self._stopped:
            match plan.next():
                case Finished(error=error):
                    return self._finish(outbound, plan, error, report)
                case Wait(seconds=seconds, reason=reason):
                    log.warning("message %s waits %.1f s: %s", outbound.id, seconds, reason)
                    report(_news(outbound, plan, Delivery.RETRYING, reason))
                    if self._wake.wait(seconds):
                        self._wake.clear()
                    plan.waited()
                case Post() as step:
                    self._try(outbound, plan, step, report)
        return None

    def _try(self, outbound: Outbound, plan: Plan, step: Post, report: Report) -> None:
        try:
            self._post(outbound, step)
        except DeliveryError as error:
            log.info(
                "message %s by %s: %s %s", outbound.id, step.route.value, error.code, error.message
            )
            plan.failed(error)
        else:
            plan.accepted()
            if plan.progress[1] > 1:
                report(_news(outbound, plan, Delivery.SENDING))

    def _finish(
        self, outbound: Outbound, plan: Plan, error: DeliveryError | None, report: Report
    ) -> DeliveryError | None:
        if error is None:
            log.info("message %s was delivered", outbound.id)
            report(_news(outbound, plan, Delivery.SENT))
            return None
        log.error("message %s failed: %s %s", outbound.id, error.code, error.message)
        words = f"{error.message}. {error.fix}".rstrip(". ") if error.fix else error.message
        report(_news(outbound, plan, Delivery.FAILED, words))
        return error

    def _post(self, outbound: Outbound, step: Post) -> None:
        match step.route:
            case Route.WEBHOOK:
                url = self._options.webhook
                if self._options.secret:
                    url = payloads.signed_url(url, self._options.secret, int(time.time() * 1000))
                answer = self._http.post(url, self._robot_body(outbound, step.chunk, step.route))
                answers.read_robot(answer, session=False)
            case Route.SESSION:
                session = outbound.target.session_webhook
                assert session is not None  # noqa: S101 - routes() offers it only then
                body = self._robot_body(outbound, step.chunk, step.route)
                answers.read_robot(self._http.post(session.url, body), session=True)
            case Route.SINGLE:
                self._call(
                    "/v1.0/robot/oToMessages/batchSend",
                    payloads.send_to_people(
                        self._robot_code(outbound),
                        (outbound.target.user_id,),
                        self._options.msgtype,
                        outbound.title,
                        step.chunk.text,
                    ),
                    fresh=step.fresh_token,
                )
            case Route.GROUP:
                self._call(
                    "/v1.0/robot/groupMessages/send",
                    payloads.send_to_group(
                        self._robot_code(outbound),
                        outbound.target.conversation_id,
                        self._options.msgtype,
                        outbound.title,
                        step.chunk.text,
                    ),
                    fresh=step.fresh_token,
                )

    def _call(self, path: str, body: bytes, *, fresh: bool) -> None:
        headers = {"x-acs-dingtalk-access-token": self._access_token(fresh=fresh)}
        answers.read_send(self._http.post(f"{self._options.endpoint_api}{path}", body, headers))

    def _access_token(self, *, fresh: bool) -> str:
        asked = time.monotonic()
        if fresh or not self._token.usable(asked):
            try:
                answer = self._http.post(
                    f"{self._options.endpoint_api}/v1.0/oauth2/accessToken",
                    payloads.token_body(self._options.app_key, self._options.app_secret),
                )
                self._token = held(answers.read_token(answer), asked)
            except Retryable as error:
                if not error.may_have_arrived:
                    raise
                # Only the request for a token may have arrived, and that delivers nothing.
                raise Retryable(error.message, code=error.code, fix=error.fix) from error
        return self._token.value

    def _robot_code(self, outbound: Outbound) -> str:
        return outbound.target.robot_code or self._options.robot_code or self._options.app_key

    def _robot_body(self, outbound: Outbound, chunk: Chunk, route: Route) -> bytes:
        text = chunk.text
        if route is Route.WEBHOOK:
            text = payloads.with_keyword(text, self._options.keyword)
        return payloads.robot_body(
            self._options.msgtype,
            outbound.title,
            text,
            outbound.at,
            msg_uuid=chunk.key if route is Route.WEBHOOK else "",
        )

    def _room(self, outbound: Outbound, route: Route) -> tuple[int, int]:
        options = self._options
        if route in (Route.SINGLE, Route.GROUP):
            room = payloads.msg_param_room(options.msgtype, outbound.title)
        elif route is Route.SESSION:
            room = payloads.robot_room(options.msgtype, outbound.title, outbound.at)
        else:
            key = "0" * KEY_CHARACTERS
            room = payloads.robot_room(options.msgtype, outbound.title, outbound.at, msg_uuid=key)
            room -= payloads.keyword_bytes(options.keyword)
        return options.text_chunk_limit, room


def _news(outbound: Outbound, plan: Plan, delivery: Delivery, reason: str = "") -> DeliveryReport:
    sent, chunks = plan.progress
    return DeliveryReport(outbound.id, delivery, reason, sent, chunks)


class Sender(threading.Thread):
    """One sequential queue: messages leave in the order in which they were put in."""

    def __init__(self, options: Options, http: Poster, report: Report) -> None:
        super().__init__(name="dingbridge-sender", daemon=True)
        self._carrier = Carrier(options, http, patient=True)
        self._queue: queue.SimpleQueue[Outbound | None] = queue.SimpleQueue()
        self._report = report

    def put(self, outbound: Outbound) -> None:
        """Add a message to the end of the queue."""
        self._queue.put(outbound)

    def configure(self, options: Options, http: Poster) -> None:
        """Use these options from now on, also for the message that waits to be tried again."""
        self._carrier.configure(options, http)

    def stop(self) -> None:
        """End the thread soon: it wakes from a pause, but finishes a request under way."""
        self._carrier.stop()
        self._queue.put(None)

    def run(self) -> None:
        """Carry one message after the other until stopped."""
        while (outbound := self._queue.get()) is not None:
            self._carrier.carry(outbound, self._report)
