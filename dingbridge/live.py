"""What the application needs of the outside, made live: the clock, the transcripts, programs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path

from dingbridge.core.messages import Message
from dingbridge.core.transcript import Entry, SessionInfo, Transcript
from dingbridge.edges.command import Answered, Programs, Task
from dingbridge.edges.storage.robot import Files


class LiveChance:
    """The clock and the dice."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def new_id(self) -> str:
        """Sixteen random hexadecimal digits."""
        return secrets.token_hex(8)


class LiveStorage:
    """The transcripts of the data directory behind the disk thread."""

    def __init__(self, files: Files) -> None:
        self._disk = files.disk
        self._files = files.transcripts

    def list(self, then: Callable[[list[SessionInfo]], None]) -> None:
        """All sessions there are."""
        self._disk.do(self._files.list, then)

    def append(self, session: str, entry: Entry) -> None:
        """Add to a transcript."""
        self._disk.do(lambda: self._files.append(session, entry))

    def take(
        self, session: str, message: Message, *, again: bool, then: Callable[[bool], None]
    ) -> None:
        """Add a robot message for good, with `again` only when it is new there."""
        self._disk.do(lambda: self._files.take(session, message, again=again), then)

    def load(self, session: str, then: Callable[[Transcript], None]) -> None:
        """Read a transcript."""
        self._disk.do(lambda: self._files.load(session), then)

    def clear(self, info: SessionInfo) -> None:
        """Start a transcript anew."""
        self._disk.do(lambda: self._files.clear(info))

    def delete(self, session: str) -> None:
        """Move a transcript to the trash."""
        self._disk.do(lambda: self._files.delete(session))

    def save(self, session: str, target: Path, then: Callable[[Path], None]) -> None:
        """Copy a transcript to a new file."""
        self._disk.do(lambda: self._files.save(session, target), then)

    def take_in(self, source: Path, session: str, then: Callable[[Transcript], None]) -> None:
        """Make a session from a saved file."""
        self._disk.do(lambda: self._files.take_in(source, session), then)


class LivePrograms:
    """Programs that answer, behind their thread; `cwd` is the editor's."""

    def __init__(self, tell: Callable[[Answered], None], cwd: str) -> None:
        self._tell = tell
        self._cwd = cwd
        self._programs: Programs | None = None

    def ask(self, request: str, argv: tuple[str, ...], message: Message, timeout: float) -> None:
        """Run a program for a message."""
        if self._programs is None:
            self._programs = Programs(self._tell)
            self._programs.start()
        self._programs.put(Task(request, argv, message.text, self._cwd, timeout))

    def stop_running(self) -> bool:
        """End the program that runs now."""
        return self._programs is not None and self._programs.stop_running()

    def stop(self) -> None:
        """End the thread and the program."""
        if self._programs is not None:
            self._programs.stop()
