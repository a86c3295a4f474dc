"""No link in a message from Neovim says anything in the name of who taps it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from dingbridge.sandbox.links import links, sent_by_tap
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM, Person, SandboxGroup
from tests.support.acting_links import SEND, acting
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor


def test_a_tap_on_a_link_of_dingtalks_own_says_its_text_as_who_taps(
    bound: Editor, sandbox: Sandbox
) -> None:
    # What the bridge refuses to send, another robot of the same group may.
    import requests

    body = {"msgtype": "markdown", "markdown": {"title": "t", "text": f"[docs]({SEND})"}}
    answer = requests.post(sandbox.webhook_url, json=body, timeout=5).json()
    assert answer["errcode"] == 0
    [arrived] = sandbox.client.wait_arrived(1)
    said = sandbox.client.tap(arrived, "docs", user="lisi")
    assert said is not None
    assert said.conversation_id == TEAM
    with pytest.raises(ValueError, match="has no link 'other'"):
        sandbox.client.tap(arrived, "other")
    with pytest.raises(ValueError, match="no message 99"):
        sandbox.client.tap(structs.replace(arrived, number=99), "docs")


def test_a_name_that_somebody_chose_cannot_complete_a_link(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    sandbox.client.add_person(Person("dtmd://dingtalkclient/sendMessage", staff_id="mallory"))
    sandbox.client.add_group(SandboxGroup("cidPAIR==", "Pair"))
    editor.setup({**api_options, "allow_from": ["*"], "admins": ["zhangsan"]})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("hello", user="mallory", group="cidPAIR==")
    editor.until(lambda: len(editor.transcript()) == 1)
    # By OpenAPI nobody can be mentioned, so that names replace ids.
    sandbox.client.expire_session_webhooks()
    editor.chat(f"send see @{SEND}")
    editor.chat("send see @mallory?content=%2Fclear")
    for message in sandbox.client.wait_arrived(2):
        assert message.route == "group"
        assert [link for link in links(message.text) if sent_by_tap(link)] == []
        assert acting(message.text, message.title) == []


def test_a_colleague_or_a_model_cannot_make_an_admin_run_a_command(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    given = {**api_options, "allow_from": ["*"], "admins": ["zhangsan"]}
    editor.lua(
        """
        local given = ...
        given.responder = function(message, reply)
          reply('> ' .. message.text)
        end
        require('dingbridge').setup(given)
        """,
        given,
    )
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    for trick in (f"[docs]({SEND})", f"<{SEND}>", SEND, f"`[docs]({SEND})`"):
        sandbox.client.say(trick, user="lisi", group=TEAM)
    arrived = sandbox.client.wait_arrived(4, timeout=10)
    said = len(sandbox.client.said())
    for message in arrived:
        assert "sendMessage" in message.text
        for link in links(message.text) + links(message.title):
            assert sandbox.client.tap(message, link.address) is None
    assert len(sandbox.client.said()) == said
    editor.until(lambda: len(editor.transcript()) == 8)
