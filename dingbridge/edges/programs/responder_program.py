"""Programs that answer in a session: message on standard input, answer on standard output."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping

from msgspec import Struct

from dingbridge.core.catalogue import remote as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.options import lookup_failures
from dingbridge.core.options.lookup_failures import ProgramFailure, describe_program
from dingbridge.core.text import clean
from dingbridge.edges.programs.process import (
    Bounds,
    ProcessNotStarted,
    ProcessStopped,
    ProcessTimedOut,
    Runner,
)

log = logging.getLogger(__name__)

ANSWER_CHARACTERS = 1_000_000
"""What is kept of a program's answer at most."""

ANSWER_BYTES = 4 * ANSWER_CHARACTERS
"""What is read of it into memory; a character takes at most four bytes."""

JOB_BYTES = 64 * 1024
"""What is kept of a job's output, from the end."""


class Task(Struct, frozen=True):
    """One message for a program. `argv` is run as it stands, without a shell; `timeout` seconds.
    `surroundings` are its environment, to which `environ` is added."""

    request: str
    argv: tuple[str, ...]
    text: str
    cwd: str
    timeout: float
    surroundings: Mapping[str, str]
    environ: tuple[tuple[str, str], ...] = ()


class Answered(Struct, frozen=True):
    """What came of a task: an answer, or in words why there is none."""

    request: str
    text: str = ""
    failure: str = ""


class ResponderPrograms(threading.Thread):
    """Runs one program at a time, in the order of the messages."""

    def __init__(self, notify: Callable[[Answered], None]) -> None:
        super().__init__(name="dingbridge-programs", daemon=True)
        self._notify = notify
        self._queue: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._runner = Runner()

    def put(self, task: Task) -> None:
        """Add a message to the end of the queue."""
        self._queue.put(task)

    def stop_running(self) -> bool:
        """End the program that runs now. Returns whether there was one."""
        return self._runner.stop_running()

    def stop(self) -> None:
        """End the thread soon, and the program with it; what still waits is not started."""
        self._runner.stop()
        self._queue.put(None)

    def run(self) -> None:
        """Run one program after the other until stopped."""
        while (task := self._queue.get()) is not None and not self._runner.is_stopped:
            answer = self._answer(task)
            if isinstance(answer, str):
                self._notify(Answered(task.request, answer))
            else:
                words = describe_program(task.argv[0], answer)
                self._notify(Answered(task.request, failure=words))

    def _answer(self, task: Task) -> str | ProgramFailure:
        """The answer, or why there is none."""
        message = task.text.encode("utf-8", "replace")
        environ = dict(task.environ)
        bounds = Bounds(task.timeout, ANSWER_BYTES)
        try:
            ended = self._runner.run(
                task.argv,
                bounds,
                cwd=task.cwd,
                message=message,
                surroundings=task.surroundings,
                environ=environ,
                complaints="apart",
            )
        except ProcessNotStarted as cause:
            log.error("the responder %s could not be started: %s", task.argv[0], cause)
            return lookup_failures.NotStarted(str(cause))
        except ProcessTimedOut:
            return lookup_failures.TookTooLong(task.timeout)
        except ProcessStopped:
            return lookup_failures.Stopped()
        if ended.status != 0:
            log.error("the responder ended with %d: %s", ended.status, _words(ended.complaint))
            return lookup_failures.EndedWith(ended.status)
        return _words(ended.output)[:ANSWER_CHARACTERS] or lookup_failures.NoAnswer()


def run_job(
    argv: tuple[str, ...],
    cwd: str,
    seconds: float,
    runner: Runner,
    surroundings: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """The exit status of a program from the settings, which nobody talks to, and the end of what it
    wrote. `surroundings` are its environment. Waits up to `seconds`; raises `BridgeError`, in words
    for a chat, when it cannot be run, takes longer, or is stopped."""
    bounds = Bounds(seconds, JOB_BYTES, "last")
    try:
        ended = runner.run(
            argv, bounds, cwd=cwd, surroundings=surroundings, complaints="in the output"
        )
    except ProcessNotStarted as cause:
        log.error("the job %s could not be started: %s", argv[0], cause)
        raise BridgeError(say.JOB_NOT_STARTED()) from cause
    except ProcessTimedOut as cause:
        raise BridgeError(say.JOB_TOO_LONG(seconds=seconds)) from cause
    except ProcessStopped as cause:
        raise BridgeError(say.JOB_STOPPED()) from cause
    return ended.status, _words(ended.output)


def _words(output: bytes) -> str:
    return clean(output.decode("utf-8", "replace")).strip()
