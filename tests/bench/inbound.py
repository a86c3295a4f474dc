"""Frames in: how fast a flood is acked and shown, and what a message costs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from dingbridge.edges.storage.robot_files import INBOX_FILE, OUTBOX_FILE, STATE_FILE
from tests.bench.figures import OURS, Figure, percentile
from tests.bench.processes import Bridge, Server, bridge, start

FLOODS = (300, 1000, 3000)


def one_round(server: Server) -> Iterator[Figure]:
    """One flood of each size for the bare client, the SDK and dingbridge, alternately."""
    for count in FLOODS:
        yield from _round(server, count, f"flood of {count}")


def over_tls(_: Server) -> Iterator[Figure]:
    """The same for a flood over TLS."""
    with Server(tls=True) as server:
        yield from _round(server, FLOODS[-1], f"flood of {FLOODS[-1]} over TLS")


def _round(server: Server, count: int, what: str) -> Iterator[Figure]:
    for name in ("null", "sdk"):
        with start("tests.bench.partners", name, server.url, environ=server.environ):
            server.wait_for(name)
            yield from _acked(name, count, server.flood(name, count), what)
    with bridge(server.url, f"{OURS}-{count}", server.environ) as one:
        costs = Costs(one)
        began = time.perf_counter()
        yield from _acked(OURS, count, server.flood(f"{OURS}-{count}", count), what)
        one.until_shown(count)
        shown = time.perf_counter() - began
        yield Figure(f"{what}, shown in the buffer", OURS, "messages/s", count / shown)
        yield from costs.each(count, f"one message in, in a {what}")


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
        yield from waited(OURS, "one message in, alone", waits)
        yield from costs.each(count, "one message in, alone")
        waits = []
        with _held_by_0_1(one.editor.data):
            for _ in range(count):
                waits += server.flood(f"{OURS}-alone", 1)["waits"]
        yield from waited(OURS, "one message in, alone, while the locks of 0.1 are held", waits)
        one.until_shown(1 + 2 * count)


@contextmanager
def _held_by_0_1(data: Path) -> Iterator[None]:
    """The locks by which a Neovim that runs 0.1 keeps others from the files, held all the time."""
    with ExitStack() as held:
        for name in (INBOX_FILE, OUTBOX_FILE, STATE_FILE):
            held.enter_context(FileLock(f"{data / name}.lock", mode=0o600))
        yield


def _acked(who: str, count: int, told: dict[str, Any], name: str) -> Iterator[Figure]:
    if told["missing"]:
        raise RuntimeError(f"{who} did not ack {told['missing']} of {count} frames")
    yield Figure(f"{name}, acked", who, "frames/s", count / told["seconds"])
    yield from waited(who, name, told["waits"])


def waited(who: str, what: str, waits: Iterable[float]) -> Iterator[Figure]:
    """How long acks took, of `waits` in seconds."""
    ordered = sorted(waits)
    for share in (0.5, 0.99):
        yield Figure(
            f"{what}, ack p{share * 100:.0f}", who, "ms", percentile(ordered, share) * 1000
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
