"""The Lua functions and autocommands that other plugins rely on."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor


def heard(editor: Editor, name: str) -> dict[str, Any]:
    """The data of the first event of that name."""
    return editor.until(lambda: editor.heard(name), name)[0]


@pytest.mark.usefixtures("start_editor")
def test_status_before_the_first_use_tells_the_mode_and_starts_nothing(
    editor: Editor, api_options: dict[str, Any]
) -> None:
    assert editor.status()["mode"] == "off"
    editor.setup(api_options)
    status = editor.status()
    assert status == {
        "mode": "api",
        "connected": False,
        "account": "default",
        "session": "",
        "owner": "",
        "link": "off",
        "target": "",
        "queued": 0,
        "failed": 0,
        "refused": 0,
        "asking": 0,
        "approvals": 0,
        "unread": 0,
        "last_error": "",
        "cool_down_until": 0,
        "cool_down": "",
        "quota": "",
        "accounts": [],
    }
    assert editor.lua("return require('dingbridge').statusline()") == "DingTalk ○"


@pytest.mark.usefixtures("start_editor")
def test_status_before_the_first_use_is_true_of_what_only_the_host_looks_up(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    def shown() -> tuple[str, str, str]:
        status = editor.status()
        line = editor.lua("return require('dingbridge').statusline()")
        return status["mode"], status["account"], line

    key, secret = api_options.pop("app_key"), api_options.pop("app_secret")
    program = {"cmd": [sys.executable, "-c", f"print({secret!r})"]}
    work = {"app_key": key, "app_secret": program}
    editor.setup({**api_options, "accounts": {"work": work}})
    assert shown() == ("api", "work", "DingTalk ○")

    file = tmp_path / "ding.env"
    editor.setup({**api_options, "env_file": str(file)})
    assert shown() == ("unknown", "default", "DingTalk ○")
    file.write_text(f"DINGTALK_CLIENT_ID={key}\nDINGTALK_CLIENT_SECRET={secret}\n")
    file.chmod(0o600)
    editor.chat("status")
    said = editor.until_said("mode: ")
    assert "mode: api" in said
    assert shown() == ("api", "default", "DingTalk ○")

    # What the file does not hold after all.
    file.write_text("\n")
    editor.setup({**api_options, "env_file": str(file), "quota": {"calls": 1000}})
    editor.until(lambda: shown() == ("off", "", ""))


def test_status_is_off_for_settings_that_cannot_be_used(
    editor: Editor, api_options: dict[str, Any]
) -> None:
    editor.setup({**api_options, "msgtpye": "text"})
    assert editor.status()["mode"] == "off"
    editor.chat("status")
    assert "mode: off" in editor.until_said("mode: ")


def test_status_of_a_bound_session_tells_who_is_written_to(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.say("hi", user="zhangsan")
    bound.until(bound.transcript)
    status = bound.status()
    assert status["session"] == bound.sessions()[0]["id"]
    assert (status["mode"], status["link"], status["target"]) == ("api", "connected", "张三")
    # Nobody has seen the message: this Neovim has no screen.
    assert bound.lua("return require('dingbridge').statusline()") == "DingTalk ● 1 new"


def test_what_status_gives_is_a_copy(bound: Editor) -> None:
    bound.lua("require('dingbridge').status().mode = 'changed'")
    assert bound.status()["mode"] == "api"


def test_send_gives_an_id_at_once_under_which_the_message_is_found(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.say("hi", user="zhangsan")
    bound.until(bound.transcript)
    name = bound.lua("return require('dingbridge').send('from Lua')")
    assert sandbox.client.wait_arrived(1)[0].text == "from Lua"
    bound.until(lambda: [m["delivery"] for m in bound.transcript() if m["id"] == name] == ["sent"])
    message = bound.transcript()[1]
    assert {"id", "role", "author", "text", "time", "delivery"} <= set(message)


@pytest.mark.parametrize(
    "send",
    [
        "Chat send for the new one",
        "lua require('dingbridge').send('for the new one')",
    ],
)
def test_what_follows_a_new_session_in_one_go_is_meant_for_the_new_one(
    bound: Editor, sandbox: Sandbox, send: str
) -> None:
    first = bound.status()["session"]
    sandbox.client.say("hello")
    bound.until(lambda: bound.transcript(first))
    bound.lua("vim.cmd('Chat new Private') ; vim.cmd(...)", send)
    bound.until(
        lambda: any(row["text"] == "for the new one" for row in bound.transcript()), "the text"
    )
    [private] = [row for row in bound.sessions() if row["title"] == "Private"]
    assert [row["text"] for row in bound.transcript(private["id"])] == ["for the new one"]
    assert [row["text"] for row in bound.transcript(first)] == ["hello"]
    assert sandbox.client.arrived() == []


def test_transcript_without_an_id_is_that_of_the_session_that_send_would_use(
    editor: Editor,
) -> None:
    editor.setup({})
    assert editor.lua("return require('dingbridge').transcript()") == []
    editor.chat("new one")
    editor.chat("new two")
    editor.until(lambda: [row["title"] for row in editor.sessions()] == ["two", "one"])
    editor.lua("require('dingbridge').send('in two')")
    editor.until(lambda: editor.lua("return require('dingbridge').transcript()"))
    [message] = editor.lua("return require('dingbridge').transcript()")
    assert message["text"] == "in two"


def test_notify_takes_a_title_and_mentions(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    name = editor.lua(
        "return require('dingbridge').notify('deployed', "
        "{ title = 'Deploy', at_user_ids = { 'lisi' }, at_all = false })"
    )
    assert name
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.title, arrived.at["atUserIds"]) == ("Deploy", ["lisi"])
    assert not arrived.at.get("isAtAll")


def test_notify_mentions_everybody_only_when_asked(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.lua("require('dingbridge').notify('@all look')")
    editor.lua("require('dingbridge').notify('look', { at_all = true })")
    first, second = sandbox.client.wait_arrived(2)
    assert not first.at.get("isAtAll")
    assert second.at["isAtAll"]


def test_a_wrong_argument_of_notify_is_told_and_breaks_nothing(editor: Editor) -> None:
    editor.setup({})
    editor.lua("require('dingbridge').notify('x', { at_user_ids = 'not a list' })")
    editor.until_said("at_user_ids")
    editor.chat("new Still works")
    editor.until(editor.sessions)


def test_everything_that_happens_is_announced(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.listen()
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    heard(editor, "DingbridgeConnected")
    sandbox.client.say("news", user="zhangsan")
    received = heard(editor, "DingbridgeReceived")
    assert received["text"] == "news"
    assert received["author"] == "张三"
    assert received["user_id"] == "zhangsan"
    assert received["conversation_id"]
    session = editor.sessions()[0]["id"]
    assert received["session"] == session

    name = editor.lua("return require('dingbridge').send('answer')")
    where = {"target": "dingtalk:default:user:zhangsan", "target_name": "张三 (1:1)"}
    assert {name: received[name] for name in where} == where
    told = {"id": name, "session": session, "account": "default", **where}
    assert heard(editor, "DingbridgeQueued") == told
    assert heard(editor, "DingbridgeDelivered") == {**told, "reason": ""}

    sandbox.client.fault(Fault.errcode("/robot/sendBySession", 430104, "improper content"))
    name = editor.lua("return require('dingbridge').send('answer')")
    failed = heard(editor, "DingbridgeFailed")
    assert (failed["id"], failed["session"]) == (name, session)
    assert failed["reason"]
    editor.until(lambda: editor.status()["failed"] == 1)
    assert editor.status()["last_error"] == failed["reason"]
    assert "1✗" in editor.lua("return require('dingbridge').statusline()")

    sandbox.client.abort()
    assert heard(editor, "DingbridgeDisconnected")["reason"]


def test_the_end_of_the_service_is_told_as_the_end_of_the_link_for_each_account(
    editor: Editor, api_options: dict[str, Any]
) -> None:
    editor.listen()
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    heard(editor, "DingbridgeConnected")
    editor.until(lambda: editor.status()["accounts"][0]["connected"])
    editor.chat("service stop")
    editor.until_said("the service was stopped")
    lost = heard(editor, "DingbridgeDisconnected")
    assert lost == {"account": "default", "reason": "the service is gone"}
    status = editor.status()
    each = (status, *status["accounts"])
    shown = [(one["connected"], one["link"], one["queued"]) for one in each]
    assert shown == [(False, "off", 0)] * 2
    editor.chat("status")
    editor.until(lambda: len(editor.heard("DingbridgeConnected")) == 2)
    assert len(editor.heard("DingbridgeDisconnected")) == 1


def test_a_message_is_announced_as_queued_once_it_is_on_the_disk(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.listen()
    journal = editor.data / "chat-dingtalk-outbox.jsonl"
    editor.lua(
        """
        local path = ...
        vim.api.nvim_create_autocmd('User', { pattern = 'DingbridgeQueued', callback = function(e)
          local text = table.concat(vim.fn.readfile(path), ' ')
          _G.on_disk = text:find(e.data.id, 1, true) ~= nil
        end })
        """,
        str(journal),
    )
    editor.setup(webhook_options)
    sandbox.client.fault(Fault.hang("/robot/send"))
    name = editor.lua("return require('dingbridge').notify('words')")
    told = heard(editor, "DingbridgeQueued")
    assert (told["id"], told["session"], told["account"]) == (name, "", "default")
    assert told["target_name"] == "the robot's group"
    assert editor.lua("return _G.on_disk") is True
    sandbox.client.wait_hanging()
    assert editor.heard("DingbridgeDelivered") == []
    sandbox.client.release()
    assert heard(editor, "DingbridgeDelivered") == {**told, "reason": ""}
    assert len(editor.heard("DingbridgeQueued")) == 1


def test_a_cool_down_shows_in_status_and_statusline(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    sandbox.client.fault(Fault.ip_ban("/robot/send"))
    editor.chat("notify after the ban")
    reason = editor.until(lambda: editor.status()["cool_down"])
    status = editor.status()
    assert time.time() < status["cool_down_until"] < time.time() + 3600
    assert status["queued"] == 1
    assert "⏳" in editor.lua("return require('dingbridge').statusline()")
    editor.chat("status")
    editor.until_said(f"waiting: {reason}")
    assert sandbox.client.arrived() == []


def test_the_month_s_use_is_told_and_a_warning_comes_at_four_fifths(
    bound: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    bound.setup({**api_options, "quota": {"calls": 5000, "pushes": 5}})
    bound.until_lua("require('dingbridge.host_settings').is_configured()")
    for number in range(3):
        sandbox.client.say(f"message {number}")
    bound.until(lambda: len(bound.transcript()) == 3)
    bound.until(lambda: "3" in bound.status()["quota"])
    assert not any("quota" in text for text in bound.said())
    sandbox.client.say("the fourth")
    bound.until_said("4 of 5 pushes")
    bound.chat("status")
    bound.until_said("quota: ")


@pytest.mark.usefixtures("start_editor")
def test_webhook_mode_shows_as_one_way_in_the_statusline(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    assert editor.lua("return require('dingbridge').statusline()") == "DingTalk one-way"
    editor.setup({})
    assert editor.lua("return require('dingbridge').statusline()") == ""
