"""Masks secrets in text that is logged or shown in the editor."""

from __future__ import annotations

import re
from collections.abc import Collection

from dingbridge.core.regex import regex
from dingbridge.core.secrets.heuristics import own_values, spellings

MASK = "***"
"""Replaces a secret."""

_HEADER = r"x-acs-dingtalk-access-token"
_FIELD = rf"(?:access_?token|secret|session_?webhook|ticket|{_HEADER})"
_QUERY_NAME = (
    r"(?:access_?token|secret|app_?key|ticket"
    r"|(?:[?&;]|%(?:25)*(?:3f|26)|\\u0026)(?:session|sign))"
)

# Group 1 is kept, the rest of the match is masked.
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
        # The signing secret of a custom robot (doc/dingtalk.md §1).
        (False, r"()SEC[0-9A-Za-z]{16,}"),
    )
)

_HINTS = ("token", "secret", "webhook", "ticket", "key", "session", "sign", "sec")
"""Every match of a pattern contains one of these, ignoring case."""


def _small(text: str) -> str:
    return text.replace("\u0130", "i").replace("\u0131", "i").casefold()


def redact(text: str, secrets: Collection[str] = ()) -> str:
    """Return `text` with every secret replaced by `MASK`; see `Redaction`."""
    return Redaction(secrets).of(text)


class Redaction:
    """Masks the given `secrets` in all their spellings, and everything with the shape of a DingTalk
    secret: tokens, tickets, signatures and sessions in URLs, secret fields of JSON, the token
    header, robot secrets.

    Values shorter than `LEAST_OWN` are ignored. A line without secrets costs little.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        known = {spelling for secret in own_values(secrets) for spelling in spellings(secret)}
        self._longest_first = sorted(known, key=lambda spelling: (-len(spelling), spelling))
        self._any_known = regex("|".join(map(re.escape, self._longest_first)) or r"(?!)")

    def of(self, text: str) -> str:
        """`text` with every secret replaced by `MASK`. Idempotent, never raises."""
        # A mask can complete another match with the text around it. This ends: masking adds no
        # field name, and every masking after a name but the first shortens the text.
        while (masked := self._masked_once(text)) != text:
            text = masked
        return text

    def _masked_once(self, text: str) -> str:
        if self._any_known.search(text):
            for spelling in self._longest_first:
                text = text.replace(spelling, MASK)
        # The lower case of what `re.IGNORECASE` takes for a letter of a hint.
        small = text.lower() if text.isascii() else _small(text)
        if any(hint in small for hint in _HINTS):
            for pattern in _PATTERNS:
                text = pattern.sub(rf"\g<1>{MASK}", text)
        return text
