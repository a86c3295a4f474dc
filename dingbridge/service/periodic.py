"""Timers of the loop; all periodic checks run at the same moments, so that an idle service
sleeps in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dingbridge.core.timeouts import LOOK_AROUND_EVERY
from dingbridge.protocol.command_queue import Post
from dingbridge.service.runtime import Later


def next_time(look: Callable[[], None]) -> None:
    """Call `look` once, at the next multiple of `LOOK_AROUND_EVERY`. On the loop."""
    loop = asyncio.get_running_loop()
    loop.call_at((loop.time() // LOOK_AROUND_EVERY + 1) * LOOK_AROUND_EVERY, look)


def later(post: Post) -> Later:
    """Timers whose calls run among those of the mailbox, which logs their errors."""
    return lambda seconds, call: _call_later(post, seconds, call)


def _call_later(post: Post, seconds: float, call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, post, call)
