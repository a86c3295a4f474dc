"""What threads have for the service loop: one wake-up for all of it, and nobody is kept waiting."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from typing import Any

import pytest

from dingbridge.service.mailbox import TURN, Mailbox


class CountingLoop(asyncio.SelectorEventLoop):
    """A loop that counts how often another thread woke it."""

    woken = 0

    # Its types name what only newer versions of Python have.
    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> Any:
        self.woken += 1
        return super().call_soon_threadsafe(callback, *args, context=context)


def test_what_a_thread_posts_while_the_loop_is_at_work_costs_one_wake_up() -> None:
    loop = CountingLoop()
    told: list[int] = []

    async def work() -> None:
        mailbox = Mailbox(loop)

        def posts() -> None:
            for number in range(500):
                mailbox.post(functools.partial(told.append, number))

        posted = threading.Thread(target=posts)
        posted.start()
        posted.join()
        await asyncio.sleep(0)
        while len(told) < 500:
            await asyncio.sleep(0)

    loop.run_until_complete(work())
    loop.close()
    assert told == list(range(500))
    assert loop.woken == 1


def test_what_the_loop_posts_to_itself_wakes_nobody() -> None:
    loop = CountingLoop()

    async def work() -> None:
        done = asyncio.Event()
        Mailbox(loop).post(done.set)
        await done.wait()

    loop.run_until_complete(work())
    loop.close()
    assert loop.woken == 0


def test_nothing_is_lost_that_threads_post_while_the_mailbox_is_emptied() -> None:
    loop = asyncio.SelectorEventLoop()
    told: list[tuple[int, int]] = []

    async def work() -> None:
        mailbox = Mailbox(loop)

        def posts(thread: int) -> None:
            for number in range(300):
                mailbox.post(lambda: told.append((thread, number)))  # noqa: B023 - told in order
                time.sleep(0)

        threads = [threading.Thread(target=posts, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads) or len(told) < 1200:
            await asyncio.sleep(0.001)

    loop.run_until_complete(asyncio.wait_for(work(), 30))
    loop.close()
    assert len(told) == 1200


def test_a_timer_has_its_turn_before_a_long_line_of_calls_is_done() -> None:
    loop = asyncio.SelectorEventLoop()
    told: list[str] = []

    def busy() -> None:
        ends = time.monotonic() + TURN / 2
        while time.monotonic() < ends:
            pass
        told.append("call")

    async def work() -> None:
        mailbox = Mailbox(loop)
        for _ in range(20):
            mailbox.post(busy)
        loop.call_later(0, told.append, "timer")
        while told.count("call") < 20:
            await asyncio.sleep(0)

    loop.run_until_complete(work())
    loop.close()
    assert told.index("timer") < 5


def test_a_call_that_fails_is_logged_and_keeps_no_other_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.SelectorEventLoop()

    async def work() -> None:
        done = asyncio.Event()
        mailbox = Mailbox(loop)
        mailbox.post(lambda: [][0])
        mailbox.post(done.set)
        await done.wait()

    loop.run_until_complete(work())
    loop.close()
    assert "IndexError" in caplog.text


def test_a_thread_that_posts_after_the_end_is_not_disturbed() -> None:
    loop = asyncio.SelectorEventLoop()

    async def make() -> Mailbox:
        return Mailbox(loop)

    mailbox = loop.run_until_complete(make())
    loop.close()
    thread = threading.Thread(target=lambda: mailbox.post(lambda: None))
    thread.start()
    thread.join()
    mailbox.post(lambda: None)
