"""Runs responder programs: the message on standard input, the answer on standard output."""

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
"""Longest answer of a program; the rest is dropped."""

ANSWER_BYTES = 4 * ANSWER_CHARACTERS
"""The same in bytes; a character has at most four."""

JOB_BYTES = 64 * 1024
"""Bytes of a job's output that are kept, from its end."""


class Task(Struct, frozen=True):
    """One message for a program.

    `argv` is run without a shell, for at most `timeout` seconds. Its environment is `surroundings`
    plus `environ`.
    """

    request: str
    argv: tuple[str, ...]
    text: str
    cwd: str
    timeout: float
    surroundings: Mapping[str, str]
    environ: tuple[tuple[str, str], ...] = ()


class Answered(Struct, frozen=True):
    """The result of a task: an answer, or the reason why there is none."""

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
        """Kill the running program. Returns whether there was one."""
        return self._runner.stop_running()

    def stop(self) -> None:
        """End the thread soon, and kill its program; queued messages are discarded."""
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
    """Run a job from the settings. Returns its exit status and the end of its output.

    `surroundings` is its environment. Takes up to `seconds`. Raises `BridgeError`, with a text for
    the chat, if the program cannot be run, takes longer, or is stopped.
    """
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
