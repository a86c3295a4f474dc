"""The answers of the calls that make an app by one scan."""

from __future__ import annotations

import json

import pytest

from dingbridge.core.dingtalk import scanned_app
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.scanned_app import NewApp, ScanDeclined, ScanExpired, ScanResult
from dingbridge.core.errors import DeliveryError

ADDRESS = "https://open-dev.dingtalk.com/openapp/registration?user_code=MUEU-DEKR-5TN3"


def answered(**fields: object) -> HttpAnswer:
    return HttpAnswer(200, json.dumps({"errcode": 0, "errmsg": "ok", **fields}).encode())


def begun(**fields: object) -> HttpAnswer:
    return answered(**{"device_code": "d", "verification_uri_complete": ADDRESS, **fields})


def test_a_code_expires_when_dingtalk_says() -> None:
    code = scanned_app.read_code(begun(expires_in=600, interval=5), 1000.0)
    assert (code.device_code, code.address) == ("d", ADDRESS)
    assert (code.until, code.interval) == (1600.0, 5.0)
    assert "d" not in repr(code).removeprefix("ScanCode")


@pytest.mark.parametrize(
    ("told", "interval"), [(0, 1.0), (None, 1.0), ("x", 1.0), (-3, 1.0), (3600, 60.0), ("7", 7.0)]
)
def test_polls_are_neither_hasty_nor_rare(told: object, interval: float) -> None:
    code = scanned_app.read_code(begun(interval=told, expires_in=None), 0.0)
    assert (code.interval, code.until) == (interval, 7200.0)


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({"status": "WAITING"}, None),
        ({"status": "something new"}, None),
        ({}, None),
        (
            {"status": "SUCCESS", "client_id": "dingx", "client_secret": "s"},
            NewApp("dingx", "s"),
        ),
        ({"status": "FAIL", "fail_reason": "用户拒绝授权"}, ScanDeclined("用户拒绝授权")),
        ({"status": "EXPIRED"}, ScanExpired()),
    ],
)
def test_a_result_is_one_of_four(fields: dict[str, object], result: ScanResult) -> None:
    assert scanned_app.read_result(answered(**fields)) == result


def test_the_secret_of_a_new_app_is_not_shown() -> None:
    assert "topsecret" not in repr(NewApp("dingx", "topsecret"))


@pytest.mark.parametrize(
    "answer",
    [
        HttpAnswer(200, b'{"errcode": 40035, "errmsg": "invalid nonce"}'),
        HttpAnswer(502, b"<html>"),
        answered(status="SUCCESS", client_id="dingx"),
    ],
)
def test_a_refusal_is_an_error(answer: HttpAnswer) -> None:
    with pytest.raises(DeliveryError):
        scanned_app.read_result(answer)


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "https://a b/", None])
def test_a_code_without_an_address_is_an_error(address: object) -> None:
    with pytest.raises(DeliveryError):
        scanned_app.read_code(begun(verification_uri_complete=address), 0.0)
    with pytest.raises(DeliveryError):
        scanned_app.read_nonce(answered())
