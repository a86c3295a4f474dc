"""`:checkhealth dingbridge` says what is wrong and what helps, and touches nothing."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.doctor.settings_findings import settings
from dingbridge.edges.programs.settings_check import settings_facts
from dingbridge.sandbox import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor, bind
from tests.editor.test_starting import old_python
from tests.support import scripted_agent
from tests.support.editor import ROOT, Editor

APP = {"app_key": "dingabcdef", "app_secret": "s3cret-of-the-test"}


@pytest.fixture
def bound(shared_editor: Editor, api_options: dict[str, Any]) -> Editor:
    """The one editor of the tests with a bound session."""
    return bind(shared_editor, api_options)


class Report:
    """What the health check wrote: each line with its rank and its advice."""

    def __init__(self, lines: list[str]) -> None:
        self.text = "\n".join(lines)
        self.rows: list[tuple[str, str]] = []
        for line in lines:
            found = re.match(r"- (?:\S+ )?(OK|WARNING|ERROR) (.*)", line)
            if found:
                self.rows.append((found[1], found[2]))
            elif line.startswith("- "):
                self.rows.append(("INFO", line[2:]))
            elif self.rows and line.startswith("  "):
                rank, text = self.rows[-1]
                self.rows[-1] = (rank, f"{text}\n{line.strip()}")

    def of(self, rank: str) -> str:
        """Everything of one rank, with its advice."""
        return "\n".join(text for each, text in self.rows if each == rank)


def check(editor: Editor) -> Report:
    editor.nvim.command("checkhealth dingbridge")
    lines = list(editor.nvim.current.buffer[:])
    editor.nvim.command("bwipeout!")
    return Report(lines)


def write_program(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


# --- Neovim and Python --------------------------------------------------------------------------


def test_an_old_neovim_is_an_error_with_the_version_that_is_needed(editor: Editor) -> None:
    editor.lua("""
        local has = vim.fn.has
        vim.fn.has = function(what) return what == 'nvim-0.10' and 0 or has(what) end
    """)
    assert "Install Neovim 0.10 or newer" in check(editor).of("ERROR")


def test_a_python_that_is_not_there_is_told_with_the_option(editor: Editor) -> None:
    editor.setup({"python": "/nowhere/python"})
    found = check(editor)
    assert "`/nowhere/python`, chosen by the option `python`" in found.of("ERROR")
    assert "Set the option `python`" in found.of("ERROR")


def test_missing_packages_are_named_with_the_command(editor: Editor, tmp_path: Path) -> None:
    bare = write_program(tmp_path / "bare", f'exec "{sys.executable}" -S -E "$@"')
    editor.setup({"python": bare})
    found = check(editor)
    assert re.search(r"packages are missing \(.*websocket.*\)", found.of("ERROR"))
    assert "run :Chat install" in found.of("ERROR")
    assert f"make -C '{ROOT}' install" in found.of("ERROR")
    assert "Python 3." in found.of("OK")


def test_an_old_python_is_an_error(editor: Editor, tmp_path: Path) -> None:
    editor.setup({"python": old_python(tmp_path / "old")})
    found = check(editor)
    assert "Python 3.10 or newer is needed, this is 3.8" in found.of("ERROR")
    assert "Python 3.8" not in found.of("OK")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("exec sleep 100", "did not answer within 0.2 s"),
        ("exit 0", "it is no Python"),
        ("echo 'cannot open shared object' >&2; exit 127", "cannot open shared object"),
    ],
)
def test_a_program_that_is_no_python_does_not_stop_the_check(
    editor: Editor, tmp_path: Path, text: str, words: str
) -> None:
    for module in ("health", "health.settings"):
        editor.lua(f"require('dingbridge.{module}').answer_within = 200")
    editor.setup({"python": write_program(tmp_path / "strange", text)})
    found = check(editor)
    assert words in found.of("ERROR")
    assert "The host does not run" in found.of("INFO")


def test_a_file_that_cannot_be_started_does_not_stop_the_check(
    editor: Editor, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/nowhere/interpreter\n")
    broken.chmod(0o755)
    editor.setup({"python": str(broken)})
    assert "it cannot be run" in check(editor).of("ERROR")


def test_the_command_of_another_plugin_is_told_with_ours(editor: Editor) -> None:
    editor.nvim.command("command Chat let g:theirs = 1")
    editor.setup({})
    assert "Use `:DingTalk`" in check(editor).of("WARNING")


def test_without_setup_it_says_that_the_commands_are_missing(editor: Editor) -> None:
    found = check(editor)
    assert "The commands are not defined" in found.of("WARNING")
    assert "setup(" in found.of("WARNING")


def test_a_good_installation_has_no_complaint_and_no_process_is_left(editor: Editor) -> None:
    editor.setup({**APP, "allow_from": ["manager01"]})
    found = check(editor)
    assert (found.of("ERROR"), found.of("WARNING")) == ("", "")
    for words in ("Neovim 0.", "Python 3.", "All Python packages", "those of dingbridge",
                  "API mode", "access: manager01", "for you alone"):  # fmt: skip
        assert words in found.of("OK")
    assert editor.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())") == []
    assert editor.host_pid() == 0


# --- settings -----------------------------------------------------------------------------------


def test_every_problem_of_the_settings_is_an_error_with_its_help(editor: Editor) -> None:
    editor.lua(
        "require('chat').setup({ integrations = { telegram = {}, dingtalk = ... } })",
        {"app_kye": "x", "app_secret": "YOUR_APP_SECRET", "msgtype": "html"},
    )
    found = check(editor).of("ERROR")
    for words in (
        "integrations.telegram: only 'dingtalk' is served here",
        "integrations.dingtalk.app_kye: unknown option, did you mean app_key?",
        "integrations.dingtalk.msgtype: must be 'markdown' or 'text'",
        "dingbridge-option-msgtype",
        "dingbridge-option-app_secret",
        "dingbridge-options",
    ):
        assert words in found


def test_the_report_is_in_the_language_of_the_settings_that_are_checked(editor: Editor) -> None:
    editor.setup({"language": "zh", "app_key": "YOUR_APP_KEY", "msgtype": "html"})
    found = check(editor).of("ERROR")
    assert 'app_key: "YOUR_APP_KEY" 是占位文字；请在这里填写应用的 Client ID（AppKey）' in found
    assert "msgtype: 应为：'markdown' 或 'text'" in found
    editor.setup({"language": "zh", **APP})
    assert "API 模式，可收可发，应用 dingabcdef" in check(editor).of("OK")


def test_the_problems_go_with_the_next_setup(editor: Editor) -> None:
    editor.setup({"msgtype": "html"})
    assert "msgtype" in check(editor).of("ERROR")
    editor.setup({"msgtype": "text"})
    assert check(editor).of("ERROR") == ""


@pytest.mark.parametrize(
    ("options", "rank", "words"),
    [
        ({}, "WARNING", "DingTalk is not set up"),
        ({**APP, "enabled": False}, "WARNING", "enabled = true switches it on"),
        (APP, "OK", "API mode, both ways, app dingabcdef"),
        (
            {"webhook": "https://oapi.dingtalk.com/robot/send?access_token=hidden"},
            "OK",
            "webhook mode, one way",
        ),
        (
            {"accounts": {"work": APP, "home": {"webhook":
             "https://oapi.dingtalk.com/robot/send?access_token=hidden"}}},
            "OK",
            "work: API mode, both ways, app dingabcdef",
        ),
    ],
)  # fmt: skip
def test_each_account_is_told_with_its_mode_and_no_secret(
    editor: Editor, options: dict[str, Any], rank: str, words: str
) -> None:
    editor.setup(options)
    found = check(editor)
    assert words in found.of(rank)
    assert "hidden" not in found.text
    assert APP["app_secret"] not in found.text


def test_secrets_are_told_by_where_they_come_from(
    start_editor: StartEditor, tmp_path: Path
) -> None:
    editor = start_editor(environ={"MY_SECRET": "hidden-one", "DINGTALK_SECRET": "hidden-two"})
    webhook = "https://oapi.dingtalk.com/robot/send?access_token=hidden"
    program = write_program(tmp_path / "pass", "echo ran > $0.trace; echo hidden-three")
    editor.setup(
        {
            "webhook": webhook,
            "accounts": {
                "env": {"app_key": "ding1", "app_secret": "$MY_SECRET"},
                "cmd": {"app_key": "ding2", "app_secret": {"cmd": [program, "x"]}},
                "gone": {"app_key": "ding3", "app_secret": {"cmd": ["no-such-program"]}},
            },
        }
    )
    found = check(editor)
    assert "env: app_secret: from the environment variable MY_SECRET" in found.of("OK")
    assert "default: secret: from the environment variable DINGTALK_SECRET" in found.of("OK")
    assert f"cmd: app_secret: said by the program `{program}`" in found.of("OK")
    assert "gone: app_secret: the program `no-such-program` cannot be run" in found.of("ERROR")
    assert "default: webhook: written in the settings" in found.of("INFO")
    assert not Path(f"{program}.trace").exists()
    assert "hidden" not in found.text


def test_a_variable_that_is_not_set_is_an_error(editor: Editor) -> None:
    editor.setup({"app_key": "ding1", "app_secret": "$NO_SUCH_VARIABLE"})
    assert "the environment variable NO_SUCH_VARIABLE is not set" in check(editor).of("ERROR")


def test_a_variable_of_the_settings_is_no_variable_of_the_environment(editor: Editor) -> None:
    editor.setup(
        {"app_key": "ding1", "app_secret": "$MY_SECRET", "env": {"MY_SECRET": "hidden-one"}}
    )
    found = check(editor)
    assert "app_secret: from the variable MY_SECRET of `env`" in found.of("INFO")
    assert "hidden" not in found.text


def test_an_env_file_is_read_and_not_shown(editor: Editor, tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    editor.setup({"env_file": str(file)})
    assert "env_file: cannot be read (No such file or directory)" in check(editor).of("ERROR")
    file.mkdir()
    assert "env_file: cannot be read (not a file)" in check(editor).of("ERROR")
    file.rmdir()
    file.write_text("DINGTALK_CLIENT_SECRET=hidden\n")
    file.chmod(0o644)
    found = check(editor)
    assert "$DINGTALK_CLIENT_SECRET in env_file: needs app_key as well" in found.of("ERROR")
    assert f"others can read {file}" in found.of("WARNING")
    file.write_text("DINGTALK_CLIENT_SECRET=hidden\nDINGTALK_CLIENT_ID=dingabc\n")
    file.chmod(0o600)
    found = check(editor)
    assert f"env_file: `{file}`" in found.of("OK")
    assert "API mode, both ways, app dingabc" in found.of("OK")
    assert "app_secret: from the variable DINGTALK_CLIENT_SECRET of `env_file`" in found.of("OK")
    assert "hidden" not in found.text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"app_key": "ding1"}, "app_key: needs app_secret as well"),
        ({"accounts": {"a": APP, "b": APP}}, "a and b have the same robot"),
        ({**APP, "client_id": "ding2"}, "has another value than"),
        ({"webhook": "https://evil.example/robot/send?access_token=x"}, "is no host of DingTalk"),
    ],
)
def test_what_is_bad_only_together_is_told_by_the_health_check_and_by_the_first_command(
    editor: Editor, options: dict[str, Any], words: str
) -> None:
    editor.setup(options)
    assert editor.said() == []
    found = check(editor).of("ERROR")
    assert words in found
    assert "Correct it in `setup()`" in found
    assert editor.host_pid() == 0
    editor.chat("status")
    editor.until_said("mode: off")
    assert sum(words in text for text in editor.said()) == 2
    assert words in check(editor).of("ERROR")
    assert "The service says" not in check(editor).text


def test_a_service_that_is_gone_is_told_until_there_is_one_again(editor: Editor) -> None:
    editor.setup({"webhook": "https://oapi.dingtalk.com/robot/send?access_token=hidden"})
    editor.chat("status")
    editor.until_said("mode: webhook")
    editor.until(lambda: "The host runs, and the service has" in check(editor).of("OK"))
    editor.chat("service stop")
    editor.until_said("the service was stopped")
    editor.until(lambda: "The service does not run" in check(editor).of("WARNING"))
    assert not editor.service_pid()
    editor.chat("status")
    editor.until(lambda: "The host runs, and the service has" in check(editor).of("OK"))


def test_the_module_of_another_plugin_is_no_fault_of_the_settings(
    editor: Editor, tmp_path: Path
) -> None:
    module = tmp_path / "chat.nvim" / "lua" / "chat.lua"
    module.parent.mkdir(parents=True)
    module.write_text("return {}")
    editor.execute("set", f"rtp^={tmp_path / 'chat.nvim'}")
    found = check(editor)
    assert found.of("ERROR") == ""
    assert "is the module of another plugin" in found.text


def test_without_python_the_health_check_tells_what_the_editor_sees(editor: Editor) -> None:
    editor.setup({"python": "/nowhere/python", "msgtype": "html"})
    found = check(editor)
    assert "msgtype: must be 'markdown' or 'text'" in found.of("ERROR")
    assert "once Python can be run" in found.of("WARNING")


@pytest.mark.parametrize(
    ("options", "rank", "words"),
    [
        ({}, "INFO", "the settings name nobody: who writes"),
        ({"dm": {"policy": "allowlist"}}, "WARNING", "nobody has access: allow_from is empty"),
        ({"dm": {"policy": "allowlist"}}, "WARNING", "dm = { policy = 'pairing' }"),
        ({"dm": {"policy": "open"}}, "WARNING", "everybody who can write to the robot"),
        ({"allow_from": ["*"]}, "WARNING", "everybody who can write to the robot"),
        ({"dm": {"policy": "open"}, "allow_from": ["a1"]}, "OK", "access: a1"),
        ({"admins": ["boss"], "allow_from": ["a1", "boss"]}, "OK", "access: boss, a1\n"),
        ({"group_policy": "open"}, "INFO", "1:1 chats: pairing; groups: open"),
    ],
)
def test_it_says_who_may_talk(
    editor: Editor, options: dict[str, Any], rank: str, words: str
) -> None:
    editor.setup({**APP, **options})
    assert words in check(editor).of(rank)


def test_it_says_who_has_access_by_a_code(bound: Editor, sandbox: Sandbox) -> None:
    bound.listen()
    sandbox.client.say("hello?", user="lisi")
    [asked] = bound.until(lambda: bound.heard("DingbridgePairing"))
    bound.chat(f"pair {asked['code']}")
    bound.until_said("has access for good")
    bound.until(lambda: "with access by a code: " in check(bound).of("OK"))
    assert "李四" in check(bound).of("OK")


@pytest.mark.parametrize("module", ["PIL", "pygments"])
def test_it_says_what_pictures_of_code_need(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def advice() -> list[str]:
        found = settings(settings_facts(APP, "", (), "/", {}))
        return [words for one in found for words in one.fixes if "install images" in words]

    monkeypatch.setitem(sys.modules, module, None)
    assert len(advice()) == 1


# --- files --------------------------------------------------------------------------------------


def test_a_data_folder_that_cannot_be_used_is_an_error(editor: Editor) -> None:
    editor.setup({})
    editor.data.parent.mkdir(parents=True)
    editor.data.write_text("no folder")
    assert f"`{editor.data}` is no folder" in check(editor).of("ERROR")


def test_files_that_others_can_read_are_named_with_the_command_that_helps(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.say_picture()
    bound.until(bound.transcript)
    assert "for you alone" in check(bound).of("OK")
    [transcript] = (bound.data / "dingbridge" / "sessions").glob("*.jsonl")
    state = bound.data / "chat-dingtalk-state.json"
    media = bound.data / "dingbridge" / "media"
    for path, mode in ((transcript, 0o644), (state, 0o640), (media, 0o750), (media, 0o711)):
        before = path.stat().st_mode
        path.chmod(mode)
        warned = check(bound).of("WARNING")
        assert str(path) in warned
        root = state if path == state else bound.data / "dingbridge"
        assert f"chmod -R go-rwx '{root}'" in warned
        path.chmod(before)
    assert "for you alone" in check(bound).of("OK")


def test_a_log_that_others_can_read_and_a_file_of_another_user_are_named(bound: Editor) -> None:
    log = bound.home / "state" / "nvim" / "dingbridge.log"
    older = log.with_name("dingbridge.log.1")
    older.write_text("older\n")
    for path in (log, older):
        path.chmod(0o644)
        assert f"chmod -R go-rwx '{path}'" in check(bound).of("WARNING")
        path.chmod(0o600)
    assert "for you alone" in check(bound).of("OK")
    if os.geteuid() == 0:
        os.chown(older, 12345, 12345)
        assert str(older) in check(bound).of("WARNING")
    older.unlink()


def test_folders_that_others_can_enter_or_change_are_named(bound: Editor) -> None:
    ours = bound.data / "dingbridge"
    ours.chmod(0o755)
    assert str(ours) in check(bound).of("WARNING")
    ours.chmod(0o700)
    bound.data.chmod(0o775)
    warned = check(bound).of("WARNING")
    assert f"in the place of what is kept in `{bound.data}`" in warned
    assert f"chmod go-w '{bound.data}'" in warned
    bound.data.chmod(0o755)
    assert check(bound).of("WARNING").count("chmod") == 0


@pytest.mark.usefixtures("start_editor")
def test_it_says_where_the_log_is(bound: Editor) -> None:
    log = bound.home / "state" / "nvim" / "dingbridge.log"
    assert f"`{log}` (1 KB, `:Chat log` opens it)" in check(bound).of("INFO")


# --- the host -----------------------------------------------------------------------------------


def test_a_link_that_is_down_is_told_with_the_reason(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.setup({**api_options, "app_secret": "wrong-secret"})
    editor.chat("bridge dingtalk")
    editor.until(lambda: editor.status()["link"] == "waiting")
    found = check(editor).of("ERROR")
    assert "DingTalk is not connected: " in found
    assert "credentials" in found
    assert "dingbridge-trouble" in found


def test_a_link_that_stands_and_one_that_is_not_wanted_are_told_apart(bound: Editor) -> None:
    found = check(bound)
    assert "DingTalk is connected" in found.of("OK")
    assert (found.of("ERROR"), found.of("WARNING")) == ("", "")
    bound.chat("unbridge")
    bound.until(lambda: bound.status()["link"] == "off")
    assert "`:Chat bridge dingtalk` binds" in check(bound).of("WARNING")


def test_failed_messages_lead_to_the_outbox(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.say("hello")
    bound.until(bound.transcript)
    sandbox.client.fault(Fault.errcode("/robot/sendBySession*", 400101, "not today", None))
    sandbox.client.fault(Fault.http("/v1.0/*", 400, "not.today", None))
    bound.chat("send refused")
    bound.until(lambda: bound.status()["failed"] == 1)
    found = check(bound).of("WARNING")
    assert "messages that failed: 1" in found
    assert "`:Chat outbox`" in found
    assert "the last error was: " in found


def test_who_asks_and_a_pause_are_told(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.say("may I?", user="lisi")
    bound.until(lambda: bound.status()["asking"] == 1)
    assert "`:Chat pair` shows who" in check(bound).of("WARNING")
    bound.lua("""
        local account = require('dingbridge.state').status.accounts[1]
        account.cool_down_until, account.cool_down = os.time() + 90, 'too many\\nmessages'
    """)
    assert re.search(r"messages wait \d+ s more: too many messages", check(bound).of("WARNING"))


def test_settings_that_only_the_host_can_refuse_are_told(editor: Editor, tmp_path: Path) -> None:
    program = write_program(tmp_path / "pass", "exit 3")
    editor.setup({"app_key": "ding1", "app_secret": {"cmd": [program]}})
    editor.chat("status")
    editor.until_said("ended with status 3")
    editor.until(lambda: editor.status()["last_error"])
    found = check(editor)
    assert "The service says that the settings cannot be used" in found.of("ERROR")
    assert "ended with status 3" in found.of("ERROR")
    assert found.of("WARNING") == ""


# --- coding agents ------------------------------------------------------------------------------


def test_an_agent_that_answers_is_shown_with_its_version_and_one_that_does_not_with_what_helps(
    editor: Editor,
) -> None:
    editor.setup({**APP, "agent": {"name": "mine", "command": [*scripted_agent.argv()]}})
    assert "mine answers: Scripted Agent 1.2.3" in check(editor).of("OK")
    editor.setup({**APP, "agent": {"name": "qwen", "command": ["/nowhere/qwen"]}})
    found = check(editor).of("ERROR")
    assert "qwen does not answer: Qwen Code is not installed" in found
    assert "npm install --global @qwen-code/qwen-code" in found


def test_without_agents_the_check_says_which_are_known(editor: Editor, tmp_path: Path) -> None:
    editor.lua("vim.env.PATH = ...", str(tmp_path))
    try:
        assert "known are qwen, claude" in check(editor).of("INFO")
    finally:
        editor.lua("vim.env.PATH = ...", os.environ["PATH"])
