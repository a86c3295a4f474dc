"""Runs a program, bounded in time and output, in a group of its own that is ended whole.

The words are run as they stand, without a shell. A program that ends by itself may leave others
running; one that is ended takes along all it started, unless that has left the group. Windows has
no such groups, and there the program alone is ended.
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
"""What is kept of a standard error that is read apart, from the end."""

REST_WITHIN = 1.0
"""Seconds after a program's end in which the rest of its output must come."""

Complaints = Literal["dropped", "apart", "in the output"]
"""Where a program's standard error goes."""

_STANDARD_ERROR: dict[Complaints, int] = {
    "dropped": subprocess.DEVNULL,
    "apart": subprocess.PIPE,
    "in the output": subprocess.STDOUT,
}


class Bounds(Struct, frozen=True):
    """How many seconds a program may run, and what is kept of its output: so many bytes, the first
    or the last. The rest is read as well, so that the program never waits, unless there is to be
    no more: then the program is ended as soon as it has written that much."""

    seconds: float
    size: int
    part: Literal["first", "last", "first and no more"] = "first"


def keep_from_children(variables: Collection[str]) -> None:
    """Remove these environment variables from this process, so that no program it starts inherits
    them."""
    for name in variables:
        os.environ.pop(name, None)


class Ended(Struct, frozen=True):
    """How a program ended. A negative `status` is a signal; `complaint` is the end of its standard
    error, if that was read apart."""

    status: int
    output: bytes
    complaint: bytes


class ProcessNotStarted(Exception):
    """The program could not be started; says why, in words without its arguments."""


class ProcessTimedOut(Exception):
    """The program was ended because its time was over."""


class ProcessStopped(Exception):
    """The program was ended, or not even started, because somebody wanted that."""


class Runner:
    """Runs one program at a time. One thread waits for it, any other may end it."""

    def __init__(self) -> None:
        self.is_stopped = False
        """Whether nothing is run any more."""
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
        """Run a program in the folder `cwd` and wait for its end.

        A name alone is looked for by `find_program`. It reads `message` on standard input, and
        its environment is `surroundings`, or this process's own, and `environ`. Raises
        `ProcessNotStarted`, `ProcessTimedOut` or `ProcessStopped`.
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
            # stop() came before it could see this program.
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
            # Whatever interrupts the waiting leaves no program behind.
            is_late = process.returncode is None
            _end(process)
            process.wait()
            self._running = None
        if self._was_ended:
            raise ProcessStopped
        if is_late:
            raise ProcessTimedOut
        # What the program left running may hold the pipes open for ever.
        output.join(REST_WITHIN)
        complaint.join(REST_WITHIN)
        return Ended(process.returncode, bytes(output.kept), bytes(complaint.kept))

    def stop_running(self) -> bool:
        """End the program that runs now. Returns whether there was one."""
        running = self._running
        if running is None:
            return False
        self._was_ended = True
        _end(running)
        return True

    def stop(self) -> None:
        """End the program that runs now, and run no other."""
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
    # The folder may be what is missing, and then the program must not be blamed.
    where = f"{cwd}: " if cwd and cause.filename == cwd else ""
    return f"{where}{cause.strerror}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and whatever it started, unless it is gone: its number may be another's."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)


def _write(pipe: IO[bytes] | None, message: bytes) -> None:
    """Write the message. A program need not read it."""
    if pipe is not None:
        with contextlib.suppress(OSError), pipe:
            pipe.write(message)


class _Reader(threading.Thread):
    """Reads a pipe, if there is one, to its end, and keeps the part of it that is wanted."""

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
