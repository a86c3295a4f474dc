"""Everything that one robot does in DingTalk shares one access token."""

from __future__ import annotations

from typing import Any

from dingbridge.sandbox.reactions import REPLY_PATH
from dingbridge.sandbox.server import Sandbox
from tests.editor.test_media_received import DOWNLOAD, arrive
from tests.support.editor import Editor
from tests.support.processes import until

TOKEN = "/v1.0/oauth2/accessToken"
SINGLE = "/v1.0/robot/oToMessages/batchSend"


def test_fetching_a_file_a_reaction_and_a_message_take_one_token(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.setup({**api_options, "reaction": "👀"})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say_picture(user="zhangsan")
    arrive(editor)
    until(lambda: sandbox.client.calls(REPLY_PATH), "a reaction")
    editor.lua("require('dingbridge').notify('hello', { target = 'dingtalk:user:lisi' })")
    until(lambda: sandbox.client.calls(SINGLE), "a message")
    assert len(sandbox.client.calls(DOWNLOAD)) == 1
    assert len(sandbox.client.calls(TOKEN)) == 1


def test_settings_that_are_given_again_keep_the_token(
    bound: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    for number, msgtype in enumerate(("text", "markdown")):
        bound.setup({**api_options, "msgtype": msgtype})
        bound.lua("require('dingbridge').send(...)", msgtype, {"target": "dingtalk:user:zhangsan"})
        sandbox.client.wait_arrived(number + 1)
    assert len(sandbox.client.calls(TOKEN)) == 1
