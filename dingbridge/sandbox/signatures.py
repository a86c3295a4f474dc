"""The signature of a custom robot's calls (doc/dingtalk.md §1)."""

from __future__ import annotations

import base64
import hashlib
import hmac

from dingbridge.sandbox.rules import webhooks
from dingbridge.sandbox.rules.rule import OapiRule

SIGNATURE_WINDOW = 3600.0
"""Seconds a signed request's timestamp may differ from the server's time (doc/dingtalk.md §1)."""


def sign(secret: str, timestamp: str) -> str:
    """The signature of a custom robot's call; `timestamp` is milliseconds, as sent."""
    text = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def broken(secret: str, timestamp: str, signature: str, now: float) -> OapiRule | None:
    """The rule that a signed call breaks; None when it is good."""
    try:
        seconds = int(timestamp) / 1000
    except ValueError:
        return webhooks.TIMESTAMP
    if abs(now - seconds) > SIGNATURE_WINDOW:
        return webhooks.TIMESTAMP
    if not hmac.compare_digest(sign(secret, timestamp).encode(), signature.encode()):
        return webhooks.SIGNATURE
    return None
