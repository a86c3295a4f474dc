"""Messages leave in order, each by the route that reaches its conversation."""

from __future__ import annotations

import time

from dingbridge.core.delivery.outbox_records import Done
from dingbridge.core.messages import SessionWebhook, Target
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.message_sender import SESSION, TEAM, TOKEN, RunningSender, StartSender
from tests.support.pieces import joined


def test_messages_leave_one_after_the_other_in_order(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.configure(rate_per_minute=None)
    # More than 20 by the webhook would have to wait a minute.
    target = Target(user_id="zhangsan")
    names = [sending.put(f"number {n}", target) for n in range(50)]
    sending.until_end(names[-1])
    assert [a.text for a in sandbox.client.arrived()] == [f"number {n}" for n in range(50)]
    assert [done.id for done in sending.all(Done)] == names


def test_a_group_is_reached_by_its_conversation_id(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    assert isinstance(sending.send("to all", Target(conversation_id=TEAM)), Done)
    [arrived] = sandbox.client.arrived()
    assert (arrived.route, arrived.conversation_id, arrived.text) == ("group", TEAM, "to all")


def test_a_person_is_reached_by_the_staff_id(sending: RunningSender, sandbox: Sandbox) -> None:
    assert isinstance(sending.send("to you", Target(user_id="zhangsan")), Done)
    [arrived] = sandbox.client.arrived()
    assert (arrived.route, arrived.user_ids) == ("single", ("zhangsan",))


def test_a_reply_takes_the_session_webhook_while_it_is_valid(
    sending: RunningSender, sandbox: Sandbox, session: SessionWebhook
) -> None:
    target = Target(user_id="zhangsan", session_webhook=session)
    assert isinstance(sending.send("reply", target), Done)
    assert [a.route for a in sandbox.client.arrived()] == ["session"]
    assert not sandbox.client.calls(TOKEN)


def test_an_expired_session_webhook_is_not_even_tried(
    sending: RunningSender, sandbox: Sandbox, session: SessionWebhook
) -> None:
    expired = SessionWebhook(session.url, time.time() + 10)
    target = Target(conversation_id=TEAM, session_webhook=expired)
    assert isinstance(sending.send("reply", target), Done)
    assert [a.route for a in sandbox.client.arrived()] == ["group"]
    assert not sandbox.client.calls(SESSION)


def test_a_session_webhook_that_fails_midway_hands_over_to_openapi_in_order(
    sending: RunningSender, sandbox: Sandbox, session: SessionWebhook
) -> None:
    text = "\n\n".join(f"{n} " + "字" * 4000 for n in range(6))
    target = Target(user_id="zhangsan", session_webhook=session)
    sandbox.client.fault(Fault.errcode(SESSION, 300001, "session 不存在", times=None))
    assert isinstance(sending.send(text, target), Done)
    arrived = sandbox.client.arrived()
    assert {a.route for a in arrived} == {"single"}
    assert joined([a.text for a in arrived]) == text


def test_without_openapi_a_dead_session_webhook_is_a_failure_with_its_reason(
    start_sender: StartSender, sandbox: Sandbox, session: SessionWebhook
) -> None:
    sending = start_sender(app_key="", app_secret="")
    target = Target(session_webhook=session)
    sandbox.client.expire_session_webhooks()
    assert sending.fails("reply", target)
