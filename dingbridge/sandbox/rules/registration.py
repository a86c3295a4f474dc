"""Rules of apps that are made by one scan (doc/dingtalk.md §8.8)."""

from __future__ import annotations

from typing import Final

from dingbridge.sandbox.rules.rule import Behaviour, OapiRule

PAGE: Final = "一键创建钉钉应用扫码接入流程"
_UNCONFIRMED: Final = f"{PAGE}; code unconfirmed"

NONCE_UNKNOWN = OapiRule(
    "An app is begun with a nonce, which begins one", "8.8", _UNCONFIRMED, 40035, "invalid nonce"
)
NONCE_OLD = OapiRule(
    "A nonce is good for five minutes", "8.8", _UNCONFIRMED, 40036, "nonce is expired"
)
DEVICE_UNKNOWN = OapiRule(
    "Nothing is told about a code that was not given out",
    "8.8",
    _UNCONFIRMED,
    40035,
    "invalid device_code",
)
WAITING = Behaviour("An app that nobody has scanned waits", "8.8", PAGE, "`WAITING`")
CONFIRMED = Behaviour(
    "A scan that is confirmed makes an app", "8.8", PAGE, "`SUCCESS` with its id and secret"
)
DECLINED = Behaviour(
    "A scan that is declined makes none and says why", "8.8", PAGE, "`FAIL` with `fail_reason`"
)
EXPIRED = Behaviour("A code is good for two hours", "8.8", PAGE, "`EXPIRED`")

RULES = (NONCE_UNKNOWN, NONCE_OLD, DEVICE_UNKNOWN, WAITING, CONFIRMED, DECLINED, EXPIRED)
"""All of them, in the order of the table."""
