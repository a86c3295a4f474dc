"""The thread with the queue: who is next, and who has to wait until when."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from dingbridge.core import lineup
from dingbridge.core.limits import CHUNK_CHARACTERS
from dingbridge.core.lineup import Lineup
from dingbridge.core.messages import Delivery, DeliveryReport
from dingbridge.core.outbox import Failed, Waiting, apart
from dingbridge.core.pace import Pace, key_of
from dingbridge.core.patience import DISK_PAUSE
from dingbridge.core.sender_events import CoolDown, SenderEvent
from dingbridge.core.settings import Options
from dingbridge.edges.sender.carrier import Carrier, Courier, Held, Ledger, Poster, Refusal


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
        self._log = logging.getLogger(f"{__package__}.{options.account}")
        self._carrier = Carrier(
            options, http, self._hear, patient=True, ledger=ledger, pace=pace, courier=courier
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
            ready = self._tell_ready()
            if run:
                self._carry(run)
                self._obey(block=not self._waiting, seconds=None)
            else:
                self._obey(block=True, seconds=ready)

    def _carry(self, run: tuple[Waiting, ...]) -> None:
        for one in run:
            self._waiting.remove(one.id)
        try:
            waiting = self._as_one(run)
        except OSError as error:
            self._cannot_write(run, error)
            return
        try:
            self._carrier.carry(waiting)
        except Held:
            self._waiting.put_back(self._carrier.rest)
        except Refusal:
            for one in reversed(apart(self._carrier.rest)):
                self._waiting.put_back(one)
        except OSError as error:
            self._cannot_write((self._carrier.rest,), error)
        except Exception:  # noqa: BLE001 - told to the user, and no harm to those behind it
            self._log.exception("a defect in sending")
            self._give_up(waiting)

    def _give_up(self, waiting: Waiting) -> None:
        failed = Failed(
            waiting.id, "something went wrong in dingbridge, see :Chat log", time.time()
        )
        try:
            self._ledger.record(failed)
        except OSError as error:
            self._cannot_write((), error)

    def _as_one(self, run: tuple[Waiting, ...]) -> Waiting:
        if len(run) == 1:
            return run[0]
        record = lineup.merged(run)
        self._ledger.record(record)
        self._log.info("%d notifications go out as one", len(run))
        return lineup.as_one(run, record)

    def _cannot_write(self, run: tuple[Waiting, ...], error: OSError) -> None:
        """The ledger is out of reach, on a full disk say: nothing may leave that is not written
        down, so the queue waits until it is."""
        reason = f"the outbox cannot be written ({error.strerror or type(error).__name__})"
        self._log.error("%s", reason)
        for one in reversed(run):
            self._waiting.put_back(one)
            self._tell(DeliveryReport(one.id, Delivery.RETRYING, reason))
        self._obey(block=True, seconds=DISK_PAUSE)

    def _key(self, waiting: Waiting) -> str:
        route = self._carrier.route_of(waiting)
        return key_of(route, waiting.outbound.target) if route else ""

    def _tell_ready(self) -> float | None:
        """Seconds until the next message may go, None without any; tells a change of the time
        until which some have to wait."""
        now = time.time()
        pace = self._carrier.pace
        ends = [pace.ready_at(self._key(waiting), now) for waiting in self._waiting.candidates()]
        until = min((end for end in ends if end > now), default=0.0)
        if until != self._cooling_until:
            cooling = pace.cool_down(now) if until else (0.0, "")
            reason = cooling[1] if cooling else "pacing"
            self._hear(CoolDown(until, reason, pace.snapshot(now)))
        return max(0.0, min(ends) - now) if ends else None

    def _hear(self, event: SenderEvent) -> None:
        if isinstance(event, CoolDown):
            self._cooling_until = event.until
        self._tell(event)

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
