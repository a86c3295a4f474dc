"""Outbound messages, one after the other: the thread that owns the access token and the pace.

It touches DingTalk only through the poster it is given; every decision is the plan's, the line-up's
or the pace's. Before a chunk leaves and after it was taken, the ledger knows.
"""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import structs

from dingbridge.core import answers, lineup, payloads, posting
from dingbridge.core.answers import Answer
from dingbridge.core.errors import DeliveryError, Retryable, RetryAfter
from dingbridge.core.limits import CHUNK_CHARACTERS
from dingbridge.core.lineup import Lineup
from dingbridge.core.messages import Delivery, DeliveryReport, Outbound
from dingbridge.core.outbox import Done, Failed, Record, Sent, Tried, Waiting
from dingbridge.core.pace import Pace, key_of
from dingbridge.core.plan import Finished, Plan, Post, Wait
from dingbridge.core.posting import Uploaded
from dingbridge.core.routing import Route
from dingbridge.core.sender_events import CoolDown, Counted, SenderEvent, Sending
from dingbridge.core.settings import Options
from dingbridge.core.token import HeldToken, held

DISK_PAUSE = 5.0
"""Seconds before the ledger is tried again after it could not be written."""


class Poster(Protocol):
    """What sending needs of HTTP."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """POST a JSON body."""
        ...


class Ledger(Protocol):
    """Where records are written down."""

    def record(self, record: Record) -> None:
        """Write a record to the disk; returns when it is there."""
        ...


Courier = Callable[
    [Options, Outbound, Route, Callable[[], str], Callable[[str], None], Callable[[], bool]],
    Uploaded,
]
"""Uploads a message's file for a route, unless that was done. It is given what gets a token, what
hears in words how far it is, and what says that it is to stop. Raises `DeliveryError`."""


class NoLedger:
    """Keeps nothing: for a single message whose fate the caller waits for."""

    def record(self, record: Record) -> None:
        """Forget it."""


class Carrier:
    """Carries one message at a time to its end. Used by one thread only."""

    def __init__(
        self,
        options: Options,
        http: Poster,
        tell: Callable[[SenderEvent], None],
        *,
        patient: bool,
        ledger: Ledger | None = None,
        pace: Pace | None = None,
        courier: Courier | None = None,
    ) -> None:
        self._options = options
        self._courier = courier
        self._log = logging.getLogger(f"{__name__}.{options.account}")
        self._http = http
        self._tell = tell
        self._patient = patient
        self._ledger = ledger or NoLedger()
        self.pace = pace or Pace(random.random)
        self._stopped = False
        self._dropped: set[str] = set()
        self._wake = threading.Event()
        self._token = HeldToken()
        self.reached = 0

    # --- for other threads ----------------------------------------------------------------------

    def configure(self, options: Options, http: Poster) -> None:
        """Use these from the next attempt on, which comes at once."""
        self._options, self._http = options, http
        self._token = HeldToken()
        self._wake.set()

    def drop(self, message: str) -> None:
        """Let go of the message if it is under way."""
        self._dropped.add(message)
        self._wake.set()

    def stop(self) -> None:
        """Come back soon: a pause ends, a request under way does not."""
        self._stopped = True
        self._wake.set()

    # --- carrying -------------------------------------------------------------------------------

    def route_of(self, waiting: Waiting) -> Route | None:
        """The way a message would take now."""
        ways = self._routes(waiting.outbound)
        return ways[0] if ways else None

    def carry(self, waiting: Waiting) -> DeliveryError | None:
        """Send all chunks. Returns the error that ended it, if any.

        Comes back without a fate when the sender is being stopped or the message was dropped.
        """
        outbound = waiting.outbound
        tried = waiting.tried
        self.reached = waiting.start
        plan = Plan(
            outbound,
            self._routes(outbound),
            lambda route: posting.room(self._options, outbound, route),
            random.random,
            patient=self._patient,
            repeat=self._repeats,
            start=waiting.start,
            tried=(tried.start, tried.end, tried.route) if tried else None,
        )
        self._report(outbound, plan, Delivery.SENDING)
        while not self._stopped and outbound.id not in self._dropped:
            match plan.next():
                case Finished(error=error):
                    return self._finish(outbound, error)
                case Wait(seconds=seconds, reason=reason):
                    self._pause(outbound, plan, seconds, reason)
                    plan.waited()
                case Post() as step:
                    self._step(outbound, plan, step)
        return None

    def _step(self, outbound: Outbound, plan: Plan, step: Post) -> None:
        key = key_of(step.route, outbound.target)
        now = time.time()
        ready = self.pace.ready_at(key, now)
        if ready > now:
            cooling = self.pace.cool_down(now)
            self._pause(outbound, plan, ready - now, cooling[1] if cooling else "pacing")
            return
        chunk = step.chunk
        try:
            uploaded = self._upload(outbound, plan, step)
            self._ledger.record(Tried(outbound.id, chunk.start, chunk.end, step.route))
            name = self._post(outbound, step, uploaded)
        except DeliveryError as error:
            self._log.info(
                "message %s by %s: %s %s", outbound.id, step.route.value, error.code, error.message
            )
            self._tell(Counted(code=error.code))
            if getattr(error, "may_have_arrived", False):
                self.pace.sent(key, time.time())
            elif not self._repeats:
                # It did not arrive: a later process may send it, though it was tried.
                self._ledger.record(Sent(outbound.id, chunk.start))
            if isinstance(error, RetryAfter):
                error = self._held(error, key)
            plan.failed(error)
        else:
            self.pace.sent(key, time.time())
            if step.route is not Route.WEBHOOK:
                self._tell(posting.sent(outbound, chunk, name, time.time()))
            # A custom robot's webhook counts in no quota that is written down.
            direct = step.route in (Route.SINGLE, Route.GROUP)
            self._tell(Counted(int(direct), int(step.route is Route.SESSION)))
            if not direct:
                self._tell(Sending(self.pace.snapshot(time.time())))
            self.reached = chunk.end
            self._ledger.record(Sent(outbound.id, chunk.end))
            plan.accepted()
            if plan.progress[1] > 1:
                self._report(outbound, plan, Delivery.SENDING)

    def _held(self, error: RetryAfter, key: str) -> RetryAfter:
        """The same refusal with the pause that our pace makes of it."""
        seconds = self.pace.held(error, key, time.time())
        return RetryAfter(
            error.message, seconds, code=error.code, fix=error.fix, request_id=error.request_id
        )

    def _pause(self, outbound: Outbound, plan: Plan, seconds: float, reason: str) -> None:
        self._log.warning("message %s waits %.1f s: %s", outbound.id, seconds, reason)
        self._report(outbound, plan, Delivery.RETRYING, reason)
        now = time.time()
        self._tell(CoolDown(now + seconds, reason, self.pace.snapshot(now)))
        if self._wake.wait(seconds):
            self._wake.clear()
        now = time.time()
        self._tell(CoolDown(0.0, "", self.pace.snapshot(now)))

    def _finish(self, outbound: Outbound, error: DeliveryError | None) -> DeliveryError | None:
        if error is None:
            self._log.info("message %s was delivered", outbound.id)
            self._ledger.record(Done(outbound.id, time.time()))
            return None
        self._log.error("message %s failed: %s %s", outbound.id, error.code, error.message)
        words = f"{error.message}. {error.fix}".rstrip(". ") if error.fix else error.message
        self._ledger.record(Failed(outbound.id, words, time.time()))
        return error

    def _report(self, outbound: Outbound, plan: Plan, delivery: Delivery, reason: str = "") -> None:
        sent, chunks = plan.progress
        self._tell(DeliveryReport(outbound.id, delivery, reason, sent, chunks))

    @property
    def _repeats(self) -> bool:
        return self._options.delivery == "at_least_once"

    # --- one request ----------------------------------------------------------------------------

    def _routes(self, outbound: Outbound) -> tuple[Route, ...]:
        return posting.ways(self._options, outbound, time.time())

    def _upload(self, outbound: Outbound, plan: Plan, step: Post) -> Uploaded | None:
        """Bring a file to the platform, which nobody sees, so that it may happen any number of
        times; None for a text."""
        if not outbound.file_name or self._courier is None:
            return None
        return self._courier(
            self._options,
            outbound,
            step.route,
            lambda: self._access_token(fresh=step.fresh_token),
            lambda words: self._report(outbound, plan, Delivery.SENDING, words),
            lambda: self._stopped or outbound.id in self._dropped,
        )

    def _post(self, outbound: Outbound, step: Post, uploaded: Uploaded | None) -> str:
        options, route = self._options, step.route
        if uploaded is not None:
            url, body = posting.file(options, outbound, uploaded, route)
        elif route in (Route.SINGLE, Route.GROUP):
            url, body = posting.openapi(options, outbound, step.chunk.text, route)
        else:
            url, body = posting.robot(options, outbound, step.chunk, route, time.time())
        if route in (Route.SINGLE, Route.GROUP):
            headers = {"x-acs-dingtalk-access-token": self._access_token(fresh=step.fresh_token)}
            return answers.read_send(self._http.post(url, body, headers)).process_query_key
        answers.read_robot(self._http.post(url, body), session=route is Route.SESSION)
        return ""

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


class Sender(threading.Thread):
    """One sequential queue: messages leave in the order in which they were put in, but that replies
    go first and notifications are merged while the budget is short."""

    def __init__(
        self,
        options: Options,
        http: Poster,
        tell: Callable[[SenderEvent], None],
        ledger: Ledger,
        pace: Pace,
        courier: Courier | None = None,
    ) -> None:
        super().__init__(name="dingbridge-sender", daemon=True)
        self._log = logging.getLogger(f"{__name__}.{options.account}")
        self._carrier = Carrier(
            options, http, tell, patient=True, ledger=ledger, pace=pace, courier=courier
        )
        self._ledger = ledger
        self._tell = tell
        self._commands: queue.SimpleQueue[Waiting | str | None] = queue.SimpleQueue()
        self._waiting = Lineup()
        self._cooling_until = 0.0
        self._stopped = False

    def put(self, waiting: Waiting) -> None:
        """Add a message to the end of the queue."""
        self._commands.put(waiting)

    def drop(self, message: str) -> None:
        """Take a message out of the queue; one that is under way is let go of."""
        self._commands.put(message)
        self._carrier.drop(message)

    def configure(self, options: Options, http: Poster) -> None:
        """Use these options from now on, also for the message that waits to be tried again."""
        self._carrier.configure(options, http)

    def stop(self) -> None:
        """End the thread soon: it wakes from a pause, but finishes a request under way."""
        self._carrier.stop()
        self._commands.put(None)

    def run(self) -> None:
        """Carry one message after the other until stopped."""
        self._obey(block=True, seconds=None)
        while not self._stopped:
            run = self._waiting.choose(
                self._key,
                lambda key: self._carrier.pace.room(key, time.time()),
                CHUNK_CHARACTERS // 4,
            )
            if run:
                self._cool_down(0.0, "")
                self._carry(run)
                self._obey(block=not self._waiting, seconds=None)
            else:
                self._obey(block=True, seconds=self._next_ready())

    def _carry(self, run: tuple[Waiting, ...]) -> None:
        waiting = run[0]
        for one in run:
            self._waiting.remove(one.id)
        try:
            if len(run) > 1:
                record = lineup.merged(run)
                self._ledger.record(record)
                waiting = lineup.as_one(run, record)
                self._log.info("%d notifications go out as one", len(run))
            self._carrier.carry(waiting)
        except OSError as error:
            self._cannot_write(run if waiting is run[0] else (waiting,), error)

    def _cannot_write(self, run: tuple[Waiting, ...], error: OSError) -> None:
        """The ledger is out of reach, on a full disk say: nothing may leave that is not written
        down, so the queue waits until it is."""
        reason = f"the outbox cannot be written ({error.strerror or type(error).__name__})"
        self._log.error("%s", reason)
        for one in reversed(run[1:]):
            self._waiting.put_back(one)
        start = max(run[0].start, self._carrier.reached)
        self._waiting.put_back(structs.replace(run[0], start=start, tried=None))
        self._tell(DeliveryReport(run[0].id, Delivery.RETRYING, reason))
        self._obey(block=True, seconds=DISK_PAUSE)

    def _key(self, waiting: Waiting) -> str:
        route = self._carrier.route_of(waiting)
        return key_of(route, waiting.outbound.target) if route else ""

    def _next_ready(self) -> float | None:
        """Seconds until a message may go, telling everybody why they wait; None without any."""
        now = time.time()
        pace = self._carrier.pace
        ends = [pace.ready_at(self._key(waiting), now) for waiting in self._waiting]
        if not ends:
            return None
        cooling = pace.cool_down(now)
        self._cool_down(min(ends), cooling[1] if cooling else "pacing")
        return max(0.0, min(ends) - now)

    def _cool_down(self, until: float, reason: str) -> None:
        """Tell a change of the time before which nothing leaves."""
        if until != self._cooling_until:
            self._cooling_until = until
            self._tell(CoolDown(until, reason, self._carrier.pace.snapshot(time.time())))

    def _obey(self, *, block: bool, seconds: float | None) -> None:
        """Take in what other threads ask for; wait for the first of it when `block`."""
        try:
            command = self._commands.get(block, seconds)
            while True:
                match command:
                    case None:
                        self._stopped = True
                    case Waiting():
                        self._waiting.add(command)
                    case str():
                        self._waiting.remove(command)
                command = self._commands.get_nowait()
        except queue.Empty:
            return
