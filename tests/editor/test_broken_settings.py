"""While the settings have problems, whatever is asked for names them, not what they cause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

BROKEN = {
    "accounts": {"personal": {"app_key": "dingpersonal", "app_secret": "x", "msgtype": "html"}}
}
CAUSE = "accounts.personal.msgtype: must be 'markdown' or 'text'"

COMMANDS = [
    "bridge dingtalk",
    "bridge dingtalk personal",
    "unbridge",
    "unbridge dingtalk personal",
    "send dingtalk:personal:lisi hello",
    "send dingtalk:lisi hello",
    "send-file %",
    "notify hello",
    "notify dingtalk:personal:lisi hello",
    "pair",
    "pair 7KQ4XWTM",
    "pair personal:7KQ4XWTM",
    "deny personal:7KQ4XWTM",
    "revoke personal:lisi",
    "outbox",
    "retry",
    "retry personal:ab12",
    "drop personal:ab12",
    "status",
]


HALF_SEEN = {"msgtype": "html", "webhook": "https://example.com/robot/send?access_token=x"}
SEEN_BY_LUA, SEEN_BY_PYTHON = "msgtype: must be", "webhook: example.com is no host of DingTalk"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (HALF_SEEN, ""),
        ({"integrations": {"dingtalk": HALF_SEEN}}, "integrations.dingtalk."),
        ({"channels": {"dingtalk": HALF_SEEN}}, "channels.dingtalk."),
        ({"accounts": {"work": HALF_SEEN}}, "accounts.work."),
    ],
)
def test_a_problem_is_told_once_with_the_path_that_the_user_wrote(
    editor: Editor, given: dict[str, Any], path: str
) -> None:
    editor.setup(given)
    assert f"\n  {path}{SEEN_BY_LUA}" in editor.until_said(SEEN_BY_LUA)
    editor.chat("new Here")
    assert f"\n  {path}{SEEN_BY_PYTHON}" in editor.until_said(SEEN_BY_PYTHON)
    assert "\n".join(editor.said()).count(SEEN_BY_LUA) == 1


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_names_the_cause(editor: Editor, tmp_path: Path, line: str) -> None:
    (tmp_path / "notes.md").write_text("notes")
    editor.nvim.command(f"edit {tmp_path / 'notes.md'}")
    editor.setup(BROKEN)
    editor.chat("new Here")
    editor.until(editor.sessions)
    before = len(editor.said())
    editor.chat(line)
    said = editor.until(lambda: "\n".join(editor.said()[before:]))
    assert CAUSE in said
    assert "there is no account" not in said
    assert "bound" not in said


@pytest.mark.parametrize("given", [{"target": "dingtalk:personal:lisi"}, {"file": "notes.md"}])
def test_send_names_the_cause(editor: Editor, tmp_path: Path, given: dict[str, str]) -> None:
    (tmp_path / "notes.md").write_text("notes")
    editor.nvim.command(f"cd {tmp_path}")
    editor.setup(BROKEN)
    editor.chat("new Here")
    editor.until(editor.sessions)
    before = len(editor.said())
    editor.lua("require('dingbridge').send('hello', ...)", given)
    assert CAUSE in editor.until(lambda: "\n".join(editor.said()[before:]))


@pytest.mark.usefixtures("start_editor")
def test_the_status_has_the_cause_as_the_last_error_until_it_is_corrected(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(BROKEN)
    assert CAUSE in editor.status()["last_error"]
    editor.chat("new Here")
    editor.until(lambda: editor.status()["accounts"])
    assert CAUSE in editor.status()["last_error"]
    editor.setup(webhook_options)
    editor.until(lambda: editor.status()["mode"] == "webhook")
    assert editor.status()["last_error"] == ""


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"integrations": {"dingtak": {}}}, "integrations.dingtak: unknown option, did you mean"),
        ({"integrations": "dingtalk"}, "integrations: expected a table with dingtalk, got text"),
        ({"integrations": {"slack": {}}}, "integrations.slack: only 'dingtalk' is served here"),
    ],
)
def test_what_is_wrong_around_the_options_is_the_cause_as_well(
    editor: Editor, given: dict[str, Any], cause: str
) -> None:
    editor.setup(given)
    editor.chat("bridge dingtalk")
    editor.until_said("the settings cannot be used")
    assert cause in editor.said()[-1]
    editor.chat("status")
    assert cause in editor.until_said("mode: off")


def test_a_problem_beside_good_options_keeps_dingtalk_off_in_lua_and_in_the_host(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.setup({"integrations": {"slack": {}, "dingtalk": webhook_options}})
    assert editor.status()["mode"] == "off"
    editor.chat("notify hello")
    editor.until_said("integrations.slack: only 'dingtalk' is served here")
    editor.until(lambda: editor.status()["accounts"])
    assert editor.status()["mode"] == "off"
    assert sandbox.client.arrived() == []


def test_a_late_answer_of_an_account_that_cannot_be_read_any_more_is_kept_with_the_cause(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.lua(
        "local options = ...; options.responder = function(_, reply) Later = reply end;"
        " require('dingbridge').setup(options)",
        {"accounts": {"work": api_options}},
    )
    editor.chat("bridge dingtalk work")
    editor.until_lua("require('dingbridge').status().connected")
    session = editor.status()["session"]
    sandbox.client.say("question")
    editor.until_lua("Later ~= nil")
    editor.setup({"accounts": {"work": {**api_options, "msgtype": "html"}}})
    editor.lua("Later('the answer')")
    editor.until(lambda: len(editor.transcript(session)) == 2)
    answer = editor.transcript(session)[1]
    assert (answer["text"], answer["delivery"]) == ("the answer", "failed")
    assert "accounts.work.msgtype: must be" in answer["reason"]


def test_checkhealth_reads_the_file_that_the_settings_name(
    start_editor: StartEditor, tmp_path: Path
) -> None:
    editor = start_editor()
    editor.setup({"app_key": "dingabcdef", "app_secret": "x1", "env_file": str(tmp_path / "none")})
    editor.chat("new Here")
    editor.until(lambda: "env_file" in editor.status()["last_error"])
    editor.until(lambda: editor.windows() > 1)
    editor.nvim.command("checkhealth dingbridge")
    report = "\n".join(editor.nvim.current.buffer[:])
    assert "env_file: cannot be read (No such file or directory)" in report
    assert "The service says" not in report


@pytest.mark.parametrize(
    ("table", "cause"),
    [
        ("{ 'x', keyword = 'y' }", "setup(): every entry needs a name"),
        ("{ keyword = vim.uv.new_timer() }", "keyword: expected text in quotes, got something"),
        ("Looped", " channels.dingtalk.channels: unknown option"),
    ],
)
def test_a_table_that_cannot_leave_the_editor_is_told_and_the_next_one_works(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], table: str, cause: str
) -> None:
    editor.lua("Looped = {}; Looped.channels = { dingtalk = Looped }")
    editor.lua(f"require('dingbridge').setup({table})")
    [said] = editor.said()
    assert cause in said
    editor.chat("bridge dingtalk")
    assert cause in editor.until_said("the settings cannot be used")
    editor.nvim.command("checkhealth dingbridge")
    assert cause in "\n".join(editor.nvim.current.buffer[:])
    editor.nvim.command("bwipeout!")
    editor.setup(webhook_options)
    editor.chat("notify works again")
    assert sandbox.client.wait_arrived(1)[0].text == "works again"


@pytest.mark.parametrize(
    ("table", "cause"),
    [
        ("function() end", "setup(): expected a table of options, got a function"),
        ("{ keyword = function() end }", "keyword: expected text in quotes, got a function"),
        ("{ dm = function() end }", "dm: expected a table of options, got a function"),
        (
            "{ groups = { cid1 = function() end } }",
            "groups['cid1']: expected a table of options, got a function",
        ),
    ],
)
def test_a_function_in_the_wrong_place_is_called_one_by_the_host_as_well(
    editor: Editor, table: str, cause: str
) -> None:
    editor.lua(f"require('dingbridge').setup({table})")
    editor.chat("bridge dingtalk")
    editor.until_said("the settings cannot be used")
    assert [said.partition(":\n  ")[2] for said in editor.said()] == ([cause] * 2)
