"""The robot code of a callback is named until DingTalk refuses it; then that of the settings is."""

from __future__ import annotations

import pytest

from dingbridge.core.dingtalk.robot_codes import RobotCodes
from dingbridge.core.errors import Refused
from dingbridge.core.options.settings import read
from dingbridge.core.sessions.seen import SeenIds

UNKNOWN = Refused("no such robot", code="invalidParameter.robotCode.notExsit")

OPTIONS = read({"app_key": "dingapp", "app_secret": "s3cret"}, {})


def test_the_code_of_the_callback_is_named_until_it_is_refused() -> None:
    codes = RobotCodes()
    assert codes.named("dingcallback", OPTIONS) == "dingcallback"
    assert codes.may_try_again("dingcallback", OPTIONS, UNKNOWN)
    assert codes.named("dingcallback", OPTIONS) == "dingapp"
    assert codes.named("dingother", OPTIONS) == "dingother"
    assert not codes.may_try_again("dingcallback", OPTIONS, UNKNOWN)


def test_without_a_code_that_of_the_settings_is_named() -> None:
    own = read({"app_key": "dingapp", "app_secret": "s3cret", "robot_code": "dingrobot"}, {})
    assert RobotCodes().named("", OPTIONS) == "dingapp"
    assert RobotCodes().named("", own) == "dingrobot"
    assert not RobotCodes().may_try_again("", own, UNKNOWN)
    assert not RobotCodes().may_try_again("dingrobot", own, UNKNOWN)


@pytest.mark.parametrize(
    "code",
    ["invalidParameter.robotCode.downloadCode", "invalidParameter.msgParam.invalid", "", "500"],
)
def test_a_refusal_of_something_else_is_no_reason_for_another_attempt(code: str) -> None:
    codes = RobotCodes()
    assert not codes.may_try_again("normal", OPTIONS, Refused("no", code=code))
    assert codes.named("normal", OPTIONS) == "normal"


def test_two_apps_whose_robots_share_a_code_do_not_hide_each_others_messages() -> None:
    for code in ("normal", ""):
        assert SeenIds.key("app1", code, "m1") != SeenIds.key("app2", code, "m1")
