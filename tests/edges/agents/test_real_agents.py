"""Real agents with a model on loopback: what they say streams in, and what they may do they do.

`tests/node_agents.py` says how they get here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
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
from tests import node_agents
from tests.support.agents import Agents
from tests.support.processes import descendants, is_alive, until
from tests.support.scripted_model import Said, ScriptedModel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

PATIENCE = 120.0
"""Seconds for one event. Node needs twenty to start on two processors with many others."""


class RealAgent:
    """A real agent in a folder of its own, with a model that wants to edit `notes.txt` when it is
    asked to."""

    def __init__(self, agents: Agents, folder: Path) -> None:
        self.agents = agents
        self.home = folder / "home"
        self.work = folder / "work"
        self.home.mkdir()
        self.work.mkdir()
        self.notes = self.work / "notes.txt"
        self.notes.write_text("a\n", "utf-8")
        self.mode = ""
        self.tools: dict[str, Said] = {}

    def answer(self, messages: list[dict[str, Any]]) -> Said:
        """What the model says."""
        last = messages[-1]
        if last["role"] == "tool":
            return "It is done."
        asked = json.dumps(last["content"])
        wanted = [word for word in ("read", "edit") if f"please {word} it" in asked]
        return self.tools.get("".join(wanted), "Hello there, 世界 !")

    def program(self, argv: list[str], model: ScriptedModel, **more: str) -> AgentProgram:
        environ = {
            **{"HOME": str(self.home), "PATH": os.environ["PATH"]},
            **{"OPENAI_API_KEY": "not-real", "OPENAI_BASE_URL": model.url},
            **{"OPENAI_MODEL": "scripted", "DINGTALK_CLIENT_SECRET": "not-real", **more},
        }
        return AgentProgram("real", tuple(argv), str(self.work), environ)


def qwen(real: RealAgent, model: ScriptedModel) -> AgentProgram:
    """Qwen Code, without what it does beside the turn."""
    path = {"file_path": str(real.notes)}
    edit = {**path, "old_string": "a", "new_string": "b"}
    real.tools = {"read": ("read_file", path), "edit": ("edit", edit)}
    # Its usual mode lets a model decide what is safe.
    real.mode = "default"
    found = node_agents.program("qwen")
    assert found
    return real.program([found, "--acp", "--bare", "--auth-type", "openai"], model)


def opencode(real: RealAgent, model: ScriptedModel) -> AgentProgram:
    """opencode, with a provider that is our model."""
    path = {"filePath": str(real.notes)}
    edit = {**path, "oldString": "a", "newString": "b"}
    real.tools = {"read": ("read", path), "edit": ("edit", edit)}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Scripted",
        "options": {"baseURL": model.url, "apiKey": "not-real"},
        "models": {"scripted": {"name": "Scripted"}},
    }
    settings = {
        **{"autoupdate": False, "share": "disabled", "permission": {"edit": "ask"}},
        **{"model": "scripted/scripted", "small_model": "scripted/scripted"},
        "provider": {"scripted": provider},
    }
    folder = real.home / ".config" / "opencode"
    folder.mkdir(parents=True)
    (folder / "opencode.json").write_text(json.dumps(settings), "utf-8")
    found = node_agents.program("opencode")
    assert found
    return real.program([found, "acp"], model, OPENCODE_DISABLE_MODELS_FETCH="1")


def here(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        sys.platform == "win32" or not node_agents.program(name),
        reason=f"{name} is not here: {node_agents.VARIABLE} names no folder that has it",
    )


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
    agents = Agents(str(tmp_path))
    real = RealAgent(agents, tmp_path)
    with ScriptedModel(real.answer) as model:
        try:
            yield real, request.param(real, model)
        finally:
            agents.thread.stop()


def turn(
    real: RealAgent, program: AgentProgram, text: str, decision: str = "", resume: str = ""
) -> list[AgentEvent]:
    """All events of a turn. Permissions are answered with the option of this kind."""
    agents = real.agents
    request = agents.ask(program, text, mode=real.mode, resume=resume)
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
    ready: tuple[RealAgent, AgentProgram],
) -> None:
    real, program = ready
    first = turn(real, program, "hi")
    pieces = [each.text for each in of(TextAdded, first)]
    assert "".join(pieces) == "Hello there, 世界 !"
    assert len(pieces) > 1
    [began] = of(AgentStarted, first)
    assert not began.is_resumed

    looked = turn(real, program, "please read it")
    assert of(ToolChanged, looked)[-1].call.state == "done"
    assert of(PermissionAsked, looked) == []

    refused = turn(real, program, "please edit it", "reject_once")
    [question] = of(PermissionAsked, refused)
    assert question.call.diffs == (described(FileDiff(str(real.notes), "a\n", "b\n")),)
    assert real.notes.read_text("utf-8") == "a\n"
    assert of(ToolChanged, refused)[-1].call.state == "failed"

    allowed = turn(real, program, "please edit it", "allow_once")
    assert len(of(PermissionAsked, allowed)) == 1
    assert real.notes.read_text("utf-8") == "b\n"
    assert of(ToolChanged, allowed)[-1].call.state == "done"

    processes = descendants(os.getpid())
    real.agents.thread.close("chat")
    real.agents.next(AgentGone, PATIENCE)
    until(lambda: not [pid for pid in processes if is_alive(pid)], "all its processes are gone")
    again = turn(real, program, "hi again", resume=began.agent_session)
    assert of(AgentStarted, again)[0].is_resumed
