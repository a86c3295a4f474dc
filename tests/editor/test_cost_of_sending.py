"""What a message out costs, counted, so that it cannot creep back: alone, and in a burst."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bench.outgoing import BURST
from tests.bench.processes import Bridge, Server, bridge

ALONE = 10
BURST_OF = 500


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def spent(one: Bridge, before: dict[str, int], count: int) -> dict[str, float]:
    """What each of so many messages took: wake-ups of the loop, frames to the editor, syncs."""
    return {name: (value - before[name]) / count for name, value in one.counted().items()}


def test_a_message_out_costs_a_few_wake_ups_and_syncs_and_in_a_burst_hardly_any(
    server: Server,
) -> None:
    with bridge(server.url) as one:
        server.flood("dingbridge", 1)
        one.until_shown(1)
        before = one.counted()
        for _ in range(ALONE):
            server.reset()
            one.editor.lua(BURST, "send", 1, {})
            server.calls(1)
            one.until_sent()
        alone = spent(one, before, ALONE)
        assert alone["posts"] <= 7
        assert alone["notifications"] <= 4
        assert alone["fsyncs"] <= 2

        server.reset()
        before = one.counted()
        one.editor.lua(BURST, "send", BURST_OF, {})
        calls = server.calls(BURST_OF)
        one.until_sent()
        burst = spent(one, before, BURST_OF)
        assert len(calls) == BURST_OF
        assert burst["posts"] <= 2
        assert burst["notifications"] <= 1.5
        assert burst["fsyncs"] <= 0.3
