"""Checks agents: starts each, has it answer `initialize`, and ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dingbridge.core.agents.turn_events import AgentProgram, FailureKind
from dingbridge.edges.agents.agent_connection import AgentConnection
from dingbridge.edges.agents.agent_failure import AgentFailure


def check(programs: Sequence[AgentProgram], seconds: float) -> list[tuple[str, FailureKind | None]]:
    """What each program calls itself, with its version, and None; or why it does not answer within
    `seconds`. All are checked at the same time. Blocks, so never call it on a loop."""
    return asyncio.run(_check_all(programs, seconds))


async def _check_all(
    programs: Sequence[AgentProgram], seconds: float
) -> list[tuple[str, FailureKind | None]]:
    return await asyncio.gather(*(_check(program, seconds) for program in programs))


async def _check(program: AgentProgram, seconds: float) -> tuple[str, FailureKind | None]:
    try:
        connection = await AgentConnection.open(program, lambda _: None, seconds)
    except AgentFailure as failure:
        return "", failure.kind
    try:
        return f"{connection.name} {connection.version}".strip(), None
    finally:
        await connection.close()
