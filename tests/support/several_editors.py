"""Several Neovims with one service."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from dingbridge.sandbox.server import Sandbox
from tests.support import services
from tests.support.editor import Editor

NAMES = ("alpha", "beta", "gamma")


class Team:
    """Editors with one home, each with a project folder and a session of its own."""

    def __init__(self, start: Callable[..., Editor], options: dict[str, Any], folder: Path) -> None:
        self._start = start
        self.options = options
        self.environ: dict[str, str] = {}
        self._folder = folder
        self.editors: dict[str, Editor] = {}
        self.sessions: dict[str, str] = {}

    def start(self, name: str) -> Editor:
        """Start an editor in its folder. The first time it makes and binds a session."""
        editor = self.enter(name)
        editor.setup(self.options)
        if name in self.sessions:
            editor.chat()
        else:
            editor.chat(f"new Session {name}")
            editor.chat("bridge dingtalk")
            # Until then it may show the session that was bound in its folder before.
            editor.until_said("is bound to DingTalk")
        session = str(editor.until(lambda: editor.status()["session"]))
        assert self.sessions.setdefault(name, session) == session
        return editor

    def enter(self, name: str) -> Editor:
        """Start an editor without using the plugin."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        editor = self.editors[name] = self._start(environ=self.environ)
        editor.execute("cd", folder)
        editor.listen()
        return editor

    @property
    def data(self) -> Path:
        """Their data folder."""
        return next(iter(self.editors.values())).data

    def service(self) -> int:
        """The service's process id; 0 without one."""
        return services.pid(self.data)

    def kill_service(self) -> None:
        """`kill -9` of the service. Returns once all editors are attached to the next one."""
        before = {name: len(one.heard("DingbridgeConnected")) for name, one in self.editors.items()}
        services.kill(self.data)
        self.until_connected_again(before)

    def until_connected_again(self, before: dict[str, int]) -> None:
        """Wait until each editor has connected once more than in `before`."""
        for name, editor in self.editors.items():
            editor.until(
                lambda editor=editor, name=name: (  # type: ignore[misc]  # mypy cannot infer a lambda's default
                    len(editor.heard("DingbridgeConnected")) > before[name]
                )
            )

    def until_connected(self) -> None:
        """Wait until all editors are connected."""
        for editor in self.editors.values():
            editor.until_lua("require('dingbridge').status().connected")

    def written(self) -> Counter[str]:
        """The texts in all transcripts on disk, with their counts."""
        rows = [
            json.loads(line)
            for path in (self.data / "dingbridge" / "sessions").glob("*.jsonl")
            for line in path.read_text("utf-8").splitlines()
        ]
        return Counter(row["message"]["text"] for row in rows if "message" in row)

    def leave(self, name: str, how: str) -> Editor:
        """Quit an editor, or kill its processes."""
        editor = self.editors.pop(name)
        if how == "quit":
            editor.close()
        elif how == "host":
            editor.kill_host()
        elif how == "editor":
            os.kill(editor.pid(), signal.SIGKILL)
            editor.close()
        else:
            editor.kill()
        return editor


def texts(editor: Editor, session: str) -> list[str]:
    """The texts of a session, as the editor shows them."""
    return [str(row["text"]) for row in editor.transcript(session)]


def fate(editor: Editor, name: str, session: str) -> str:
    """The delivery of a message, as the editor shows it."""
    return next((row["delivery"] for row in editor.transcript(session) if row["id"] == name), "")


def send(editor: Editor, text: str) -> str:
    """Send from Lua; the message's id."""
    return str(editor.lua("return require('dingbridge').send(...)", text))


def never_two_links(sandbox: Sandbox) -> bool:
    """Check that each link was closed before the next one was opened."""
    links = sorted(sandbox.client.connections().all, key=lambda link: link.opened)
    return all(before.closed and before.closed <= after.opened for before, after in pairwise(links))


def hears_from_dingtalk(team: Team, sandbox: Sandbox, *names: str) -> None:
    """Check that each of these editors gets what is said to its session."""
    for name in names:
        editor, session = team.editors[name], team.sessions[name]
        before = texts(editor, session)
        answer_to(sandbox, f"/session {session}")
        sandbox.client.say(f"to {name}")
        editor.until(
            lambda editor=editor, session=session, wanted=[*before, f"to {name}"]: (
                texts(editor, session)  # type: ignore[misc]  # mypy cannot infer a lambda's default
                == wanted
            )
        )


def answer_to(sandbox: Sandbox, text: str, user: str = "zhangsan", group: str | None = None) -> str:
    """The bridge's answer to a message from DingTalk."""
    said = sandbox.client.say(text, user=user, group=group)
    [arrived] = sandbox.client.wait_arrived(lambda each: each.reply_to == said.message_id)
    return arrived.text
