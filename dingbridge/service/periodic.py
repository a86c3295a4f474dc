"""Runs all periodic checks at the same moments, so that an idle service sleeps in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dingbridge.core.timeouts import LOOK_AROUND_EVERY


def next_time(look: Callable[[], None]) -> None:
    """Call `look` once, at the next multiple of `LOOK_AROUND_EVERY`. On the loop."""
    loop = asyncio.get_running_loop()
    loop.call_at((loop.time() // LOOK_AROUND_EVERY + 1) * LOOK_AROUND_EVERY, look)
