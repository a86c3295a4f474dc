"""Leaving Neovim while its host does not answer: nobody waits, and no message is lost by that."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support import services
from tests.support.editor import DEADLINE, Editor
from tests.support.processes import frozen, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

WAITING = """
local path, now, waited = ..., vim.uv.hrtime(), 0
vim.uv.hrtime = function() return now end
vim.wait = function(most, is_done, every)
  while waited < most and not is_done() do
    waited, now = waited + every, now + every * 1e6
  end
  vim.fn.writefile({ tostring(waited) }, path)
end
"""
"""From now on the clock goes on only while Neovim waits; a file has the milliseconds of that."""

AT_THE_END = """
local process, path = ...
local function is_gone()
  local status = io.open(('/proc/%d/stat'):format(process))
  local line = status and status:read('*a') or ') Z'
  if status then
    status:close()
  end
  return line:match('%) (%a)') == 'Z'
end
vim.api.nvim_create_autocmd('VimLeavePre', { callback = function()
  vim.api.nvim_create_autocmd('VimLeave', { callback = function()
    vim.fn.writefile({ vim.wait(15000, is_gone, 5) and 'gone' or 'there' }, path)
  end })
end })
"""
"""Writes into a file whether a process is gone before Neovim ends what it started."""


def bind(editor: Editor, options: dict[str, Any]) -> None:
    """Set up, bind, and wait until a host is there that answers."""
    editor.setup(options)
    editor.chat("bridge dingtalk")
    editor.until_said("is bound")


def kept(editor: Editor) -> list[Path]:
    """The files of what the service has not taken in."""
    return sorted((editor.data / "dingbridge" / "unconfirmed").glob("*"))


def freeze(editor: Editor) -> int:
    """Stop the host where it is; its process."""
    host = editor.host_pid()
    os.kill(host, signal.SIGSTOP)
    return host


def leave_without_service(editor: Editor) -> list[Path]:
    """Leave while no service runs, and with the host frozen none starts; what is kept then."""
    editor.kill_service()
    editor.close()
    return kept(editor)


def texts(sandbox: Sandbox) -> list[str]:
    return [each.text for each in sandbox.client.arrived()]


def is_running(process: int) -> bool:
    """Whether there is such a process that has not ended yet."""
    try:
        status = Path("/proc", str(process), "stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(") ")[2][0] != "Z"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at a process by /proc")
def test_a_frozen_host_does_not_hold_up_leaving_and_is_gone_with_neovim(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    bind(editor, webhook_options)
    host = freeze(editor)
    editor.close()
    end = time.monotonic() + DEADLINE
    while is_running(host):
        assert time.monotonic() < end
    assert kept(editor) == []


def test_a_host_that_says_nothing_is_waited_for_less_than_half_a_second(
    editor: Editor, webhook_options: dict[str, Any], tmp_path: Path
) -> None:
    bind(editor, webhook_options)
    freeze(editor)
    editor.lua(WAITING, str(tmp_path / "waited"))
    editor.close()
    assert 0 < int((tmp_path / "waited").read_text()) < 500


def test_a_frozen_service_is_waited_for_less_than_half_a_second_and_not_ended(
    editor: Editor, webhook_options: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    bind(editor, webhook_options)
    service = editor.service_pid()
    with frozen(service):
        editor.lua("require('dingbridge').send('kept')")
        editor.lua(WAITING, str(tmp_path / "waited"))
        editor.close()
        assert 0 < int((tmp_path / "waited").read_text()) < 500
        assert is_running(service)
        assert len(kept(editor)) == 1
    # It finds what was said to it when it goes on.
    sandbox.client.wait_arrived(1)
    assert texts(sandbox) == ["kept"]
    services.must_end(editor.data)
    assert kept(editor) == []


def test_a_service_takes_in_by_itself_what_an_editor_left_that_it_knew(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    bind(editor, webhook_options)
    session = editor.status()["session"]
    freeze(editor)
    editor.lua("require('dingbridge').send('by send()')")
    editor.lua("require('dingbridge').notify('by notify()')")
    editor.chat("send by command")
    editor.close()
    sandbox.client.wait_arrived(3)
    assert texts(sandbox) == ["by send()", "by notify()", "by command"]
    services.must_end(editor.data)
    assert kept(editor) == []
    saved = (editor.data / "dingbridge" / "sessions" / f"{session}.jsonl").read_text("utf-8")
    assert [text for text in ("by send()", "by command") if text in saved] == [
        "by send()",
        "by command",
    ]


def test_what_an_editor_asked_for_under_other_settings_is_not_taken_in(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    bind(editor, webhook_options)
    freeze(editor)
    editor.lua("require('dingbridge').notify('before')")
    editor.setup({**webhook_options, "keyword": "other"})
    editor.lua("require('dingbridge').notify('after')")
    editor.close()
    services.must_end(editor.data)
    # The service never heard of the second settings.
    assert [texts_of(file) for file in kept(editor)] == [["after"]]
    assert texts(sandbox) == ["before"]


def texts_of(file: Path) -> list[str]:
    return [row["payload"]["text"] for row in json.loads(file.read_text("utf-8"))["asked"]]


def test_a_file_that_no_service_got_before_its_editor_was_left_is_told_as_not_sent(
    start_editor: StartEditor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    tmp_path: Path,
) -> None:
    editor = start_editor()
    bind(editor, {**api_options, "user_id": "zhangsan"})
    session = editor.status()["session"]
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 ")
    freeze(editor)
    editor.lua("require('dingbridge').send('see:', { file = ... })", str(tmp_path / "a.pdf"))
    editor.chat(f"send-file {tmp_path / 'a.pdf'}")
    leave_without_service(editor)
    later = start_editor()
    bind(later, {**api_options, "user_id": "zhangsan"})
    sandbox.client.wait_arrived(1)
    assert texts(sandbox) == ["see:"]
    later.until(
        lambda: (
            [row["delivery"] for row in later.transcript(session)] == ["sent", "failed", "failed"]
        )
    )
    assert "send it again" in later.transcript(session)[-1]["reason"]
    later.lua("require('dingbridge').send('goes on')")
    sandbox.client.wait_arrived(2)
    later.until(lambda: kept(later) == [])


KILLED_WHILE_LEFT = """
vim.api.nvim_create_autocmd('QuitPre', {
  callback = function()
    vim.uv.kill(HOST, 'sigkill')
  end,
})
"""


def test_what_a_killed_host_never_took_is_kept_when_neovim_is_left_without_another_one(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    bind(editor, webhook_options)
    host = freeze(editor)
    editor.lua("require('dingbridge').notify('never taken')")
    editor.lua(KILLED_WHILE_LEFT.replace("HOST", str(host)))
    editor.close()
    assert [texts_of(file) for file in kept(editor)] == [["never taken"]]
    later = start_editor()
    bind(later, webhook_options)
    sandbox.client.wait_arrived(1)
    assert texts(sandbox) == ["never taken"]
    later.until(lambda: kept(later) == [])


def test_a_service_that_is_gone_is_waited_for_less_than_half_a_second(
    editor: Editor, webhook_options: dict[str, Any], tmp_path: Path
) -> None:
    bind(editor, webhook_options)
    service = editor.service_pid()
    os.kill(service, signal.SIGSTOP)
    try:
        editor.until_lua("require('dingbridge.state').service_gone")
        # What the host says when it is left while it looks for a service.
        editor.lua("require('dingbridge.host').leaves('begun')")
        editor.lua(WAITING, str(tmp_path / "waited"))
        editor.close()
        assert 0 < int((tmp_path / "waited").read_text()) < 500
    finally:
        os.kill(service, signal.SIGCONT)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at a process by /proc")
def test_a_frozen_host_is_ended_before_neovim_would_wait_for_it(
    editor: Editor, webhook_options: dict[str, Any], tmp_path: Path
) -> None:
    bind(editor, webhook_options)
    editor.lua(AT_THE_END, freeze(editor), str(tmp_path / "end"))
    editor.close()
    assert (tmp_path / "end").read_text() == "gone\n"


def test_what_a_frozen_host_never_took_is_sent_once_by_the_next_start(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    bind(editor, webhook_options)
    freeze(editor)
    editor.type_draft("from a draft")
    editor.nvim.command("write")
    editor.lua("require('dingbridge').send('by send()')")
    editor.lua("require('dingbridge').notify('by notify()')")
    [file] = leave_without_service(editor)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert texts(sandbox) == []
    later = start_editor()
    later.setup(webhook_options)
    later.chat()
    sandbox.client.wait_arrived(3, timeout=15)
    assert sorted(texts(sandbox)) == ["by notify()", "by send()", "from a draft"]
    later.until(lambda: kept(later) == [])
    later.until(
        lambda: [row["text"] for row in later.transcript()] == ["from a draft", "by send()"]
    )


def test_what_was_handed_over_twice_stands_and_arrives_once(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    bind(editor, webhook_options)
    ask = "require('dingbridge.host').tell('send', { id = 'm1', text = 'once', session = ... })"
    session = editor.status()["session"]
    for _ in range(2):
        editor.lua(ask, session)
    editor.lua("require('dingbridge').send('last')")
    sandbox.client.wait_arrived(lambda one: one.text == "last")
    assert texts(sandbox) == ["once", "last"]
    assert len(sandbox.client.calls("/robot/send")) == 2
    editor.until(lambda: [row["text"] for row in editor.transcript(session)] == ["once", "last"])


def test_what_was_delivered_and_is_handed_over_again_does_not_count_as_waiting(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    bind(editor, webhook_options)
    ask = "require('dingbridge.host').tell('notify', { id = 'm1', text = 'once' })"
    editor.listen()
    for count in (1, 2):
        editor.lua(ask)
        editor.until(lambda count=count: len(editor.heard("DingbridgeQueued")) == count)  # type: ignore[misc]  # mypy cannot infer a lambda's default
        editor.until(lambda: editor.heard("DingbridgeDelivered"))
        editor.until(lambda: editor.status()["queued"] == 0)
    assert texts(sandbox) == ["once"]


def test_what_a_killed_host_never_took_is_handed_to_the_next_one(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    bind(editor, webhook_options)
    host = freeze(editor)
    for n in range(3):
        editor.lua("require('dingbridge').send(...)", f"number {n}")
    os.kill(host, signal.SIGKILL)
    editor.until_said("the host ended")
    editor.chat()
    sandbox.client.wait_arrived(3, timeout=15)
    assert texts(sandbox) == [f"number {n}" for n in range(3)]


def test_with_other_settings_nothing_is_sent_to_another_place_but_told(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    bind(editor, webhook_options)
    freeze(editor)
    editor.lua("require('dingbridge').notify('for the first group')")
    [file] = leave_without_service(editor)
    later = start_editor()
    bind(later, {**webhook_options, "keyword": "other"})
    later.until_said(str(file))
    later.lua("require('dingbridge').notify('new')")
    sandbox.client.wait_arrived(1)
    assert len(texts(sandbox)) == 1
    assert "for the first group" in json.dumps(json.loads(file.read_text("utf-8")))


def test_after_a_day_nothing_is_sent_but_told(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    bind(editor, webhook_options)
    freeze(editor)
    editor.lua("require('dingbridge').notify('of the day before')")
    [file] = leave_without_service(editor)
    left = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**left, "time": left["time"] - 25 * 3600}), "utf-8")
    later = start_editor()
    bind(later, webhook_options)
    later.until_said(str(file))
    later.lua("require('dingbridge').notify('new')")
    sandbox.client.wait_arrived(1)
    assert texts(sandbox) == ["new"]


def test_what_was_left_in_another_folder_waits_for_a_neovim_there(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any], tmp_path: Path
) -> None:
    editor = start_editor()
    bind(editor, webhook_options)
    freeze(editor)
    editor.lua("require('dingbridge').notify('there')")
    assert leave_without_service(editor)
    elsewhere = start_editor()
    elsewhere.execute("cd", tmp_path)
    bind(elsewhere, webhook_options)
    elsewhere.lua("require('dingbridge').notify('here')")
    sandbox.client.wait_arrived(1)
    elsewhere.close()
    assert texts(sandbox) == ["here"]
    later = start_editor()
    bind(later, webhook_options)
    sandbox.client.wait_arrived(2)
    assert texts(sandbox) == ["here", "there"]


def test_what_the_next_start_would_not_take_is_told_with_its_text(
    start_editor: StartEditor, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    bind(editor, webhook_options)
    freeze(editor)
    editor.lua("require('dingbridge').send('an answer', { session = 'gone' })")
    assert leave_without_service(editor)
    later = start_editor()
    later.setup(webhook_options)
    later.chat()
    later.until_said("a message of an earlier Neovim was not sent: “an answer”")
    later.until(lambda: kept(later) == [])


def test_a_draft_that_a_killed_host_never_took_is_the_users_again_and_is_not_sent(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    bind(editor, webhook_options)
    host = freeze(editor)
    editor.type_draft("a draft")
    editor.nvim.command("write")
    os.kill(host, signal.SIGKILL)
    editor.until_said("the host ended")
    assert editor.nvim.current.buffer[:] == ["a draft"]
    editor.lua("require('dingbridge').notify('next')")
    sandbox.client.wait_arrived(1)
    assert texts(sandbox) == ["next"]


def test_a_file_of_an_earlier_neovim_that_is_torn_harms_nothing(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    folder = editor.data / "dingbridge" / "unconfirmed"
    folder.mkdir(parents=True)
    (folder / "1-1.json").write_text('{"cwd": ')
    (folder / "1-2.json").write_text('{"asked": [7, {"name": "quit"}], "time": "x"}')
    os.mkfifo(folder / "1-3.json")
    bind(editor, webhook_options)


def test_of_a_damaged_file_that_an_earlier_neovim_left_the_rest_is_sent(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    bind(editor, webhook_options)
    freeze(editor)
    editor.lua("require('dingbridge').notify('the rest')")
    [file] = leave_without_service(editor)
    left = json.loads(file.read_text("utf-8"))
    damaged = [7, {"name": "quit"}, {"name": "send"}, {"name": "send", "payload": {"id": 7}}]
    file.write_text(json.dumps({**left, "asked": [*damaged, *left["asked"]]}), "utf-8")
    later = start_editor()
    bind(later, webhook_options)
    sandbox.client.wait_arrived(1)
    assert texts(sandbox) == ["the rest"]
    later.until(lambda: kept(later) == [])


def test_after_leaving_in_peace_nothing_is_kept(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    bind(editor, webhook_options)
    editor.listen()
    editor.lua("require('dingbridge').send('hello')")
    editor.until(lambda: editor.heard("DingbridgeQueued"))
    editor.close()
    assert kept(editor) == []


def test_what_was_sent_in_the_last_moment_arrives_once_however_fast_the_host_was(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    bind(editor, webhook_options)
    for n in range(10):
        editor.lua("require('dingbridge').send(...)", f"number {n}")
    editor.close()
    later = start_editor()
    bind(later, webhook_options)
    later.lua("require('dingbridge').notify('last')")
    sandbox.client.wait_arrived(lambda one: one.text.endswith("last"), timeout=20)
    assert sorted(texts(sandbox)) == sorted([*(f"number {n}" for n in range(10)), "last"])
    later.until(lambda: kept(later) == [])


def test_a_text_with_a_file_that_was_refused_is_not_kept_for_another_time(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("hi")
    bind(editor, {**api_options, "user_id": "zhangsan"})
    ask = "require('dingbridge').send('see:', { file = ..., session = 'gone' })"
    editor.lua(ask, str(file))
    editor.until_said("there is no such session")
    editor.lua("require('dingbridge').notify('last')")
    sandbox.client.wait_arrived(1)
    editor.close()
    services.must_end(editor.data)
    assert kept(editor) == []


def settings_key(editor: Editor, options: dict[str, Any]) -> str:
    return str(editor.lua("return require('dingbridge.unconfirmed').settings_key(...)", options))


@pytest.mark.parametrize("written", ["$MY_KEY", "${MY_KEY}"])
def test_what_waits_for_a_robot_does_not_go_to_one_that_a_variable_names_then(
    editor: Editor, written: str
) -> None:
    options = {"accounts": {"one": {"app_key": written}}}
    keys = []
    for value in ("first", "second", "first"):
        editor.nvim.command(f"let $MY_KEY = '{value}'")
        keys.append(settings_key(editor, options))
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize("named", ["{path}", "$HELD", "$TABLE", "~/variables"])
@pytest.mark.parametrize("option", ["env_file", "envFile"])
def test_what_waits_for_a_robot_does_not_go_to_one_that_the_env_file_names_then(
    editor: Editor, tmp_path: Path, named: str, option: str
) -> None:
    path = tmp_path / "variables"
    editor.lua("vim.env.HOME, vim.env.HELD = ...", str(tmp_path), str(path))
    outer = {option: named.format(path=path), "env": {"TABLE": str(path)}}
    options = {"channels": {"dingtalk": outer}}
    keys = []
    for content in ("DINGTALK_APP_KEY=first", "DINGTALK_APP_KEY=second", None):
        path.unlink() if content is None else path.write_text(content)
        keys.append(settings_key(editor, options))
    os.mkfifo(path)
    assert keys[2] == settings_key(editor, options)
    assert len({*keys}) == 3


def test_what_was_kept_goes_only_once_the_disk_has_taken_it(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    bind(editor, webhook_options)
    outbox = editor.data / "chat-dingtalk-outbox.jsonl"
    outbox.unlink(missing_ok=True)
    outbox.mkdir()
    freeze(editor)
    editor.lua("require('dingbridge').notify('refused for a while')")
    editor.close()
    until(lambda: "is not written down" in editor.log(), "a word in the log")
    [file] = kept(editor)
    outbox.rmdir()
    later = start_editor()
    bind(later, webhook_options)
    later.until(lambda: not file.exists())
    sandbox.client.wait_arrived(1)
    later.lua("require('dingbridge').notify('last')")
    sandbox.client.wait_arrived(2)
    assert texts(sandbox) == ["refused for a while", "last"]
