"""Memory, and what happens while nothing happens."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.bench.figures import OURS, Figure
from tests.bench.processes import Server, bridge, memory, usage, wake_ups
from tests.support.editor import Editor

IDLE = float(os.environ.get("BENCH_IDLE", "20"))
"""Seconds that the bridge is left alone; ten minutes tell more."""

MESSAGES, AT_ONCE = 10_000, 500
"""How many messages come, and how many of them at once: of a larger flood the memory shows how
much waited."""


def one_round(server: Server) -> Iterator[Figure]:
    """The memory of each process, idle and after messages, and the wake-ups of an idle minute."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Editor(Path(folder))
        control = memory(bare.pid())
        bare.close()
    client = f"{OURS}-idle"
    with bridge(server.url, client) as one:
        host, editor, service = (
            one.editor.host_pid(),
            one.editor.pid(),
            one.editor.service_pid(),
        )
        yield Figure("memory (PSS), host, connected", OURS, "MB", memory(host))
        yield Figure("memory (PSS), service, connected", OURS, "MB", memory(service))
        yield Figure("memory (PSS), editor, connected", OURS, "MB", memory(editor))
        yield Figure("memory (PSS), editor, connected", "without the plugin", "MB", control)
        yield from _idle({"host": host, "editor": editor, "service": service})
        for count in range(AT_ONCE, MESSAGES + 1, AT_ONCE):
            server.flood(client, AT_ONCE)
            one.until_shown(count)
        for name, pid in (("host", host), ("service", service)):
            what = f"memory (PSS), {name}, after {MESSAGES:,} messages"
            yield Figure(what, OURS, "MB", memory(pid))


def _idle(pids: Mapping[str, int]) -> Iterator[Figure]:
    """What each process does while all are left alone."""
    before = {name: (wake_ups(pid), usage(pid)) for name, pid in pids.items()}
    began = time.monotonic()
    time.sleep(IDLE)
    minutes = (time.monotonic() - began) / 60
    for name, pid in pids.items():
        woken_before, used = before[name]
        woken = [count - woken_before.get(task, 0) for task, count in wake_ups(pid).items()]
        yield Figure(f"idle, {name}: wake-ups", OURS, "/min", sum(woken) / minutes)
        most = max(woken, default=0)
        yield Figure(f"idle, {name}: its busiest thread", OURS, "/min", most / minutes)
        share = (usage(pid) - used).cpu / (minutes * 60)
        yield Figure(f"idle, {name}: of a core", OURS, "%", share * 100)
