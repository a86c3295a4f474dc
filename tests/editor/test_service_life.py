"""How long the service lives: with its editors, to send what it can, and until it is stopped."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support import services
from tests.support.editor import ROOT, Editor
from tests.support.processes import is_alive, until

HANGING = """
import runpy, sys, threading

program, *words = sys.argv[1:]
sys.path.insert(0, {root!r})
if words[0] == 'host':
    from dingbridge.edges.programs import background

    start = background.start
    background.start = lambda argv, *more: start([argv[0], __file__, *argv[1:]], *more)
elif words[0] == 'service':
    from dingbridge.service.editors.editors import Editors

    Editors._describe = lambda self: threading.Event().wait()
sys.argv = [program, *words]
runpy.run_path(program, run_name='__main__')
"""
"""Runs the program of the words behind it. Its service hangs once it is asked how it is."""


def service(editor: Editor) -> int:
    """The editor's service, once it has one."""
    return editor.until(editor.service_pid, "a service")


def test_the_service_ends_with_its_last_editor(
    start_editor: StartEditor, api_options: dict[str, Any]
) -> None:
    one, other = start_editor(), start_editor()
    for editor in (one, other):
        editor.setup(api_options)
        editor.chat("bridge dingtalk")
        editor.until_lua("require('dingbridge').status().connected")
    process = service(one)
    assert service(other) == process
    one.close()
    other.chat("status")
    other.until_said("link: connected")
    assert is_alive(process)
    other.close()
    assert services.wait_until_gone(process)


def test_a_neovim_that_was_left_while_its_program_works_is_not_counted(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    gate, works = tmp_path / "gate", tmp_path / "works"
    gate.touch()
    script = 'touch "$1"; while test -e "$0"; do sleep 0.01; done; echo done'
    program = ["/bin/sh", "-c", script, str(gate), str(works)]
    one, other = start_editor(), start_editor()
    one.setup({**api_options, "responder": program})
    one.chat("bridge dingtalk")
    one.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("how long?")
    until(works.exists, "the program works")
    other.setup(api_options)
    other.chat("status")
    other.until_said("mode: api")
    other.chat("service")
    other.until_said("attached Neovims: 2")
    one.close()
    other.chat("service")
    other.until_said("attached Neovims: 1")
    assert not sandbox.client.arrived()
    gate.unlink()
    assert [each.text for each in sandbox.client.wait_arrived(1)] == ["done"]


def test_what_can_leave_leaves_though_the_last_editor_was_left(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    sandbox.client.fault(Fault.drop("/robot/send", times=None))
    editor = start_editor()
    editor.setup(webhook_options)
    editor.chat("notify still to be sent")
    sandbox.client.wait_calls(1)
    editor.close()
    assert not sandbox.client.wait_arrived(0)
    sandbox.client.clear_faults()
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "still to be sent"
    services.must_end(editor.data)


def test_with_a_screen_the_link_stays_open_for_the_next_editor(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    first = start_editor()
    first.nvim.ui_attach(80, 24, rgb=True)
    first.setup(api_options)
    first.chat("bridge dingtalk")
    first.until_lua("require('dingbridge').status().connected")
    first.close()
    sandbox.client.say("anybody there?")
    after = start_editor()
    after.setup(api_options)
    after.chat()
    after.until(lambda: [row["text"] for row in after.transcript()] == ["anybody there?"])
    assert sandbox.client.connections().total == 1


def test_the_service_says_how_it_is_and_ends_until_it_is_needed(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("status")
    process = service(editor)
    editor.until_said("mode: webhook")
    editor.chat("service")
    editor.until_said(f"service: process {process}, version")
    editor.chat("service stop")
    editor.until_said("the service was stopped")
    until(lambda: not is_alive(process), "the end of the service")
    assert not editor.service_pid()
    editor.chat("service")
    editor.until_said("service: it does not run")
    editor.chat("notify it starts again")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "it starts again"
    assert service(editor) != process


def test_a_service_that_starts_anew_is_found_by_all_and_nothing_is_lost(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    one, other = start_editor(), start_editor()
    for editor in (one, other):
        editor.setup(webhook_options)
        editor.chat("status")
        editor.until_said("mode: webhook")
    process = service(one)
    one.chat("service restart")
    other.until_said("the service is being restarted")
    one.chat("notify from one")
    other.chat("notify from the other")
    arrived = sandbox.client.wait_arrived(2)
    assert sorted(each.text for each in arrived) == ["from one", "from the other"]
    assert service(one) == service(other) != process


def test_an_action_that_the_service_does_not_have_is_told(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("service dance")
    editor.until_said("unknown action dance: valid: stop, restart")


@pytest.mark.skipif(os.name != "posix", reason="a process is frozen by a signal")
def test_a_frozen_service_is_named_and_a_restart_ends_it(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("status")
    process = service(editor)
    editor.until_said("mode: webhook")
    os.kill(process, signal.SIGSTOP)
    editor.chat("notify while it is frozen")
    editor.until_said(f"(process {process})", seconds=40)
    editor.until_said(":Chat service restart")
    assert is_alive(process)
    editor.chat("service restart")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "while it is frozen"
    assert not is_alive(process)


@pytest.mark.parametrize("action", ["restart", "stop"])
def test_a_service_whose_loop_hangs_is_ended_although_its_socket_lives(
    editor: Editor, webhook_options: dict[str, Any], tmp_path: Path, action: str
) -> None:
    (tmp_path / "hanging.py").write_text(HANGING.format(root=str(ROOT)))
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{tmp_path}/hanging.py" "$@"\n')
    python.chmod(0o700)
    editor.setup({**webhook_options, "python": str(python)})
    editor.chat("status")
    editor.until_said("mode: webhook")
    process = service(editor)
    editor.chat("service")
    editor.chat(f"service {action}")
    editor.until(lambda: not is_alive(process))
    editor.begin_anew()
    editor.chat("status")
    editor.until_said("mode: webhook")
    assert editor.service_pid() != process


def test_two_data_folders_with_one_app_never_open_two_links(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    holder = start_editor()
    holder.setup(api_options)
    holder.chat("bridge dingtalk")
    holder.until_lua("require('dingbridge').status().connected")
    other = start_editor(environ={"NVIM_APPNAME": "other"})
    other.setup(api_options)
    other.chat("bridge dingtalk")
    other.until_said(f"held by the service of another data folder (process {service(holder)}")
    assert sandbox.client.connections().total == 1
    holder.close()
    other.until_lua("require('dingbridge').status().connected")
    services.end(other.home / "data" / "other")


def test_the_settings_that_were_given_last_rule_a_robot_also_after_a_restart(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    older, newer = start_editor(), start_editor()
    strict = {**api_options, "allow_from": [], "dm": {"policy": "allowlist"}}
    for editor, options in ((older, api_options), (newer, strict)):
        editor.setup(options)
        editor.chat("bridge dingtalk")
        editor.until_lua("require('dingbridge').status().connected")
    process = service(older)
    # The older one comes back last.
    os.kill(older.host_pid(), signal.SIGSTOP)
    newer.kill_service()
    newer.until(lambda: newer.service_pid() not in (0, process), "the next service")
    newer.until(lambda: newer.log().count("enabled") == 3, "the newer settings once more")
    os.kill(older.host_pid(), signal.SIGCONT)
    newer.until(lambda: newer.log().count("enabled") == 4, "the older settings once more")
    newer.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("may I?")
    newer.until_lua("require('dingbridge').status().refused == 1")


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A copy of the plugin, whose files may change."""
    for folder in ("dingbridge", "lua", "rplugin"):
        shutil.copytree(ROOT / folder, tmp_path / "plugin" / folder)
    return tmp_path / "plugin"


def test_newer_code_replaces_the_service_and_older_code_does_not(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any], plugin: Path
) -> None:
    options = {**webhook_options, "python": sys.executable}

    def start(written: float) -> Editor:
        os.utime(plugin / "dingbridge" / "__init__.py", (written, written))
        editor = start_editor(plugin=plugin)
        editor.setup(options)
        editor.chat("status")
        editor.until_said("mode: webhook")
        return editor

    now = time.time()
    first = start(now)
    old = service(first)
    second = start(now + 60)
    new = second.until(lambda: second.service_pid() not in (0, old) and second.service_pid())
    third = start(now)
    for editor in (first, second, third):
        editor.chat("notify from each")
    assert len(sandbox.client.wait_arrived(3)) == 3
    assert service(third) == new


@pytest.mark.skipif(os.name != "posix", reason="a shell is the responder")
def test_newer_code_waits_until_a_program_has_answered(
    start_editor: StartEditor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    plugin: Path,
    tmp_path: Path,
) -> None:
    working, go_on = tmp_path / "working", tmp_path / "go on"
    script = f"touch {working}; until [ -e '{go_on}' ]; do sleep 0.05; done; echo the answer"
    options = {**api_options, "python": sys.executable, "responder": ["sh", "-c", script]}

    def start(written: float) -> Editor:
        os.utime(plugin / "dingbridge" / "__init__.py", (written, written))
        editor = start_editor(plugin=plugin)
        editor.setup(options)
        return editor

    now = time.time()
    first = start(now)
    first.chat("bridge dingtalk")
    first.until_lua("require('dingbridge').status().connected")
    old = service(first)
    sandbox.client.say("question")
    first.until(working.exists)
    second = start(now + 60)
    second.chat("status")
    second.until_said("mode: api")
    assert service(second) == old
    go_on.touch()
    sandbox.client.wait_arrived(lambda each: each.text == "the answer")
    second.until(lambda: second.service_pid() not in (0, old))


def test_what_is_asked_for_right_after_a_restart_is_done_once(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("status")
    editor.until_said("mode: webhook")
    editor.lua("vim.cmd('DingTalk service restart') vim.cmd('DingTalk new Once')")
    editor.until(lambda: [row["title"] for row in editor.sessions()] == ["Once"])
    editor.chat("new Afterwards")
    editor.until(lambda: [row["title"] for row in editor.sessions()] == ["Afterwards", "Once"])


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_what_is_sent_before_neovim_knows_of_the_next_service_keeps_its_place(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], tmp_path: Path
) -> None:
    editor.setup(webhook_options)
    editor.chat("status")
    editor.until_said("mode: webhook")
    process, go_on = service(editor), tmp_path / "go on"
    os.kill(process, signal.SIGSTOP)
    # Neovim is at work all the time, and so hears of nothing.
    editor.nvim.exec_lua(
        "local notify = require('dingbridge').notify "
        "notify('one') "
        "while not vim.uv.fs_stat(...) do vim.uv.sleep(5) end "
        "notify('two')",
        str(go_on),
        async_=True,
    )
    host_has_heard = editor.log().count("has attached") + 1
    os.kill(process, signal.SIGKILL)
    until(lambda: editor.log().count("has attached") == host_has_heard, "the next service", 20)
    go_on.touch()
    arrived = sandbox.client.wait_arrived(2)
    assert [one.text for one in arrived] == ["one", "two"]


def test_what_no_service_has_heard_goes_by_the_settings_under_which_it_was_asked_for(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], api_options: dict[str, Any]
) -> None:
    app = {**api_options, "user_id": "zhangsan"}
    editor.setup(app)
    editor.chat("status")
    process = service(editor)
    editor.until_said("mode: api")
    os.kill(process, signal.SIGSTOP)
    editor.chat("notify for one person")
    editor.lua("require('dingbridge').notify(...)", "for one person as well")
    editor.setup(webhook_options)
    editor.chat("notify for the group")
    os.kill(process, signal.SIGKILL)
    editor.until_said("handed over under other settings and are not written down (2)")
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.route, arrived.text) == ("webhook", "for the group")
    editor.setup(app)
    arrived_now = sandbox.client.wait_arrived(3)
    assert sorted((one.route, one.text) for one in arrived_now) == [
        ("single", "for one person"),
        ("single", "for one person as well"),
        ("webhook", "for the group"),
    ]
