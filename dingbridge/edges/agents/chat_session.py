"""The agent of one chat session: its process, its own session, and one turn at a time."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from dingbridge.core.agents.turn_events import (
    AgentGone,
    AgentProgram,
    AgentSessionsListed,
    Prompt,
    StopReason,
    TurnEnded,
    TurnFailed,
)
from dingbridge.core.catalogue import agents as say
from dingbridge.edges.agents import prompt_parts
from dingbridge.edges.agents.agent_connection import OPENS_WITHIN, AgentConnection, cancelled
from dingbridge.edges.agents.agent_failure import AgentFailure
from dingbridge.edges.agents.incoming_messages import IncomingMessages
from dingbridge.edges.agents.opened_session import OpenedSession
from dingbridge.edges.agents.prompted_turn import PromptedTurn, TakeEvent

log = logging.getLogger(__name__)

LISTS_WITHIN = 10.0
"""Seconds in which an agent must list its sessions while it works on a turn."""

CANCELS_WITHIN = 5.0
"""Seconds in which a turn must end when it is cancelled; then its agent is killed."""


class ChatSession:
    """Runs the prompts of a chat session one after the other.

    The process starts with the first prompt and stays until `close`, or until a prompt names
    another program. Every prompt ends with exactly one `TurnEnded` or `TurnFailed`.

    `before` is the end of the agent that the chat session had until now: the next one starts after
    it, so that there is one process and the last `AgentGone` is true.
    """

    def __init__(self, session: str, notify: TakeEvent, before: asyncio.Task[None] | None) -> None:
        self._session = session
        self._before = before
        self._notify = notify
        self._busy = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._requests: list[str] = []
        self._stopped: set[str] = set()
        self._program: AgentProgram | None = None
        self._agent: OpenedSession | None = None
        self._turn: PromptedTurn | None = None
        self._incoming = IncomingMessages(session, notify, lambda: self._agent, lambda: self._turn)
        # The end of the process before; the next one starts after it.
        self._leaving: asyncio.Future[None] | None = None
        # Whether an agent has started that the task with `_busy` needs, or that task has ended.
        self._has_started = asyncio.Event()

    def prompt(self, prompt: Prompt) -> None:
        """Run a turn when those before it have ended."""
        self._requests.append(prompt.request)
        self._start(self._run(prompt))

    def cancel(self) -> None:
        """End the running turn, or the one that is about to run."""
        turn = self._turn
        if turn is None:
            self._stopped.update(self._requests[:1])
            return
        if turn.is_cancelled:
            return
        turn.is_cancelled = True
        if self._agent is None or not turn.is_asked:
            turn.ended.set()
            return
        self._agent.connection.notify("session/cancel", {"sessionId": self._agent.id})
        turn.settle()
        asyncio.get_running_loop().call_later(CANCELS_WITHIN, turn.ended.set)

    def decide(self, permission: str, option: str | None) -> bool:
        """Answer a permission. Returns whether it is one of this session."""
        if self._turn is None or not self._turn.decide(permission, option):
            return False
        if self._agent is not None:
            self._agent.connection.is_heard()
        return True

    def set_mode(self, mode: str) -> None:
        """Choose a mode, if the agent runs."""
        self._start(self._choose(mode=mode))

    def set_model(self, model: str) -> None:
        """Choose a model, if the agent runs."""
        self._start(self._choose(model=model))

    def list_sessions(self, program: AgentProgram) -> None:
        """List the agent's sessions in the program's folder."""
        self._start(self._list(program))

    async def close(self) -> None:
        """End the running turn and the process; prompts that wait end as cancelled."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for request in list(self._requests):
            self._end(TurnEnded(request, "cancelled"))
        await self._leave()
        await self._until_free()

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- a turn -----------------------------------------------------------------------------------

    async def _run(self, prompt: Prompt) -> None:
        async with self._busy:
            turn = self._turn = PromptedTurn(prompt.request, self._notify, self._incoming.answer)
            leaves = False
            try:
                end, leaves = await self._until_ended(turn, prompt)
            except Exception as cause:
                # A turn ends in words whatever happens: somebody waits for its answer.
                log.exception("a turn of an agent failed")
                end, leaves = TurnFailed(prompt.request, "refused", str(cause)), True
            finally:
                turn.settle()
                self._turn = None
                self._has_started.set()
            self._incoming.report_unknown()
            self._end(end)
            if leaves or not self._is_running:
                await self._leave()

    def _end(self, end: TurnEnded | TurnFailed) -> None:
        if end.request in self._requests:
            self._requests.remove(end.request)
            self._notify(end)

    async def _until_ended(
        self, turn: PromptedTurn, prompt: Prompt
    ) -> tuple[TurnEnded | TurnFailed, bool]:
        """Run a turn until it has to end at the latest. Returns its end, and whether the agent must
        not go on."""
        if prompt.request in self._stopped:
            self._stopped.discard(prompt.request)
            return TurnEnded(prompt.request, "cancelled"), False
        work = asyncio.ensure_future(self._ask(turn, prompt))
        ended = asyncio.ensure_future(turn.ended.wait())
        stopped = TurnEnded(prompt.request, "cancelled")
        try:
            await asyncio.wait((work, ended), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                return stopped, True
            return TurnEnded(prompt.request, work.result()), False
        except AgentFailure as failure:
            is_usable = failure.kind == "refused" and bool(self._agent and self._agent.id)
            if failure.refused and self._agent is not None:
                words, refused = failure.detail, failure.refused
                self._notify(self._agent.settings(self._session, words, refused=refused))
            if turn.is_cancelled:
                # Some agents answer a cancelled prompt with an error.
                return stopped, not is_usable
            return TurnFailed(prompt.request, failure.kind, failure.detail), not is_usable
        finally:
            ended.cancel()
            await cancelled(work)

    async def _ask(self, turn: PromptedTurn, prompt: Prompt) -> StopReason:
        agent = await self._running(prompt.program, min(OPENS_WITHIN, prompt.silence))
        started = await agent.open(prompt)
        if started is not None:
            self._notify(started)
        if await agent.choose(prompt.mode, prompt.model):
            self._notify(agent.settings(self._session))
        connection = agent.connection
        instructions = prompt.instructions if agent.is_new else ""
        parts = prompt_parts.parts(prompt.text, prompt.files, instructions, connection.prompts)
        agent.is_new = False
        turn.is_asked = True
        asked = connection.library.prompt(agent.id, parts)
        answer = await connection.until_silent(
            "session/prompt", asked, prompt.silence, lambda: turn.waits_for_people
        )
        return answer.stop_reason

    # --- the process and its session --------------------------------------------------------------

    async def _running(self, program: AgentProgram, seconds: float) -> OpenedSession:
        """The running agent; another one if none runs or another program is wanted."""
        if self._program != program or not self._is_running:
            self._has_started.clear()
            await self._leave()
        if self._agent is None:
            await self._until_free()
            connection = await AgentConnection.open(program, self._incoming.take, seconds)
            agent = self._agent = OpenedSession(connection)
            self._program = program
            connection.process.ended.add_done_callback(lambda _: self._has_gone(agent))
        self._has_started.set()
        return self._agent

    async def _until_free(self) -> None:
        if self._before is not None:
            await asyncio.wait([self._before])

    @property
    def _is_running(self) -> bool:
        return self._agent is not None and self._agent.connection.is_open

    def _has_gone(self, agent: OpenedSession) -> None:
        """The process has ended. In a turn, the turn notices it."""
        if self._agent is agent and self._turn is None:
            self._start(self._leave())

    async def _leave(self) -> None:
        """End the process, if there is one. Returns when it is gone."""
        agent, self._agent = self._agent, None
        if agent is not None:
            self._leaving = asyncio.ensure_future(self._end_process(agent))
        if self._leaving is not None and not self._leaving.done():
            # A task that is cancelled meanwhile does not cut it off: `close` waits for it as well.
            await asyncio.shield(self._leaving)

    async def _end_process(self, agent: OpenedSession) -> None:
        await agent.connection.close()
        self._notify(AgentGone(self._session))

    async def _choose(self, mode: str = "", model: str = "") -> None:
        agent = self._agent
        if agent is None or not agent.id:
            return
        failure = ""
        try:
            await agent.choose(mode, model)
        except AgentFailure as refused:
            failure = str(refused)
        self._notify(agent.settings(self._session, failure, "mode" if mode else "model"))

    async def _list(self, program: AgentProgram) -> None:
        found: tuple[tuple[str, str, float], ...] = ()
        failure = ""
        try:
            found = await self._listed(program)
        except Exception as cause:
            # A list that is asked for is answered whatever happens: the next one waits for it.
            log.info("an agent's sessions are not listed", exc_info=cause)
            failure = str(cause) or type(cause).__name__
            if isinstance(cause, asyncio.TimeoutError):
                failure = say.BUSY()
        self._notify(AgentSessionsListed(self._session, found, failure))

    async def _listed(self, program: AgentProgram) -> tuple[tuple[str, str, float], ...]:
        if self._busy.locked():
            # The agent of a turn that runs is asked beside it.
            await self._has_started.wait()
            agent = self._agent
            if agent is not None and self._is_running and self._program == program:
                return await asyncio.wait_for(agent.listed(program.cwd), LISTS_WITHIN)
        async with self._busy:
            try:
                agent = await self._running(program, OPENS_WITHIN)
                return await agent.listed(program.cwd)
            finally:
                self._has_started.set()
