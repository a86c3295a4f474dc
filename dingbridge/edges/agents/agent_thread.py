"""The thread of all agents: an asyncio loop of their own, so that the service's never waits."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from dingbridge.core.agents.turn_events import (
    AgentEvent,
    AgentProgram,
    AgentSessionsListed,
    Prompt,
    TurnFailed,
)
from dingbridge.core.catalogue import agents as say

if TYPE_CHECKING:
    from dingbridge.edges.agents.chat_sessions import ChatSessions

log = logging.getLogger(__name__)

STOPS_WITHIN = 1.0
"""Seconds that `stop` waits at most."""


class AgentThread:
    """Agents of chat sessions. Any thread may call any method; none waits, but `stop`.

    `notify` gets all events, on the thread of the agents. The thread and the library of the
    protocol start with the first call.
    """

    def __init__(self, notify: Callable[[AgentEvent], None]) -> None:
        self._notify = notify
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._agents: ChatSessions | None = None
        self._is_stopped = False

    def prompt(self, prompt: Prompt) -> None:
        """Run a turn of the session's agent, when the turns before it have ended.

        Starts the agent if it does not run, or with another program. Exactly one `TurnEnded` or
        `TurnFailed` follows.
        """
        missing = TurnFailed(prompt.request, "not started", say.PACKAGE_MISSING())
        self._do(lambda agents: agents.prompt(prompt), missing)

    def cancel(self, session: str) -> None:
        """End the running turn: its permissions are answered as cancelled, and the agent is killed
        if it does not end the turn within 5 seconds."""
        self._do(lambda agents: agents.cancel(session))

    def decide(self, permission: str, option: str | None) -> None:
        """Answer a permission with an option's id; None cancels it. One that nobody waits for any
        more is ignored."""
        self._do(lambda agents: agents.decide(permission, option))

    def set_mode(self, session: str, mode: str) -> None:
        """Choose a mode, by id or name, of an agent that runs; `AgentSettings` follows."""
        self._do(lambda agents: agents.set_mode(session, mode))

    def set_model(self, session: str, model: str) -> None:
        """Choose a model, by id or name, of an agent that runs; `AgentSettings` follows."""
        self._do(lambda agents: agents.set_model(session, model))

    def list_sessions(self, session: str, program: AgentProgram) -> None:
        """List the agent's own sessions in the program's folder; `AgentSessionsListed` follows.
        Starts the agent if it does not run."""
        missing = AgentSessionsListed(session, (), say.PACKAGE_MISSING())
        self._do(lambda agents: agents.list_sessions(session, program), missing)

    def close(self, session: str) -> None:
        """End the session's agent with everything it has started; a running turn ends as
        cancelled."""
        self._do(lambda agents: agents.close(session))

    def stop(self) -> None:
        """End all agents. Returns when they are gone, after a second at the latest: their guards
        kill what is left when this process ends."""
        with self._lock:
            self._is_stopped = True
            loop, thread, self._loop = self._loop, self._thread, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(self._begin_stop, loop)
            thread.join(STOPS_WITHIN)

    def _do(self, call: Callable[[ChatSessions], None], without: AgentEvent | None = None) -> None:
        """Make a call on the thread; without the library, the event is all that happens."""
        with self._lock:
            if self._is_stopped:
                return
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._run, args=(self._loop,), name="dingbridge-agents", daemon=True
                )
                self._thread.start()
            self._loop.call_soon_threadsafe(self._perform, call, without)

    # --- on the thread ----------------------------------------------------------------------------

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        finally:
            loop.close()

    def _perform(self, call: Callable[[ChatSessions], None], without: AgentEvent | None) -> None:
        if self._agents is None:
            try:
                from dingbridge.edges.agents.chat_sessions import ChatSessions
            except ImportError as cause:
                log.error("agents need the package agent-client-protocol: %s", cause)
                if without is not None:
                    self._notify(without)
                return
            self._agents = ChatSessions(self._notify)
        call(self._agents)

    def _begin_stop(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._agents is None:
            loop.stop()
            return
        asyncio.ensure_future(self._agents.close_all()).add_done_callback(lambda _: loop.stop())
