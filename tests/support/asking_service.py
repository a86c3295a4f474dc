"""A service with one more source of approvals: requests that a test writes into a file.

Run as a program, with the words of `dingbridge.service.main`. Each line of `asks.jsonl` in the data
folder is an `ApprovalRequest`, or `{"withdraw": code}`; `decided.jsonl` gets a line for each code
that is given and each decision.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from dingbridge.core.approvals.approval import ApprovalRequest, Decision
from dingbridge.core.delivery.routing import robot_name
from dingbridge.core.options.settings import read
from dingbridge.edges.storage.card import read_card
from dingbridge.service import main
from dingbridge.service.editors import editors
from tests.support.editor import ROOT, Editor
from tests.support.processes import Child

ASKS, DECIDED = "asks.jsonl", "decided.jsonl"
LOOKS_EVERY = 0.02


class _AskingEditors(editors.Editors):
    """Asks for what the test writes."""

    def __init__(self, data: Path, *rest: Any) -> None:
        super().__init__(data, *rest)
        self._asks, self._decided = data / ASKS, data / DECIDED
        self._read = 0
        self._look()

    def _look(self) -> None:
        lines = self._asks.read_text("utf-8").splitlines() if self._asks.exists() else []
        for line in lines[self._read :]:
            self._take(json.loads(line))
        self._read = len(lines)
        asyncio.get_running_loop().call_later(LOOKS_EVERY, self._look)

    def _take(self, line: dict[str, Any]) -> None:
        approvals = self._shared.approvals
        if "withdraw" in line:
            approvals.withdraw(line["withdraw"])
            return
        request = msgspec.convert(line, ApprovalRequest)
        code = approvals.ask(request, partial(self._write, request.title))
        if code:
            self._append({"title": request.title, "code": code})

    def _write(self, title: str, decision: Decision | None) -> None:
        self._append({"title": title, "decision": decision})

    def _append(self, line: dict[str, Any]) -> None:
        with self._decided.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class Asking:
    """The asking service of an editor that has none yet. Ends with its editors."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self.process = start_service(editor, "tests.support.asking_service")

    def ask(self, title: str = "Edit a.py", **fields: Any) -> str:
        """Ask for an approval of the current session. Returns the code; empty without one."""
        session = self._editor.lua("return require('dingbridge.state').current")
        given = {"session": session, "source": "qwen", "title": title, "kind": "edit", **fields}
        known = len(self.lines())
        self._add(given)
        self._editor.until(lambda: len(self.lines()) > known)
        return str(self.lines()[known].get("code", ""))

    def withdraw(self, code: str) -> None:
        """Nobody waits for this request any more."""
        self._add({"withdraw": code})

    def decisions(self, title: str = "Edit a.py") -> list[str | None]:
        """The decisions about the requests with this title, in order."""
        return [
            line["decision"]
            for line in self.lines()
            if line["title"] == title and "decision" in line
        ]

    def lines(self) -> list[dict[str, Any]]:
        """All that the service wrote down."""
        path = self._editor.data / DECIDED
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def _add(self, line: dict[str, Any]) -> None:
        with (self._editor.data / ASKS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def start_service(editor: Editor, module: str) -> Child:
    """Start a service of our own for an editor that has none yet: a module that calls `main`."""
    log = editor.home / "state" / "nvim"
    for folder in (editor.data, log):
        folder.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-m", module, str(editor.data), str(log)]
    process = Child(words, seconds=300, cwd=ROOT, stdout=subprocess.DEVNULL)
    editor.until(lambda: read_card(editor.data / "dingbridge", "service").address)
    return process


def robot_of(options: dict[str, Any]) -> str:
    """The name of the robot that these options configure."""
    return robot_name(read(options, {}))


if __name__ == "__main__":
    vars(editors)["Editors"] = _AskingEditors
    main.main(tuple(sys.argv[1:]))
