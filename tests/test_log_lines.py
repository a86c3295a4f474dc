"""The log tells what set-up guides send people to look for."""

from __future__ import annotations

import re
from typing import Any

from dingbridge.sandbox.server import Sandbox
from tests.editor import Editor


def told(editor: Editor) -> list[str]:
    """The lines of the log without their time and the module that wrote them."""
    return [re.sub(r"^\S+ \S+ \w+ [\w.]+: ", "", line) for line in editor.log().splitlines()]


def test_the_first_line_of_a_start_is_the_state_that_is_meant(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("new Here")
    editor.until(editor.sessions)
    assert told(editor)[0] == "DingTalk: enabled"
    assert [line for line in told(editor) if line.startswith("DingTalk: ")] == ["DingTalk: enabled"]


def test_each_account_has_one_such_line(editor: Editor, sandbox: Sandbox) -> None:
    one = {"webhook": sandbox.webhook_url, "endpoint": sandbox.settings()["endpoint"]}
    editor.setup({"accounts": {"home": {**one, "enabled": False}, "work": one}})
    editor.chat("new Here")
    editor.until(editor.sessions)
    off = "integrations.dingtalk.accounts.home.enabled is false; set it to true"
    assert told(editor)[:2] == [f"DingTalk (home): off, {off}", "DingTalk (work): enabled"]
    assert sum(line.startswith("DingTalk") for line in told(editor)) == 2


def test_settings_with_a_problem_are_off_with_the_problem(editor: Editor) -> None:
    editor.setup({"msgtype": "html"})
    editor.chat("new Here")
    editor.until(editor.sessions)
    problem = "integrations.dingtalk.msgtype: must be 'markdown' or 'text'"
    assert told(editor)[0] == f"DingTalk: off, the settings have problems: {problem}"


def test_a_robot_that_the_settings_name_no_more_is_told_as_off(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    editor.setup({"accounts": {"work": webhook_options}})
    editor.chat("new Here")
    editor.until(editor.sessions)
    editor.setup(webhook_options)
    editor.until(lambda: "DingTalk: enabled" in told(editor))
    assert [line for line in told(editor) if line.startswith("DingTalk")] == [
        "DingTalk (work): enabled",
        "DingTalk (work): off",
        "DingTalk: enabled",
    ]
