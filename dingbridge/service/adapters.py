"""Live implementations of the ports: clock, transcripts, responder programs, project folders."""

from __future__ import annotations

import os
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from dingbridge.core.commands.editor_replies import Lines
from dingbridge.core.errors import BridgeError
from dingbridge.core.questions import Question
from dingbridge.core.sessions.transcript import (
    Arrival,
    DeliveryLine,
    Entry,
    SessionInfo,
    Transcript,
    TranscriptPart,
)
from dingbridge.core.timeouts import JOB_WITHIN
from dingbridge.edges.programs import git, project_files
from dingbridge.edges.programs.process import Runner
from dingbridge.edges.programs.responder_program import Answered, ResponderPrograms, Task, run_job
from dingbridge.edges.storage.robot_files import SharedFiles, transcript_of
from dingbridge.edges.storage.worker import Worker

T = TypeVar("T")


class SystemRuntime:
    """The system's clock and random numbers."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def new_id(self) -> str:
        """Sixteen random hexadecimal digits."""
        return secrets.token_hex(8)

    def below(self, limit: int) -> int:
        """A random integer from 0 to `limit` - 1, fit for secrets."""
        return secrets.randbelow(limit)


class _Added:
    """Entries that wait for the disk thread, and whether a write of them is scheduled."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque()
        self.is_due = False


class TranscriptStorage:
    """Transcripts of the data folder, by the disk thread. A read sees all earlier writes to its
    transcript."""

    def __init__(self, files: SharedFiles) -> None:
        self._worker = files.disk
        self._files = files.transcripts
        self._added: dict[str, _Added] = {}

    def list(self, then: Callable[[list[SessionInfo]], None]) -> None:
        """List all sessions."""
        self._worker.do(self._files.list, then)

    def append(self, info: SessionInfo, entry: Entry) -> None:
        """Append an entry. Entries that arrive before the disk thread gets to them share one
        write."""
        added = self._added.setdefault(info.id, _Added())
        added.entries.append(entry)
        if not added.is_due:
            added.is_due = True
            self._worker.submit_durable(
                transcript_of(info.id), lambda: self._write_added(info, added)
            )

    def _write_added(self, info: SessionInfo, added: _Added) -> None:
        # Reset the flag first: an entry added during the write schedules another one.
        added.is_due = False
        entries = list(added.entries)
        if entries:
            self._files.append(info.id, *entries, info=info)
        for _ in entries:
            added.entries.popleft()

    def begin(self, info: SessionInfo) -> None:
        """Create the transcript unless it exists."""
        self._write(info.id, lambda: self._files.begin(info))

    def take(
        self,
        session: str,
        arrivals: Sequence[Arrival],
        info: SessionInfo | None,
        then: Callable[[tuple[bool, ...]], None],
    ) -> None:
        """Append robot messages durably. One with `again` is skipped if the transcript contains
        it."""
        self._worker.submit_durable(
            self._behind(session), lambda: self._files.take(session, arrivals, info), then
        )

    def complete(self, session: str, whole: DeliveryLine, then: Callable[[], None]) -> None:
        """Replace the text of a message, durably."""
        self._worker.submit_durable(
            self._behind(session),
            lambda: self._files.settle(session, whole, sync=True),
            lambda _: then(),
        )

    def load(self, session: str, then: Callable[[Transcript], None]) -> None:
        """Read a whole transcript."""
        self._worker.after(self._behind(session), lambda: self._files.load(session), then)

    def end(self, session: str, then: Callable[[TranscriptPart], None]) -> None:
        """Read the last part of a transcript."""
        self._worker.after(self._behind(session), lambda: self._files.end(session), then)

    def before(self, session: str, offset: int, then: Callable[[TranscriptPart], None]) -> None:
        """Read the part that ends at the file offset `offset` (bytes)."""
        self._worker.after(self._behind(session), lambda: self._files.before(session, offset), then)

    def since(self, session: str, then: Callable[[TranscriptPart], None]) -> None:
        """Read what other processes have appended, or that the file was replaced."""
        self._worker.after(self._behind(session), lambda: self._files.since(session), then)

    def written(self, session: str, then: Callable[[], None]) -> None:
        """Write barrier: calls `then` once all earlier writes to the transcript are done."""
        self._worker.after(self._behind(session), lambda: None, lambda _: then())

    def clear(self, info: SessionInfo) -> None:
        """Start the transcript anew."""
        self._write(info.id, lambda: self._files.clear(info))

    def delete(self, session: str) -> None:
        """Move a transcript to the trash."""
        self._write(session, lambda: self._files.delete(session))

    def _behind(self, session: str) -> str:
        """The disk thread's queue key. Ends the batch of entries: later ones are written after this
        work."""
        self._added.pop(session, None)
        return transcript_of(session)

    def _write(self, session: str, work: Callable[[], None]) -> None:
        self._worker.submit_durable(self._behind(session), work)


class ProgramRunner:
    """Runs responder programs in a thread of their own. `cwd` is the editor's folder; `environ`
    returns the environment."""

    def __init__(
        self, notify: Callable[[Answered], None], cwd: str, environ: Callable[[], Mapping[str, str]]
    ) -> None:
        self._notify = notify
        self._cwd = cwd
        self._environ = environ
        self._programs: ResponderPrograms | None = None

    def ask(self, request: str, argv: tuple[str, ...], question: Question, timeout: float) -> None:
        """Run a program in the session's folder. Its environment names the session, instructions,
        model, files."""
        if self._programs is None:
            self._programs = ResponderPrograms(self._notify)
            self._programs.start()
        given = {
            "DINGBRIDGE_SESSION": question.session,
            "DINGBRIDGE_INSTRUCTIONS": question.instructions,
            "DINGBRIDGE_MODEL": question.model,
            "DINGBRIDGE_FILES": "\n".join(question.files),
        }
        environ = tuple((name, value) for name, value in given.items() if value)
        cwd, text = os.path.expanduser(question.cwd) or self._cwd, question.message.text
        self._programs.put(Task(request, argv, text, cwd, timeout, self._environ(), environ))

    def stop_running(self) -> bool:
        """Stop the running program. Returns whether there was one."""
        return self._programs is not None and self._programs.stop_running()

    def stop(self) -> None:
        """Stop the thread and its program."""
        if self._programs is not None:
            self._programs.stop()


class ProjectAccess:
    """Project folders: one thread for files and git, another one for jobs, which take long.
    `environ` returns the environment of jobs."""

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        on_error: Callable[[Exception], None],
        environ: Callable[[], Mapping[str, str]],
    ) -> None:
        self._environ = environ
        self._post = post
        self._on_error = on_error
        self._runner = Runner()
        self._files: Worker | None = None
        self._jobs: Worker | None = None

    def branch(self, cwd: str, then: Callable[[str], None]) -> None:
        """Find the branch that is checked out."""
        self._quick().do(lambda: git.branch(cwd), then)

    def find(
        self,
        cwd: str,
        path: str,
        then: Callable[[str], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Find the absolute path of a file inside the project."""
        self._try(self._quick(), lambda: str(project_files.inside(cwd, path)), then, failed)

    def lines(
        self,
        cwd: str,
        path: str,
        lines: tuple[int, int],
        then: Callable[[Lines], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Read some lines of a file."""
        self._try(self._quick(), lambda: project_files.read_lines(cwd, path, *lines), then, failed)

    def diff(
        self,
        cwd: str,
        path: str,
        then: Callable[[str], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Diff the folder, or one file, with the last commit."""

        def look() -> str:
            return git.diff(cwd, project_files.relative(cwd, path) if path else "")

        self._try(self._quick(), look, then, failed)

    def run(
        self,
        argv: tuple[str, ...],
        cwd: str,
        then: Callable[[int, str], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Run a job: a program from the user's settings."""
        if self._jobs is None:
            self._jobs = self._thread()
        environ = self._environ()
        self._try(
            self._jobs,
            lambda: run_job(argv, cwd, JOB_WITHIN, self._runner, environ),
            lambda ended: then(*ended),
            failed,
        )

    def stop(self) -> None:
        """Stop the running job, and start no more."""
        self._runner.stop()

    def _quick(self) -> Worker:
        if self._files is None:
            self._files = self._thread()
        return self._files

    def _thread(self) -> Worker:
        thread = Worker(self._post, self._on_error)
        thread.start()
        return thread

    def _try(
        self,
        thread: Worker,
        work: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        def step() -> Callable[[], None]:
            try:
                result = work()
            except BridgeError as error:
                refusal = error
                return lambda: failed(refusal)
            return lambda: then(result)

        thread.do(step, lambda call: call())
