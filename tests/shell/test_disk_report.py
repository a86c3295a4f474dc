"""`dingbridge status` and `dingbridge outbox` read Neovim's data folder without an editor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.sessions import state as states
from dingbridge.core.sessions.state import Binding, State
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support import services
from tests.support.editor import Editor
from tests.support.processes import run

COMMAND = [sys.executable, "-m", "dingbridge.cli"]


def told(what: str, home: Path, **more: str) -> subprocess.CompletedProcess[Any]:
    """What the command says to somebody whose home that is."""
    environ = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "PYTHONUTF8": "1",
        **more,
    }
    return run([*COMMAND, what], env=environ, encoding="utf-8")


def files_below(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """What every file holds, and which one it is since when: even the same bytes written once more
    are a change."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".lock":
            status = path.stat()
            name = str(path.relative_to(folder))
            found[name] = (path.read_bytes(), status.st_ino, status.st_mtime_ns)
    return found


def test_what_is_bound_and_what_waits_is_told_after_the_editor_was_left(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.say("hello", user="zhangsan")
    bound.until(bound.transcript)
    bound.chat("new Release 2.4")
    bound.chat("bridge dingtalk")
    bound.until_said("“Release 2.4” is bound")
    sandbox.client.say("are you there?", user="zhangsan")
    bound.until(bound.transcript)
    sandbox.stop()
    bound.chat("send an answer waits")
    bound.until(lambda: bound.status()["queued"] == 1)
    bound.close()
    services.end(bound.data)

    before = files_below(bound.data)
    status = told("status", bound.home)
    assert status.returncode == 0, status.stderr
    assert "bound: Release 2.4 → 张三" in status.stdout
    assert "waiting: 1, failed: 0" in status.stdout
    assert f"data: {bound.data}\n" in status.stdout
    assert f"log: {bound.home / 'state' / 'nvim' / 'dingbridge.log'}\n" in status.stdout

    outbox = told("outbox", bound.home)
    assert "an answer waits" in outbox.stdout
    assert files_below(bound.data) == before


def test_a_failure_is_told_with_its_reason_and_the_id_that_commands_take(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    editor.setup({**webhook_options, "webhook": sandbox.webhook_url + "x"})
    editor.chat("notify nobody takes this")
    editor.until(lambda: editor.status()["failed"] == 1)
    [message] = editor.lua("return require('dingbridge.state').outbox.failed")
    editor.close()
    status = told("status", editor.home)
    assert "no session is bound" in status.stdout
    assert "waiting: 0, failed: 1\n  the latest failure: " in status.stdout
    outbox = told("outbox", editor.home)
    assert f"failed   {message}  nobody takes this" in outbox.stdout
    assert ":DingTalk retry [id] tries again" in outbox.stdout
    assert ":Chat" not in outbox.stdout


def test_where_there_was_never_an_editor_nothing_is_bound_and_nothing_is_made(
    tmp_path: Path,
) -> None:
    status = told("status", tmp_path)
    assert (status.returncode, status.stdout.splitlines()[:2]) == (
        0,
        ["no session is bound", "waiting: 0, failed: 0"],
    )
    assert told("outbox", tmp_path).stdout == "the outbox is empty\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_the_folder_is_the_one_that_neovim_would_use(tmp_path: Path) -> None:
    folder = tmp_path / ".local" / "share" / "mine"
    folder.mkdir(parents=True)
    state = State(bindings={"s": Binding("s", title="Mine", cwd="/here", time=1.0)})
    (folder / "chat-dingtalk-state.json").write_bytes(states.encode(state))
    shown = told("status", tmp_path, XDG_DATA_HOME="", XDG_STATE_HOME="", NVIM_APPNAME="mine")
    assert "bound: Mine (in /here)" in shown.stdout


def test_a_title_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "nvim"
    folder.mkdir(parents=True)
    evil = "\x1b]0;owned\x07\x1b[31mred\nbound: forged"
    state = State(bindings={"s": Binding("s", title=evil, cwd=evil, label=evil, user_id="u")})
    (folder / "chat-dingtalk-state.json").write_bytes(states.encode(state))
    shown = told("status", tmp_path).stdout
    assert "red" in shown
    assert not set(shown) & {"\x1b", "\x07"}
    assert [line for line in shown.splitlines() if line.startswith("bound")] == [
        shown.splitlines()[0]
    ]


@pytest.mark.parametrize("what", ["damage", "a pipe"])
@pytest.mark.skipif(os.name != "posix", reason="makes a named pipe")
def test_a_state_file_that_cannot_be_read_is_told_and_left_as_it_is(
    tmp_path: Path, what: str
) -> None:
    path = tmp_path / "data" / "nvim" / "chat-dingtalk-state.json"
    path.parent.mkdir(parents=True)
    if what == "damage":
        path.write_text("{")
    else:
        os.mkfifo(path)
    shown = told("status", tmp_path)
    assert shown.returncode == 2
    assert f"{path} cannot be read" in shown.stderr
    assert "Traceback" not in shown.stderr
    assert [each.name for each in path.parent.iterdir()] == [path.name]
