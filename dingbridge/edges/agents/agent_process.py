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

    def __init__(self, process: asyncio.subprocess.Process, hold: int, life: int) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("an agent is spoken to by pipes")
        self.stdin, self.stdout = process.stdin, process.stdout
        self.pid = process.pid
        self._process = process
        self._hold = hold
        self._said = bytearray()
        self._reads_errors = asyncio.ensure_future(self._read_errors(process.stderr))
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the guard has ended, and with it all that the agent had started."""
        # It also waits for all who have the agent's output open, so it may be late.
        self._exited = asyncio.ensure_future(process.wait())
        self._exited.add_done_callback(lambda _: self._has_ended())
        self._life = life
        if life >= 0:
            asyncio.get_running_loop().add_reader(life, self._has_ended)

    async def _read_errors(self, stderr: asyncio.StreamReader | None) -> None:
        while stderr is not None and (read := await stderr.read(65536)):
            self._said += read
            del self._said[:-LAST_WORDS]

    def _has_ended(self) -> None:
        if self._life >= 0:
            asyncio.get_running_loop().remove_reader(self._life)
            os.close(self._life)
            self._life = -1
        if not self.ended.done():
            self.ended.set_result(None)

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
        await asyncio.wait([self._exited], timeout=GONE_WITHIN)
        self._exited.cancel()
        self._reads_errors.cancel()
        if self._process.returncode is not None:
            # Else its pipes are closed when they are collected, perhaps after their loop.
            self._process._transport.close()  # type: ignore[attr-defined]  # no public way
            await asyncio.sleep(0)

    async def last_words(self) -> str:
        """The end of its standard error and its exit status, after killing it."""
        self.kill()
        await asyncio.wait([self._exited, self._reads_errors], timeout=GONE_WITHIN)
        words = clean(self._said.decode("utf-8", "replace")).strip()
        ended = say.EXIT_STATUS(status=self._process.returncode)
        return f"{words}\n{ended}" if words else ended


async def start(program: AgentProgram) -> AgentProcess:
    """Start an agent. Raises `AgentFailure`: `not found` or `not started`."""
    environ = for_agent(program.environ)
    executable = _executable(program, environ)
    if not os.path.isdir(program.cwd):
        raise AgentFailure("not started", say.NO_FOLDER(folder=program.cwd))
    argv = [executable, *program.argv[1:]]
    if os.name != "posix":  # untested there: without process groups, the agent alone is killed
        return AgentProcess(await _start(argv, program.cwd, environ, ()), -1, -1)
    held, hold = os.pipe()
    life, lives = os.pipe()
    guard = [sys.executable, "-I", "-S", GUARD, str(held), str(lives), *argv]
    try:
        process = await _start(guard, program.cwd, environ, (held, lives))
    except BaseException:
        os.close(hold)
        os.close(life)
        raise
    finally:
        os.close(held)
        os.close(lives)
    return AgentProcess(process, hold, life)


async def _start(
    argv: list[str], cwd: str, environ: dict[str, str], inherited: tuple[int, ...]
) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
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


def _executable(program: AgentProgram, environ: dict[str, str]) -> str:
    """The program's path; one with a slash is meant from the agent's folder on, and one that begins
    with `~/` from the home folder. Raises `AgentFailure`."""
    name = program.argv[0]
    if os.path.dirname(name):
        path = os.path.join(program.cwd, _at_home(name, environ))
        if os.path.isdir(path):
            raise AgentFailure("not started", say.IS_A_FOLDER(path=path))
        if os.path.isfile(path) and not os.access(path, os.X_OK):
            raise AgentFailure("not started", say.NOT_EXECUTABLE(path=path))
        found = path if os.path.isfile(path) else None
    else:
        found = find_program(name, os.get_exec_path(environ))
    if found is None:
        raise AgentFailure("not found", name)
    return os.path.abspath(found)


def _at_home(name: str, environ: dict[str, str]) -> str:
    home = environ.get("HOME", "")
    return home + name[1:] if home and name.startswith("~/") else os.path.expanduser(name)
