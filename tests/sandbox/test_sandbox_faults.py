"""Trouble on demand, and the control API's own refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import websocket

from dingbridge.sandbox import Fault, Sandbox, Settings
from tests.support.sandbox_calls import TOKEN_PATH, post, request

HELLO = {"msgtype": "text", "text": {"content": "hi"}}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def send(sandbox: Sandbox, patience: float = 10, **fields: Any) -> requests.Response:
    with requests.Session() as http:
        http.trust_env = False
        return http.post(sandbox.webhook_url, json={**HELLO, **fields}, timeout=patience)


@pytest.mark.parametrize(
    ("fault", "status", "part"),
    [
        (Fault.http("/robot/send", 500, "system.error"), 500, "system.error"),
        (Fault.html("/robot/send"), 502, "<html>"),
        (Fault.qps("/robot/*"), 403, "QpsLimitForAppkeyAndApi"),
        (Fault.ip_ban(), 200, '"punish": "deny"'),
        (Fault.errcode("/robot/send", -1, "系统繁忙"), 200, "系统繁忙"),
    ],
)
def test_a_fault_answers_once_in_place_of_the_platform(
    sandbox: Sandbox, fault: Fault, status: int, part: str
) -> None:
    sandbox.client.fault(fault)
    answer = send(sandbox)
    assert answer.status_code == status
    assert part in answer.text
    assert sandbox.client.arrived() == []
    assert send(sandbox).json()["errcode"] == 0
    assert [call.fault for call in sandbox.client.calls()] == ["answer before", ""]


def test_a_field_can_be_missing_from_a_true_answer(sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.without(TOKEN_PATH, "expireIn"))
    body = {"appKey": sandbox.client_id, "appSecret": sandbox.client_secret}
    first, second = (post(sandbox, TOKEN_PATH, body)[1] for _ in range(2))
    assert first == {"accessToken": second["accessToken"]}
    assert second["expireIn"] == 7200


def test_a_page_can_stand_in_the_place_of_any_answer(sandbox: Sandbox) -> None:
    for path in (TOKEN_PATH, "/robot/send", "/v1.0/gateway/connections/open", "/media/upload"):
        sandbox.client.fault(Fault.html(path, 200))
        answer = request("POST", sandbox.url + path, json={})
        assert (answer.status_code, answer.headers["Content-Type"]) == (
            200,
            "text/html; charset=utf-8",
        )


def test_a_field_can_be_missing_from_what_is_pushed(sandbox: Sandbox) -> None:
    with Stream(sandbox) as stream:
        whole, part = stream.data(), stream.data(createAt=None, senderStaffId=None, text=None)
    assert whole.keys() - part.keys() == {"createAt", "senderStaffId", "text"}


class Stream:
    """A plain client of Stream Mode that reads what is pushed."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._client = sandbox.client
        body = {
            "clientId": sandbox.client_id,
            "clientSecret": sandbox.client_secret,
            "subscriptions": [{"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"}],
        }
        url = f"{sandbox.url}/v1.0/gateway/connections/open"
        answer = request("POST", url, json=body, headers={"Accept": "application/json"}).json()
        self._socket = websocket.create_connection(
            f"{answer['endpoint']}?ticket={answer['ticket']}",
            timeout=5,
            http_no_proxy=["127.0.0.1"],
        )

    def data(self, **extra: Any) -> dict[str, Any]:
        """The data of a message with these fields laid over it."""
        self._client.say("hi", extra=extra)
        data: dict[str, Any] = json.loads(json.loads(self._socket.recv())["data"])
        return data

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def test_a_connection_dropped_before_acceptance_delivers_nothing(sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.drop("/robot/send"))
    with pytest.raises(requests.ConnectionError):
        send(sandbox)
    assert sandbox.client.arrived() == []
    assert sandbox.client.wait_calls(1)[0].status == 0


def test_a_connection_dropped_after_acceptance_has_delivered(sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.drop("/robot/send", when="after"))
    with pytest.raises(requests.ConnectionError):
        send(sandbox, msgUuid="one")
    assert send(sandbox, msgUuid="one").json()["errcode"] == 0
    assert len(sandbox.client.arrived()) == 1


@pytest.mark.parametrize(("when", "delivered"), [("before", 0), ("after", 1)])
def test_a_hanging_call_is_answered_when_it_is_released(
    sandbox: Sandbox, when: Any, delivered: int
) -> None:
    sandbox.client.fault(Fault.hang("/robot/send", when=when))
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(send, sandbox)
        sandbox.client.wait_hanging(1)
        assert len(sandbox.client.arrived()) == delivered
        assert not answer.done()
        assert sandbox.client.release() == 1
        assert answer.result(5).json()["errcode"] == 0
    assert len(sandbox.client.arrived()) == 1


def test_a_caller_that_gave_up_on_a_hanging_call_has_sent_nothing(sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.hang("/robot/send"))
    with pytest.raises(requests.Timeout):
        send(sandbox, patience=0.2)
    sandbox.client.release()
    assert sandbox.client.wait_calls(1)[0].status == 0
    assert sandbox.client.arrived() == []


def test_a_hang_can_end_by_itself(sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.hang("/robot/send", seconds=0.05))
    assert send(sandbox).json()["errcode"] == 0


def test_lasting_faults_end_when_they_are_cleared(sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.html("/robot/send", 503, times=None))
    assert [send(sandbox).status_code for _ in range(3)] == [503] * 3
    sandbox.client.clear_faults()
    assert send(sandbox).status_code == 200


def test_waiting_for_what_never_comes_says_what_there_was(sandbox: Sandbox) -> None:
    send(sandbox)
    client = sandbox.client
    with pytest.raises(TimeoutError, match="hi"):
        client.wait_arrived(2, timeout=0.05)
    with pytest.raises(TimeoutError, match="hi"):
        client.wait_arrived(lambda each: each.text == "other", timeout=0.05)
    with pytest.raises(TimeoutError, match="hanging"):
        client.wait_hanging(1, timeout=0.05)
    with pytest.raises(TimeoutError, match="connections"):
        client.wait_connections(1, timeout=0.05)


def test_waiting_ends_when_the_message_arrives(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(
            sandbox.client.wait_arrived, lambda each: each.text == "second", 10
        )
        send(sandbox)
        send(sandbox, text={"content": "second"})
        assert [each.number for each in waiting.result(10)] == [2]


def test_control_refuses_what_makes_no_sense_in_words(sandbox: Sandbox) -> None:
    client = sandbox.client
    with pytest.raises(ValueError, match="nobody here is called '赵六'"):
        client.say("hi", user="赵六")
    with pytest.raises(ValueError, match="there is no group"):
        client.say("hi", group="cidX")
    with pytest.raises(ValueError, match="no open connection"):
        client.abort("connection-9")
    with pytest.raises(ValueError, match="colour"):
        client.configure(colour="red")
    with pytest.raises(ValueError, match="at least once"):
        client.fault(Fault("/x", times=0))
    with pytest.raises(ValueError, match="forward"):
        client.advance(-1)


def test_a_settings_change_reaches_only_what_it_names(sandbox: Sandbox) -> None:
    sandbox.client.configure(rate_per_minute=1)
    assert [send(sandbox).json()["errcode"] for _ in range(2)] == [0, 130101]
    assert sandbox.client_id == Settings().client_id


def test_a_stopped_sandbox_answers_nobody_and_comes_back_at_its_address(sandbox: Sandbox) -> None:
    url = sandbox.url
    send(sandbox)
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        send(sandbox)
    sandbox.start()
    assert sandbox.url == url
    assert len(sandbox.client.arrived()) == 1


def test_two_sandboxes_do_not_share_a_port(sandbox: Sandbox) -> None:
    port = int(sandbox.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match=str(port)):
        Sandbox(port=port).start()
