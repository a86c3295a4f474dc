"""Services of a data folder: finds, kills and watches them."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

from dingbridge.edges.storage.card import read_card
from tests.support.processes import is_alive

DEADLINE = 10.0
"""Seconds in which a service that nobody needs any more has ended, on a busy machine."""


def pid(data: Path) -> int:
    """The process id of the service of a data folder; 0 without one."""
    found = read_card(data / "dingbridge", "service").pid
    return found if found and is_alive(found) else 0


def running(data: Path) -> list[int]:
    """All processes that serve a data folder or try to (Linux); elsewhere the one that does."""
    if not Path("/proc/self/cmdline").exists():
        return [found] if (found := pid(data)) else []
    running = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has just ended
            words = entry.read_bytes().split(b"\0")
            if b"service" in words and bytes(data) in words:
                running.append(int(entry.parent.name))
    return running


def kill(data: Path) -> None:
    """`kill -9` of the service, which must exist. Returns once it is gone."""
    process = pid(data)
    assert process, f"{data} has no service"
    os.kill(process, signal.SIGKILL)
    wait_until_gone(process)


def wait_until_gone(process: int, seconds: float = DEADLINE) -> bool:
    """Wait until a process has ended. Returns whether it has."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while process and is_alive(process):
        if time.monotonic() > end:
            return False
        pause.wait(0.01)
    return True


def end(data: Path) -> None:
    """Ask the service of a folder to end, if there is one. Kills it and fails if it does not."""
    process = pid(data)
    if not process:
        return
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
    if not wait_until_gone(process):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        raise AssertionError(f"the service (process {process}) of {data} did not end when asked")


def must_end(data: Path) -> None:
    """Fail, and kill the service, if it outlives those who needed it."""
    process = pid(data)
    if process and not wait_until_gone(process):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        raise AssertionError(f"the service (process {process}) of {data} outlived its editors")
