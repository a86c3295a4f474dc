"""What DingTalk refuses is reported with its reason, or waits and is sent later."""

from __future__ import annotations

import pytest

from dingbridge.core.delivery.outbox_records import Done, Failed
from dingbridge.core.messages import SessionWebhook, Target
from dingbridge.core.options.settings import read
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.message_sender import (
    GROUP,
    ROBOT,
    SESSION,
    TEAM,
    RunningSender,
    StartSender,
    client,
)


def test_a_missing_permission_is_named(sending: RunningSender, sandbox: Sandbox) -> None:
    sandbox.client.configure(missing_scopes=("qyapi_robot_sendmsg",))
    assert "qyapi_robot_sendmsg" in sending.fails("hi", Target(user_id="zhangsan"))


def test_a_person_that_cannot_be_reached_is_a_failure_though_the_answer_was_200(
    sending: RunningSender,
) -> None:
    assert sending.fails("hi", Target(user_id="nobody"))


def test_a_flow_controlled_person_is_written_to_later(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.configure(flow_controlled=("zhangsan",))
    message = sending.put("hi", Target(user_id="zhangsan"))
    assert sending.until_retrying(message).reason


def test_a_burst_by_openapi_stays_within_what_an_app_may_call_in_a_second(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    for count in range(45):
        sending.put(str(count), Target(conversation_id=TEAM))
    sandbox.client.wait_arrived(45)
    assert {call.status for call in sandbox.client.calls(GROUP)} == {200}


def test_too_many_messages_wait_instead_of_being_lost(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.configure(rate_per_minute=2)
    for _ in range(3):
        sending.put("hi", Target())
    assert sending.until_retrying("m3").reason
    assert len(sandbox.client.arrived()) == 2


def test_a_page_instead_of_an_answer_is_told_and_waits(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.ip_ban(ROBOT))
    sending.put("hi", Target())
    assert sending.until_retrying("m1").reason


def test_after_a_refusal_the_rest_of_the_message_stays_but_the_next_one_goes(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 430104, "improper content"))
    sending.put("word " * 8000, Target())
    sending.put("next", Target())
    assert isinstance(sending.until_end("m1"), Failed)
    assert isinstance(sending.until_end("m2"), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["next"]


def test_while_nothing_can_be_reached_it_waits_and_new_settings_help_at_once(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    sending = start_sender(endpoint={"api": "http://127.0.0.1:1", "oapi": sandbox.url})
    sending.put("patient", Target(user_id="zhangsan"))
    assert "no connection" in sending.until_retrying("m1").reason
    good = {key: value for key, value in sandbox.settings().items() if value}
    sending.sender.configure(lambda: client(read(good, {})))
    assert isinstance(sending.until_end("m1"), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["patient"]


def test_stopping_during_a_pause_leaves_the_message_without_a_fate(
    start_sender: StartSender,
) -> None:
    sending = start_sender(webhook="", endpoint={"api": "http://127.0.0.1:1"})
    sending.put("patient", Target(user_id="zhangsan"))
    sending.until_retrying("m1")
    sending.sender.stop()
    sending.sender.join(15)
    assert not sending.sender.is_alive()
    assert not [r for r in sending.attempts.read() if isinstance(r, Done | Failed)]


def test_no_secret_is_reported_or_logged(
    start_sender: StartSender,
    sandbox: Sandbox,
    session: SessionWebhook,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "dingbridge")
    sending = start_sender()
    target = Target(user_id="zhangsan", session_webhook=session)
    sandbox.client.fault(Fault.http(SESSION, 500, "x"))
    sandbox.client.fault(Fault.http(ROBOT, 400, "x"))
    sending.send("a", target)
    sending.send("b", Target())
    everything = caplog.text + repr(sending.all(object)) + repr(sending.sender.__dict__)
    everything += repr(target)
    for secret in (sandbox.client_secret, "access_token=", "?session="):
        assert secret not in everything
