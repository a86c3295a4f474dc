"""Files of an editor's outbox and inbox, and editors that return after a kill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.editor import Editor

REFUSED = Fault.errcode("/robot/send", 430104, "improper content")
TAKING_UP = 20.0
"""Seconds in which everything that waited has a fate: a machine may be busy."""


def outbox(editor: Editor) -> Path:
    """The outbox journal."""
    return editor.data / "chat-dingtalk-outbox.jsonl"


def inbox(editor: Editor) -> Path:
    """The inbox journal."""
    return editor.data / "chat-dingtalk-inbox.jsonl"


def session_file(editor: Editor, session: str) -> Path:
    """A session's transcript."""
    return editor.data / "dingbridge" / "sessions" / f"{session}.jsonl"


def on_disk(editor: Editor, session: str) -> list[str]:
    """The texts in a transcript file, in order, with repeats. None before the file is there."""
    path = session_file(editor, session)
    if not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [str(row["message"]["text"]) for row in rows if "message" in row]


def tear(journal: Path, line: str) -> None:
    """Cut off a journal in the middle of its last line, as a crash does."""
    with journal.open("ab") as file:
        file.write(line.encode()[: len(line) // 2])


def lines_of(journal: Path) -> list[dict[str, Any]]:
    """The records in a journal."""
    return [json.loads(line) for line in journal.read_bytes().splitlines()]


def until_handed(editor: Editor) -> None:
    """Wait until no later service would route a message again that has arrived."""

    def are_handed() -> bool:
        types = [line["type"] for line in lines_of(inbox(editor))]
        return 0 < types.count("received") == types.count("handed")

    editor.until(are_handed, "every message is handed")


def bind(editor: Editor, options: dict[str, Any]) -> str:
    """Set up and bind a session. Returns its id."""
    editor.listen()
    editor.setup(options)
    editor.chat("bridge dingtalk")
    return str(editor.until(lambda: editor.status()["session"]))


def connect(editor: Editor, options: dict[str, Any]) -> str:
    """Set up, bind a session and wait for the link. Returns the session's id."""
    session = bind(editor, options)
    editor.until_lua("require('dingbridge').status().connected")
    return session


def send_all(editor: Editor, texts: list[str]) -> None:
    """Send messages and wait until all of them are accepted."""
    before = len(editor.heard("DingbridgeQueued"))
    for text in texts:
        editor.lua("require('dingbridge').send(...)", text)
    editor.until(lambda: len(editor.heard("DingbridgeQueued")) == before + len(texts))


def fates(editor: Editor, session: str) -> list[tuple[str, str]]:
    """Text and delivery of each message that was written in the editor."""
    rows = editor.transcript(session)
    return [(str(row["text"]), str(row["delivery"])) for row in rows if row["role"] == "editor"]


def until_fates(editor: Editor, session: str, wanted: list[tuple[str, str]]) -> None:
    """Wait until the messages have these deliveries."""
    editor.until(lambda: fates(editor, session) == wanted, f"{wanted}", TAKING_UP)


def go_on(editor: Editor, options: dict[str, Any]) -> None:
    """The user's configuration runs again, in this editor or a new one."""
    editor.setup(options)
    editor.chat()


def refused(editor: Editor, sandbox: Sandbox, session: str, text: str) -> str:
    """Send a message that DingTalk refuses. Returns its id."""
    sandbox.client.fault(REFUSED)
    name = str(editor.lua("return require('dingbridge').send(...)", text))

    def failed() -> bool:
        rows = editor.transcript(session)
        return any(row["id"] == name and row["delivery"] == "failed" for row in rows)

    editor.until(failed)
    return name
