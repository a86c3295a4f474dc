"""Frames in: how fast a flood is acked and shown, and what a message costs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from tests.bench.figures import OURS, Figure, percentile
from tests.bench.processes import Bridge, Server, bridge, start

FLOODS = (300, 1000, 3000)


def one_round(server: Server) -> Iterator[Figure]:
    """One flood of each size for the bare client, the SDK and dingbridge, by turns."""
    for count in FLOODS:
        for name in ("null", "sdk"):
            with start("tests.bench.partners", name, server.url):
                server.wait_for(name)
                yield from _acked(name, count, server.flood(name, count))
        with bridge(server.url, f"{OURS}-{count}") as one:
            yield from _ours(server, one, f"{OURS}-{count}", count)


def alone(server: Server) -> Iterator[Figure]:
    """How long the ack of a message takes that comes alone, and what that message costs."""
    with bridge(server.url, f"{OURS}-alone") as one:
        one.attach_screen()
        server.flood(f"{OURS}-alone", 1)
        one.until_shown(1)
        costs = Costs(one)
        count = 50
        waits: list[float] = []
        for number in range(count):
            waits += server.flood(f"{OURS}-alone", 1)["waits"]
            one.until_shown(2 + number)
        yield from _waited(OURS, "one message in, alone", waits)
        yield from costs.each(count, "one message in, alone")


def _ours(server: Server, one: Bridge, client: str, count: int) -> Iterator[Figure]:
    costs = Costs(one)
    began = time.perf_counter()
    yield from _acked(OURS, count, server.flood(client, count))
    one.until_shown(count)
    shown = time.perf_counter() - began
    yield Figure(f"flood of {count}, shown in the buffer", OURS, "messages/s", count / shown)
    yield from costs.each(count, f"one message in, in a flood of {count}")


def _acked(who: str, count: int, told: dict[str, Any]) -> Iterator[Figure]:
    if told["missing"]:
        raise RuntimeError(f"{who} did not ack {told['missing']} of {count} frames")
    name = f"flood of {count}"
    yield Figure(f"{name}, acked", who, "frames/s", count / told["seconds"])
    yield from _waited(who, name, told["waits"])


def _waited(who: str, what: str, waits: list[float]) -> Iterator[Figure]:
    """How long acks took, of `waits` in seconds."""
    for share in (0.5, 0.99):
        yield Figure(
            f"{what}, ack p{share * 100:.0f}", who, "ms", percentile(sorted(waits), share) * 1000
        )


class Costs:
    """What a bridge's processes use from now on."""

    def __init__(self, one: Bridge) -> None:
        self._bridge = one
        self._counts = one.counted()
        self._usages = one.usages()

    def each(self, count: int, what: str) -> Iterator[Figure]:
        """What was used since, for each of `count` messages."""
        usages, counts = self._bridge.usages(), self._bridge.counted()
        for name, value in counts.items():
            yield Figure(f"{what}: {name}", OURS, "", (value - self._counts[name]) / count)
        for process, now in usages.items():
            used = now - self._usages[process]
            yield Figure(f"{what}: CPU, {process}", OURS, "ms", used.cpu * 1000 / count)
            if process == "service":
                yield Figure(f"{what}: write calls", OURS, "", used.writes / count)
                yield Figure(f"{what}: bytes written", OURS, "bytes", used.written / count)
