"""Child processes with a deadline, ended together with their descendants."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")

SECONDS = 50.0
"""What a program may take unless less is said; pytest gives a test 60."""

_GROUP = {
    "start_new_session": os.name == "posix",
    "creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # on Windows
}


class Child(subprocess.Popen[Any]):
    """A program in a process group of its own, ended after `seconds` at the latest.

    A context manager, which ends the program. `is_late` tells whether the deadline ended it.
    `options` are those of `subprocess.Popen`.

        with Child([sys.executable, "-c", "print('ready')"]) as child:
            assert child.line() == "ready"
    """

    def __init__(self, argv: Sequence[str], *, seconds: float = SECONDS, **options: Any) -> None:
        super().__init__(argv, **{**_GROUP, **options})
        self.is_late = False
        self._deadline = threading.Timer(seconds, self._be_late)
        self._deadline.daemon = True
        self._deadline.start()

    def line(self) -> str:
        """The next line of its output, stripped; empty at the end."""
        assert self.stdout is not None
        return str(self.stdout.readline()).strip()

    def end(self) -> None:
        """Kill it and its descendants, if it runs."""
        self._deadline.cancel()
        if self.poll() is None:
            end(self.pid)
        self.wait()
        if self.stdin is not None:
            with suppress(OSError):  # input that the program did not read
                self.stdin.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
        super().__exit__(kind, value, trace)

    def _be_late(self) -> None:
        if self.poll() is None:
            self.is_late = True
            end(self.pid)


def run(
    argv: Sequence[str],
    *,
    seconds: float = SECONDS,
    given: str | bytes | None = None,
    check: bool = False,
    **options: Any,
) -> subprocess.CompletedProcess[Any]:
    """Run a program to its end. Returns its output and status.

    `given` is its standard input, by default empty. Fails with the program's output if it takes
    longer than `seconds` or, with `check`, if its status is not 0.
    """
    streams: dict[str, Any] = {
        "stdin": subprocess.DEVNULL if given is None else subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    with Child(argv, seconds=seconds, **{**streams, **options}) as child:
        out, err = child.communicate(given)
    assert not child.is_late, f"{argv} did not end within {seconds:g} s: {out!r} {err!r}"
    assert not (check and child.returncode), f"{argv} failed: {out!r} {err!r}"
    return subprocess.CompletedProcess(argv, child.returncode, out, err)


def is_alive(pid: int) -> bool:
    """Whether a process runs. A zombie does not."""
    try:
        os.kill(pid, 0)
        if Path("/proc/self/stat").exists():
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
    return True


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A stopped process, as one that hangs. It may end meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def until(look: Callable[[], T], want: str, seconds: float = 10.0) -> T:
    """Wait until `look()` is true and return its result. Fails with `want` after `seconds`."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not (seen := look()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {want}; last seen {seen!r}"
        pause.wait(0.01)
    return seen


def end(pid: int) -> None:
    """Kill a process, its descendants, and their groups, but never the caller's group."""
    for each in (pid, *descendants(pid)):
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform != "win32" and os.getpgid(each) == each:
                os.killpg(each, signal.SIGKILL)
            else:
                os.kill(each, getattr(signal, "SIGKILL", signal.SIGTERM))


def descendants(pid: int) -> list[int]:
    """All descendants of a process; none on Windows."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found[1:]


def _parents() -> list[tuple[int, int]]:
    """The parent of every process."""
    if sys.platform == "win32":
        return []
    if not Path("/proc/self/stat").exists():
        shown = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True, timeout=10
        )
        rows = (line.split() for line in shown.stdout.splitlines())
        return [(int(child), int(parent)) for child, parent in rows]
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            # The name is in brackets and may contain anything.
            fields = entry.read_text("utf-8", "replace").rpartition(")")[2].split()
            found.append((int(entry.parent.name), int(fields[1])))
    return found
