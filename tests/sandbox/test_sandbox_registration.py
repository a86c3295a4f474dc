"""The sandbox's apps by one scan, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dingbridge.sandbox import Sandbox
from tests.support.sandbox_calls import fetch_token, post

NOON = 1_700_000_000.0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose clock stands still, unless it is moved."""
    with Sandbox(clock=lambda: NOON) as running:
        yield running


def ask(sandbox: Sandbox, step: str, **fields: str) -> dict[str, Any]:
    status, answer = post(sandbox, f"/app/registration/{step}", fields)
    assert status == 200
    return answer


def begin(sandbox: Sandbox) -> dict[str, Any]:
    answer = ask(sandbox, "begin", nonce=ask(sandbox, "init")["nonce"])
    assert (answer["errcode"], answer["expires_in"], answer["interval"]) == (0, 7200, 5)
    assert answer["user_code"] in answer["verification_uri_complete"]
    return answer


def poll(sandbox: Sandbox, begun: dict[str, Any]) -> dict[str, Any]:
    return ask(sandbox, "poll", device_code=begun["device_code"])


def test_an_app_is_begun_with_a_nonce_which_begins_one(sandbox: Sandbox) -> None:
    nonce = ask(sandbox, "init")["nonce"]
    assert ask(sandbox, "begin", nonce=nonce)["errcode"] == 0
    assert ask(sandbox, "begin", nonce=nonce)["errcode"] == 40035


def test_a_nonce_is_good_for_five_minutes(sandbox: Sandbox) -> None:
    nonce = ask(sandbox, "init")["nonce"]
    sandbox.client.advance(300)
    assert ask(sandbox, "begin", nonce=nonce)["errcode"] == 40036


def test_nothing_is_told_about_a_code_that_was_not_given_out(sandbox: Sandbox) -> None:
    assert ask(sandbox, "poll", device_code="guessed")["errcode"] == 40035


def test_an_app_that_nobody_has_scanned_waits(sandbox: Sandbox) -> None:
    assert poll(sandbox, begin(sandbox)) == {"errcode": 0, "errmsg": "ok", "status": "WAITING"}


def test_a_scan_that_is_confirmed_makes_an_app(sandbox: Sandbox) -> None:
    begun = begin(sandbox)
    app = sandbox.client.confirm_scan()
    told = poll(sandbox, begun)
    assert (told["status"], told["client_id"]) == ("SUCCESS", app.client_id)
    assert fetch_token(sandbox, app.client_id, told["client_secret"])


def test_a_scan_that_is_declined_makes_none_and_says_why(sandbox: Sandbox) -> None:
    begun = begin(sandbox)
    sandbox.client.decline_scan()
    told = poll(sandbox, begun)
    assert (told["status"], told["fail_reason"]) == ("FAIL", "用户拒绝授权")
    with pytest.raises(ValueError, match="no code"):
        sandbox.client.confirm_scan()


def test_a_code_is_good_for_two_hours(sandbox: Sandbox) -> None:
    begun = begin(sandbox)
    sandbox.client.advance(7200)
    assert poll(sandbox, begun)["status"] == "EXPIRED"
