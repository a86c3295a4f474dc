"""Masking secrets in text that is about to be logged or shown."""

from __future__ import annotations

import re
from collections.abc import Collection

from dingbridge.core.regex import regex
from dingbridge.core.secret_values import own_values, spellings

MASK = "***"
"""What stands where a secret stood."""

_HEADER = r"x-acs-dingtalk-access-token"
_FIELD = rf"(?:access_?token|secret|session_?webhook|ticket|{_HEADER})"
_QUERY_NAME = (
    r"(?:access_?token|secret|app_?key|ticket"
    r"|(?:[?&;]|%(?:25)*(?:3f|26)|\\u0026)(?:session|sign))"
)

# Group 1 is what stays before the masked value.
_PATTERNS = tuple(
    regex(pattern, re.IGNORECASE if ignore_case else 0)
    for ignore_case, pattern in (
        # JSON inside a JSON string: \"clientSecret\":\"…\". As in the next pattern, a value without
        # a closing quote (a shortened log line) lasts to the end of its line.
        (True, rf"({_FIELD}\\+[\"']\s*:\s*(\\+[\"']))(?:(?!(?<!\\)\2).)+"),
        # JSON, repr and keyword arguments: "ticket": "…", client_secret='…', ('header', b'…').
        (True, rf"({_FIELD}[\"']?\s*[:=,]\s*b?([\"']))(?:(?!\2)[^\\\n]|\\.)+"),
        # Query values, also of a URL that is encoded inside another.
        (True, rf"({_QUERY_NAME}(?:=|%(?:25)*3d))[^&\s\"'<>\\#]+"),
        (True, rf"({_HEADER}\s*[:=]\s*)[^\s\"'<>\\&,;)}}\]]+"),
        # The signing secret of a custom robot (protocol section 1).
        (False, r"()SEC[0-9A-Za-z]{16,}"),
    )
)


def redact(text: str, secrets: Collection[str] = ()) -> str:
    """Return `text` with every secret replaced by `MASK`.

    Masked are the given `secrets` in all their spellings (those shorter than `LEAST_OWN` are
    ignored) and whatever has the shape of a DingTalk secret: tokens, tickets, signatures and
    sessions in URLs, secret fields of JSON, the token header, robot secrets. Idempotent, never
    raises.
    """
    known = {spelling for secret in own_values(secrets) for spelling in spellings(secret)}
    longest_first = sorted(known, key=lambda spelling: (-len(spelling), spelling))
    # A mask can complete another match with the text around it. This ends: masking adds no name of
    # a field, and all but the first masking after a name makes the text shorter.
    while (masked := _masked_once(text, longest_first)) != text:
        text = masked
    return text


def _masked_once(text: str, known: list[str]) -> str:
    for spelling in known:
        text = text.replace(spelling, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{MASK}", text)
    return text
