"""The thread with the queue: who is next, and who has to wait until when."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from dingbridge.core import lineup
from dingbridge.core.catalogue import delivery as say
from dingbridge.core.errors import in_words
from dingbridge.core.limits import CHUNK_CHARACTERS
from dingbridge.core.lineup import Lineup
from dingbridge.core.messages import Delivery, DeliveryReport
from dingbridge.core.outbox import Dropped, Failed, Merged, Waiting, apart
from dingbridge.core.pace import Pace, key_of
from dingbridge.core.patience import DISK_PAUSE
from dingbridge.core.sender_events import CoolDown, SenderEvent
from dingbridge.edges.openapi import RobotClient
from dingbridge.edges.sender.carrier import Carrier, Courier, Held, Ledger, Refusal


class Sender(threading.Thread):
    """One sequential queue: messages leave in the order in which they were put in, but that replies
    go first and notifications are merged while the budget is short."""

    def __init__(
        self,
        client: RobotClient,
        tell: Callable[[SenderEvent], None],
        ledger: Ledger,
        pace: Pace,
        courier: Courier | None = None,
    ) -> None:
        super().__init__(name="dingbridge-sender", daemon=True)
        self._log = logging.getLogger(f"{__name__}.{client.options.account}")
        self._carrier = Carrier(
            client, self._hear, patient=True, ledger=ledger, pace=pace, courier=courier
        )
        self._ledger = ledger
        self._tell = tell
        self._waiting = Lineup()
        self._under_way = ""
        self._cooling_until = 0.0
        self._stopped = False
        self._news = False
        # Guards all five above; held for nothing that takes time.
        self._changed = threading.Condition()

    def put(self, waiting: Waiting) -> None:
        """Add a message to the end of the queue."""
        with self._changed:
            self._waiting.add(waiting)
            self._wake()

    def drop(self, message: str) -> bool:
        """Take a message out of the queue. Returns whether it waited there: then it will not leave,
        and nothing is written down about it any more.

        One that is under way is let go of as soon as can be; if that is before its end, the ledger
        is told. One that goes out as a part of another cannot be taken out.
        """
        with self._changed:
            waited = self._waiting.remove(message)
            if message == self._under_way:
                self._carrier.let_go(message)
            self._wake()
        return waited

    def configure(self, client: RobotClient) -> None:
        """Use this from now on, also for the message that waits to be tried again."""
        self._carrier.configure(client)
        with self._changed:
            self._wake()

    def stop(self) -> None:
        """End the thread soon: it wakes from a pause, but finishes a request under way."""
        self._carrier.stop()
        with self._changed:
            self._stopped = True
            self._wake()

    def given_up(self) -> str:
        """The message under way whose request nobody waits for any more, while the user has dropped
        it; empty without one. For who stops the thread."""
        with self._changed:
            dropped = self._under_way == self._carrier.unwanted
            return self._under_way if dropped and self.is_alive() else ""

    def run(self) -> None:
        """Carry one message after the other until stopped."""
        while not self._stopped:
            run, merged, ready = self._next()
            if run:
                self._carry(run, merged)
            else:
                self._rest(ready)

    def _next(self) -> tuple[tuple[Waiting, ...], Merged | None, float | None]:
        """Take out what goes now, and, when that is several, how they become one; else the seconds
        until something may go, None when nothing waits."""
        with self._changed:
            run = self._waiting.choose(
                self._key,
                lambda key: self._carrier.pace.room(key, time.time()),
                CHUNK_CHARACTERS // 4,
            )
            ready = self._tell_ready()
            for one in run:
                self._waiting.remove(one.id)
            merged = lineup.merged(run) if len(run) > 1 else None
            if run:
                self._under_way = merged.outbound.id if merged else run[0].id
                self._carrier.unwanted = ""
            return run, merged, ready

    def _carry(self, run: tuple[Waiting, ...], merged: Merged | None) -> None:
        try:
            waiting = self._as_one(run, merged)
        except OSError as error:
            self._cannot_write(run, error)
            return
        try:
            self._carry_one(waiting)
        except OSError as error:
            self._cannot_write((self._carrier.rest,), error)

    def _carry_one(self, waiting: Waiting) -> None:
        try:
            self._carrier.carry(waiting)
        except Held:
            if not self._waits_again(self._carrier.rest):
                self._ledger.record(Dropped(waiting.id, time.time()))
        except Refusal:
            self._put_back(apart(self._carrier.rest))
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - told to the user, and no harm to those behind it
            self._log.exception("a defect in sending")
            reason = say.DEFECT()
            if self._carrier.rest.may_have_arrived:
                reason = in_words(say.MAY_HAVE_ARRIVED(), reason)
            self._ledger.record(Failed(waiting.id, reason, time.time()))

    def _as_one(self, run: tuple[Waiting, ...], merged: Merged | None) -> Waiting:
        if merged is None:
            return run[0]
        self._ledger.record(merged)
        self._log.info("%d notifications go out as one", len(run))
        return lineup.as_one(run, merged)

    def _waits_again(self, rest: Waiting) -> bool:
        """Put back what is under way, unless the user dropped it. Returns whether it waits."""
        with self._changed:
            if self._carrier.unwanted == self._under_way:
                return False
            self._put_back((rest,))
            return True

    def _put_back(self, run: tuple[Waiting, ...]) -> None:
        with self._changed:
            self._under_way = ""
            for one in reversed(run):
                self._waiting.put_back(one)

    def _cannot_write(self, run: tuple[Waiting, ...], error: OSError) -> None:
        """The ledger is out of reach, on a full disk say: nothing may leave that is not written
        down, so the queue waits until it is."""
        reason = say.OUTBOX_NOT_WRITTEN(reason=error.strerror or type(error).__name__)
        self._log.error("%s", reason)
        # One that was dropped meanwhile waits as well: that cannot be written down either.
        self._put_back(run)
        for one in run:
            self._tell(DeliveryReport(one.id, Delivery.RETRYING, reason))
        self._rest(DISK_PAUSE)

    def _key(self, waiting: Waiting) -> str:
        route = self._carrier.route_of(waiting)
        return key_of(route, waiting.outbound.target) if route else ""

    def _tell_ready(self) -> float | None:
        """Seconds until the next message may go, None without any; tells a change of the time
        until which some have to wait."""
        now = time.time()
        pace = self._carrier.pace
        keys = [self._key(waiting) for waiting in self._waiting.candidates()]
        pauses = [pace.paused_until(key, now) for key in keys]
        until = min((end for end in pauses if end > now), default=0.0)
        if until != self._cooling_until:
            cooling = pace.cool_down(now) if until else (0.0, "")
            reason = cooling[1] if cooling else "pacing"
            self._hear(CoolDown(until, reason, pace.snapshot(now)))
        ready = [pace.ready_at(key, now) for key in keys]
        return max(0.0, min(ready) - now) if ready else None

    def _hear(self, event: SenderEvent) -> None:
        if isinstance(event, CoolDown):
            self._cooling_until = event.until
        self._tell(event)

    def _wake(self) -> None:
        self._news = True
        self._changed.notify()

    def _rest(self, seconds: float | None) -> None:
        """Wait until another thread wants something; at most so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._news, seconds)
            self._news = False
