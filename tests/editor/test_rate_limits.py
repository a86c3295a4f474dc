"""What an editor does under the platform's limits on how much and how fast."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox import TEAM, Fault, Sandbox
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

GROUP = "/v1.0/robot/groupMessages/send"
DOWNLOAD = "/v1.0/robot/messageFiles/download"


def test_messages_that_came_without_their_words_are_told_as_the_end_of_the_months_pushes(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.configure(pushes_per_month=1)
    sandbox.client.say("the last one")
    bound.until(bound.transcript)
    sandbox.client.say("nobody reads this")
    bound.until(lambda: "used up" in bound.status()["quota"])
    assert [each["text"] for each in bound.transcript()] == ["the last one"]
    assert "quota" in bound.status()["last_error"]


def test_a_reply_still_goes_out_when_the_months_calls_are_used_up(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.configure(calls_per_month=0)
    sandbox.client.say("are you there?")
    bound.until(bound.transcript)
    bound.chat("send yes")
    [reply] = sandbox.client.wait_arrived(1)
    assert (reply.route, reply.text) == ("session", "yes")


def test_a_notification_that_the_month_has_no_call_for_says_so_and_is_kept(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    sandbox.client.configure(calls_per_month=0)
    editor.setup({**api_options, "conversation_id": TEAM})
    editor.chat("notify the build is green")
    editor.until(lambda: editor.status()["failed"])
    assert "quota" in editor.status()["last_error"]
    assert "used up" in editor.status()["quota"]
    sandbox.client.configure(calls_per_month=10)
    editor.chat("retry")
    sandbox.client.wait_arrived(1)


def test_a_burst_of_notifications_loses_nothing_and_is_never_too_fast(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.setup({**api_options, "conversation_id": TEAM})
    texts = [f"number {count}" for count in range(60)]
    for text in texts:
        editor.chat(f"notify {text}")
    sandbox.client.wait_arrived(lambda each: texts[-1] in each.text)
    everything = "\n".join(each.text for each in sandbox.client.arrived())
    assert [text for text in texts if text not in everything] == []
    assert {call.status for call in sandbox.client.calls(GROUP)} == {200}


def test_a_link_that_is_told_to_leave_again_and_again_misses_nothing(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    sandbox.client.configure(connection_lifetime=3600, ping_interval=1000)
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    for count in range(4):
        sandbox.client.wait_connections(1, total=count + 1, timeout=30)
        assert not sandbox.client.say(f"number {count}").lost
        sandbox.client.advance(3601)
    editor.until(lambda: len(editor.transcript()) == 4)


def test_a_page_in_the_place_of_a_ticket_is_survived(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    sandbox.client.fault(Fault.html("/v1.0/gateway/connections/open", 502))
    sandbox.client.fault(Fault.cut())
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    sandbox.client.wait_connections(1, total=2, timeout=30)
    sandbox.client.say("hello")
    editor.until(editor.transcript)


def test_pictures_that_come_at_once_are_all_fetched_though_calls_were_too_fast(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.configure(calls_per_second=3)
    for _ in range(8):
        sandbox.client.say_picture()
    bound.until(lambda: len(bound.transcript()) == 8)
    bound.until(lambda: all("-picture.png)" in each["text"] for each in bound.transcript()))
    assert {call.status for call in sandbox.client.calls(DOWNLOAD)} <= {200, 403}
