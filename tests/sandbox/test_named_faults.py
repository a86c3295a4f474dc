"""Trouble that has a name: what it does to a bridge, and how it ends."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import get_args

import pytest
import websocket

from dingbridge.sandbox import Sandbox
from dingbridge.sandbox.commands import FaultName
from tests.sandbox.test_sandbox_stream import connect, read
from tests.support.sandbox_calls import call, fetch_token, post, request

SEND = "/v1.0/robot/oToMessages/batchSend"


def send(sandbox: Sandbox) -> tuple[int, str]:
    """Status and code of one message by OpenAPI, with a token of its own."""
    body = {
        "robotCode": sandbox.client_id,
        "userIds": ["zhangsan"],
        "msgKey": "sampleText",
        "msgParam": json.dumps({"content": "x"}),
    }
    status, answer = post(sandbox, SEND, body, fetch_token(sandbox))
    return status, answer.get("code", "")


def reply(sandbox: Sandbox, webhook: str) -> int:
    body = {"msgtype": "text", "text": {"content": "x"}}
    errcode: int = request("POST", webhook, json=body).json()["errcode"]
    return errcode


def test_a_rate_limit_refuses_the_next_message_on_each_way(sandbox: Sandbox) -> None:
    webhook = sandbox.client.say("?").session_webhook
    sandbox.client.named_fault("rate-limit")
    assert [reply(sandbox, webhook) for _ in range(2)] == [130101, 0]
    limited = (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")
    assert [send(sandbox) for _ in range(2)] == [limited, (200, "")]


def test_an_expired_token_is_refused_at_once(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    sandbox.client.named_fault("expired-token")
    assert call(sandbox, "POST", SEND, {}, token)[1]["code"] == "InvalidAuthentication"


def test_an_expired_webhook_is_refused_at_once(sandbox: Sandbox) -> None:
    webhook = sandbox.client.say("?").session_webhook
    sandbox.client.named_fault("expired-webhook")
    assert reply(sandbox, webhook) == 300001


def test_an_error_of_the_server_fails_the_next_call(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    sandbox.client.named_fault("server-error")
    assert call(sandbox, "POST", SEND, {}, token) == (
        500,
        {"code": "system.error", "message": "system.error", "requestid": "SANDBOX-FAULT"},
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("quota", "Forbidden.AccessDenied.ApiCountLimitForOrg"),
        ("scope", "Forbidden.AccessDenied.AccessTokenPermissionDenied"),
    ],
)
def test_quota_and_permission_are_gone_until_all_is_as_before(
    sandbox: Sandbox, name: FaultName, code: str
) -> None:
    sandbox.client.named_fault(name)
    assert [send(sandbox) for _ in range(2)] == [(403, code)] * 2
    sandbox.client.named_fault("clear")
    assert send(sandbox) == (200, "")


def test_a_slow_answer_comes_at_once_when_all_is_as_before(sandbox: Sandbox) -> None:
    sandbox.client.named_fault("slow")
    sandbox.client.named_fault("clear")
    fetch_token(sandbox)
    assert [each.fault for each in sandbox.client.calls()] == [""]


def test_a_bridge_is_told_to_leave(sandbox: Sandbox) -> None:
    socket = connect(sandbox)
    sandbox.client.named_fault("disconnect")
    assert read(socket)[0]["headers"]["topic"] == "disconnect"
    assert [each.state for each in sandbox.client.connections().all] == ["leaving"]


def test_a_line_is_cut_without_a_word(sandbox: Sandbox) -> None:
    socket = connect(sandbox)
    sandbox.client.named_fault("cut")
    with pytest.raises((websocket.WebSocketConnectionClosedException, ConnectionError)):
        socket.recv()
    sandbox.client.wait_connections(0, total=1)


def test_a_wrong_clock_goes_ahead(sandbox: Sandbox) -> None:
    webhook = sandbox.client.say("?").session_webhook
    before = parsedate_to_datetime(request("GET", sandbox.url).headers["Date"])
    sandbox.client.named_fault("clock")
    after = parsedate_to_datetime(request("GET", sandbox.url).headers["Date"])
    assert (after - before).total_seconds() == pytest.approx(7200, abs=30)
    assert reply(sandbox, webhook) == 300001  # ninety minutes are over


def test_a_message_is_delivered_again_under_its_own_id(sandbox: Sandbox) -> None:
    sandbox.client.say("?")
    sandbox.client.named_fault("redelivery")
    first, again = sandbox.client.said()
    assert first.message_id == again.message_id
    assert first.header_id != again.header_id


def test_nothing_is_delivered_again_before_anything_was_said(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="no earlier message"):
        sandbox.client.named_fault("redelivery")


def test_an_unknown_name_is_refused(sandbox: Sandbox) -> None:
    answer = request("POST", f"{sandbox.control}/named-fault", json={"name": "nonsense"})
    assert (answer.status_code, "nonsense" in answer.json()["error"]) == (400, True)


def test_the_document_has_them_all() -> None:
    text = (Path(__file__).resolve().parents[2] / "doc/sandbox.md").read_text("utf-8")
    table = text.partition("| fault | what happens |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE) == [*get_args(FaultName)]
