"""Whether a process is the one that was meant: a number alone may be another's by now."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ANSWERS_WITHIN = 5.0
"""Seconds that `ps` may take."""


def born(pid: int) -> str:
    """When a process began, as the system tells it; empty when it does not run, or on Windows."""
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2]
            boot = Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
        except OSError:
            return ""
        # proc(5): what follows the name begins with field 3, the state; 22 is the start, in clock
        # ticks. One that has ended stays listed until its parent, for a service that of all
        # processes, asks about it.
        state, start = fields.split()[0], fields.split()[19]
        return "" if state in ("Z", "X") else f"{start} {boot}"
    if os.name != "posix":
        return ""
    words = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    try:
        answer = subprocess.run(  # noqa: S603 - our own words
            words,
            # Whoever asks reads the same date.
            env={"LC_ALL": "C", "TZ": "UTC"},
            capture_output=True,
            timeout=ANSWERS_WITHIN,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode("ascii", "replace").strip()


def is_same(pid: int, beginning: str) -> bool:
    """Whether the process with that number is the one that began then."""
    return bool(beginning) and born(pid) == beginning


def has_ended(pid: int, beginning: str) -> bool:
    """Whether a process that began then, or at any time without that, certainly runs no more."""
    now = born(pid)
    return now != beginning if beginning else os.name == "posix" and not now


def kill(pid: int, beginning: str) -> bool:
    """End a process that may be frozen, if it began then. Returns whether it did."""
    return _signal(pid, beginning, getattr(signal, "SIGKILL", signal.SIGTERM))


LOOK: int | None = getattr(signal, "SIGWINCH", None)
"""The signal that asks a service whether its socket is still there: a process that knows nothing of
it ignores it. Windows has none, and no socket files either."""


def ask_to_look(pid: int, beginning: str) -> None:
    """Have a service look whether its socket is still there, if it began then."""
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
