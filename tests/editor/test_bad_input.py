"""Unusable input is reported in one clear line, nothing is lost, and the editor continues."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.editor.test_chat_keys import GO_TO
from tests.support.drafts import keys, say
from tests.support.editor import Editor
from tests.support.kills import Kills

SESSION = "/robot/sendBySession"

pytestmark = pytest.mark.shared_editor


def test_wrong_credentials_are_told_once_with_the_settings_to_check(
    editor: Editor, api_options: dict[str, Any]
) -> None:
    editor.setup({**api_options, "app_secret": "not-the-right-secret"})
    editor.chat("bridge dingtalk")
    said = editor.until_said("not connected")
    assert "app_secret" in said
    assert "not-the-right-secret" not in said + editor.log()
    assert not editor.status()["connected"]
    assert editor.status()["link"] == "waiting"
    editor.chat("status")
    line = editor.until_said("link: waiting: DingTalk does not accept the app's credentials")
    assert re.search(r"link: waiting: .*app_secret.*; next try in \d+ s$", line, re.MULTILINE), line
    assert "credentials" in editor.status()["last_error"]
    assert editor.status()["accounts"][0]["last_error"] == editor.status()["last_error"]
    editor.setup(api_options)
    editor.until_lua("require('dingbridge').status().connected")
    assert editor.status()["last_error"] == ""


def test_with_wrong_credentials_a_message_says_that_they_are_refused(
    editor: Editor, api_options: dict[str, Any]
) -> None:
    editor.setup({**api_options, "app_secret": "not-the-right-secret"})
    editor.chat("bridge dingtalk")
    editor.until_said("not connected")
    refused = "DingTalk does not accept the app's credentials"
    editor.chat("send hello")
    editor.until(lambda: editor.transcript()[-1:])
    reason = editor.transcript()[-1]["reason"]
    assert refused in reason
    assert "app_secret" in reason
    assert "nobody to send to" not in reason
    editor.chat("send-file README.md")
    said = editor.until_said("nobody could write here yet: ")
    assert refused in said


def test_a_message_whose_text_is_in_the_draft_again_has_not_failed_any_more(
    bound: Editor, sandbox: Sandbox
) -> None:
    session = bound.status()["session"]
    bound.chat("send hello")
    bound.until(lambda: [row["delivery"] for row in bound.transcript(session)] == ["failed"])
    bound.lua(GO_TO, "hello")
    keys(bound, "R")
    bound.until(lambda: bound.chat_lines(session, "draft") == ["hello"])
    bound.until(lambda: bound.transcript(session)[0]["delivery"] == "")
    assert "✗" not in "".join(bound.screen())
    bound.chat("retry")
    bound.until_said("there is no failed message")
    before = bound.service_pid()
    bound.kill_service()
    bound.until(lambda: bound.service_pid() not in (0, before))
    bound.until_lua("require('dingbridge').status().connected")
    sandbox.client.wait_connections(1)
    say(bound, sandbox, "question", "zhangsan")
    assert [row["delivery"] for row in bound.transcript(session)] == ["", ""]


def test_an_editor_that_joins_learns_why_the_link_is_down(
    start_editor: StartEditor, api_options: dict[str, Any]
) -> None:
    options = {
        **api_options,
        "endpoint": {"api": "http://127.0.0.1:9", "oapi": "http://127.0.0.1:9"},
    }
    first, second = start_editor(), start_editor()
    first.setup(options)
    first.chat("bridge dingtalk")
    first.until_said("not connected: no connection to DingTalk. Check the network. Trying again")
    second.setup(options)
    second.chat("new second")
    second.chat("bridge dingtalk")
    second.until(lambda: second.status()["link"] == "waiting")
    second.chat("status")
    second.until_said("link: waiting: no connection to DingTalk. Check the network")
    assert second.status()["last_error"] == "no connection to DingTalk. Check the network"


def test_an_outage_is_told_once_at_its_start_and_once_at_its_end(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.html("/v1.0/gateway/connections/open", times=2))
    sandbox.client.abort()
    bound.until_said("connected again", seconds=20)
    lines = [text for text in bound.said() if "connected" in text]
    assert len([text for text in lines if "not connected" in text]) == 1
    assert len([text for text in lines if "connected again" in text]) == 1


def test_what_waits_is_tried_as_soon_as_the_connection_is_back(
    bound: Editor, sandbox: Sandbox
) -> None:
    say(bound, sandbox, "question", "zhangsan")
    sandbox.client.fault(Fault(SESSION, action="drop", times=None))
    bound.chat("send patient")

    def is_tried() -> bool:
        bound.chat("retry")  # or its pauses would take long
        return len(sandbox.client.calls(SESSION)) >= 5

    bound.until(is_tried, "the next pause takes a quarter of a minute")
    sandbox.client.clear_faults()
    sandbox.client.abort()
    bound.until(lambda: bound.transcript()[-1]["delivery"] == "sent", seconds=10)


def test_a_link_that_breaks_after_each_handshake_is_one_outage_until_it_lives(
    bound: Editor, sandbox: Sandbox
) -> None:
    told = [text for text in bound.said() if "is connected" in text]
    sandbox.client.fault(Fault.cut(times=2))
    sandbox.client.abort()
    bound.until_said("connected again", seconds=40)
    lines = [text for text in bound.said() if "connected" in text]
    assert len([text for text in lines if "not connected" in text]) == 1
    assert len([text for text in lines if "is connected" in text]) == len(told) + 1


def test_that_the_link_stands_is_not_told_again_by_the_next_service(
    bound: Editor, start_editor: StartEditor
) -> None:
    told = [text for text in bound.said() if "is connected" in text]
    assert len(told) == 1
    Kills(start_editor).service(bound)
    bound.until(lambda: bound.log().count("channel connected") == 2, "the next link")
    bound.until_lua("require('dingbridge').status().connected")
    assert [text for text in bound.said() if "is connected" in text] == told


def test_a_frame_that_cannot_be_read_is_one_line_and_the_link_stays(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.raw_frame("{half a fra")
    said = bound.until_said("cannot be read")
    assert "\n" not in said
    sandbox.client.say("after", user="zhangsan")
    assert bound.until(bound.transcript)[0]["text"] == "after"
    assert bound.status()["connected"]


def test_a_used_up_quota_is_told(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.say(extra={"text": None, "errorCode": 20001})
    bound.until_said("quota")
    assert bound.transcript() == []


def test_a_message_of_a_megabyte_is_shown_whole(bound: Editor, sandbox: Sandbox) -> None:
    text = "long " * 200_000
    sandbox.client.say(text, user="zhangsan")
    [message] = bound.until(bound.transcript)
    assert message["text"] == text.strip()


def test_a_damaged_state_file_is_set_aside_and_the_bridge_starts_clean(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor = start_editor()
    editor.data.mkdir(parents=True, exist_ok=True)
    (editor.data / "chat-dingtalk-state.json").write_bytes(b'{"version": 1, "bindings": {"de')
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    assert len([text for text in editor.said() if "set aside" in text]) == 1
    [kept] = editor.data.glob("chat-dingtalk-state.json.bad-*")
    assert kept.read_bytes() == b'{"version": 1, "bindings": {"de'


def test_text_from_dingtalk_is_never_run(bound: Editor, sandbox: Sandbox) -> None:
    for text in (
        "]] vim.g.owned = 1 --[[",
        '" | let g:owned = 1 | echo "',
        "'); vim.g.owned = 1; ('",
        "`touch owned` $(touch owned)",
        "\x1b]0;owned\x07",
    ):
        sandbox.client.say(text, user="zhangsan")
    bound.until(lambda: len(bound.transcript()) == 5)
    assert "owned" not in bound.nvim.vars
    assert "\x1b" not in bound.transcript()[-1]["text"]


def test_no_secret_reaches_log_buffers_or_messages(
    bound: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    bound.setup({**api_options, "verbose": True})
    # What comes from DingTalk meanwhile may still be logged by the settings before.
    bound.until_lua("require('dingbridge.host_settings').is_configured()")
    sandbox.client.say("a word in the log", user="zhangsan")
    bound.until(bound.transcript)
    sandbox.client.fault(Fault.http("/robot/sendBySession", 500, "x"))
    bound.type_draft("answer")
    bound.nvim.command("write")
    sandbox.client.wait_arrived(1)
    bound.until(lambda: bound.transcript()[1]["delivery"] == "sent")
    bound.chat("status")
    bound.until_said("mode: api")
    buffers = "\n".join("\n".join(buffer[:]) for buffer in bound.nvim.buffers)
    state = (bound.data / "chat-dingtalk-state.json").read_text()
    everything = bound.log() + buffers + "\n".join(bound.said()) + state
    everything += bound.nvim.command_output("messages")
    for secret in (sandbox.client_secret, "session=", "ticket=t", "access_token="):
        assert secret not in everything
    assert "a word in the log" in bound.log()


def test_settings_with_a_problem_show_that_problem_and_nothing_the_user_never_set(
    editor: Editor,
) -> None:
    editor.setup({"integrations": {"dingtalk": {"app_key": "dingabc"}}})
    editor.chat("status")
    said = editor.until_said("mode: off")
    lines = said.split("\n")
    assert lines[0] == "mode: off (the settings have problems)"
    assert "app_secret" in lines[1]
    assert "enabled" not in said
    assert "not set;" not in said


def test_a_failed_message_is_named_and_dropping_it_is_no_fault(
    bound: Editor,
) -> None:
    bound.chat("send dingtalk:nobody first refused")
    bound.chat("send dingtalk:nobody second refused")
    bound.until_said("not delivered to nobody (1:1): “second refused”: ")
    bound.until_said("not delivered to nobody (1:1): “first refused”: ")
    assert bound.status()["last_error"]
    ids = [row["id"] for row in bound.transcript() if row["delivery"] == "failed"]
    bound.chat(f"drop {ids[0]}")
    bound.until_said("dropped: “first refused”")
    assert bound.status()["last_error"]
    bound.chat(f"drop {ids[1]}")
    bound.until_said("dropped: “second refused”")
    bound.until(lambda: bound.status()["failed"] == 0)
    assert bound.status()["last_error"] == ""
    assert not any("not delivered" in text and "dropped" in text for text in bound.said())
    levels = bound.lua("""
        return vim.tbl_map(function(row)
          return row.level
        end, vim.tbl_filter(function(row)
          return vim.startswith(row.text, 'dropped')
        end, require('dingbridge.notice').said))
    """)
    assert levels == [2, 2]


def test_an_account_that_does_not_exist_is_not_taken_for_a_person(
    bound: Editor, sandbox: Sandbox
) -> None:
    bound.chat("send dingtalk:nosuch:xx hello")
    bound.until_said("there is no account nosuch: known are default")
    assert bound.transcript() == []
    assert sandbox.client.arrived() == []


def test_a_file_that_a_webhook_cannot_carry_is_refused_in_whole_sentences(
    editor: Editor, webhook_options: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    editor.setup(webhook_options)
    editor.chat("bridge dingtalk")
    editor.until_said("is bound to DingTalk")
    editor.chat(f"send-file {tmp_path}/a.png")
    said = editor.until_said("cannot go through")
    assert "text and links only. Set app_key and app_secret" in said
    assert ".." not in said


def test_a_delivered_notification_says_where_it_went(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.lua("require('dingbridge').notify('by a program')")
    sandbox.client.wait_arrived(1)
    editor.chat("notify hi")
    editor.until_said("notified: the robot's group")
    assert len([text for text in editor.said() if "notified" in text]) == 1
