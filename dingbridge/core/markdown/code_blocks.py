"""Markdown for DingTalk: the title of a message, and code from the editor as a fenced block."""

from __future__ import annotations

import re

from dingbridge.core.dingtalk.limits import TITLE_CHARACTERS
from dingbridge.core.markdown.fences import backticks
from dingbridge.core.markdown.plain import is_plain
from dingbridge.core.text import clean

_LANGUAGE = re.compile(r"[\w+#.-]+")


def title(text: str) -> str:
    """Return what the conversation list and the push show for the Markdown `text`.

    At least one visible character, at most `TITLE_CHARACTERS`; see `rendering.titles`.
    """
    if len(text) <= TITLE_CHARACTERS and is_plain(text):
        return text
    # Loaded with the first message that needs it: a start does not need the parser.
    from dingbridge.core.markdown.rendering import titles

    return titles.title(text)


def fenced(code: str, file_name: str, language: str, first_line: int, last_line: int) -> str:
    """Return `code` as a fenced block under a line that says where it is from.

    The fence is longer than every run of backticks in `code`, which is kept as it is. `language`
    may be empty or any editor file type. Lines count from 1 and are inclusive; an empty `file_name`
    (a buffer without a file) leaves the line numbers alone.
    """
    one = first_line == last_line
    lines = f"{first_line}" if one else f"{first_line}-{last_line}"
    name = " ".join(clean(file_name).split())
    unnamed = "line" if one else "lines"
    origin = f"{name}:{lines}" if name else f"{unnamed} {lines}"
    known = _LANGUAGE.match(language)
    return f"{code_span(origin)}\n{block(code, known[0] if known else '')}"


def block(code: str, language: str = "") -> str:
    """`code` as it is in a fenced block of a `language`, which is one word."""
    fence = backticks(code, 3)
    body = code if not code or code.endswith("\n") else code + "\n"
    return f"{fence}{language}\n{body}{fence}"


def code_span(text: str) -> str:
    """`text` on one line as code, whatever is in it."""
    line = " ".join(clean(text).split())
    marks = backticks(line, 1)
    padding = " " if "`" in line or not line else ""
    return f"{marks}{padding}{line}{padding}{marks}"
