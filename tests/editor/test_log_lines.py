"""The log tells what set-up guides send people to look for."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor


def told(editor: Editor) -> list[str]:
    """The lines of the log without their time and the module that wrote them."""
    return [re.sub(r"^\S+ \S+ \w+ [\w.]+: ", "", line) for line in editor.log().splitlines()]


def test_the_first_line_about_dingtalk_is_the_state_that_is_meant(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("new Here")
    editor.until(editor.sessions)
    attached, first, *_ = told(editor)
    assert attached == f"Neovim process {editor.pid()} has attached"
    assert first == "DingTalk: enabled"
    assert [line for line in told(editor) if line.startswith("DingTalk: ")] == ["DingTalk: enabled"]


@pytest.mark.usefixtures("start_editor")
def test_each_account_has_one_such_line(editor: Editor, sandbox: Sandbox) -> None:
    one = {"webhook": sandbox.webhook_url, "endpoint": sandbox.settings()["endpoint"]}
    editor.setup({"accounts": {"home": {**one, "enabled": False}, "work": one}})
    editor.chat("new Here")
    editor.until(editor.sessions)
    off = "accounts.home.enabled is false; set it to true"
    assert told(editor)[1:3] == [f"DingTalk (home): off, {off}", "DingTalk (work): enabled"]
    assert sum(line.startswith("DingTalk") for line in told(editor)) == 2


@pytest.mark.usefixtures("start_editor")
def test_settings_with_a_problem_are_off_with_the_problem(editor: Editor) -> None:
    editor.setup({"msgtype": "html"})
    editor.chat("new Here")
    editor.until(editor.sessions)
    problem = "msgtype: must be 'markdown' or 'text'"
    assert told(editor)[1] == f"DingTalk: off, the settings have problems: {problem}"


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


def test_a_message_that_cannot_be_read_is_told_in_one_line(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("hello", extra={"msgId": None})
    editor.until_said("it has no msgId")
    assert editor.log().count("it has no msgId") == 1


# --- verbose ------------------------------------------------------------------------------------

STEPS = (
    # the link
    r"POST http://127\.0\.0\.1:\d+/v1\.0/gateway/connections/open: 200 in \d+ ms",
    r"socket to ws://127\.0\.0\.1:\d+/\S* open in \d+ ms",
    r"frame '[^']+': a robot message",
    r"answered: \d+ frames",
    # who and where
    r"zhangsan has access",
    r"message '[^']+' goes to session SESSION",
    # the responder
    r"message \S+ of session SESSION is with the responder, a Lua function",
    r"the responder answers message \S+ with 250 characters",
    # out
    r"message \S+: chunk 1 of 3 by session webhook",
    r"message \S+: chunk 3 of 3 by session webhook",
    r"POST http://127\.0\.0\.1:\d+/robot/sendBySession\?\*\*\*: 200 in \d+ ms",
    r"message \S+ was delivered",
    # by OpenAPI, after a token that was revoked
    r"message \S+: chunk 1 of 1 by OpenAPI 1:1",
    r"POST http://127\.0\.0\.1:\d+/v1\.0/oauth2/accessToken: 200 in \d+ ms",
    r"access token fetched; another one is fetched in \d+ s",
    r"POST http://127\.0\.0\.1:\d+/v1\.0/robot/oToMessages/batchSend: 503 in \d+ ms",
    r"message \S+ waits \d+\.\d s: \S.*",
    r"POST http://127\.0\.0\.1:\d+/v1\.0/robot/oToMessages/batchSend: 200 in \d+ ms",
    # the link again
    r"link lost: .*",
    r"attempt 1: .*; next in \d+\.\d s",
    r"DingTalk channel connected via Stream Mode again, after 1 failed attempts",
)


def whole_conversation(editor: Editor, sandbox: Sandbox, options: dict[str, Any]) -> str:
    """Somebody writes and is answered in three chunks; somebody is written to, with a failure on
    the way; the link breaks. Returns the session."""
    editor.lua(
        "local options = ...;"
        " options.responder = function(_, reply) reply(('word '):rep(50)) end;"
        " require('dingbridge').setup(options)",
        {**options, "text_chunk_limit": 100},
    )
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    session = str(editor.status()["session"])
    sandbox.client.say("the text of the question")
    sandbox.client.wait_arrived(3)
    sandbox.client.fault(Fault(path="/v1.0/robot/oToMessages/batchSend", status=503, times=1))
    editor.chat("send dingtalk:lisi by OpenAPI")
    sandbox.client.wait_arrived(4, timeout=15.0)
    sandbox.client.abort()
    sandbox.client.wait_connections(1, total=2, timeout=15.0)
    editor.until(lambda: "connected via Stream Mode again" in editor.log())
    return session


def test_verbose_tells_every_step_and_no_secret(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = whole_conversation(editor, sandbox, {**api_options, "verbose": True})
    lines = told(editor)
    for step in STEPS:
        pattern = step.replace("SESSION", session)
        assert any(re.fullmatch(pattern, line) for line in lines), pattern
    log = editor.log()
    [said] = sandbox.client.said()
    session_secret = said.session_webhook.partition("session=")[2]
    assert session_secret
    for secret in (sandbox.client_secret, session_secret, "session=", "ticket=", "access_token="):
        assert secret not in log
    assert re.findall(r"https?://\S+?\?(?!\*\*\*)", log) == []


def test_without_verbose_none_of_it_is_told(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    whole_conversation(editor, sandbox, api_options)
    log = editor.log()
    assert " DEBUG " not in log
    for words in ("POST", "chunk", "frame", "has access", "responder", "access token", "the text"):
        assert words not in log
