"""The channel starts with Neovim where it has somebody to serve, and nothing starts elsewhere."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pynvim
import pytest

from dingbridge.edges.storage.robot_files import STATE_FILE
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.editor.test_leaving import WAITING
from tests.support import processes, services
from tests.support.editor import ROOT, Editor
from tests.support.neovim import find_neovim
from tests.support.several_editors import never_two_links, texts

NEVER = "vim.wait(400, require('dingbridge.host').is_running, 5)"
"""Long enough for a start that is wrong: a right one takes a few milliseconds."""

MANY_READERS = 5
"""More than Neovim has threads for files."""
ANSWERS = """
local answered = false
vim.uv.fs_stat('/', function() answered = true end)
return vim.wait(15000, function() return answered end, 5)
"""
"""Whether Neovim can still look at a file in the background."""


@pytest.fixture
def left(start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]) -> str:
    """A Neovim has bound a session in this folder and was left, and its service has ended. Returns
    the session."""
    editor = start_editor()
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    session = str(editor.status()["session"])
    editor.until(lambda: session in (editor.data / STATE_FILE).read_text())
    editor.close()
    services.end(editor.data)
    return session


def connected(editor: Editor) -> None:
    editor.until_lua("require('dingbridge').status().connected")


def in_lua(options: dict[str, Any]) -> str:
    """The line of an init.lua that sets these options."""
    return f"lua require('dingbridge').setup(vim.json.decode([==[{json.dumps(options)}]==]))"


# --- it starts ----------------------------------------------------------------------------------


def test_a_message_reaches_the_bound_session_though_no_command_was_typed(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], left: str
) -> None:
    editor = start_editor()
    editor.setup(api_options)
    sandbox.client.wait_connections(1, total=2, timeout=10.0)
    assert never_two_links(sandbox)
    sandbox.client.say("right after the start")
    [row] = editor.until(lambda: editor.transcript(left))
    assert row["text"] == "right after the start"
    assert editor.status()["session"] == left


def test_it_starts_after_neovim_has_started(
    start_editor: StartEditor, api_options: dict[str, Any], left: str
) -> None:
    editor = start_editor(
        commands=(
            in_lua(api_options),
            "lua At_setup = require('dingbridge.host').is_running()",
            "lua vim.api.nvim_create_autocmd('VimEnter', { callback = function()"
            " At_enter = require('dingbridge.host').is_running() end })",
        )
    )
    connected(editor)
    assert editor.lua("return { At_setup, At_enter }") == [False, False]


def test_with_a_screen_it_starts_once_that_is_there(
    tmp_path: Path, api_options: dict[str, Any], left: str
) -> None:
    environ = {f"XDG_{name}_HOME": str(tmp_path / "home" / name.lower()) for name in
               ("DATA", "STATE", "CONFIG", "CACHE")}  # fmt: skip
    before = dict(os.environ)
    os.environ.update(environ, NVIM_APPNAME="nvim")
    try:
        nvim = pynvim.attach(
            "child",
            argv=[find_neovim(), "--clean", "-n", "--embed",
                  "--cmd", f"lua vim.opt.rtp:append([==[{ROOT}]==])",
                  "-c", in_lua(api_options),
                  "-c", "lua vim.api.nvim_create_autocmd('UIEnter', { callback = function()"
                  " At_screen = require('dingbridge.host').is_running() end })"],
        )  # fmt: skip
    finally:
        os.environ.clear()
        os.environ.update(before)
    deadline = threading.Timer(60, os.kill, [nvim.eval("getpid()"), signal.SIGKILL])
    deadline.daemon = True
    deadline.start()
    try:
        nvim.ui_attach(80, 24)
        within = "return vim.wait(10000, function() return %s end, 20)"
        assert nvim.exec_lua(within % "require('dingbridge').status().connected")
        assert nvim.exec_lua("return At_screen") is False
    finally:
        nvim.command("qa!", async_=True)
        nvim.close()
        deadline.cancel()


@pytest.mark.parametrize("scope", ["user", "conversation", "single"])
def test_sessions_made_on_demand_need_no_binding(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], scope: str
) -> None:
    editor.setup({**api_options, "session_scope": scope})
    sandbox.client.wait_connections(1, timeout=10.0)
    sandbox.client.say("anybody there?")
    [session] = editor.until(editor.sessions)
    editor.until(lambda: [row["text"] for row in editor.transcript(session["id"])])


def test_an_account_whose_app_only_a_program_knows_starts_as_well(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], left: str
) -> None:
    editor = start_editor()
    says = [sys.executable, "-c", f"print({api_options['app_key']!r})"]
    editor.setup({**api_options, "app_key": {"cmd": says}})
    connected(editor)
    assert editor.status()["session"] == left


def test_an_account_that_only_a_file_tells_of_starts_as_well(
    start_editor: StartEditor, tmp_path: Path, api_options: dict[str, Any], left: str
) -> None:
    file = tmp_path / "robot.env"
    key, secret = api_options.pop("app_key"), api_options.pop("app_secret")
    file.write_text(f"DINGTALK_CLIENT_ID={key}\nDINGTALK_CLIENT_SECRET={secret}\n")
    file.chmod(0o600)
    editor = start_editor()
    editor.setup({**api_options, "env_file": str(file)})
    connected(editor)
    assert editor.status()["session"] == left


def test_settings_that_are_corrected_later_start_it(
    start_editor: StartEditor, api_options: dict[str, Any], left: str
) -> None:
    editor = start_editor()
    editor.setup({**api_options, "msgtype": "html"})
    assert not editor.lua(f"return {NEVER}")
    editor.setup(api_options)
    connected(editor)


def test_a_second_neovim_in_the_folder_takes_nothing_of_the_first(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], left: str
) -> None:
    first = start_editor()
    first.setup(api_options)
    connected(first)
    second = start_editor()
    second.setup(api_options)
    connected(second)
    assert len(sandbox.client.connections().open) == 1
    sandbox.client.say("one")
    first.until(lambda: texts(first, left) == ["one"])
    second.until(lambda: texts(second, left) == ["one"])
    assert [each.status()["session"] for each in (first, second)] == [left, left]
    first.close()
    sandbox.client.say("two")
    second.until(lambda: texts(second, left) == ["one", "two"])
    assert sandbox.client.connections().total == 2
    assert never_two_links(sandbox)


# --- it does not --------------------------------------------------------------------------------


def test_without_a_binding_nothing_starts(editor: Editor, api_options: dict[str, Any]) -> None:
    editor.setup(api_options)
    assert not editor.lua(f"return {NEVER}")


@pytest.mark.parametrize(
    "changes",
    [
        {"autostart": False},
        {"autostart": False, "session_scope": "user"},
        {"enabled": False},
        {"app_key": "dinganother"},
        {"msgtype": "html"},
    ],
)
def test_it_does_not_start_for(
    start_editor: StartEditor, api_options: dict[str, Any], left: str, changes: dict[str, Any]
) -> None:
    editor = start_editor()
    editor.setup({**api_options, **changes})
    assert not editor.lua(f"return {NEVER}")


def test_it_does_not_start_for_a_binding_of_another_folder(
    start_editor: StartEditor, tmp_path: Path, api_options: dict[str, Any], left: str
) -> None:
    editor = start_editor()
    editor.nvim.command(f"cd {tmp_path}")
    editor.setup(api_options)
    assert not editor.lua(f"return {NEVER}")


def test_it_does_not_start_for_a_session_that_was_released(
    start_editor: StartEditor, api_options: dict[str, Any], left: str
) -> None:
    editor = start_editor()
    editor.setup(api_options)
    connected(editor)
    editor.chat("unbridge")
    editor.until_said("no longer bound")
    editor.close()
    after = start_editor()
    after.setup(api_options)
    assert not after.lua(f"return {NEVER}")


def test_it_does_not_start_for_a_webhook_by_which_nothing_arrives(
    start_editor: StartEditor, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    editor.setup(webhook_options)
    editor.chat("bridge dingtalk")
    editor.until_said("is bound to DingTalk")
    editor.close()
    after = start_editor()
    after.setup(webhook_options)
    assert not after.lua(f"return {NEVER}")


@pytest.mark.parametrize("kind", ["a pipe", "a folder", "no JSON", "a list", "empty"])
def test_a_state_file_that_is_none_holds_nothing_up(
    editor: Editor, api_options: dict[str, Any], kind: str
) -> None:
    editor.data.mkdir(parents=True, exist_ok=True)
    path = editor.data / STATE_FILE
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    else:
        path.write_text({"no JSON": "{", "a list": "[1]", "empty": ""}[kind])
    for _ in range(MANY_READERS):
        editor.setup(api_options)
    assert not editor.lua(f"return {NEVER}")
    assert editor.said() == []
    assert editor.lua(ANSWERS)


def test_a_host_that_still_starts_does_not_hold_up_who_leaves(
    start_editor: StartEditor, tmp_path: Path, api_options: dict[str, Any], left: str
) -> None:
    slow = tmp_path / "slow-python"
    slow.write_text(f"#!/bin/sh\necho began >> {tmp_path}/began\nexec sleep 60\n")
    slow.chmod(0o755)
    editor = start_editor()
    editor.patience = 10.0
    editor.setup({**api_options, "python": str(slow)})
    editor.until_lua("require('dingbridge.host').is_running()")
    host = editor.host_pid()
    editor.lua(WAITING, str(tmp_path / "waited"))
    editor.close()
    assert not (tmp_path / "waited").exists()
    processes.until(lambda: not processes.is_alive(host), "the end of the host")


def test_a_command_that_comes_while_the_host_starts_by_itself_is_carried_out(
    start_editor: StartEditor, api_options: dict[str, Any], left: str
) -> None:
    editor = start_editor()
    editor.setup(api_options)
    editor.lua(
        "vim.wait(15000, require('dingbridge.host').is_running, 1); vim.cmd('Chat new At once')"
    )
    editor.until(lambda: "At once" in [row["title"] for row in editor.sessions()])
    assert editor.until(lambda: editor.status()["session"]) == left
