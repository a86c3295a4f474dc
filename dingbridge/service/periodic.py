"""Looks around now and then, everybody in the same moment: an idle service sleeps in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dingbridge.core.timeouts import LOOK_AROUND_EVERY


def next_time(look: Callable[[], None]) -> None:
    """Call `look` the next time that the service looks around. On its loop."""
    loop = asyncio.get_running_loop()
    loop.call_at((loop.time() // LOOK_AROUND_EVERY + 1) * LOOK_AROUND_EVERY, look)
