"""The agents of all chat sessions, on the loop of their thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dingbridge.core.agents.turn_events import AgentEvent, AgentProgram, Prompt
from dingbridge.edges.agents.chat_session import ChatSession


class ChatSessions:
    """What `AgentThread` offers, by chat session."""

    def __init__(self, notify: Callable[[AgentEvent], None]) -> None:
        self._notify = notify
        self._sessions: dict[str, ChatSession] = {}
        self._closing: dict[str, asyncio.Task[None]] = {}

    def prompt(self, prompt: Prompt) -> None:
        """Run a turn."""
        self._of(prompt.session).prompt(prompt)

    def cancel(self, session: str) -> None:
        """End the running turn of a chat session."""
        if session in self._sessions:
            self._sessions[session].cancel()

    def decide(self, permission: str, option: str | None) -> None:
        """Answer a permission, if it is still open."""
        any(session.decide(permission, option) for session in self._sessions.values())

    def set_mode(self, session: str, mode: str) -> None:
        """Choose a mode."""
        if session in self._sessions:
            self._sessions[session].set_mode(mode)

    def set_model(self, session: str, model: str) -> None:
        """Choose a model."""
        if session in self._sessions:
            self._sessions[session].set_model(model)

    def list_sessions(self, session: str, program: AgentProgram) -> None:
        """List the agent's own sessions."""
        self._of(session).list_sessions(program)

    def close(self, session: str) -> None:
        """End the agent of a chat session."""
        closed = self._sessions.pop(session, None)
        if closed is not None:
            task = self._closing[session] = asyncio.ensure_future(closed.close())
            task.add_done_callback(lambda _: self._is_closed(session, task))

    def _is_closed(self, session: str, task: asyncio.Task[None]) -> None:
        if self._closing.get(session) is task:
            del self._closing[session]

    async def close_all(self) -> None:
        """End all agents, and wait for their ends."""
        for session in list(self._sessions):
            self.close(session)
        await asyncio.gather(*self._closing.values(), return_exceptions=True)

    def _of(self, session: str) -> ChatSession:
        if session not in self._sessions:
            before = self._closing.get(session)
            self._sessions[session] = ChatSession(session, self._notify, before)
        return self._sessions[session]
