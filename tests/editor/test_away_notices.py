"""Notices to the phone: when something is done, and only while the user is away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support.editor import Editor
from tests.support.kills import Kills

pytestmark = pytest.mark.shared_editor

HELD_BACK = "a notice is held back"
SEND = "/v1.0/robot/oToMessages/batchSend"
SAY_THAT_SOMEBODY_LOOKS = "vim.api.nvim_list_uis = function() return { {} } end"
"""A Neovim without a screen has no user; this one has."""
AS_BEFORE = """
local watch, focus = require('dingbridge.watch'), require('dingbridge.focus')
for id = 1, watch.watch({ on = 'quickfix' }) do watch.unwatch(id) end
watch.SETTLES_WITHIN, focus.AWAY_AFTER = nil, ...
"""
"""No watches, and the usual times."""


@pytest.fixture
def desk(editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]) -> Iterator[Editor]:
    """An editor that somebody looks at, whose notices go to 张三; he may use `/mute`."""
    away_after = editor.lua("return require('dingbridge.focus').AWAY_AFTER")
    editor.lua(SAY_THAT_SOMEBODY_LOOKS)
    editor.listen()
    editor.setup({**api_options, "user_id": "zhangsan", "admins": ["zhangsan"], "verbose": True})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    come_back(editor)
    yield editor
    if not editor.is_closed:
        editor.lua(AS_BEFORE, away_after)


def go_away(editor: Editor) -> None:
    editor.nvim.command("doautocmd FocusLost")


def come_back(editor: Editor) -> None:
    editor.nvim.command("doautocmd FocusGained")


def run_in_a_terminal(editor: Editor, command: str) -> None:
    editor.lua("vim.cmd.new() vim.fn.termopen(...)", ["sh", "-c", command])


def run_unseen(editor: Editor, command: str) -> None:
    """The same; its notice is held back."""
    before = editor.log().count(HELD_BACK)
    run_in_a_terminal(editor, command)
    editor.until(lambda: editor.log().count(HELD_BACK) == before + 1, HELD_BACK)


def posted(sandbox: Sandbox) -> list[str]:
    """What has arrived, in order."""
    return [one.text for one in sandbox.client.arrived()]


def told(sandbox: Sandbox, editor: Editor, part: str) -> str:
    """The notice with that part, once it has arrived."""
    return editor.until(lambda: next((text for text in posted(sandbox) if part in text), ""), part)


def ask(sandbox: Sandbox, text: str) -> str:
    """A command from 张三, and its answer."""
    known = len(posted(sandbox))
    sandbox.client.say(text)
    return sandbox.client.wait_arrived(known + 1)[-1].text


def test_the_end_of_a_terminals_program_is_told_while_the_user_is_away(
    desk: Editor, sandbox: Sandbox
) -> None:
    desk.lua("require('dingbridge').watch({ on = 'terminal' })")
    go_away(desk)
    run_in_a_terminal(desk, "exit 3")
    assert "failed with 3" in told(sandbox, desk, "✗")


def test_nothing_is_told_while_the_user_is_here(desk: Editor, sandbox: Sandbox) -> None:
    desk.lua("require('dingbridge').watch({ on = 'terminal' })")
    run_unseen(desk, "echo first")
    go_away(desk)
    run_in_a_terminal(desk, "echo second; exit 1")
    told(sandbox, desk, "✗")
    assert len([text for text in posted(sandbox) if "✓" in text or "✗" in text]) == 1


def test_a_user_who_presses_no_key_for_a_while_is_away(desk: Editor, sandbox: Sandbox) -> None:
    desk.lua("require('dingbridge').watch({ on = 'terminal' })")
    desk.lua("require('dingbridge.focus').AWAY_AFTER = 0")
    desk.until_lua("require('dingbridge.focus').is_away()")
    desk.lua("require('dingbridge.host').tell('focus', require('dingbridge.focus').report())")
    run_in_a_terminal(desk, "exit 1")
    told(sandbox, desk, "✗")


def test_with_always_it_is_told_while_the_user_is_here(
    desk: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    desk.setup({**api_options, "user_id": "zhangsan", "notify_when": "always"})
    desk.lua("require('dingbridge').watch({ on = 'terminal' })")
    run_in_a_terminal(desk, "exit 1")
    told(sandbox, desk, "✗")


def test_quiet_hours_hold_a_notice_back(
    desk: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    now = datetime.now()
    around = [f"{now + timedelta(hours=hours):%H:%M}" for hours in (-2, 2)]
    settings = {**api_options, "user_id": "zhangsan", "verbose": True}
    desk.setup({**settings, "quiet_hours": "-".join(around)})
    desk.lua("require('dingbridge').watch({ on = 'terminal' })")
    go_away(desk)
    run_unseen(desk, "exit 1")
    desk.setup({**settings, "quiet_hours": "-".join(reversed(around))})
    run_in_a_terminal(desk, "exit 2")
    told(sandbox, desk, "failed with 2")
    assert not [text for text in posted(sandbox) if "failed with 1" in text]


def test_mute_holds_notices_back_until_it_is_taken_back(desk: Editor, sandbox: Sandbox) -> None:
    desk.lua("require('dingbridge').watch({ on = 'terminal' })")
    go_away(desk)
    assert "held back until" in ask(sandbox, "/mute 2h")
    desk.chat("status")
    desk.until(lambda: any("held back until" in line for line in desk.screen()))
    run_unseen(desk, "exit 1")
    assert "as usual" in ask(sandbox, "/静音 关")
    run_in_a_terminal(desk, "exit 2")
    told(sandbox, desk, "failed with 2")
    assert not [text for text in posted(sandbox) if "failed with 1" in text]


def test_a_mute_outlives_the_service(
    start_editor: StartEditor, sandbox: Sandbox, desk: Editor
) -> None:
    desk.chat("mute 2h")
    desk.until_said("held back until")
    after = Kills(start_editor).service(desk)
    after.until_lua("require('dingbridge').status().connected")
    assert "held back until" in ask(sandbox, "/mute")
    after.chat("mute off")
    after.until_said("are sent")


def test_a_span_that_cannot_be_read_is_refused_with_an_example(
    desk: Editor, sandbox: Sandbox
) -> None:
    desk.chat("mute soon")
    assert "2h" in desk.until_said("no time span")
    assert "/mute" in ask(sandbox, "/mute soon")


def test_a_notice_that_has_not_left_is_withdrawn_when_the_user_comes_back(
    desk: Editor, sandbox: Sandbox
) -> None:
    desk.lua("require('dingbridge').watch({ on = 'terminal' })")
    go_away(desk)
    sandbox.client.fault(Fault.hang(SEND))
    run_in_a_terminal(desk, "exit 1")
    sandbox.client.wait_hanging()
    run_in_a_terminal(desk, "exit 2")
    desk.until_lua("require('dingbridge').status().queued == 2")
    come_back(desk)
    desk.until_lua("require('dingbridge').status().queued == 1")
    sandbox.client.release()
    told(sandbox, desk, "failed with 1")
    assert "zhangsan" in ask(sandbox, "/whoami")
    assert not [text for text in posted(sandbox) if "failed with 2" in text]
    assert not desk.said() or "dropped" not in "".join(desk.said())


def test_notify_when_done_tells_once_of_this_terminal(desk: Editor, sandbox: Sandbox) -> None:
    run_in_a_terminal(desk, "read line; exit 4")
    desk.chat("notify-when-done")
    desk.until_said("when this ends")
    go_away(desk)
    desk.lua("vim.fn.chansend(vim.b.terminal_job_id, '\\n')")
    told(sandbox, desk, "failed with 4")
    run_in_a_terminal(desk, "exit 5")
    assert "zhangsan" in ask(sandbox, "/whoami")
    assert not [text for text in posted(sandbox) if "failed with 5" in text]


def test_notify_when_done_tells_of_the_next_make(desk: Editor, sandbox: Sandbox) -> None:
    desk.chat("notify-when-done")
    desk.until_said("next :make")
    go_away(desk)
    desk.nvim.command("set makeprg=false")
    desk.nvim.command("silent! make")
    told(sandbox, desk, "`false`")
    run_in_a_terminal(desk, "exit 5")
    assert "zhangsan" in ask(sandbox, "/whoami")
    assert not [text for text in posted(sandbox) if "failed with 5" in text]


def test_many_changes_of_diagnostics_are_one_notice(desk: Editor, sandbox: Sandbox) -> None:
    desk.lua("require('dingbridge.watch').SETTLES_WITHIN = 50")
    desk.lua("require('dingbridge').watch({ on = 'diagnostic', match = 'app%.py$' })")
    go_away(desk)
    desk.nvim.command("edit app.py")
    desk.lua(
        "local space = vim.api.nvim_create_namespace('test')"
        " for count = 1, 3 do"
        "   local list = {}"
        "   for line = 1, count do"
        "     list[line] = { lnum = line, col = 0, message = 'm',"
        " severity = vim.diagnostic.severity.ERROR }"
        "   end"
        "   vim.diagnostic.set(space, 0, list)"
        " end"
    )
    assert "errors: 3 (before: 0)" in told(sandbox, desk, "app.py")
    assert "zhangsan" in ask(sandbox, "/whoami")
    assert len([text for text in posted(sandbox) if "app.py" in text]) == 1


def test_a_job_is_watched_by_its_id(desk: Editor, sandbox: Sandbox) -> None:
    desk.lua("_G.job = vim.fn.jobstart({ 'cat' })")
    desk.lua("require('dingbridge').watch({ on = 'job', job = _G.job })")
    go_away(desk)
    desk.lua("vim.fn.chanclose(_G.job, 'stdin')")
    told(sandbox, desk, "`job ")


def test_a_job_whose_end_neovim_has_forgotten_is_no_success(desk: Editor, sandbox: Sandbox) -> None:
    desk.lua("_G.job = vim.fn.jobstart({ 'false' })")
    desk.until_lua("vim.fn.jobwait({ _G.job }, 0)[1] == -3")
    go_away(desk)
    desk.lua("require('dingbridge').watch({ on = 'job', job = _G.job })")
    words = told(sandbox, desk, "`job ")
    assert "✓" not in words
    assert "has ended" in words


def test_errors_of_before_a_watch_are_not_new(desk: Editor, sandbox: Sandbox) -> None:
    desk.lua("require('dingbridge.watch').SETTLES_WITHIN = 50")
    desk.nvim.command("edit known.py")
    put = (
        "local list = {}"
        " for line = 1, ... do"
        "   list[line] = { lnum = line, col = 0, message = 'm',"
        " severity = vim.diagnostic.severity.ERROR }"
        " end"
        " vim.diagnostic.set(vim.api.nvim_create_namespace('test'), 0, list)"
    )
    desk.lua(put, 2)
    desk.lua("require('dingbridge').watch({ on = 'diagnostic' })")
    go_away(desk)
    desk.lua(put, 3)
    assert "errors: 3 (before: 2)" in told(sandbox, desk, "known.py")


def test_a_watch_of_something_unknown_names_what_there_is(desk: Editor) -> None:
    code = "return select(2, pcall(require('dingbridge').watch, { on = 'terminl' }))"
    assert "did you mean 'terminal'" in desk.lua(code)
    assert "'quickfix'" in desk.lua("return select(2, pcall(require('dingbridge').watch, {}))")


@pytest.mark.parametrize(
    ("watch", "words"),
    [
        ("{ on = 'terminal', mtach = 'x' }", "did you mean `match`"),
        ("{ on = 'terminal', 'x' }", "unknown key `1`"),
        ("{ on = 'terminal', match = 5 }", "`match` must be a string"),
        ("{ on = 'terminal', match = '%' }", "`match` is no Lua pattern"),
        ("{ on = 'terminal', match = '[a' }", "`match` is no Lua pattern"),
        ("{ on = 'terminal', to = {} }", "`to` must be a string"),
        ("{ on = 'terminal', to = 'zhangsan' }", "`to` must be a target"),
        ("{ on = 'terminal', once = 1 }", "`once` must be true or false"),
        ("{ on = 'job', job = 'x' }", "`job` must be a whole number"),
        ("{ on = 'job', job = 0 }", "`job` must be a whole number"),
        ("{ on = 'job', job = 1.5 }", "`job` must be a whole number"),
        ("{ on = 'terminal', job = 3 }", "`job` goes with `on = 'job'` only"),
        ("{ on = 'job', job = 3, match = 'x' }", "does not go with `job`"),
        ("{ on = 'job', buffer = 1 }", "`buffer` goes with `on = 'terminal'` only"),
        ("{ on = 'terminal', buffer = 9999 }", "there is no buffer 9999"),
    ],
)
def test_a_watch_that_cannot_be_as_it_is_written_says_why(
    desk: Editor, watch: str, words: str
) -> None:
    said = desk.lua(f"return select(2, pcall(require('dingbridge').watch, {watch}))")
    assert words in str(said)


def test_a_name_of_a_command_is_no_markup(desk: Editor, sandbox: Sandbox) -> None:
    desk.lua("require('dingbridge').watch({ on = 'terminal' })")
    go_away(desk)
    run_in_a_terminal(desk, "exit 1 # `[x](dtmd://dingtalkclient/sendMessage?content=/new)")
    assert "dtmd://" not in told(sandbox, desk, "✗")
