"""`:Chat doctor` shows what is wrong as it is found, and proves the way by a ping."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.editor.test_report import press, report, until_shown
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor


def text(editor: Editor) -> str:
    return "\n".join(report(editor).get("lines", []))


def digits_asked(editor: Editor) -> str:
    """The digits of the ping that the doctor asks for."""
    until_shown(editor, "Send this to the robot")
    [found] = re.findall(r"ping (\d{4})", text(editor))
    return str(found)


def test_it_examines_without_a_host_and_starts_none(
    editor: Editor, api_options: dict[str, Any]
) -> None:
    editor.setup({**api_options, "autostart": False})
    editor.chat("doctor")
    until_shown(editor, "Nothing is wrong.")
    for words in ("✓ ok       Editor: Neovim 0.", "Settings: API mode", "Access token: DingTalk",
                  "? unknown  Link:"):  # fmt: skip
        assert words in text(editor)
    editor.until(lambda: "Looking …" not in text(editor))
    assert editor.host_pid() == 0


def test_problems_of_the_settings_are_shown_with_what_helps(editor: Editor) -> None:
    editor.setup({"app_keyy": "dingabc"})
    editor.chat("doctor")
    until_shown(editor, "Errors: ")
    assert "✗ error    Settings: app_keyy" in text(editor)
    assert ":help dingbridge-option" in text(editor)


def test_a_ping_is_received_and_answered_with_the_time_of_each_hop(
    bound: Editor, sandbox: Sandbox
) -> None:
    before = bound.transcript()
    bound.chat("doctor")
    digits = digits_asked(bound)
    assert "open; something came" in text(bound)
    sandbox.client.say(f"ping {digits}", user="zhangsan")
    until_shown(bound, "Nothing is wrong.")
    assert re.search(r"✓ ok       Ping: its frame came \d+\.\d s after the question", text(bound))
    assert re.search(r"✓ ok       Ping: written down and read by the service \d+ ms", text(bound))
    assert re.search(r"✓ ok       Ping: DingTalk accepted the answer \d+ ms later", text(bound))
    assert [one.text for one in sandbox.client.arrived()] == [f"pong {digits}"]
    assert bound.transcript() == before


def test_only_the_ping_of_somebody_with_access_counts(bound: Editor, sandbox: Sandbox) -> None:
    bound.chat("doctor")
    digits = digits_asked(bound)
    sandbox.client.say(f"ping {digits}", user="lisi")
    sandbox.client.wait_arrived(1)  # the code, or the refusal
    assert "Ping: its frame came" not in text(bound)
    sandbox.client.say(f"ping {digits}", user="zhangsan")
    until_shown(bound, "DingTalk accepted the answer")


def test_another_ping_is_a_message_like_any_other(bound: Editor, sandbox: Sandbox) -> None:
    bound.chat("doctor")
    digits = digits_asked(bound)
    other = f"ping {(int(digits) + 1) % 10_000:04}"
    sandbox.client.say(other, user="zhangsan")
    bound.until(lambda: [one for one in bound.transcript() if one["text"] == other])
    assert "Ping: its frame came" not in text(bound)


def test_an_answer_that_dingtalk_refuses_is_told(bound: Editor, sandbox: Sandbox) -> None:
    bound.chat("doctor")
    digits = digits_asked(bound)
    sandbox.client.fault(Fault.errcode("/robot/sendBySession*", 430104, "improper content"))
    sandbox.client.say(f"ping {digits}", user="zhangsan")
    until_shown(bound, "Errors: 1.")
    assert "the answer was not accepted: DingTalk's content check" in text(bound)


def test_closing_the_report_ends_the_examination(bound: Editor) -> None:
    bound.chat("doctor")
    digits_asked(bound)
    press(bound, "q")
    bound.until_lua("not require('dingbridge.doctor').is_running()")


def test_a_python_that_is_not_there_is_told_with_what_helps(editor: Editor) -> None:
    editor.setup({"python": "/nowhere/python"})
    editor.chat("doctor")
    until_shown(editor, "Set the option `python`")
    assert ":checkhealth dingbridge" in text(editor)


def test_an_argument_that_is_unknown_is_told(editor: Editor) -> None:
    editor.setup({})
    editor.chat("doctor pong")
    editor.until_said("no such argument: pong")


def test_the_id_of_a_failed_message_finds_its_line_in_the_log(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.say("hello", user="zhangsan")
    bound.until(lambda: [one for one in bound.transcript() if one["text"] == "hello"])
    sandbox.client.fault(Fault.errcode("/robot/sendBySession*", 430104, "improper content"))
    bound.chat("send an answer that is refused")
    bound.until(lambda: bound.status()["failed"] == 1)
    [failed] = [one for one in bound.transcript() if one["delivery"] == "failed"]
    bound.until(lambda: f"message {failed['id']} failed: 430104" in bound.log())
    bound.chat("outbox")
    until_shown(bound, failed["id"])
