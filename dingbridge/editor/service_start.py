"""Starts the service, with one attempt at a time for all editors, which share the result."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from dingbridge.edges.programs import background
from dingbridge.edges.programs.background import Outcome
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.owner_lock import OwnerLock

COMPLAINTS = "service-errors.txt"
"""File beside the lock, with the standard error of the latest service."""
ATTEMPT = "service-start.json"
"""File beside it, with the latest attempt to start a service."""

EARLY = 10.0
"""Seconds after the start in which the end of a service counts as a failed start."""

TURN_WITHIN = 10.0
"""Seconds to wait for another editor that is starting the service and may hang."""

LOOK_EVERY = 0.05
STOPPED_WITHIN = 0.1
"""Seconds between checks whether the editor exits, while a service starts."""


class Attempt(Struct, frozen=True):
    """When a service was started (Unix seconds), and the outcome."""

    began: float = 0.0
    outcome: Outcome = "starting"


class ServiceStart:
    """An editor's attempts to start the service of a data folder. One thread only.

    - `argv`: the program and its arguments
    - `stopping`: when set, attempts end
    - `is_served`: whether a service runs meanwhile
    """

    def __init__(
        self,
        folder: Path,
        argv: Sequence[str],
        environ: Mapping[str, str],
        stopping: threading.Event,
        is_served: Callable[[], bool],
    ) -> None:
        self._folder = folder
        self._argv = argv
        self._environ = environ
        self._stopping = stopping
        self._is_served = is_served
        self._seen: Attempt | None = None

    def start(self) -> Outcome:
        """Start a service and wait for the outcome.

        If another editor has tried since our last attempt, or is trying now, its outcome is
        returned instead. Raises `OSError`.
        """
        own_files.make_own_folder(self._folder)
        before = self._latest() if self._seen is None else self._seen
        turn = OwnerLock(self._folder, "start")
        end = time.monotonic() + TURN_WITHIN
        while not turn.acquire() and time.monotonic() < end:
            if self._stopping.wait(LOOK_EVERY) or self._is_served():
                break
        try:
            latest = self._latest()
            self._seen = latest
            if latest != before and latest.outcome != "starting":
                return latest.outcome
            if self._stopping.is_set() or self._is_served():
                return "starting"
            return self._attempt()
        finally:
            turn.release()

    def _attempt(self) -> Outcome:
        attempt = Attempt(time.time())
        self._note(attempt)
        outcome: Outcome = "starting"
        started = background.start(self._argv, self._environ, self._folder / COMPLAINTS)
        while outcome == "starting" and not self._stopping.is_set():
            outcome = started.outcome(STOPPED_WITHIN)
        self._note(structs.replace(attempt, outcome=outcome))
        return outcome

    def has_just_begun(self) -> bool:
        """Whether any editor has just started a service."""
        latest = self._latest()
        return latest.outcome != "needless" and 0.0 <= time.time() - latest.began < EARLY

    def complaint(self) -> str:
        """The last lines of the latest service's standard error."""
        return background.complaint(self._folder / COMPLAINTS)

    def _latest(self) -> Attempt:
        try:
            with own_files.reading(self._folder / ATTEMPT) as file:
                return msgspec.json.decode(file.read(), type=Attempt)
        except (OSError, ValueError):
            return Attempt()

    def _note(self, attempt: Attempt) -> None:
        self._seen = attempt
        # On a full disk, each editor tries on its own.
        with contextlib.suppress(OSError):
            own_files.write_whole(self._folder / ATTEMPT, msgspec.json.encode(attempt), sync=False)
