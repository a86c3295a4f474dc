"""Finds the fenced code blocks of a Markdown text, and the fences that enclose code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from dingbridge.core.regex import regex

_MARK = regex(
    r"^(?P<lead>[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?)"
    r"(?P<mark>`{3,}|~{3,})(?P<rest>[^\n]*)\n?",
    re.MULTILINE,
)
_BACKTICKS = regex("`+")
_LONGEST_LEAD_AND_MARK = 40
_LONGEST_INFO = 40
_DEEPEST_QUOTE = 8
"""Quote marks that are compared to decide whether a line is in the same quote as its fence."""


class Fence(NamedTuple):
    """A fenced block as offsets into its text; `start` to `end` include both fence lines."""

    start: int
    code_start: int
    code_end: int
    end: int


class FenceLines(NamedTuple):
    """The lines around code: `opening` has a line end, `closing` has none."""

    opening: str
    closing: str


def fences(text: str) -> Iterator[Fence]:
    """Yield the fenced blocks of `text` in order, each as soon as it is found.

    Any indentation, quote mark or list mark may stand before an opening fence. A block that is
    never closed lasts to the end of its quote or of the text, as in CommonMark. Line ends are LF or
    CR LF. Linear time.
    """
    opening: re.Match[str] | None = None
    limit = 0
    quote_ends: dict[int, int] = {}
    for match in _fence_lines(text):
        if opening is not None and match.start() >= limit:
            yield Fence(opening.start(), opening.end(), limit, limit)
            opening = None
        if opening is None:
            # "```code```" on one line is a code span.
            if match["mark"][0] == "~" or "`" not in match["rest"]:
                opening = match
                limit = _quote_end(text, match, quote_ends)
        elif _closes(match, opening["mark"]):
            yield Fence(opening.start(), opening.end(), match.start(), match.end())
            opening = None
    if opening is not None:
        yield Fence(opening.start(), opening.end(), limit, limit)


def frame(opening_line: str) -> FenceLines | None:
    """The lines that close a block with this opening line and reopen it in another message.

    A list mark becomes spaces, at most three of them: four would turn the line into code. A long
    info string is left out. None for a line with too many marks to repeat.
    """
    match = _MARK.match(opening_line)
    if match is None:
        return None
    lead = re.sub(r"[^>\s]", " ", match["lead"]).replace("\t", "    ")
    outside, mark, inside = lead.rpartition(">")
    lead = outside + mark + (inside if len(inside) <= 3 + bool(mark) else inside[:3])
    if len(lead) + len(match["mark"]) > _LONGEST_LEAD_AND_MARK:
        return None
    info = match["rest"].rstrip()
    fence = lead + match["mark"]
    return FenceLines(f"{fence}{info if len(info) <= _LONGEST_INFO else ''}\n", fence)


def backticks(code: str, least: int) -> str:
    """A fence for `code`: at least `least` backticks, and more than every run of them in it."""
    longest = max(map(len, _BACKTICKS.findall(code)), default=0)
    return "`" * max(least, longest + 1)


def _fence_lines(text: str) -> Iterator[re.Match[str]]:
    """The matches of `_MARK`, found by searching for the marks.

    Most texts have none, and no line is long enough to block other threads.
    """
    following = {mark: text.find(mark) for mark in ("```", "~~~")}
    position = 0
    while position < len(text):
        for mark, found in following.items():
            if 0 <= found < position:
                following[mark] = text.find(mark, position)
        at = min((found for found in following.values() if found >= 0), default=-1)
        if at < 0:
            return
        match = _MARK.match(text, text.rfind("\n", position, at) + 1 or position)
        if match is not None:
            yield match
        line_end = text.find("\n", at)
        position = match.end() if match is not None else line_end + 1 or len(text)


def _closes(match: re.Match[str], opening: str) -> bool:
    lead, mark, rest = match.groups()
    return mark.startswith(opening) and not rest.strip() and not lead.strip(" \t>")


def _quote_end(text: str, opening: re.Match[str], known: dict[int, int]) -> int:
    """The end of the quote that the block is in; `known` caches ends by depth."""
    lead = opening["lead"]
    if not lead or ">" not in lead:
        return len(text)
    depth = min(lead.count(">"), _DEEPEST_QUOTE)
    if known.get(depth, 0) < opening.end():
        found = _outside_quote(depth).search(text, opening.end())
        known[depth] = found.start() if found else len(text)
    return known[depth]


@cache
def _outside_quote(depth: int) -> re.Pattern[str]:
    return regex(rf"^(?![ \t]*(?:>[ \t]*){{{depth}}})", re.MULTILINE)
