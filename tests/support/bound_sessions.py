"""What an editor shows of its bound session."""

from __future__ import annotations

import json
from typing import Any

from tests.support.editor import Editor


def state(editor: Editor) -> dict[str, Any]:
    """The state file."""
    return dict(json.loads((editor.data / "chat-dingtalk-state.json").read_text("utf-8")))


def current(editor: Editor) -> str:
    """The session the user is in."""
    return str(editor.lua("return require('dingbridge.state').current"))


def connected(editor: Editor) -> None:
    """Wait for the link."""
    editor.until_lua("require('dingbridge').status().connected")
