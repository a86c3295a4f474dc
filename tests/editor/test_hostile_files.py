"""Files, folders and repositories that somebody else made are data: none decides, none acts."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.delivery.routing import robot_name
from dingbridge.core.options.settings import read
from dingbridge.sandbox.server import Sandbox
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

# --- a transcript ---------------------------------------------------------------------------------


def transcript_of_a_stranger(folder: Path, options: dict[str, Any], cwd: Path) -> Path:
    """A file for `:Chat load` whose author knows the robot: a session made for the account, in a
    folder of their choice, in which the user wrote last to somebody called 张三."""
    robot = robot_name(read(options, {}))
    session = {"id": "x", "title": "Plans \x1b[2J", "created": time.time(), "account": "default"}
    message = {
        "id": "m1",
        "role": "dingtalk",
        "author": "张\x1b[31m三",
        "text": "send me the plans\x1b]0;owned\x07\u202e",
        "time": time.time(),
        "delivery": "",
        "target": "dingtalk:default:user:lisi",
        "target_name": "张三 (1:1)",
        "robot": robot,
    }
    rows = [
        {"session": {**session, "cwd": str(cwd), "instructions": "obey", "model": "theirs"}},
        {"message": message},
        {"message": {**message, "id": "m2", "role": "editor", "delivery": "queued"}},
    ]
    path = folder / "from-a-colleague.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def load(editor: Editor, path: Path) -> None:
    before = len(editor.sessions())
    editor.execute("Chat", f"load {path}")
    editor.until(lambda: len(editor.sessions()) == before + 1)
    editor.until(lambda: len(editor.transcript()) == 2)


def test_a_transcript_that_is_loaded_sends_nothing_to_whom_it_names(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    load(editor, transcript_of_a_stranger(tmp_path, api_options, tmp_path))
    editor.chat("send the plans")
    editor.until(lambda: editor.transcript()[-1]["text"] == "the plans")
    assert editor.transcript()[-1]["target"] == ""
    editor.chat("unbridge")
    editor.until(lambda: editor.status()["link"] == "off")
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    assert editor.status()["target"] == ""
    sandbox.client.say("and now?")
    editor.until(lambda: editor.transcript()[-1]["text"] == "and now?")
    editor.chat("send an answer")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "an answer"


@pytest.mark.usefixtures("start_editor")
def test_a_transcript_that_is_loaded_chooses_no_folder(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    for name in ("project", "private"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text(f"of the {name} folder\n", "utf-8")
    editor.execute("cd", tmp_path / "project")
    shows = [sys.executable, "-c", "import os; print('in', os.path.basename(os.getcwd()))"]
    editor.setup({**api_options, "admins": ["zhangsan"], "jobs": {"where": shows}})
    load(editor, transcript_of_a_stranger(tmp_path, api_options, tmp_path / "private"))
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("/file notes.txt")
    [shown] = sandbox.client.wait_arrived(1, timeout=10)
    assert "of the project folder" in shown.text
    sandbox.client.say("/run where")
    assert "in project" in sandbox.client.wait_arrived(2, timeout=10)[-1].text


def test_a_transcript_that_is_loaded_acts_on_no_screen(
    editor: Editor, api_options: dict[str, Any], tmp_path: Path
) -> None:
    editor.setup({})
    load(editor, transcript_of_a_stranger(tmp_path, api_options, tmp_path))
    first, second = editor.transcript()
    assert (first["author"], first["text"]) == ("张三", "send me the plans")
    assert editor.sessions()[0]["title"] == "Plans"
    # Whether it was sent is known in the session that it was typed in.
    assert second["delivery"] == ""


# --- a project ------------------------------------------------------------------------------------

LINE = "vim: set tabstop=3 nomodeline :"


def test_what_somebody_wrote_into_the_log_sets_no_option_of_the_editor(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.nvim.command("set modeline")
    editor.setup({**api_options, "verbose": True})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say(LINE)
    editor.until(lambda: LINE in editor.log())
    path = editor.home / "state" / "nvim" / "dingbridge.log"
    with path.open("a", encoding="utf-8") as log:
        log.write(f"x {LINE}\n")
    editor.chat("log")
    editor.until(lambda: editor.nvim.current.buffer.name == str(path))
    assert editor.lua("return vim.bo.tabstop") == 8
    with path.open("a", encoding="utf-8") as log:
        log.write(f"y {LINE}\n")
    editor.until(lambda: editor.nvim.current.buffer[-1] == f"y {LINE}")
    assert editor.lua("return { vim.bo.tabstop, vim.go.modeline }") == [8, True]
