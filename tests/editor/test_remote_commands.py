"""Commands sent from DingTalk, carried out by a real Neovim and answered in the conversation."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM
from tests.conftest import StartEditor
from tests.support.editor import Editor, texts
from tests.support.kills import Kills
from tests.support.processes import run

pytestmark = pytest.mark.shared_editor

DIAGNOSTIC = """
local buffer = vim.fn.bufadd(...)
vim.fn.bufload(buffer)
vim.diagnostic.set(vim.api.nvim_create_namespace('test'), buffer, {
  { lnum = 1, col = 0, message = 'name is not defined', severity = vim.diagnostic.severity.ERROR },
  { lnum = 0, col = 0, message = 'unused import', severity = vim.diagnostic.severity.WARN },
})
vim.fn.setqflist({ { filename = ..., lnum = 2, text = 'a finding' } })
"""
COUNT = """
import os, sys, time
open(sys.argv[1], 'a').write('x')
for _ in range(600):
    if os.path.exists(sys.argv[2]): time.sleep(0.1)
"""
"""A job that a killed service leaves behind: it runs for a minute while a file is there."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with a repository, a secret, and a link that leads outside."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text("import os\n\ndef main():\n    return os\n" + "#\n" * 100)
    (folder / ".env").write_text("TOKEN=do-not-show\n")
    (tmp_path / "outside.txt").write_text("out of bounds\n")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(folder)]
    run([*git, "init", "-q", "-b", "topic"], check=True)
    run([*git, "add", "app.py"], check=True)
    run([*git, "commit", "-q", "-m", "first"], check=True)
    (folder / "app.py").write_text("import sys\n\ndef main():\n    return sys\n" + "#\n" * 100)
    return folder


@pytest.fixture
def desk(editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], project: Path) -> Editor:
    """An editor in the project, in which 张三 may do everything."""
    editor.execute("cd", project)
    editor.setup(
        {
            **api_options,
            "allow_from": ["zhangsan", "lisi"],
            "admins": ["zhangsan"],
            "group_policy": "open",
            "groups": {TEAM: {"tools": ["status", "/where"]}},
            "jobs": {
                "test": [sys.executable, "-c", "print('42 passed')"],
                "fail": [sys.executable, "-c", "import sys; print('boom'); sys.exit(3)"],
            },
        }
    )
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    editor.nvim.command("wincmd o")
    editor.nvim.command("edit app.py")
    return editor


def ask(sandbox: Sandbox, text: str, user: str = "zhangsan", group: str | None = None) -> str:
    """Somebody sends a command; the answer."""
    known = len(sandbox.client.arrived())
    sandbox.client.say(text, user=user, group=group)
    return sandbox.client.wait_arrived(known + 1, timeout=10)[-1].text


def test_the_editor_tells_where_it_is_and_what_it_complains_about(
    desk: Editor, sandbox: Sandbox, project: Path
) -> None:
    desk.nvim.current.window.cursor = (4, 2)
    place = ask(sandbox, "/where")
    assert "app.py:4" in place
    assert "topic" in place
    assert str(project) not in place
    assert ask(sandbox, "／位置") == place
    desk.lua(DIAGNOSTIC, str(project / "app.py"))
    told = ask(sandbox, "/diag")
    assert told.index("name is not defined") < told.index("unused import")
    assert "unused import" not in ask(sandbox, "/diag error")
    assert "a finding" in ask(sandbox, "/qf")


def test_files_diffs_and_jobs_of_the_project_are_answered(desk: Editor, sandbox: Sandbox) -> None:
    assert "def main():" in ask(sandbox, "/file app.py:3-4")
    diff = ask(sandbox, "/diff")
    assert "-import os" in diff
    assert "+import sys" in diff
    assert "do-not-show" not in diff
    assert "+import sys" in ask(sandbox, "/差异 app.py")
    assert "42 passed" in ask(sandbox, "/run test")
    failed = ask(sandbox, "/run fail")
    assert "3" in failed
    assert "boom" in failed
    assert "`/run test`" in ask(sandbox, "/run nothing")


@pytest.mark.usefixtures("start_editor")
def test_a_file_is_opened_without_taking_the_users_place(
    desk: Editor, sandbox: Sandbox, project: Path
) -> None:
    (project / "other.py").write_text("x = 1\n" * 50)
    before = desk.nvim.current.window
    assert "other.py:40" in ask(sandbox, "/open other.py:40")
    assert desk.nvim.current.window == before
    shown = {os.path.basename(each.buffer.name): each.cursor[0] for each in desk.nvim.windows}
    assert shown["other.py"] == 40


OUTSIDE = [
    *("../outside.txt", "link.txt", "{outside}", "file://{outside}", "~root/.bashrc"),
    *("C:\\Windows\\win.ini", "/etc/passwd", "sub/../../outside.txt", ".env", "..／outside.txt"),
    *(".git/config", "/proc/self/environ", "\\\\server\\share\\x"),
]


@pytest.mark.parametrize("command", ["file", "open", "diff"])
def test_no_path_leads_out_of_the_project(
    desk: Editor, sandbox: Sandbox, project: Path, command: str
) -> None:
    for path in OUTSIDE:
        answer = ask(sandbox, f"/{command} {path.format(outside=project.parent / 'outside.txt')}")
        for kept in ("out of bounds", "root:", "do-not-show"):
            assert kept not in answer, path
    buffers = [os.path.basename(buffer.name) for buffer in desk.nvim.buffers]
    assert not {"outside.txt", "passwd", ".env"} & set(buffers)


def test_sessions_are_shown_begun_and_emptied_from_the_phone(
    desk: Editor, sandbox: Sandbox
) -> None:
    first = desk.status()["session"]
    sandbox.client.say("remember this")
    desk.until(lambda: texts(desk) == ["remember this"])
    assert "remember this" in ask(sandbox, "/history 3")
    assert "project" in ask(sandbox, "/list")
    assert "cid1TO1zhangsan==" in ask(sandbox, "/whereami")
    assert "zhangsan" in ask(sandbox, "/whoami")
    assert "connected" in ask(sandbox, "/status")
    ask(sandbox, "/clear")
    desk.until(lambda: texts(desk) == [])
    ask(sandbox, "/new")
    desk.until(lambda: desk.status()["session"] not in ("", first))
    sandbox.client.say("to the new one")
    desk.until(lambda: texts(desk) == ["to the new one"])
    assert "没有可停止" in ask(sandbox, "/stop")


def test_members_may_only_use_what_the_settings_allow(desk: Editor, sandbox: Sandbox) -> None:
    for command in ("/file app.py", "/run test", "/clear", "/session 1", "/diff", "/list"):
        answer = ask(sandbox, command, user="lisi")
        assert "You may not use" in answer
        assert "`lisi`" in answer
        assert "commands" in answer
    assert "/file" not in ask(sandbox, "/help", user="lisi")
    assert "/file" in ask(sandbox, "/help")
    # In the group its own list counts, and what it leaves out is refused.
    assert "app.py" in ask(sandbox, "/where", user="lisi", group=TEAM)
    assert "tools" in ask(sandbox, "/stop", user="lisi", group=TEAM)
    assert texts(desk) == []


def test_a_command_never_reaches_the_responder_and_an_unknown_one_is_answered(
    desk: Editor, sandbox: Sandbox
) -> None:
    desk.listen()
    assert "/history" in ask(sandbox, "/histroy")
    assert "/help" in ask(sandbox, "/帮")
    ask(sandbox, "/file")
    sandbox.client.say("/usr/bin/env is a path")
    desk.until(lambda: texts(desk) == ["/usr/bin/env is a path"])
    assert len(desk.heard("DingbridgeReceived")) == 1


def test_stop_ends_only_the_answer_to_whoever_asks(
    desk: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    desk.setup(
        {
            **api_options,
            "allow_from": ["zhangsan", "lisi"],
            "responder": [sys.executable, "-c", "input(); import time; time.sleep(60)"],
        }
    )
    sandbox.client.say("think about it")
    desk.until(lambda: texts(desk) == ["think about it"])
    assert "没有可停止" in ask(sandbox, "/stop", user="lisi")
    known = len(sandbox.client.arrived())
    sandbox.client.say("/stop")
    sandbox.client.wait_arrived(known + 2)
    answers = [each.text for each in sandbox.client.arrived()[known:]]
    assert any("已停止" in each for each in answers)


@pytest.fixture
def screen(editor: Editor) -> None:
    """The editor has one, so that its service outlives it for a while."""
    editor.nvim.ui_attach(80, 24)


@pytest.mark.usefixtures("screen")
@pytest.mark.parametrize("killed", ["host", "editor", "service", "all"])
def test_a_command_about_to_change_something_is_not_carried_out_twice(
    desk: Editor,
    sandbox: Sandbox,
    start_editor: StartEditor,
    project: Path,
    api_options: dict[str, Any],
    tmp_path: Path,
    killed: str,
) -> None:
    counted, goes_on = tmp_path / "counted", tmp_path / "goes-on"
    goes_on.touch()
    options = {
        **api_options,
        "admins": ["zhangsan"],
        "jobs": {"count": [sys.executable, "-c", COUNT, str(counted), str(goes_on)]},
    }
    desk.setup(options)
    sandbox.client.say("/run count")
    desk.until(counted.exists)
    again = getattr(Kills(start_editor), killed)(desk)
    again.execute("cd", project)
    again.setup(options)
    again.chat("bridge dingtalk")
    if killed in ("service", "all"):
        sandbox.client.wait_arrived(lambda each: "This was interrupted" in each.text, timeout=20)
    else:
        # The service goes on with it.
        goes_on.unlink()
        sandbox.client.wait_arrived(lambda each: "count" in each.text, timeout=20)
    assert counted.read_text() == "x"
    goes_on.unlink(missing_ok=True)
