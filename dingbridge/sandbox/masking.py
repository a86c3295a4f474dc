"""What of a body may be kept and shown: its beginning, without secrets."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from dingbridge.core.secrets.redaction import MASK, redact

SPARE: Final = 2_000
"""Characters beyond the limit that are read, so that no secret is cut in two and then missed."""
_SECRET: Final = re.compile(
    r"access_?token|secret|device_?code|nonce|session_?webhook|ticket|download_?url", re.I
)
"""Names of fields that hold one."""


def without_secrets(text: str, most: int) -> str:
    """At most `most` characters of `text`, with `…` if there are more, and with secrets masked."""
    if not most:
        return ""
    try:
        masked = json.dumps(_masked(json.loads(text)), ensure_ascii=False)
    except (ValueError, RecursionError):
        masked = redact(text[: most + SPARE])
    return masked if len(masked) <= most else masked[:most] + "…"


def _masked(value: Any, name: str = "") -> Any:
    """A decoded value; JSON in a string is masked like that around it."""
    if isinstance(value, dict):
        return {key: _masked(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, name) for each in value]
    if not isinstance(value, str):
        return value
    if _SECRET.search(name):
        return MASK
    if value[:1] in ("{", "["):
        try:
            return json.dumps(_masked(json.loads(value)), ensure_ascii=False)
        except ValueError:
            return redact(value)
    return redact(value)
