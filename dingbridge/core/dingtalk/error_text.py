"""Makes text from the platform safe to show: short, on one line, without secrets."""

from __future__ import annotations

import re

from dingbridge.core.dingtalk.limits import REPORTED_CHARACTERS
from dingbridge.core.regex import regex
from dingbridge.core.secrets.redaction import MASK, redact
from dingbridge.core.text import clean, shorten

_ENOUGH = 20 * REPORTED_CHARACTERS
_USER_INFO = regex(r"\b(\w{1,12}://)[^\s/?#@]+@")
_QUERY = regex(r"\b(\w{1,12}://[^\s?#\"'<>]*)[?#][^\s\"'<>]*")
_VALUE = regex(r"\b((?:token|session|sign)\s*=\s*)[^\s&\"'<>]+", re.IGNORECASE)


def quoted(text: str) -> str:
    """`text` for an error, a log line or the editor.

    At most `REPORTED_CHARACTERS` long, on one line and without control characters; secrets and the
    queries of all URLs are masked.
    """
    text = " ".join(clean(text[:_ENOUGH]).split())
    text = _USER_INFO.sub(rf"\g<1>{MASK}@", text)
    text = _QUERY.sub(rf"\g<1>?{MASK}", text)
    text = _VALUE.sub(rf"\g<1>{MASK}", text)
    return shorten(redact(text), REPORTED_CHARACTERS)
