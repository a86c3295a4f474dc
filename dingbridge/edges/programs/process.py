"""Runs a program with limits on time and output, in its own process group.

No shell is involved. A program that exits may leave child processes running; one that we kill is
killed with its process group. Windows has no process groups, so there only the program is killed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import IO, Literal

from msgspec import Struct

from dingbridge.executables import find_program

COMPLAINT_BYTES = 500
"""Bytes of a separate standard error that are kept, from its end."""

REST_WITHIN = 1.0
"""Seconds after a program's exit in which the rest of its output must arrive."""

Complaints = Literal["dropped", "apart", "in the output"]
"""Where a program's standard error goes."""

_STANDARD_ERROR: dict[Complaints, int] = {
    "dropped": subprocess.DEVNULL,
    "apart": subprocess.PIPE,
    "in the output": subprocess.STDOUT,
}


class Bounds(Struct, frozen=True):
    """The limits of a program: seconds, and the number of bytes of output that are kept, from the
    beginning or the end.

    Further output is read and discarded, so that the program never blocks on it; optionally the
    program is killed when it has written that much.
    """

    seconds: float
    size: int
    part: Literal["first", "last", "first and no more"] = "first"


def keep_from_children(variables: Collection[str]) -> None:
    """Remove environment variables from this process, so that its child processes do not inherit
    them."""
    for name in variables:
        os.environ.pop(name, None)


class Ended(Struct, frozen=True):
    """The result of a program. A negative `status` is a signal; `complaint` is the end of its
    standard error, if that was read separately.
    """

    status: int
    output: bytes
    complaint: bytes


class ProcessNotStarted(Exception):
    """The program could not be started. The text is the reason, without arguments."""


class ProcessTimedOut(Exception):
    """The program was killed because of its time limit."""


class ProcessStopped(Exception):
    """The program was killed, or not started, on request."""


class Runner:
    """Runs one program at a time. One thread waits for it; any other thread may kill it."""

    def __init__(self) -> None:
        self.is_stopped = False
        """Whether `stop` was called: no further program is run."""
        self._running: subprocess.Popen[bytes] | None = None
        self._was_ended = False

    def run(
        self,
        argv: Sequence[str],
        bounds: Bounds,
        *,
        cwd: str,
        message: bytes = b"",
        surroundings: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        complaints: Complaints = "dropped",
    ) -> Ended:
        """Run a program in the folder `cwd` and wait for its exit.

        - `argv`: a name without a slash is looked up by `find_program`
        - `message`: its standard input
        - `surroundings`: its environment, by default that of this process
        - `environ`: variables that are added to it
        - `complaints`: where its standard error goes

        Raises `ProcessNotStarted`, `ProcessTimedOut` or `ProcessStopped`.
        """
        if self.is_stopped:
            raise ProcessStopped
        self._was_ended = False
        given = {**(os.environ if surroundings is None else surroundings), **(environ or {})}
        program = argv[0] if os.path.dirname(argv[0]) else _on_path(argv[0], given)
        try:
            process = subprocess.Popen(  # noqa: S603 - words of ours or of the user's own settings
                [program, *argv[1:]],
                stdin=subprocess.PIPE if message else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=_STANDARD_ERROR[complaints],
                cwd=cwd or None,
                env=given,
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # on Windows
            )
        except (OSError, ValueError) as cause:
            raise ProcessNotStarted(_reason(cause, cwd)) from cause
        self._running = process
        if self.is_stopped:
            # stop() was called before it could see this program.
            self.stop_running()
        last_words = Bounds(bounds.seconds, COMPLAINT_BYTES, "last")
        output = _Reader(process, process.stdout, bounds)
        complaint = _Reader(process, process.stderr, last_words)
        writer = threading.Thread(target=_write, args=(process.stdin, message), daemon=True)
        try:
            for thread in (output, complaint, writer):
                thread.start()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(bounds.seconds)
        finally:
            # No exception may leave the program running.
            is_late = process.returncode is None
            _end(process)
            process.wait()
            self._running = None
        if self._was_ended:
            raise ProcessStopped
        if is_late:
            raise ProcessTimedOut
        # Its child processes may keep the pipes open.
        output.join(REST_WITHIN)
        complaint.join(REST_WITHIN)
        return Ended(process.returncode, bytes(output.kept), bytes(complaint.kept))

    def stop_running(self) -> bool:
        """Kill the running program. Returns whether there was one."""
        running = self._running
        if running is None:
            return False
        self._was_ended = True
        _end(running)
        return True

    def stop(self) -> None:
        """Kill the running program, and run no other."""
        self.is_stopped = True
        self.stop_running()


def _on_path(name: str, environ: Mapping[str, str]) -> str:
    found = find_program(name, os.get_exec_path(environ))
    if found is None:
        raise ProcessNotStarted(os.strerror(errno.ENOENT))
    return found


def _reason(cause: OSError | ValueError, cwd: str) -> str:
    if not isinstance(cause, OSError):
        # Python quotes what it could not pass on.
        return os.strerror(errno.EINVAL)
    # If the folder is missing, the error must not blame the program.
    where = f"{cwd}: " if cwd and cause.filename == cwd else ""
    return f"{where}{cause.strerror}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the program and its process group, unless it has exited: its id may have been reused."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)


def _write(pipe: IO[bytes] | None, message: bytes) -> None:
    """Write the message. The program need not read it."""
    if pipe is not None:
        with contextlib.suppress(OSError), pipe:
            pipe.write(message)


class _Reader(threading.Thread):
    """Reads a pipe, if there is one, to its end, and keeps the part within the limits."""

    def __init__(
        self, process: subprocess.Popen[bytes], pipe: IO[bytes] | None, bounds: Bounds
    ) -> None:
        super().__init__(name="dingbridge-program-output", daemon=True)
        self._process = process
        self._pipe = pipe
        self._bounds = bounds
        self.kept = bytearray()

    def run(self) -> None:
        if self._pipe is None:
            return
        bounds = self._bounds
        with self._pipe:
            while read := os.read(self._pipe.fileno(), 65536):
                self.kept += read
                if bounds.part == "last":
                    del self.kept[: -bounds.size]
                    continue
                del self.kept[bounds.size :]
                if bounds.part == "first and no more" and len(self.kept) == bounds.size:
                    _end(self._process)
