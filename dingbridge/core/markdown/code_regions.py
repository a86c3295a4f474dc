"""Finds in a Markdown text what its author does not say: code and quoted lines.

Code is fenced blocks, indented blocks and code spans.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from typing import Final

from dingbridge.core.markdown.fences import fences

_BLANK: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)*(?=\n)")
_INDENTED: Final = re.compile(r"\n*(?:(?: {4}| {0,3}\t)[^\n]*(?:\n|\Z))+")
_BACKTICKS: Final = re.compile(r"`+")
_QUOTED: Final = re.compile(r"^[ \t]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)*>[^\n]*", re.MULTILINE)


def code(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each piece of code in `text`, in order. Linear time."""
    position = 0
    for fence in fences(text):
        yield from _code_between(text, position, fence.start)
        yield fence.start, fence.end
        position = fence.end
    yield from _code_between(text, position, len(text))


def changed_prose(text: str, change: Callable[[str], str]) -> str:
    """`text` with `change` applied to each part outside code. Linear time."""
    return _changed_between(code(text), text, change)


def changed_own_prose(text: str, change: Callable[[str], str]) -> str:
    """`text` with `change` applied to each part outside code and quoted lines. Linear time.

    A quoted line begins with `>`, also in a list. A line below it without the mark is the author's
    own, although CommonMark continues the quote there.
    """
    if ">" not in text:
        return changed_prose(text, change)
    quoted = (match.span() for match in _QUOTED.finditer(text))
    return _changed_between(merge(code(text), quoted), text, change)


def _changed_between(
    regions: Iterable[tuple[int, int]], text: str, change: Callable[[str], str]
) -> str:
    """`text` with `change` applied outside of `regions`, which are in order and may overlap."""
    pieces: list[str] = []
    position = 0
    for start, end in regions:
        if end > position:
            start = max(start, position)
            pieces += [change(text[position:start]), text[start:end]]
            position = end
    return "".join([*pieces, change(text[position:])])


def _code_between(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The code in a part of `text` without fences, paragraph by paragraph."""
    while start < end:
        blank = _BLANK.search(text, start, end)
        stop = blank.start() if blank else end
        indented = _INDENTED.match(text, start, stop)
        if indented is not None:
            yield start, indented.end()
            start = indented.end()
        yield from _spans(text, start, stop)
        start = blank.end() if blank else end


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The code spans of a paragraph: from a run of backticks to the next one of equal length."""
    runs = [match.span() for match in _BACKTICKS.finditer(text, start, end)]
    closing: list[tuple[int, int] | None] = []
    latest: dict[int, tuple[int, int]] = {}
    for opening, after in reversed(runs):
        length = after - opening
        closing.append(latest.get(length - _is_escaped(text, start, opening)))
        latest[length] = opening, after
    position = start
    for (opening, _), close in zip(runs, reversed(closing), strict=True):
        if opening >= position and close is not None:
            position = close[1]
            yield opening, position


def _is_escaped(text: str, start: int, position: int) -> bool:
    first = position
    while first > start and text[first - 1] == "\\":
        first -= 1
    return (position - first) % 2 == 1
