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

from msgspec import Struct

from dingbridge.core.text import clean

log = logging.getLogger(__name__)

ANSWER_CHARACTERS = 1_000_000
"""What is kept of a program's answer at most."""


class Task(Struct, frozen=True):
    """One message for a program. `argv` is run as it stands, without a shell; `timeout` seconds."""

    request: str
    argv: tuple[str, ...]
    text: str
    cwd: str
    timeout: float


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
        """End the thread soon, and the program with it."""
        self._queue.put(None)
        self.stop_running()

    def run(self) -> None:
        """Run one program after the other until stopped."""
        while (task := self._queue.get()) is not None:
            self._tell(self._answer(task))

    def _answer(self, task: Task) -> Answered:
        self._stopped = False
        program = task.argv[0]
        try:
            process = subprocess.Popen(  # noqa: S603 - a list from the user's own settings, no shell
                task.argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=task.cwd or None,
                start_new_session=os.name == "posix",
                creationflags=_own_group_flag(),
            )
        except OSError as cause:
            log.error("the responder %s could not be started: %s", program, cause.strerror)
            return Answered(
                task.request, failure=f"{program} could not be started ({cause.strerror})"
            )
        self._running = process
        try:
            out, err = process.communicate(task.text.encode(), timeout=task.timeout)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.communicate()
            return Answered(task.request, failure=f"{program} took longer than {task.timeout:g} s")
        finally:
            self._running = None
        if self._stopped:
            return Answered(task.request, failure=f"{program} was stopped")
        if process.returncode != 0:
            log.error("the responder ended with %d: %s", process.returncode, _tail(err))
            return Answered(
                task.request, failure=f"{program} ended with status {process.returncode}"
            )
        text = clean(out.decode("utf-8", "replace")).strip()[:ANSWER_CHARACTERS]
        if not text:
            return Answered(task.request, failure=f"{program} gave no answer")
        return Answered(task.request, text)


def _tail(err: bytes) -> str:
    return clean(err[-500:].decode("utf-8", "replace")).strip()


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
