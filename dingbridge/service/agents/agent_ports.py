"""What the agents of a service need of the outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from dingbridge.core.agents.turn_events import AgentEvent, AgentProgram, Prompt
from dingbridge.core.approvals.approval import ApprovalRequest, Decision
from dingbridge.protocol.command_queue import Post
from dingbridge.service.runtime import Later, Runtime


class AgentRunner(Protocol):
    """Runs agents in another thread; `edges/agents/agent_thread.py` describes the methods."""

    def prompt(self, prompt: Prompt) -> None:
        """Start a turn."""
        ...

    def cancel(self, session: str) -> None:
        """End the turn of a session."""
        ...

    def decide(self, permission: str, option: str | None) -> None:
        """Answer a permission; None cancels it."""
        ...

    def set_mode(self, session: str, mode: str) -> None:
        """Switch the agent to another mode."""
        ...

    def set_model(self, session: str, model: str) -> None:
        """Switch the agent to another model."""
        ...

    def list_sessions(self, session: str, program: AgentProgram) -> None:
        """Ask for the agent's own sessions."""
        ...

    def close(self, session: str) -> None:
        """End the agent of a session."""
        ...

    def stop(self) -> None:
        """End all; returns when they are gone, at most 1 s later."""
        ...


MakeRunner = Callable[[Callable[[AgentEvent], None]], AgentRunner]
"""Starts the agents' thread. Its argument gets the events on that thread."""


class ApprovalDesk(Protocol):
    """Where approvals are asked for; see `service/approvals/approvals.py`."""

    def ask(self, request: ApprovalRequest, decided: Callable[[Decision | None], None]) -> str:
        """Ask; returns the code, or an empty one if it is decided already."""
        ...

    def withdraw(self, code: str) -> None:
        """Nobody waits any more."""
        ...

    def forget_always(self, session: str) -> tuple[str, ...]:
        """Ask about everything in a session again; returns what was always allowed."""
        ...


class AgentPorts(Struct, frozen=True):
    """The outside. `make_runner` is called when the first agent is asked; `post` runs a call on the
    loop, for any thread."""

    make_runner: MakeRunner
    approvals: ApprovalDesk
    runtime: Runtime
    later: Later
    post: Post
