"""The title of a message, and code from the editor as a fenced block."""

from __future__ import annotations

import re

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.dingtalk.limits import TITLE_CHARACTERS
from dingbridge.core.markdown.fences import backticks
from dingbridge.core.markdown.plain import is_plain
from dingbridge.core.text import clean

_LANGUAGE = re.compile(r"[\w+#.-]+")


def title(text: str, characters: int = TITLE_CHARACTERS) -> str:
    """Return what the conversation list and the push show for the Markdown `text`.

    At least one visible character, at most `characters`; see `rendering.titles`.
    """
    if len(text) <= characters and is_plain(text):
        return text
    # Imported late: a start does not need the parser.
    from dingbridge.core.markdown.rendering import titles

    return titles.title(text, characters)


def fenced(code: str, file_name: str, language: str, first_line: int, last_line: int) -> str:
    """Return `code` as a fenced block under a line with its source.

    - `file_name`: empty for a buffer without a file; then only the line numbers are shown
    - `language`: empty, or any editor file type
    - `first_line`, `last_line`: 1-based, inclusive

    The fence is longer than every run of backticks in `code`, which is not changed.
    """
    one = first_line == last_line
    lines = f"{first_line}" if one else f"{first_line}-{last_line}"
    name = " ".join(clean(file_name).split())
    unnamed = say.LINE_OF_CODE if one else say.LINES_OF_CODE
    origin = f"{name}:{lines}" if name else unnamed(lines=lines)
    known = _LANGUAGE.match(language)
    return f"{code_span(origin)}\n{block(code, known[0] if known else '')}"


def block(code: str, language: str = "") -> str:
    """`code`, unchanged, in a fenced block; `language` is one word."""
    fence = backticks(code, 3)
    body = code if not code or code.endswith("\n") else code + "\n"
    return f"{fence}{language}\n{body}{fence}"


def code_span(text: str) -> str:
    """`text` on one line as a code span, whatever backticks it contains."""
    line = " ".join(clean(text).split())
    marks = backticks(line, 1)
    padding = " " if "`" in line or not line else ""
    return f"{marks}{padding}{line}{padding}{marks}"
