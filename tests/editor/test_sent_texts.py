"""What a text sent from Neovim looks like when it arrives, and what its session shows of that."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM, Person, SandboxGroup
from tests.conftest import StartEditor
from tests.support.editor import Editor, texts

pytestmark = pytest.mark.shared_editor

TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3


def bind(editor: Editor, given: dict[str, Any]) -> None:
    editor.setup(given)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")


def test_a_key_is_masked_on_its_way_and_the_session_says_so(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], start_editor: StartEditor
) -> None:
    secretive = start_editor("other", {"BUILD_TOKEN": "s3cr3t-of-the-environment"})
    bind(secretive, api_options)
    sandbox.client.say("what is the key?")
    secretive.until(lambda: texts(secretive) == ["what is the key?"])
    app_secret = api_options["app_secret"]
    secretive.chat(f"send {TOKEN} and s3cr3t-of-the-environment and {app_secret}")
    [arrived] = sandbox.client.wait_arrived(1)
    for secret in (TOKEN, "s3cr3t-of-the-environment", app_secret):
        assert secret not in arrived.text
    assert arrived.text.count("masked") == 3
    secretive.until(lambda: len(texts(secretive)) == 3)
    notice = next(text for text in texts(secretive) if text.startswith("Masked"))
    assert "BUILD_TOKEN" in notice
    assert "mask_secrets" in notice
    assert TOKEN not in secretive.log()


def test_the_user_is_told_when_only_the_title_of_a_notification_was_masked(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.lua(f"require('dingbridge').notify('the body', {{ title = '{TOKEN}' }})")
    [arrived] = sandbox.client.wait_arrived(1)
    assert TOKEN[:12] not in str(arrived.body)
    editor.until_said("GitHub token")


def test_an_answer_in_a_group_mentions_who_asked_and_known_members_by_name(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    bind(editor, {**api_options, "allow_from": ["zhangsan", "lisi"], "mention_asker": True})
    sandbox.client.say("hello", user="lisi", group=TEAM)
    editor.until(lambda: texts(editor) == ["hello"])
    sandbox.client.say("who can help?", group=TEAM)
    editor.until(lambda: len(texts(editor)) == 2)
    editor.chat("send ask @李四 about it, not @王五, and @all stays text")
    [arrived] = sandbox.client.wait_arrived(1)
    assert sorted(arrived.body["at"]["atUserIds"]) == ["lisi", "zhangsan"]
    assert arrived.body["at"]["isAtAll"] is False
    assert "@lisi" in arrived.text
    assert "@王五" in arrived.text
    assert "@all" not in arrived.text
    # By OpenAPI nobody can be mentioned, and the names stay readable.
    sandbox.client.expire_session_webhooks()
    editor.chat("send and again @李四 there")
    later = sandbox.client.wait_arrived(2)[-1]
    assert later.route == "group"
    assert "@李四" in later.text


def test_the_responder_mentions_the_asker_of_each_question(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    bind(
        editor,
        {
            **api_options,
            "allow_from": ["*"],
            "mention_asker": True,
            "responder": [sys.executable, "-c", "print('for', input())"],
        },
    )
    sandbox.client.say("one", user="lisi", group=TEAM)
    sandbox.client.say("two", group=TEAM)
    answers = sandbox.client.wait_arrived(2, timeout=10)
    assert [each.body["at"]["atUserIds"] for each in answers] == [["lisi"], ["zhangsan"]]
    sandbox.client.say("three")
    alone = sandbox.client.wait_arrived(3)[-1]
    assert "at" not in alone.body


def test_a_name_that_two_members_share_mentions_neither(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    sandbox.client.add_person(Person("李四", staff_id="lisi2"))
    sandbox.client.add_group(SandboxGroup("cidPAIR==", "Pair"))
    bind(editor, {**api_options, "allow_from": ["*"]})
    for user in ("lisi", "lisi2", "zhangsan"):
        sandbox.client.say("here", user=user, group="cidPAIR==")
    editor.until(lambda: len(texts(editor)) == 3)
    editor.chat("send @李四 which one?")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "@李四 which one?"
    assert "at" not in arrived.body


def test_line_ends_stay_visible_and_the_title_comes_from_the_content(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.say("report?")
    bound.until(bound.transcript)
    bound.chat("send # 构建结果\none\ntwo")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "# 构建结果\n\none  \ntwo"
    assert arrived.body["markdown"]["title"] == "构建结果"


def test_plain_text_stays_as_it_is_typed(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    bind(editor, {**api_options, "msgtype": "text"})
    sandbox.client.say("plain?")
    editor.until(lambda: texts(editor) == ["plain?"])
    editor.chat("send # one\ntwo <b>")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "# one\ntwo <b>"
