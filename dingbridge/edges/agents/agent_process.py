"""The process of one agent, behind its guard: how it starts, what it says on standard error, and
how it ends."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from dingbridge.core.agents.agent_environment import for_agent
from dingbridge.core.agents.turn_events import AgentProgram
from dingbridge.core.catalogue import agents as say
from dingbridge.core.text import clean
from dingbridge.edges.agents.agent_failure import AgentFailure
from dingbridge.executables import find_program

GUARD = str(Path(__file__).with_name("guard.py"))

LAST_WORDS = 2000
"""Bytes of standard error that are kept, from its end."""

LEAVES_WITHIN = 0.3
"""Seconds that an agent has to leave by itself when its standard input has ended."""

GONE_WITHIN = 0.6
"""Seconds after which nobody waits any longer for the end of a process that is killed."""


class AgentProcess:
    """An agent that runs. Its guard kills it when `kill` is called, when this process ends, and
    when the agent itself ends before what it has started does."""

    def __init__(self, process: asyncio.subprocess.Process, hold: int) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("an agent is spoken to by pipes")
        self.stdin, self.stdout = process.stdin, process.stdout
        self.pid = process.pid
        self._process = process
        self._hold = hold
        self._said = bytearray()
        self._reads_errors = asyncio.ensure_future(self._read_errors(process.stderr))
        self.ended = asyncio.ensure_future(process.wait())
        """Done when the process and all it had started are gone."""

    async def _read_errors(self, stderr: asyncio.StreamReader | None) -> None:
        while stderr is not None and (read := await stderr.read(65536)):
            self._said += read
            del self._said[:-LAST_WORDS]

    def kill(self) -> None:
        """Have the agent and all it has started killed, at once."""
        if self._hold >= 0:
            os.close(self._hold)
            self._hold = -1
        elif os.name != "posix" and self._process.returncode is None:
            self._process.kill()

    async def end(self) -> None:
        """End the agent: it may leave by itself, is killed a moment later, and is gone then."""
        self.stdin.close()
        try:
            await asyncio.wait([self.ended], timeout=LEAVES_WITHIN)
        finally:
            self.kill()
        await asyncio.wait([self.ended], timeout=GONE_WITHIN)
        self._reads_errors.cancel()

    async def last_words(self) -> str:
        """The end of its standard error and its exit status, after killing it."""
        self.kill()
        await asyncio.wait([self.ended, self._reads_errors], timeout=GONE_WITHIN)
        words = clean(self._said.decode("utf-8", "replace")).strip()
        ended = say.EXIT_STATUS(status=self._process.returncode)
        return f"{words}\n{ended}" if words else ended


async def start(program: AgentProgram) -> AgentProcess:
    """Start an agent. Raises `AgentFailure`: `not found` or `not started`."""
    environ = for_agent(program.environ)
    executable = _executable(program.argv[0], environ)
    if not os.path.isdir(program.cwd):
        raise AgentFailure("not started", say.NO_FOLDER(folder=program.cwd))
    if os.name != "posix":  # untested there: without process groups, the agent alone is killed
        return await _start([executable, *program.argv[1:]], program.cwd, environ, (), -1)
    ours, theirs = os.pipe()
    guard = [sys.executable, "-I", "-S", GUARD, str(ours), executable, *program.argv[1:]]
    try:
        return await _start(guard, program.cwd, environ, (ours,), theirs)
    except BaseException:
        os.close(theirs)
        raise
    finally:
        os.close(ours)


async def _start(
    argv: list[str], cwd: str, environ: dict[str, str], inherited: tuple[int, ...], hold: int
) -> AgentProcess:
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd=cwd,
            env=environ,
            pass_fds=inherited,
            start_new_session=os.name == "posix",
        )
    except (OSError, ValueError) as cause:
        reason = cause.strerror if isinstance(cause, OSError) else ""
        raise AgentFailure("not started", reason or "") from cause
    return AgentProcess(process, hold)


def _executable(name: str, environ: dict[str, str]) -> str:
    """The program's path."""
    if os.path.dirname(name):
        found = name if os.path.isfile(name) and os.access(name, os.X_OK) else None
    else:
        found = find_program(name, os.get_exec_path(environ))
    if found is None:
        raise AgentFailure("not found", name)
    return os.path.abspath(found)
