"""Live implementations of the ports: clock, responder programs, project folders."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from dingbridge.core.agents.turn_events import AgentEvent
from dingbridge.core.commands.editor_replies import Lines
from dingbridge.core.errors import BridgeError
from dingbridge.core.questions import Question
from dingbridge.core.timeouts import JOB_WITHIN
from dingbridge.edges.programs import git, project_files
from dingbridge.edges.programs.process import Runner
from dingbridge.edges.programs.responder_program import Answered, ResponderPrograms, Task, run_job
from dingbridge.edges.storage.worker import Worker

if TYPE_CHECKING:
    from dingbridge.service.agents.agent_ports import AgentRunner

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


def run_agents(notify: Callable[[AgentEvent], None]) -> AgentRunner:
    """Start the thread of agents. `notify` gets their events on it."""
    # Loaded with the first agent: it takes half a second, on any thread.
    from dingbridge.edges.agents.agent_thread import AgentThread

    return AgentThread(notify)


class ProgramRunner:
    """Runs responder programs in a thread of their own. `cwd` is the editor's folder; `environ`
    returns the environment."""

    def __init__(
        self, notify: Callable[[Answered], None], cwd: str, environ: Callable[[], Mapping[str, str]]
    ) -> None:
        self._notify = notify
        self._cwd = cwd
        self.environ = environ
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
        self._programs.put(Task(request, argv, text, cwd, timeout, self.environ(), environ))

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
