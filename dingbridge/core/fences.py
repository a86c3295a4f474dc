"""Where the fenced code blocks of a Markdown text are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_MARK = re.compile(
    r"^(?P<lead>[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?)"
    r"(?P<mark>`{3,}|~{3,})(?P<rest>[^\n]*)\n?",
    re.MULTILINE,
)


class Fence(NamedTuple):
    """A fenced block as offsets into its text; both fence lines are inside `start` and `end`."""

    start: int
    code_start: int
    code_end: int
    end: int


def fences(text: str) -> Iterator[Fence]:
    """Yield the fenced blocks of `text` in order, each as soon as it is found.

    Any indentation, quote mark or list mark may stand before an opening fence. A block that is
    never closed lasts to the end of the text, as in CommonMark. Line ends are LF or CR LF.
    """
    opening: re.Match[str] | None = None
    for match in _MARK.finditer(text):
        if opening is None:
            # "```code```" on one line is a code span.
            if match["mark"][0] == "~" or "`" not in match["rest"]:
                opening = match
        elif _closes(match, opening["mark"]):
            yield Fence(opening.start(), opening.end(), match.start(), match.end())
            opening = None
    if opening is not None:
        yield Fence(opening.start(), opening.end(), len(text), len(text))


def _closes(match: re.Match[str], opening: str) -> bool:
    return (
        match["mark"].startswith(opening)
        and not match["rest"].strip()
        and not match["lead"].strip(" \t>")
    )
