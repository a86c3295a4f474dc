"""Programs that answer in a session: message on standard input, answer on standard output."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO

from msgspec import Struct

from dingbridge.core.errors import BridgeError
from dingbridge.core.text import clean

log = logging.getLogger(__name__)

ANSWER_CHARACTERS = 1_000_000
"""What is kept of a program's answer at most."""

ANSWER_BYTES = 4 * ANSWER_CHARACTERS
"""What is read of it into memory; a character takes at most four bytes."""

COMPLAINT_BYTES = 500
"""What is kept of its standard error, from the end, for the log."""

JOB_BYTES = 64 * 1024
"""What is kept of a job's output, from the end."""

REST_WITHIN = 1.0
"""Seconds after a program's end in which the rest of its output must come."""


class Task(Struct, frozen=True):
    """One message for a program. `argv` is run as it stands, without a shell; `timeout` seconds.
    `environ` is added to the environment."""

    request: str
    argv: tuple[str, ...]
    text: str
    cwd: str
    timeout: float
    environ: tuple[tuple[str, str], ...] = ()


class Answered(Struct, frozen=True):
    """What came of a task: an answer, or in words why there is none."""

    request: str
    text: str = ""
    failure: str = ""


class Programs(threading.Thread):
    """Runs one program at a time, in the order of the messages."""

    def __init__(self, tell: Callable[[Answered], None]) -> None:
        super().__init__(name="dingbridge-programs", daemon=True)
        self._tell = tell
        self._queue: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._running: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._leaving = False

    def put(self, task: Task) -> None:
        """Add a message to the end of the queue."""
        self._queue.put(task)

    def stop_running(self) -> bool:
        """End the program that runs now. Returns whether there was one."""
        running = self._running
        if running is None:
            return False
        self._stopped = True
        _kill(running)
        return True

    def stop(self) -> None:
        """End the thread soon, and the program with it; what still waits is not started."""
        self._leaving = True
        self._queue.put(None)
        self.stop_running()

    def run(self) -> None:
        """Run one program after the other until stopped."""
        while (task := self._queue.get()) is not None and not self._leaving:
            self._tell(self._answer(task))

    def _answer(self, task: Task) -> Answered:
        self._stopped = False
        program = task.argv[0]
        try:
            process = _start(task)
        except (OSError, ValueError) as cause:
            reason = _why_not_started(cause, task)
            log.error("the responder %s could not be started: %s", program, reason)
            return Answered(task.request, failure=f"{program} could not be started ({reason})")
        self._running = process
        if self._leaving:
            # stop() came before it could see this program.
            self.stop_running()
        try:
            out, err = _talk(process, task)
        except subprocess.TimeoutExpired:
            return Answered(task.request, failure=f"{program} took longer than {task.timeout:g} s")
        finally:
            self._running = None
        if self._stopped:
            return Answered(task.request, failure=f"{program} was stopped")
        if process.returncode != 0:
            log.error("the responder ended with %d: %s", process.returncode, _words(err))
            return Answered(
                task.request, failure=f"{program} ended with status {process.returncode}"
            )
        text = _words(out)[:ANSWER_CHARACTERS]
        if not text:
            return Answered(task.request, failure=f"{program} gave no answer")
        return Answered(task.request, text)


class Job:
    """One run of a program from the settings, which nobody talks to."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self, argv: tuple[str, ...], cwd: str, seconds: float) -> tuple[int, str]:
        """The exit status of `argv` and the end of what it wrote. Waits up to `seconds`; raises
        `BridgeError`, in words for a chat, when it cannot be run or takes longer."""
        try:
            process = subprocess.Popen(  # noqa: S603 - a list from the user's own settings, no shell
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=cwd or None,
                start_new_session=os.name == "posix",
                creationflags=_own_group_flag(),
            )
        except (OSError, ValueError) as cause:
            log.error("the job %s could not be started: %s", argv[0], cause)
            raise BridgeError("任务无法启动。The job could not be started.") from cause
        self._running = process
        if self._stopped:
            _kill(process)
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        out = _Reader(process.stdout, last=JOB_BYTES)
        out.start()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired as cause:
            _kill(process)
            process.wait()
            words = f"任务超时，已停止。The job took longer than {seconds:g} s and was stopped."
            raise BridgeError(words) from cause
        finally:
            self._running = None
        out.join(REST_WITHIN)
        return process.returncode, _words(bytes(out.kept))

    def stop(self) -> None:
        """End it soon."""
        self._stopped = True
        running = self._running
        if running is not None:
            _kill(running)


def _start(task: Task) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - a list from the user's own settings, no shell
        task.argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=task.cwd or None,
        env={**os.environ, **dict(task.environ)},
        start_new_session=os.name == "posix",
        creationflags=_own_group_flag(),
    )


def _why_not_started(cause: OSError | ValueError, task: Task) -> str:
    if not isinstance(cause, OSError):
        return str(cause)
    # The folder may be what is missing, and then the program must not be blamed.
    where = f"{task.cwd}: " if task.cwd and cause.filename == task.cwd else ""
    return f"{where}{cause.strerror}"


def _talk(process: subprocess.Popen[bytes], task: Task) -> tuple[bytes, bytes]:
    """Pass the message on and wait for the program's end; returns what it wrote, bounded.

    A program that takes too long is killed, and `subprocess.TimeoutExpired` raised.
    """
    assert process.stdin is not None  # noqa: S101 - all three are pipes
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    out = _Reader(process.stdout, first=ANSWER_BYTES)
    err = _Reader(process.stderr, last=COMPLAINT_BYTES)
    message = task.text.encode("utf-8", "replace")
    feeder = threading.Thread(target=_feed, args=(process.stdin, message), daemon=True)
    for thread in (out, err, feeder):
        thread.start()
    try:
        process.wait(task.timeout)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.wait()
        raise
    # What the program left running may hold the pipes open for ever.
    out.join(REST_WITHIN)
    err.join(REST_WITHIN)
    return bytes(out.kept), bytes(err.kept)


def _feed(pipe: IO[bytes], message: bytes) -> None:
    """Write the message. A program need not read it."""
    with contextlib.suppress(OSError), pipe:
        pipe.write(message)


class _Reader(threading.Thread):
    """Reads a pipe to its end, so that the program never waits, and keeps a part of it: the
    `first` bytes or, if that is 0, the `last` ones."""

    def __init__(self, pipe: IO[bytes], *, first: int = 0, last: int = 0) -> None:
        super().__init__(name="dingbridge-program-output", daemon=True)
        self._pipe = pipe
        self._first = first
        self._last = last
        self.kept = bytearray()

    def run(self) -> None:
        with self._pipe:
            while part := os.read(self._pipe.fileno(), 65536):
                if self._first:
                    self.kept += part[: self._first - len(self.kept)]
                else:
                    self.kept += part
                    del self.kept[: -self._last]


def _words(output: bytes) -> str:
    return clean(output.decode("utf-8", "replace")).strip()


def _own_group_flag() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NEW_PROCESS_GROUP
    return 0


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program and whatever it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
