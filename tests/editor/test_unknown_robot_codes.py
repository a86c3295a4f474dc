"""A callback whose robot code nobody knows is answered by that of the settings."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.core.errors import Refused
from dingbridge.sandbox.client import PICTURE
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

UNKNOWN = Refused("no such robot", code="invalidParameter.robotCode.notExsit")

SINGLE = "/v1.0/robot/oToMessages/batchSend"
GROUP = "/v1.0/robot/groupMessages/send"
DOWNLOAD = "/v1.0/robot/messageFiles/download"
REACTION = "/v1.0/robot/emotion/reply"
NORMAL: dict[str, Any] = {"robotCode": "normal"}


def answer(editor: Editor, sandbox: Sandbox, text: str) -> str:
    """What is typed in the editor, once it arrived; the code that it came with."""
    known = len(sandbox.client.arrived())
    editor.type_draft(text)
    editor.nvim.command("write")
    return sandbox.client.wait_arrived(known + 1)[-1].robot


@pytest.mark.parametrize(("group", "path"), [(None, SINGLE), (TEAM, GROUP)])
def test_an_answer_by_openapi_takes_one_more_attempt_and_then_none(
    bound: Editor, sandbox: Sandbox, group: str | None, path: str
) -> None:
    sandbox.client.say("hello", group=group, session_webhook=False, extra=NORMAL)
    bound.until(lambda: bound.transcript())
    own = sandbox.settings()["app_key"]
    assert answer(bound, sandbox, "hello yourself") == own
    assert [call.status for call in sandbox.client.calls(path)] == [400, 200]
    assert answer(bound, sandbox, "and more") == own
    assert [call.status for call in sandbox.client.calls(path)] == [400, 200, 200]


def test_a_code_that_is_refused_for_good_ends_after_one_more_attempt(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(SINGLE, 400, UNKNOWN.code, times=None))
    sandbox.client.say("hello", session_webhook=False, extra=NORMAL)
    bound.until(lambda: bound.transcript())
    bound.type_draft("hello yourself")
    bound.nvim.command("write")
    bound.until(lambda: bound.transcript()[-1]["delivery"] == "failed")
    assert len(sandbox.client.calls(SINGLE)) == 2


def test_a_picture_is_fetched_by_one_more_attempt(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.say_picture(extra=NORMAL)
    [row] = bound.until(lambda: bound.transcript())
    assert str(row["text"]).startswith("![picture](")
    assert [call.status for call in sandbox.client.calls(DOWNLOAD)] == [400, 200]
    [path] = (bound.data / "dingbridge/media").iterdir()
    assert path.read_bytes() == PICTURE


@pytest.mark.parametrize("extra", [NORMAL, {"robotCode": None}], ids=["normal", "no code"])
def test_a_reaction_stands_at_a_message_whose_robot_code_is_none(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], extra: dict[str, Any]
) -> None:
    editor.setup({**api_options, "reaction": "👀"})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    said = sandbox.client.say("hello", extra=extra)
    sandbox.client.wait_reacted(lambda one: one.message_id == said.message_id)
    refused = [call.status for call in sandbox.client.calls(REACTION) if call.status == 400]
    assert len(refused) == (1 if extra["robotCode"] else 0)
