"""The send queue of a robot: which message goes next, when, and how many go at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from msgspec import structs

from dingbridge.core.delivery import requests, send_queue
from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.rate_limit import RateLimit, key_of
from dingbridge.core.delivery.send_queue import MERGED_CHARACTERS, SendQueue
from dingbridge.core.delivery.sender_events import CoolDown, SenderEvent
from dingbridge.core.options.declarations import Options
from dingbridge.core.timeouts import AT_ONCE, DISK_PAUSE, SLOW
from dingbridge.edges.dingtalk.openapi import RobotClient
from dingbridge.edges.dingtalk.sender.sender_thread import InFlight, SenderThread, SendWork
from dingbridge.edges.dingtalk.sender.shared_delivery import (
    AttemptLog,
    SharedDelivery,
    UploadAndSend,
)
from dingbridge.edges.dingtalk.sender.shared_rate_limit import SharedRateLimit

_BUSY = "busy"
"""Instead of a key of the rate limit: the message waits for another one to end."""


class RobotSender:
    """Sends messages in the order in which they were put in, except that replies go first, and that
    notifications are merged while the budget is short.

    - One message is sent at a time. When it takes longer than `SLOW`, one of another conversation
      may begin, up to `AT_ONCE`; each has a thread.
    - The messages of a conversation keep their order. A custom robot sends one at a time.
    - While a message waits for its next attempt, no other begins: it would fail the same way.

    States of a message::

        waiting --take--> under way --ended--> gone
           ^                 |  ^
           |                 v  |  back-off of its thread: no other message begins
           |               pausing
           +---put_back------+     Held, MergeRefused, or the disk refuses records

    `client` makes the client of one thread, with an HTTP of its own.
    """

    def __init__(
        self,
        client: Callable[[], RobotClient],
        notify: Callable[[SenderEvent], None],
        attempts: AttemptLog,
        rate_limit: RateLimit,
        upload: UploadAndSend | None = None,
    ) -> None:
        self._client = client
        self._options: Options
        self._notify = notify
        self._rate_limit = SharedRateLimit(rate_limit)
        self._shared = SharedDelivery(attempts, self._rate_limit, upload)
        self._waiting = SendQueue()
        self._threads: set[SenderThread] = set()
        self._under_way: dict[SenderThread, InFlight] = {}
        # Pauses before the next attempt, and the one that was notified last (Unix seconds).
        self._pauses: dict[SenderThread, CoolDown] = {}
        self._told = CoolDown(0.0, "")
        self._written_again_at = 0.0
        self._stopped = False
        # Guards all of these; held for nothing that takes time.
        self._changed = threading.Condition()

    # --- for the service loop -------------------------------------------------------------------

    def start(self) -> None:
        """Start sending."""
        with self._changed:
            self._start_thread()

    def put(self, *waiting: QueuedMessage) -> None:
        """Add messages to the end of the queue."""
        with self._changed:
            for one in waiting:
                self._waiting.add(one)
            self._wake()

    def drop(self, message: str) -> bool:
        """Remove a message. Returns whether it still waited: then it will not be sent.

        A message under way is stopped before its next chunk, and that is recorded. One that is
        part of a merged message under way cannot be removed.
        """
        with self._changed:
            waited = self._waiting.remove(message)
            for thread, under_way in self._under_way.items():
                if message == under_way.id:
                    thread.sender.drop(message)
            self._wake()
        return waited

    def hurry(self) -> bool:
        """Make the attempts that wait out a back-off now: DingTalk may be reached again. Returns
        whether there are any."""
        with self._changed:
            for thread in self._pauses:
                thread.sender.hurry()
            return bool(self._pauses)

    def configure(self, client: Callable[[], RobotClient]) -> None:
        """Use this client from now on, also for messages that wait for their next attempt."""
        with self._changed:
            self._client = client
            for thread in self._threads:
                made = client()
                self._options = made.options
                thread.sender.configure(made)
            self._wake()

    def stop(self) -> None:
        """End the threads soon: pauses end at once, requests under way are finished."""
        with self._changed:
            self._stopped = True
            for thread in self._threads:
                thread.sender.stop()
            self._changed.notify_all()

    def join(self, seconds: float | None = None) -> None:
        """Wait until all threads have ended, at most `seconds`."""
        end = None if seconds is None else time.monotonic() + seconds
        for thread in list(self._threads):
            thread.join(None if end is None else max(0.0, end - time.monotonic()))

    def is_alive(self) -> bool:
        """Whether any thread runs."""
        return any(thread.is_alive() for thread in list(self._threads))

    def given_up(self) -> tuple[str, ...]:
        """Dropped messages whose request is still under way, or whose record the disk refused. Ask
        this after `stop` and `join`: nobody will record their results."""
        with self._changed:
            alive = (thread for thread in self._under_way if thread.is_alive())
            unwanted = (thread.sender.unwanted for thread in alive)
            return (*filter(None, unwanted), *(one.id for one in self._waiting if one.unwanted))

    # --- for its threads ------------------------------------------------------------------------

    def take(self, thread: SenderThread) -> SendWork | None:
        """Wait for the next message that may be sent; None when the thread shall end."""
        with self._changed:
            self._under_way.pop(thread, None)
            while not self._stopped:
                now = time.time()
                work = self._choose(now) if self._may_begin_in() == 0 else None
                if work is not None:
                    self._begin(thread, work)
                ready = self._notify_cooling(now, is_going=work is not None)
                if work is not None:
                    self._start_another()
                    return work
                if self._is_needless():
                    break
                self._changed.wait(_longest_wait(self._may_begin_in(), ready))
            if not self._stopped:
                self._threads.remove(thread)
            return None

    def put_back(
        self, thread: SenderThread, run: tuple[QueuedMessage, ...], *, wanted: bool
    ) -> bool:
        """Queue messages again, in front of their conversation. With `wanted`, not if the user has
        dropped them meanwhile. Returns whether they are queued."""
        with self._changed:
            under_way = self._under_way[thread]
            if wanted and thread.sender.unwanted == under_way.id:
                return False
            del self._under_way[thread]
            for one in reversed(run):
                is_unwanted = one.id == thread.sender.unwanted
                self._waiting.put_back(structs.replace(one, unwanted=is_unwanted))
            return True

    def cannot_write(self) -> None:
        """The attempt log cannot be written: begin no message for a while."""
        with self._changed:
            self._written_again_at = time.monotonic() + DISK_PAUSE

    def hear(self, thread: SenderThread, event: SenderEvent) -> None:
        """Handle an event of the message that the thread sends."""
        if not isinstance(event, CoolDown):
            self._notify(event)
            return
        with self._changed:
            if event.until:
                self._pauses[thread] = event
            else:
                self._pauses.pop(thread, None)
                # The next attempt begins now, and with it the time until it counts as slow.
                again = structs.replace(self._under_way[thread], since=time.monotonic())
                self._under_way[thread] = again
                self._changed.notify()
            self._notify_cooling(time.time(), is_going=False)

    # --- who is next; all of these hold the lock ------------------------------------------------

    def _choose(self, now: float) -> SendWork | None:
        run = self._waiting.choose(
            self._key,
            lambda key: 0 if key == _BUSY else self._rate_limit.room(key, now),
            MERGED_CHARACTERS,
        )
        if not run:
            return None
        return SendWork(run, send_queue.merged(run) if len(run) > 1 else None)

    def _begin(self, thread: SenderThread, work: SendWork) -> None:
        first = work.run[0]
        key, place = self._key(first), first.outbound.target.place
        for one in work.run:
            self._waiting.remove(one.id)
        name = work.merged.outbound.id if work.merged else first.id
        self._under_way[thread] = InFlight(name, place, key, time.monotonic())
        # The disk refused to record that the user dropped it.
        thread.sender.unwanted = name if first.unwanted else ""

    def _key(self, waiting: QueuedMessage) -> str:
        if self._is_busy(waiting.outbound.target.place):
            return _BUSY
        ways = requests.ways(self._options, waiting.outbound, time.time())
        key = key_of(ways[0], waiting.outbound.target) if ways else ""
        return _BUSY if any(one.key == key for one in self._under_way.values()) else key

    def _is_busy(self, place: str) -> bool:
        return any(one.place == place for one in self._under_way.values())

    def _may_begin_in(self) -> float | None:
        """Seconds until one more message may begin; None when one under way, or its pause, has to
        end first."""
        now = time.monotonic()
        if self._pauses or len(self._under_way) >= AT_ONCE:
            return None
        latest = max((one.since + SLOW for one in self._under_way.values()), default=0.0)
        return max(0.0, latest - now, self._written_again_at - now)

    def _has_work_beside(self) -> bool:
        """Whether a message waits for a conversation that has none under way."""
        return any(not self._is_busy(place) for place in self._waiting.places)

    def _is_needless(self) -> bool:
        """Whether a thread can end: another one is idle, or the busy ones will take the rest."""
        idle = len(self._threads) - len(self._under_way)
        return idle > 1 or (bool(self._under_way) and not self._has_work_beside())

    def _start_another(self) -> None:
        """Start an idle thread beside the busy ones, which may take long."""
        are_all_at_work = len(self._under_way) == len(self._threads)
        if are_all_at_work and 0 < len(self._threads) < AT_ONCE and self._has_work_beside():
            self._start_thread()

    def _start_thread(self) -> None:
        client = self._client()
        self._options = client.options
        thread = SenderThread(self, client, self._shared)
        self._threads.add(thread)
        thread.start()

    def _wake(self) -> None:
        self._written_again_at = 0.0
        self._changed.notify()
        if not self._stopped:
            self._start_another()

    def _notify_cooling(self, now: float, *, is_going: bool) -> float | None:
        """Notify when the end of the pause has changed. Returns the seconds until the next message
        may go; None if none is waiting."""
        pauses = [one for one in self._pauses.values() if one.until > now]
        cooling = self._rate_limit.cool_down(now)
        if is_going and cooling is None and not pauses and not self._told.until:
            return None
        keys = [key for one in self._waiting.candidates() if (key := self._key(one)) != _BUSY]
        held = [until for key in keys if (until := self._rate_limit.paused_until(key, now)) > now]
        if held:
            pauses.append(CoolDown(min(held), cooling[1] if cooling else "pacing"))
        first = min(pauses, key=lambda one: one.until, default=CoolDown(0.0, ""))
        if first.until != self._told.until:
            self._told = first
            self._notify(first)
        ready = [self._rate_limit.ready_at(key, now) for key in keys]
        return max(0.0, min(ready) - now) if ready else None


def _longest_wait(*waits: float | None) -> float | None:
    """The longest of these waits; None, which means until notified, if any is None."""
    return None if None in waits else max(wait for wait in waits if wait is not None)
