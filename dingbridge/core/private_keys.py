"""Finds private keys in a text, however they are quoted, indented or cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

PRIVATE_KEY: Final = "private key"
"""The kind of what `private_keys` finds."""

_MARK: Final = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,6}"
_BEGIN: Final = re.compile(rf"-{{4,6}} ?BEGIN {_MARK}")
_TO_END: Final = re.compile(rf"([^-]*(?:-(?!---)[^-]*)*)-{{4,6}} ?END {_MARK}")
_RUN: Final = re.compile(r"[A-Za-z0-9+/=]{16,}")
_HEADERS: Final = re.compile(r"(?:\s*(?:Proc-Type|DEK-Info|Version|Comment|Hash):[^\n]{0,200})*")
_LINES: Final = re.compile(
    r"(?:[^A-Za-z0-9+/=]{0,12}[A-Za-z0-9+/=]{24,})+"
    r"(?:[^A-Za-z0-9+/=]{1,12}[A-Za-z0-9+/]{1,23}={1,2})?"
)


def private_keys(text: str) -> Iterator[tuple[int, int]]:
    """Where private keys stand in `text`: PEM, OpenSSH, PGP, also quoted, in JSON, in a diff.

    One whose end was cut off lasts as long as its lines look like it. The mark lines without a key
    between them are no key.
    """
    for begin in _BEGIN.finditer(text):
        whole = _TO_END.match(text, begin.end())
        if whole is not None and _is_body(whole[1]):
            yield begin.start(), whole.end()
            continue
        headers = _HEADERS.match(text, begin.end())
        body = _LINES.match(text, headers.end() if headers else begin.end())
        if body is not None:
            yield begin.start(), body.end()


def _is_body(text: str) -> bool:
    """Whether `text` is a key and not what somebody wrote about the marks of one."""
    return sum(len(run) for run in _RUN.findall(text)) * 2 > len(text.strip()) > 0
