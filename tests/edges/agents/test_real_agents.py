"""Real agents with a model on loopback: what they say streams in, and what they may do they do.

`tests/node_agents.py` says how they get here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.agents.file_diffs import described
from dingbridge.core.agents.turn_events import (
    AgentEvent,
    AgentGone,
    AgentProgram,
    AgentStarted,
    FileDiff,
    PermissionAsked,
    TextAdded,
    ToolChanged,
    TurnEnded,
)
from tests.support.agents import Agents
from tests.support.processes import descendants, is_alive, until
from tests.support.real_agents import PATIENCE, RealAgent, here, opencode, qwen
from tests.support.scripted_model import ScriptedModel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(
    params=[
        pytest.param(qwen, id="qwen", marks=here("qwen")),
        pytest.param(opencode, id="opencode", marks=here("opencode")),
    ]
)
def ready(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[RealAgent, AgentProgram]]:
    """An agent that can be asked."""
    real = RealAgent(tmp_path)
    with ScriptedModel(real.answer) as model:
        yield real, request.param(real, model)


def run(
    agents: Agents, program: AgentProgram, text: str, decision: str = "", **more: str
) -> list[AgentEvent]:
    """All events of a turn. Permissions are answered with the option of this kind."""
    request = agents.ask(program, text, **more)
    seen: list[AgentEvent] = []
    while not seen or not isinstance(seen[-1], TurnEnded):
        seen.append(agents.next(object, PATIENCE))  # type: ignore[arg-type]  # whatever it is
        if isinstance(seen[-1], PermissionAsked):
            [option] = [each.id for each in seen[-1].options if each.kind == decision]
            agents.thread.decide(seen[-1].permission, option)
    assert seen[-1] == TurnEnded(request, "end_turn")
    return seen


def of(kind: Any, events: list[AgentEvent]) -> list[Any]:
    return [each for each in events if isinstance(each, kind)]


def test_a_real_agent_answers_edits_when_it_may_and_remembers(
    agents: Agents, ready: tuple[RealAgent, AgentProgram]
) -> None:
    real, program = ready
    turn = partial(run, agents, mode=real.mode)
    first = turn(program, "hi")
    pieces = [each.text for each in of(TextAdded, first)]
    assert "".join(pieces) == "Hello there, 世界 !"
    assert len(pieces) > 1
    [began] = of(AgentStarted, first)
    assert not began.is_resumed

    looked = turn(program, "please read it")
    assert of(ToolChanged, looked)[-1].call.state == "done"
    assert of(PermissionAsked, looked) == []

    refused = turn(program, "please edit it", "reject_once")
    [question] = of(PermissionAsked, refused)
    assert question.call.diffs == (described(FileDiff(str(real.notes), "a\n", "b\n")),)
    assert real.notes.read_text("utf-8") == "a\n"
    assert of(ToolChanged, refused)[-1].call.state == "failed"

    allowed = turn(program, "please edit it", "allow_once")
    assert len(of(PermissionAsked, allowed)) == 1
    assert real.notes.read_text("utf-8") == "b\n"
    assert of(ToolChanged, allowed)[-1].call.state == "done"

    processes = descendants(os.getpid())
    agents.thread.close("chat")
    agents.next(AgentGone, PATIENCE)
    until(lambda: not [pid for pid in processes if is_alive(pid)], "all its processes are gone")
    again = turn(program, "hi again", resume=began.agent_session)
    assert of(AgentStarted, again)[0].is_resumed
