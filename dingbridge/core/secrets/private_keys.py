"""Finds private keys in a text, also quoted, indented or truncated ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dingbridge.core.regex import found_in, regex

PRIVATE_KEY: Final = "private key"
"""The kind of what `private_keys` finds."""

_MARK: Final = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,6}"
_BEGIN: Final = regex(rf"-{{4,6}} ?BEGIN {_MARK}")
_END: Final = regex(rf"-{{4,6}} ?END {_MARK}")
_RUN: Final = regex(r"[A-Za-z0-9+/=]{16,}")
_HEADERS: Final = regex(r"(?:\s*(?:Proc-Type|DEK-Info|Version|Comment|Hash):[^\n]{0,200})*")
_LINES: Final = regex(
    r"(?:[^A-Za-z0-9+/=]{0,12}[A-Za-z0-9+/=]{24,})+"
    r"(?:[^A-Za-z0-9+/=]{1,12}[A-Za-z0-9+/]{1,23}={1,2})?"
)
_WIDE_LINES: Final = regex(
    r"^[ +-](?:[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{70}|[A-Za-z0-9+/]{76})\r?$"
    r"(?:\n[ +-][A-Za-z0-9+/]{1,76}={0,2}\r?$)*",
    re.MULTILINE,
)
_ANY_MARK: Final = regex(r"-{4,6} ?(?:BEGIN|END) [A-Z0-9 ]{3,60}")
_DRAWN: Final = regex(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])")


def private_keys(text: str) -> Iterator[tuple[int, int]]:
    """Yield the range of each private key in `text`: PEM, OpenSSH, PGP, also in JSON or a diff.

    A key without an end line lasts as long as its lines look like base64. BEGIN and END lines
    without a key between them do not count.
    """
    for begin in found_in(_BEGIN, text):
        dashes = text.find("----", begin.end())
        end = _END.match(text, dashes) if dashes >= 0 else None
        if end is not None and _is_body(text[begin.end() : dashes]):
            yield begin.start(), end.end()
            continue
        headers = _HEADERS.match(text, begin.end())
        body = _LINES.match(text, headers.end() if headers else begin.end())
        if body is not None:
            yield begin.start(), body.end()


def lines_of_keys(diff: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of lines in a diff that look like part of a private key.

    That is: base64 as wide as in PEM and PGP, unless a BEGIN or END line in the same hunk shows
    that it is public.
    """
    for run in found_in(_WIDE_LINES, diff):
        hunk = max(diff.rfind("\n@@", 0, run.start()), 0)
        following = diff.find("\n@@", run.end())
        above = _ANY_MARK.findall(diff, hunk, run.start())
        below = _ANY_MARK.search(diff, run.end(), following if following >= 0 else len(diff))
        nearest = [above[-1]] if above else []
        nearest += [below[0]] if below else []
        if all("PRIVATE" in mark for mark in nearest) and _DRAWN.search(run[0]):
            yield run.start() + 1, run.end()


def _is_body(text: str) -> bool:
    """Whether `text` is a key, not prose between BEGIN and END lines."""
    return sum(len(run[0]) for run in found_in(_RUN, text)) * 2 > len(text.strip()) > 0
