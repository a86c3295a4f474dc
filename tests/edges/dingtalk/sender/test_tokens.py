"""The access token is fetched once, and replaced when it ends or is refused."""

from __future__ import annotations

import json
import time

import requests

from dingbridge.core.delivery.outbox_records import Done
from dingbridge.core.dingtalk.access_token import HeldToken, held
from dingbridge.core.dingtalk.responses import Token
from dingbridge.core.messages import Target
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.message_sender import GROUP, TEAM, TOKEN, RunningSender, StartSender


def test_the_token_is_fetched_once_and_used_for_many_messages(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    for _ in range(3):
        sending.send("hi", Target(conversation_id=TEAM))
    assert len(sandbox.client.calls(TOKEN)) == 1


def test_a_token_is_replaced_before_its_end(sending: RunningSender, sandbox: Sandbox) -> None:
    sandbox.client.configure(token_lifetime=1)
    end = time.monotonic() + 10
    while len(sandbox.client.calls(TOKEN)) < 2 and time.monotonic() < end:
        assert isinstance(sending.send("hi", Target(conversation_id=TEAM)), Done)
    assert len(sandbox.client.calls(TOKEN)) == 2
    assert {call.status for call in sandbox.client.calls(GROUP)} == {200}


def test_a_token_whose_answer_has_no_lifetime_is_fetched_once(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    credentials = {"appKey": sandbox.client_id, "appSecret": sandbox.client_secret}
    granted = requests.post(f"{sandbox.url}{TOKEN}", json=credentials, timeout=5).json()
    body = json.dumps({"accessToken": granted["accessToken"]})
    sandbox.client.fault(Fault(TOKEN, times=None, body=body))
    for _ in range(5):
        assert isinstance(sending.send("hi", Target(user_id="zhangsan")), Done)
    assert len(sandbox.client.calls(TOKEN)) == 2


def test_a_refused_token_is_replaced_once_also_when_the_repeat_fails_for_another_reason(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(GROUP, 400, "InvalidAuthentication"))
    sandbox.client.fault(Fault.http(GROUP, 500, "system.error", times=2))
    assert isinstance(sending.send("hi", Target(conversation_id=TEAM)), Done)
    assert len(sandbox.client.calls(TOKEN)) == 2


def test_the_margin_of_a_token_is_five_minutes_or_half_its_life() -> None:
    assert held(Token("t", 7200.0), asked=100.0).until == 100 + 7200 - 300
    assert held(Token("t", 60.0), asked=100.0).until == 130
    assert not HeldToken().usable(0.0)
    assert "secret-token" not in repr(HeldToken("secret-token", 1.0))


def test_a_token_that_nobody_answered_for_is_asked_for_again_and_the_message_leaves_once(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    # The request for a token may have arrived, but the message has not left before.
    sandbox.client.fault(Fault.drop(TOKEN, when="after"))
    sending = start_sender(delivery="at_most_once")
    assert isinstance(sending.send("once", Target(user_id="zhangsan")), Done)
    assert [arrived.text for arrived in sandbox.client.arrived()] == ["once"]


def test_a_refused_token_is_replaced_once_and_the_message_goes_out(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sending.send("first", Target(conversation_id=TEAM))
    sandbox.client.revoke_tokens()
    assert isinstance(sending.send("second", Target(conversation_id=TEAM)), Done)
    assert len(sandbox.client.calls(TOKEN)) == 2


def test_an_unauthorised_answer_counts_as_a_refused_token(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(GROUP, 401, "Unauthorized"))
    assert isinstance(sending.send("hi", Target(conversation_id=TEAM)), Done)
    assert len(sandbox.client.calls(TOKEN)) == 2


def test_a_token_refused_twice_is_asked_for_again_after_a_pause(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(GROUP, 400, "InvalidAuthentication", times=2))
    message = sending.put("hi", Target(conversation_id=TEAM))
    sending.until_retrying(message)
    assert isinstance(sending.until_end(message), Done)


def test_wrong_credentials_fail_with_what_to_do(start_sender: StartSender) -> None:
    reason = start_sender(app_secret="wrong-secret").fails("hi", Target(user_id="zhangsan"))
    assert "app_secret" in reason
    assert "wrong-secret" not in reason
