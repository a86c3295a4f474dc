"""Real agents, which `tests/node_agents.py` fetches, with a model on loopback."""

from __future__ import annotations

import json
import os
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.agents.turn_events import AgentProgram
from tests import node_agents
from tests.support.scripted_model import Said, ScriptedModel

PATIENCE = 120.0
"""Seconds for one event. Node needs twenty to start on two processors with many others."""

ENDS = "Hello there, 世界 !", "It is done."
"""What the model says after no tool, and after those that it was asked for."""


class RealAgent:
    """A real agent in a folder of its own, with a model that wants to read and to edit `notes.txt`
    when it is asked to: "please read it", "please edit it"."""

    def __init__(self, folder: Path) -> None:
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
        after = [each["role"] for each in messages]
        done = list(takewhile(lambda role: role != "user", reversed(after))).count("tool")
        [asked] = [json.dumps(each["content"]) for each in messages if each["role"] == "user"][-1:]
        wanted = [self.tools[word] for word in ("read", "edit") if f"please {word} it" in asked]
        return wanted[done] if done < len(wanted) else ENDS[bool(wanted)]

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
    # Named by a variable: its usual folder is that of an editor whose folders are elsewhere.
    file = real.home / "opencode.json"
    file.write_text(json.dumps(settings), "utf-8")
    found = node_agents.program("opencode")
    assert found
    more = {"OPENCODE_CONFIG": str(file), "OPENCODE_DISABLE_MODELS_FETCH": "1"}
    return real.program([found, "acp"], model, **more)


def here(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        sys.platform == "win32" or not node_agents.program(name),
        reason=f"{name} is not here: {node_agents.VARIABLE} names no folder that has it",
    )
