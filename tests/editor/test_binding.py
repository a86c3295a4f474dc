"""Binding a session to DingTalk, releasing it, and other settings meanwhile."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from dingbridge.core.timeouts import LEAVE_WITHIN
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import Settings
from tests.conftest import StartEditor
from tests.support.bound_sessions import connected, current, state
from tests.support.disk import exchange
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("bridge slack", "unknown platform slack: known are dingtalk"),
        ("bridge dingtlak", "unknown platform dingtlak: did you mean dingtalk?"),
        ("bridge", "bridge needs an argument: :Chat bridge dingtalk"),
        ("bridge dingtalk", "give setup() webhook to send to a group (:Chat help custom-robot)"),
        ("bridge dingtalk", "app_key"),
        ("bridge dingtalk", "webhook"),
        ("unbridge", "no session is bound: :Chat bridge dingtalk binds one"),
        ("notify words", "DingTalk is not set up"),
    ],
)
def test_what_cannot_be_bound_is_refused_and_opens_nothing(
    editor: Editor, command: str, words: str
) -> None:
    editor.setup({})
    editor.chat(command)
    editor.until_said(words)
    assert editor.sessions() == []
    assert editor.status()["mode"] == "off"
    assert editor.windows() == 1


def test_the_missing_half_of_the_credentials_is_named(editor: Editor) -> None:
    editor.setup({"app_key": "dingx"})
    editor.chat("bridge dingtalk")
    editor.until(lambda: sum("app_secret" in text for text in editor.said()) >= 2)
    assert editor.sessions() == []


def test_binding_opens_a_session_and_says_mode_account_target_and_link(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    said = editor.until_said("is bound to DingTalk")
    assert (
        f"API mode, account default ({sandbox.client_id}), to whoever writes first, connecting…"
        in said
    )
    editor.until_said("DingTalk is connected")
    assert editor.windows() == 2
    editor.chat("bridge dingtalk")
    editor.until(lambda: editor.said()[-1].endswith("to whoever writes first, connected"))
    sandbox.client.say("hello")
    editor.until(editor.transcript)
    editor.chat("bridge dingtalk")
    editor.until(lambda: editor.said()[-1].endswith("to 张三, connected"))
    assert editor.status()["target"] == "张三"
    assert len(sandbox.client.connections().open) == 1


def test_webhook_mode_says_that_it_is_one_way(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.chat("bridge dingtalk")
    said = editor.until_said("is bound to DingTalk")
    assert "webhook mode, account default, one-way" in said
    editor.chat("send to the group")
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.route, arrived.text) == ("webhook", "to the group")
    assert editor.lua("return require('dingbridge').statusline()").startswith("DingTalk one-way")
    assert sandbox.client.connections().total == 0


def test_another_session_takes_the_binding_over(bound: Editor, sandbox: Sandbox) -> None:
    first = current(bound)
    sandbox.client.say("to the first")
    bound.until(bound.transcript)
    bound.chat("new second")
    bound.until(lambda: current(bound) != first)
    second = current(bound)
    bound.chat("send stays here")
    bound.until(bound.transcript)
    bound.chat("bridge dingtalk")
    bound.until_said("“second” is bound to DingTalk (“张三” was bound before)")
    bound.until(lambda: bound.status()["session"] == second)
    sandbox.client.say("to the second")
    bound.until(lambda: len(bound.transcript(second)) == 2)
    assert [row["text"] for row in bound.transcript(first)] == ["to the first"]
    assert {row["id"]: row["bound"] for row in bound.sessions()} == {first: False, second: True}
    assert sandbox.client.arrived() == []
    assert len(sandbox.client.connections().open) == 1


def test_unbridge_closes_the_link_and_bridge_opens_it_again(
    bound: Editor, sandbox: Sandbox
) -> None:
    session = bound.status()["session"]
    bound.chat("unbridge dingtalk")
    bound.until_said("is no longer bound to DingTalk")
    sandbox.client.wait_connections(0)
    assert bound.status()["session"] == ""
    assert not bound.status()["connected"]
    bound.until(lambda: state(bound).get("bindings", {}) == {})
    assert sandbox.client.say("nobody hears").lost
    bound.chat("send not sent out")
    bound.until(bound.transcript)
    bound.chat("bridge dingtalk")
    connected(bound)
    sandbox.client.say("heard")
    bound.until(lambda: len(bound.transcript(session)) == 2)
    assert [row["delivery"] for row in bound.transcript(session)] == ["", ""]


def test_deleting_the_bound_session_releases_it_first(bound: Editor, sandbox: Sandbox) -> None:
    session = bound.status()["session"]
    bound.chat("delete")
    bound.until_said("was deleted")
    sandbox.client.wait_connections(0)
    assert bound.status()["session"] == ""
    bound.until(lambda: state(bound).get("bindings", {}) == {})
    assert bound.sessions() == []
    said = bound.said()
    assert [index for index, text in enumerate(said) if "no longer bound" in text] < [
        index for index, text in enumerate(said) if "was deleted" in text
    ]
    assert bound.chat_lines(session) == []


@pytest.mark.usefixtures("start_editor")
def test_a_binding_is_told_once_the_session_s_own_file_is_there(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    """Otherwise a crash in between would leave a binding to a session that nobody knows."""
    sessions = editor.data / "dingbridge" / "sessions"
    editor.setup(api_options)
    editor.chat("status")
    editor.until_said("mode: api")
    sessions.parent.mkdir(parents=True, exist_ok=True)
    sessions.write_text("in the way")
    editor.chat("bridge dingtalk")
    editor.until_said("cannot use sessions")
    editor.chat("outbox")
    editor.until_said("the outbox is empty")  # the service has answered what was asked later
    assert editor.status()["session"] == ""
    assert not (editor.data / "chat-dingtalk-state.json").exists()
    sessions.unlink()
    editor.until_said("is bound to DingTalk")
    [path] = sessions.glob("*.jsonl")
    assert editor.status()["session"] == path.stem


@pytest.mark.parametrize("what", ["unbridge", "new Another\nbridge dingtalk"])
def test_a_binding_that_was_given_up_before_its_file_was_there_does_not_come_back(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], what: str
) -> None:
    sessions = editor.data / "dingbridge" / "sessions"
    editor.setup(api_options)
    editor.chat("new First")
    editor.until(lambda: list(sessions.glob("*.jsonl")))
    kept = sessions.rename(sessions.with_suffix(".kept"))
    sessions.write_text("in the way")
    editor.chat("new Second")
    editor.chat("bridge dingtalk")
    editor.until_said("cannot use sessions")
    for line in what.split("\n"):
        editor.chat(line)
    exchange(sessions, kept)
    kept.unlink()
    another = what != "unbridge"
    editor.until(lambda: len(list(sessions.glob("*.jsonl"))) == 2 + another)
    # Before that the host may not have got to the last command yet.
    editor.until_said("“Another” is bound" if another else "“Second” is no longer bound")
    editor.chat("outbox")
    editor.until_said("the outbox is empty")  # the service has answered what was asked later
    assert not any("“Second” is bound" in text for text in editor.said())
    assert [row["title"] for row in editor.sessions() if row["bound"]] == ["Another"] * another


def test_an_app_changed_in_setup_leaves_the_old_one(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], webhook_options: dict[str, Any]
) -> None:
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    connected(editor)
    editor.setup(webhook_options)
    sandbox.client.wait_connections(0)
    editor.chat("notify by webhook")
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.route, arrived.text) == ("webhook", "by webhook")
    editor.setup({})
    editor.until(lambda: editor.status()["mode"] == "off")
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    connected(editor)
    assert len(sandbox.client.connections().open) == 1


def test_what_is_sent_after_another_robot_was_set_up_goes_where_its_settings_say(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    connected(editor)
    sandbox.client.say("hello", user="zhangsan", group="cidTEAM==")
    editor.until(editor.transcript)
    with Sandbox(Settings(client_id="dingother")) as other:
        app = {name: other.settings()[name] for name in ("app_key", "app_secret", "endpoint")}
        editor.setup({**api_options, **app, "user_id": "lisi"})
        editor.chat("bridge dingtalk")
        editor.lua("require('dingbridge').send('to whom the settings name')")
        [arrived] = other.client.wait_arrived(1)
        assert (arrived.route, arrived.text) == ("single", "to whom the settings name")
        assert arrived.user_ids == ("lisi",)
    assert sandbox.client.arrived() == []


def test_what_waits_for_an_app_that_is_taken_out_of_setup_is_told_and_goes_when_it_is_back(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], webhook_options: dict[str, Any]
) -> None:
    app = {**api_options, "user_id": "zhangsan"}
    sandbox.client.fault(Fault.http("/v1.0/robot/oToMessages/*", 500, "down", times=None))
    editor.setup(app)
    editor.chat("notify for one person")
    editor.until(lambda: editor.status()["queued"] == 1)
    editor.setup(webhook_options)
    said = "1 message waits for the robot that was set up before"
    assert "when it is set up again" in editor.until_said(said)
    editor.until(lambda: editor.status()["mode"] == "webhook")
    assert editor.status()["queued"] == 0
    sandbox.client.clear_faults()
    editor.setup(app)
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.route, arrived.text) == ("single", "for one person")


def test_nothing_is_said_to_wait_for_an_app_that_another_editor_still_has(
    start_editor: StartEditor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    webhook_options: dict[str, Any],
) -> None:
    app = {**api_options, "user_id": "zhangsan"}
    sandbox.client.fault(Fault.http("/v1.0/robot/oToMessages/*", 500, "down", times=None))
    editor, other = start_editor(), start_editor()
    other.setup(app)
    other.chat("status")
    other.until_said("mode: api")
    editor.setup(app)
    editor.chat("notify for one person")
    editor.until(lambda: editor.status()["queued"] == 1)
    editor.setup(webhook_options)
    editor.chat("status")
    editor.until_said("mode: webhook")
    assert not any("waits for the robot" in words for words in editor.said())
    sandbox.client.clear_faults()
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.route, arrived.text) == ("single", "for one person")


def test_a_message_whose_answer_is_awaited_is_not_repeated_when_the_app_is_set_up_again(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.setup({**api_options, "user_id": "zhangsan"})
    editor.chat("bridge dingtalk")
    connected(editor)
    sandbox.client.fault(Fault.hang("/v1.0/robot/oToMessages/batchSend"))
    editor.lua("require('dingbridge').send('once, please')")
    sandbox.client.wait_hanging()
    editor.setup({})
    editor.until(lambda: editor.status()["mode"] == "off")
    editor.setup({**api_options, "user_id": "zhangsan"})
    with pytest.raises(TimeoutError):  # longer than an editor that is closed would wait for it
        sandbox.client.wait_arrived(1, LEAVE_WITHIN + 1)
    sandbox.client.release()
    connected(editor)
    editor.until(lambda: editor.status()["queued"] == 0)
    assert [one.text for one in sandbox.client.arrived()] == ["once, please"]


def test_what_is_typed_in_a_bound_session_while_the_settings_are_broken_is_told_as_not_sent(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor = start_editor()
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    connected(editor)
    session = editor.status()["session"]
    editor.close()
    after = start_editor()
    after.setup({**api_options, "app_secret": {"cmd": [sys.executable, "-c", "exit(7)"]}})
    after.chat(f"open {session}")
    after.lua("require('dingbridge').send('do you see this?')")
    [row] = after.until(lambda: after.transcript(session))
    assert row["delivery"] == "failed"
    assert "the settings cannot be used" in row["reason"]
    assert "ended with status 7" in row["reason"]
