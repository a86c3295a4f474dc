"""A binding and its conversation are taken up again after a restart and in other editors."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.core.delivery.routing import robot_name
from dingbridge.core.options.settings import read
from dingbridge.edges.storage.owner_lock import OwnerLock
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.service.robots.robot_requests import Hello
from tests.conftest import StartEditor
from tests.service.editors.test_sending import Made
from tests.support import services
from tests.support.bound_sessions import connected, current, state
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor


def test_a_restart_restores_the_binding(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    before = start_editor()
    before.setup(api_options)
    before.chat("bridge dingtalk")
    connected(before)
    sandbox.client.say("before")
    before.until(before.transcript)
    session = before.status()["session"]
    before.close()
    sandbox.client.wait_connections(0)

    after = start_editor()
    after.setup(api_options)
    after.chat()
    connected(after)
    assert (after.status()["session"], after.status()["target"]) == (session, "张三")
    sandbox.client.say("after")
    after.until(lambda: [row["text"] for row in after.transcript(session)] == ["before", "after"])
    after.chat("send answer")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "answer"


def test_what_was_taken_up_before_the_robot_can_be_used_is_told_to_it() -> None:
    one = Made()
    one.account.restore("s", None)
    assert one.account.bound == "s"
    one.account.member.joined()
    assert one.outside.asked == [Hello(1, "/", "s", "Session")]


def test_the_editors_of_a_folder_take_up_its_binding_while_their_robot_is_held_elsewhere(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    before = start_editor()
    before.setup(api_options)
    before.chat("new Session")
    before.chat("bridge dingtalk")
    connected(before)
    session = before.status()["session"]
    before.close()
    services.must_end(before.data)

    robot = robot_name(read({**api_options}, {}))
    elsewhere = OwnerLock(before.home / "state" / "dingbridge" / "robots", robot)
    assert elsewhere.acquire()
    after = [start_editor(), start_editor()]
    for editor in after:
        editor.setup(api_options)
        editor.chat()
    for editor in after:
        editor.until(lambda editor=editor: editor.status()["session"])  # type: ignore[misc]  # mypy cannot infer a lambda's default
        assert not editor.status()["connected"]
    assert {editor.status()["session"] for editor in after} == {session}
    elsewhere.release()
    for editor in after:
        connected(editor)
    assert {editor.status()["session"] for editor in after} == {session}


def test_two_editors_share_one_service_and_one_link_and_each_has_its_session(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    first, second = start_editor(), start_editor()
    first.setup(api_options)
    first.chat("bridge dingtalk")
    connected(first)
    sandbox.client.say("one")
    first.until(first.transcript)
    session = first.status()["session"]

    def spoken_to() -> bool:
        return bool(state(first)["bindings"][session]["user_id"] == "zhangsan")

    first.until(spoken_to)
    before = state(first)

    second.setup(api_options)
    second.chat("new second")
    second.until(lambda: second.sessions() and second.sessions()[0]["title"] == "second")
    second.chat("bridge dingtalk")
    second.until_said("is bound to DingTalk")
    connected(second)
    assert second.service_pid() == first.service_pid()
    second.chat("status")
    second.until_said("link: connected\n")
    second.until(lambda: set(state(second)["bindings"]) == {session, second.status()["session"]})
    assert state(first)["bindings"][session] == before["bindings"][session]
    sandbox.client.say("two")
    first.until(lambda: len(first.transcript(session)) == 2)
    assert second.transcript() == []
    second.chat("unbridge")
    second.until_said("is no longer bound to DingTalk")
    second.until(lambda: set(state(second)["bindings"]) == {session})
    assert sandbox.client.connections().total == 1, first.log()

    second.chat("bridge dingtalk")
    second.until(lambda: second.status()["session"])
    first.close()
    sandbox.client.say("three")
    second.until(lambda: [row["text"] for row in second.transcript()] == ["three"])
    assert second.status()["connected"]
    assert sandbox.client.connections().total == 1, first.log()


def test_a_killed_editor_leaves_its_session_to_the_next_one(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    first, second = start_editor(), start_editor()
    first.setup(api_options)
    first.chat("bridge dingtalk")
    connected(first)
    session = first.status()["session"]
    first.kill()
    second.setup(api_options)
    second.until(lambda: second.status()["session"] == session)
    connected(second)
    sandbox.client.say("hello")
    second.until(lambda: [row["text"] for row in second.transcript(session)] == ["hello"])


def test_after_a_restart_whoever_spoke_last_of_two_is_answered(
    bound: Editor, sandbox: Sandbox, api_options: dict[str, Any], start_editor: StartEditor
) -> None:
    options = {**api_options, "allow_from": ["zhangsan", "lisi"]}
    bound.setup(options)
    bound.until_lua("require('dingbridge.host_settings').is_configured()")
    for count, user in enumerate(["zhangsan", "lisi", "zhangsan"], start=1):
        sandbox.client.say(f"from {user}", user=user)
        bound.until(lambda count=count: len(bound.transcript()) == count)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    bound.close()
    again = start_editor()
    again.setup(options)
    again.chat()
    connected(again)
    again.lua("require('dingbridge').send('to the last one')")
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.text, arrived.user_ids) == ("to the last one", ("zhangsan",))


def test_a_deleted_session_does_not_come_back_with_the_end_of_its_message(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    editor.listen()
    editor.setup(webhook_options)
    editor.chat("bridge dingtalk")
    editor.until(lambda: editor.status()["session"])
    sandbox.client.fault(Fault.hang("/robot/send"))
    editor.lua("require('dingbridge').send('last words')")
    sandbox.client.wait_hanging()
    editor.chat("delete")
    editor.until(lambda: not editor.sessions())
    sandbox.client.release()
    sandbox.client.wait_arrived(1)
    editor.until(lambda: editor.status()["queued"] == 0)
    editor.close()
    assert list((editor.data / "dingbridge" / "sessions").glob("*.jsonl")) == []


def test_a_session_that_another_editor_deleted_comes_back_whole_with_the_next_message(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    one = start_editor()
    one.listen()
    one.setup({**api_options, "session_scope": "user"})
    one.chat("status")
    connected(one)
    sandbox.client.say("first")
    [heard] = one.until(lambda: one.heard("DingbridgeReceived"))
    session = heard["session"]
    [before] = one.sessions()
    two = start_editor()
    two.setup({**api_options, "session_scope": "user"})
    two.chat(f"open {session}")
    two.until(lambda: two.transcript(session))
    two.chat("delete")
    two.until(lambda: not two.sessions())
    two.close()
    sandbox.client.say("second")
    one.until(lambda: len(one.heard("DingbridgeReceived")) == 2)
    one.close()
    after = start_editor()
    after.setup({**api_options, "session_scope": "user"})
    after.chat(f"open {session}")
    after.until(lambda: [row["text"] for row in after.transcript(session)] == ["second"])
    assert [row["title"] for row in after.sessions()] == [before["title"]]
    connected(after)
    after.lua("require('dingbridge').send('my answer')")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "my answer"


def test_a_session_keeps_its_conversation_when_it_is_released_and_bound_again(
    bound: Editor, sandbox: Sandbox
) -> None:
    session = bound.status()["session"]
    sandbox.client.say("hello")
    bound.until(bound.transcript)
    bound.chat("unbridge")
    bound.until_said("is no longer bound to DingTalk")
    bound.chat("bridge dingtalk")
    bound.until(lambda: bound.status()["session"] == session)
    assert bound.status()["target"] == "张三"
    bound.chat("send answer")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "answer"


def test_another_session_that_is_bound_instead_does_not_inherit_the_conversation(
    bound: Editor, sandbox: Sandbox
) -> None:
    first = current(bound)
    sandbox.client.say("for the first only")
    bound.until(bound.transcript)
    bound.chat("new second")
    bound.until(lambda: current(bound) != first)
    bound.chat("bridge dingtalk")
    bound.until(lambda: bound.status()["session"] == current(bound))
    assert bound.status()["target"] == ""
    bound.chat("send to nobody")
    bound.until(lambda: [row["delivery"] for row in bound.transcript()] == ["failed"])
    bound.chat(f"open {first}")
    bound.until(lambda: current(bound) == first)
    bound.chat("bridge dingtalk")
    bound.until(lambda: bound.status()["session"] == first)
    assert bound.status()["target"] == "张三"
    assert sandbox.client.arrived() == []


def test_a_conversation_outlives_the_release_and_a_restart(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    before = start_editor()
    before.setup(api_options)
    before.chat("bridge dingtalk")
    connected(before)
    sandbox.client.say("before")
    before.until(before.transcript)
    session = before.status()["session"]
    before.chat("unbridge")
    before.until(lambda: state(before).get("bindings", {}) == {})
    before.close()

    after = start_editor()
    after.setup(api_options)
    after.chat(f"open {session}")
    after.until(lambda: current(after) == session)
    after.chat("bridge dingtalk")
    after.until(lambda: after.status()["session"] == session)
    assert after.status()["target"] == "张三"


def together(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> tuple[Editor, Editor, str]:
    """Two editors with one session open, which the second one has bound; each side has spoken."""
    first, second = start_editor(), start_editor()
    first.setup(api_options)
    first.chat()
    session = str(first.until(lambda: current(first)))
    first.chat("send typed here")
    first.until(first.transcript)
    second.setup(api_options)
    second.chat()
    second.until(lambda: current(second) == session)
    second.chat("bridge dingtalk")
    connected(second)
    sandbox.client.say("question")
    second.until(lambda: len(second.transcript(session)) == 2)
    second.chat("send answer")
    second.until(lambda: [row["delivery"] for row in second.transcript()][-1] == "sent")
    return first, second, session


ALL = ["typed here", "question", "answer"]


def texts(editor: Editor, session: str) -> list[str]:
    """What the editor shows of a session."""
    return [str(row["text"]) for row in editor.transcript(session)]


def test_a_binding_brings_the_conversation_and_what_was_said_to_another_editor(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    first, second, session = together(start_editor, sandbox, api_options)
    first.until(lambda: texts(first, session) == ALL)
    first.chat("bridge dingtalk")
    first.until(lambda: first.status()["target"] == "张三")
    first.chat("send from the first")
    arrived = sandbox.client.wait_arrived(2)
    assert arrived[-1].text == "from the first"
    sandbox.client.say("and back")
    first.until(lambda: texts(first, session) == [*ALL, "from the first", "and back"])
    second.until(lambda: texts(second, session) == [*ALL, "from the first", "and back"])
    shown = [line for line in second.chat_lines(session) if line in (*ALL, "and back")]
    assert shown == [*ALL, "and back"]


def test_opening_a_session_shows_what_another_editor_wrote_into_it(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    first, _, session = together(start_editor, sandbox, api_options)
    first.chat(f"open {session}")
    first.until(lambda: texts(first, session) == ALL)
    assert [row["delivery"] for row in first.transcript(session)] == ["", "", "sent"]
    lines = first.chat_lines(session)
    assert [line for line in lines if line in ALL] == ALL
    first.chat(f"open {session}")
    first.chat("send last")
    first.until(lambda: texts(first, session) == [*ALL, "last"])
