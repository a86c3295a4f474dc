"""Identifies a process by its id and start time, because ids are reused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ANSWERS_WITHIN = 5.0
"""Timeout of `ps`, in seconds."""


def born(pid: int) -> str:
    """The start time of a process as the system reports it; empty if it does not run, or on
    Windows."""
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2]
            boot = Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
        except OSError:
            return ""
        # proc(5): field 3, after the name, is the state; 22 is the start time in clock ticks. A
        # process that has exited stays listed until its parent (for a service, init) waits for it.
        state, start = fields.split()[0], fields.split()[19]
        return "" if state in ("Z", "X") else f"{start} {boot}"
    if os.name != "posix":
        return ""
    words = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    try:
        answer = subprocess.run(  # noqa: S603 - our own words
            words,
            # The same format for all callers, whatever their locale and time zone are.
            env={"LC_ALL": "C", "TZ": "UTC"},
            capture_output=True,
            timeout=ANSWERS_WITHIN,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode("ascii", "replace").strip()


def is_same(pid: int, beginning: str) -> bool:
    """Whether the process with this id is the one with that start time."""
    return bool(beginning) and born(pid) == beginning


def has_ended(pid: int, beginning: str) -> bool:
    """Whether a process has certainly exited; without a `beginning`, whether no process has this
    id."""
    now = born(pid)
    return now != beginning if beginning else os.name == "posix" and not now


def kill(pid: int, beginning: str) -> bool:
    """Kill a process, which may be frozen, if its start time matches. Returns whether it did."""
    return _signal(pid, beginning, getattr(signal, "SIGKILL", signal.SIGTERM))


LOOK: int | None = getattr(signal, "SIGWINCH", None)
"""The signal that makes a service check its socket's file. Other processes ignore it. None on
Windows, which has no socket files."""


def ask_to_look(pid: int, beginning: str) -> None:
    """Make a service check its socket's file, if its start time matches."""
    if LOOK is not None:
        _signal(pid, beginning, LOOK)


def _signal(pid: int, beginning: str, number: int) -> bool:
    if not is_same(pid, beginning):
        return False
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
