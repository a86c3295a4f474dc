"""A message that answers another one shows what it answers, with a real editor and the sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dingbridge.sandbox.inbound import ROBOT_USER
from dingbridge.sandbox.records import ArrivedMessage
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

CONTENT_NOT_SENT = "[Interactive card message]"


def quoting(
    text: str = "", *, sender: str = ROBOT_USER, key: str = "", time: float = 0.0
) -> dict[str, Any]:
    """Words for `say`: the message answers another one, as the platform tells it."""
    said = {
        "msgType": "text" if text else "interactiveCard",
        "msgId": "msgQUOTED==",
        "senderId": sender,
        "createdAt": int(time * 1000),
        "content": {"text": text or CONTENT_NOT_SENT},
    }
    extra = {"originalMsgId": "msgQUOTED=="}
    if key:
        extra["originalProcessQueryKey"] = key
    return {"content": {"isReplyMsg": True, "repliedMsg": said}, "extra": extra}


def last(editor: Editor, count: int) -> str:
    """The text of the message of that number, once it is there."""
    editor.until(lambda: len(editor.transcript()) >= count, f"{count} messages")
    return str(editor.transcript()[count - 1]["text"])


def answered(editor: Editor, sandbox: Sandbox, text: str) -> ArrivedMessage:
    """A message typed in the editor, once it arrived and what is kept of it is on the disk."""
    known = len(sandbox.client.arrived())
    editor.type_draft(text)
    editor.nvim.command("write")
    arrived = sandbox.client.wait_arrived(known + 1)[-1]
    editor.until(lambda: text in sent_texts(editor), "the sending is written down")
    return arrived


def sent_texts(editor: Editor) -> list[str]:
    state = json.loads((editor.data / "chat-dingtalk-state.json").read_text("utf-8"))
    return [one["text"] for sent in state.get("sent_keys", {}).values() for one in sent]


def test_a_quoted_message_of_somebody_is_shown_above_the_answer_to_it(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.lua(
        """
        local options = ...
        options.responder = function(message, reply) reply('I read: ' .. message.text) end
        require('dingbridge').setup(options)
        """,
        api_options,
    )
    editor.listen()
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("what does that mean?", **quoting("the build is **red**", sender="$:1:$x"))
    shown = last(editor, 1)
    assert shown.endswith("\n\nwhat does that mean?")
    quote = shown.removesuffix("\n\nwhat does that mean?").split("\n")
    assert all(line.startswith(">") for line in quote)
    assert quote[-1] == "> the build is **red**"
    [event] = editor.until(lambda: editor.heard("DingbridgeReceived"))
    assert event["text"] == shown
    assert last(editor, 2) == f"I read: {shown}"


@pytest.mark.parametrize("group", [None, TEAM])
def test_a_quote_of_our_own_message_is_found_by_its_key_after_a_kill(
    bound: Editor, sandbox: Sandbox, api_options: dict[str, Any], group: str | None
) -> None:
    sandbox.client.say("hello", group=group, session_webhook=False)
    last(bound, 1)
    arrived = answered(bound, sandbox, "deploy at six")
    assert arrived.process_query_key
    answered(bound, sandbox, "or at seven")
    bound.kill_host()
    bound.until_lua("not require('dingbridge.host').is_running()")
    bound.setup(api_options)
    bound.chat()
    bound.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("why six?", group=group, **quoting(key=arrived.process_query_key))
    shown = last(bound, 4)
    assert "> deploy at six" in shown.split("\n")
    assert "our own message" in shown
    assert shown.endswith("\n\nwhy six?")
    assert "seven" not in shown


def test_a_quote_of_our_own_message_that_has_no_key_is_found_by_its_time(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.say("hello")
    last(bound, 1)
    arrived = answered(bound, sandbox, "deploy at six")
    assert arrived.route == "session"
    sandbox.client.say("why six?", **quoting(time=arrived.time))
    assert "> deploy at six" in last(bound, 3).split("\n")


def test_a_quote_of_unknown_content_says_so(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.say("hello")
    last(bound, 1)
    answered(bound, sandbox, "deploy at six")
    sandbox.client.say("and this?", **quoting(key="pqk of another process"))
    shown = last(bound, 3)
    assert "cannot be shown" in shown
    assert "six" not in shown
    assert CONTENT_NOT_SENT not in shown
    assert shown.endswith("\n\nand this?")


def test_a_command_that_quotes_something_is_a_command(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.say("/whoami", **quoting("the build is red", sender="$:1:$x"))
    [said] = sandbox.client.wait_arrived(1)
    assert "zhangsan" in said.text
    sandbox.client.say("not a command")
    assert last(bound, 1) == "not a command"
