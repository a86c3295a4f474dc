"""What the sender tells reaches the loop in batches, and nothing of it is forgotten."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox_records import Done
from dingbridge.core.delivery.routing import Route
from dingbridge.core.delivery.sender_events import Counted
from dingbridge.core.messages import Delivery, DeliveryReport
from dingbridge.service.robots.sender_batches import GATHER, SenderBatches, SenderReport

WITHIN = 10.0


class Loop:
    """A service loop as its sender's news know it."""

    def __init__(self) -> None:
        self.posted: deque[Callable[[], None]] = deque()
        self.heard: list[list[SenderReport]] = []
        self.is_sending = False
        self.news = SenderBatches(self.posted.append, self._hear, lambda: self.is_sending)

    def _hear(self, events: Sequence[SenderReport]) -> None:
        self.heard.append(list(events))

    @property
    def told(self) -> list[SenderReport]:
        return [event for batch in self.heard for event in batch]

    def turn(self) -> None:
        while self.posted:
            self.posted.popleft()()

    async def until(self, done: Callable[[], bool]) -> None:
        async def wait() -> None:
            while not done():
                self.turn()
                await asyncio.sleep(0)

        await asyncio.wait_for(wait(), WITHIN)


def run(test: Callable[[Loop], Coroutine[Any, Any, None]]) -> None:
    async def begin() -> None:
        await test(Loop())

    asyncio.run(begin())


def sending(name: str) -> DeliveryReport:
    return DeliveryReport(name, Delivery.SENDING)


def done(name: str) -> Done:
    return Done(name, 1.0)


def test_a_message_that_leaves_at_once_is_one_piece_of_news() -> None:
    async def test(loop: Loop) -> None:
        events: list[SenderReport] = [
            sending("m"),
            Attempted("m", 0, 4, Route.WEBHOOK),
            Counted(1),
            done("m"),
        ]
        for event in events[:-1]:
            loop.news.notify(event)
        assert not loop.posted
        loop.news.notify(events[-1])
        assert len(loop.posted) == 1
        loop.turn()
        assert loop.heard == [events]

    run(test)


def test_a_message_that_takes_long_is_told_as_being_sent() -> None:
    async def test(loop: Loop) -> None:
        loop.is_sending = True
        loop.news.expect()
        loop.news.notify(sending("m"))
        assert not loop.posted
        await loop.until(lambda: loop.heard == [[sending("m")]])

    run(test)


def test_of_many_in_a_row_the_first_is_told_at_once_and_the_others_together() -> None:
    async def test(loop: Loop) -> None:
        loop.news.notify(done("first"))
        loop.turn()
        others: list[SenderReport] = [done(f"m{number}") for number in range(500)]
        for event in others:
            loop.news.notify(event)
        assert not loop.posted
        await loop.until(lambda: len(loop.told) == 501)
        assert loop.heard == [[done("first")], others]
        # Once it is quiet again, the next one does not wait. Timers end in their order.
        is_quiet = asyncio.Event()
        asyncio.get_running_loop().call_later(GATHER, is_quiet.set)
        await loop.until(is_quiet.is_set)
        loop.news.notify(done("last"))
        assert len(loop.posted) == 1

    run(test)


def test_nothing_is_forgotten_whenever_threads_tell_it() -> None:
    async def test(loop: Loop) -> None:
        def notify(who: int) -> None:
            for number in range(500):
                loop.news.notify(done(f"{who} {number}"))
                if number % 7 == 0:
                    loop.news.notify(sending(f"{who} {number}"))
            loop.news.notify(done(f"{who} end"))

        threads = [threading.Thread(target=notify, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        ends = {f"{who} end" for who in range(4)}
        await loop.until(lambda: ends <= {one.id for one in loop.told if isinstance(one, Done)})
        for who in range(4):
            names = [one.id for one in loop.told if isinstance(one, Done)]
            mine = [name for name in names if name.startswith(f"{who} ")]
            assert mine == [*(f"{who} {number}" for number in range(500)), f"{who} end"]

    run(test)
