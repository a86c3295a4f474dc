"""A session whose agent does what its script says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support import scripted_agent
from tests.support.editor import Editor
from tests.support.scripted_agent import Steps

PEOPLE = ("zhangsan", "lisi")


class Gate:
    """A step of an agent that waits until it is opened."""

    def __init__(self, folder: Path, name: str = "gate") -> None:
        self._path = folder / name
        self.step: list[Any] = ["until", str(self._path)]

    def open(self) -> None:
        """Let the agent go on."""
        self._path.touch()


def agent(*turns: Steps, **script: Any) -> dict[str, Any]:
    """The value of the option `agent` for a scripted agent."""
    return {"name": "scripted", "command": [*scripted_agent.argv(*turns, **script)]}


def tool(call: str, title: str, kind: str = "read", status: str = "pending", **more: Any) -> Any:
    """A step that begins a tool call."""
    update = {"sessionUpdate": "tool_call", "toolCallId": call, "title": title, "kind": kind}
    return ["update", {**update, "status": status, **more}]


def tool_update(call: str, status: str, **more: Any) -> Any:
    """A step that changes one."""
    update = {"sessionUpdate": "tool_call_update", "toolCallId": call, "status": status}
    return ["update", {**update, **more}]


def plan(*entries: tuple[str, str]) -> Any:
    """A step with the whole plan: words and states."""
    rows = [{"content": text, "status": state, "priority": "medium"} for text, state in entries]
    return ["update", {"sessionUpdate": "plan", "entries": rows}]


def start(editor: Editor, options: dict[str, Any], *turns: Steps, **script: Any) -> str:
    """Set up an editor with a scripted agent, bind a session, connect. Returns the session."""
    return set_up(editor, options, agent(*turns, **script))


def set_up(editor: Editor, options: dict[str, Any], chosen: Any, **more: Any) -> str:
    """The same with any agent, and more options."""
    editor.setup({**options, "allow_from": [*PEOPLE], "agent": chosen, **more})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    session = str(editor.status()["session"])
    editor.chat(f"open {session}")
    editor.until(lambda: editor.windows() > 1, "the chat is open")
    return session


def heard(path: Path) -> list[dict[str, Any]]:
    """The requests that an agent got, of the file in its script's `heard`."""
    if not path.exists():
        return []
    return [dict(json.loads(line)) for line in path.read_text("utf-8").splitlines()]
