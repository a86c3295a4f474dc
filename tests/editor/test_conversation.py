"""A conversation both ways between a real editor and the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.conftest import bind
from tests.support.drafts import GROUP, say
from tests.support.editor import Editor

pytestmark = [pytest.mark.environment, pytest.mark.shared_editor]


def test_a_message_from_dingtalk_appears_and_the_draft_answers_it(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.say("hello from 张三", user="zhangsan")
    [message] = bound.until(bound.transcript)
    assert (message["author"], message["role"]) == ("张三", "dingtalk")
    assert message["text"] == "hello from 张三"

    bound.type_draft("hi there\nsecond line")
    bound.nvim.command("write")

    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.route == "session"
    assert arrived.text == "hi there  \nsecond line"
    bound.until(lambda: bound.transcript()[1]["delivery"] == "sent")
    assert bound.nvim.current.buffer[:] == [""]


def test_the_status_says_that_several_conversations_share_the_session(
    bound: Editor, sandbox: Sandbox
) -> None:
    say(bound, sandbox, "one", "zhangsan")
    bound.chat("status")
    assert "session_scope" not in bound.until_said("link: connected")
    say(bound, sandbox, "two", "zhangsan", GROUP)
    bound.chat("status")
    bound.until_said("conversations in this session: 2 (`session_scope` gives each its own")


def test_a_stranger_is_refused_once_and_nothing_reaches_the_session(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    # From the start: new settings may come into force after the message.
    bind(editor, {**api_options, "sender_policy": "allowlist"})
    sandbox.client.say("let me in", user="lisi")
    [refusal] = sandbox.client.wait_arrived(1)
    assert "lisi" in refusal.text
    assert "allow_from" in refusal.text
    sandbox.client.say("please", user="lisi")
    sandbox.client.say("now me", user="zhangsan")
    [message] = editor.until(editor.transcript)
    assert message["text"] == "now me"
    assert editor.status()["refused"] == 2
    assert len(sandbox.client.arrived()) == 1


def test_a_webhook_notification_reaches_the_group(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("notify build is green")
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.route, arrived.text) == ("webhook", "build is green")
