"""The parts of a line that must not be cut: links, escapes, visible characters."""

from __future__ import annotations

import re
from bisect import bisect_left

from dingbridge.core.regex import regex

_ATOM = regex(
    r"^[ \t>]*(?:`{3}|~{3})[^\n]*"  # a line that would read as a fence
    r"|\\[!-/:-@\[-`{-~]"
    r"|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
    r"|(?<!`)(?P<ticks>`{1,20})(?!`)[^\n`]{1,200}(?P=ticks)(?!`)"
    r"|!?\[(?:[^\[\]\\\n]|\\.|\[[^\[\]\n]*\])*\]"
    r"\((?:[^()\s\\]|\\.|\([^()\s]*\))*(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'))?\)"
    r"|<[A-Za-z][A-Za-z0-9+.\-]{1,31}:[^<>\s]*>"
    r"|(?:https?|dingtalk|mailto|ftp)://[!-;=?-_a-~]+",
    re.MULTILINE,
)
_READS_AS_A_BLOCK = regex(
    r"[ \t]{0,8}(?:#{1,6}(?:\s|\Z)|[-*+](?:\s|\Z)|[0-9]{1,9}[.)](?:\s|\Z)|>|`{3}|~{3}|\||={3}|-{3})"
)
_LONGEST_GRAPHEME = 64
"""Code points; longer sequences of combining marks may be cut."""


class UnbreakableSpans:
    """The indivisible parts of `text[start:end]`; `start` is inside none."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for match in _ATOM.finditer(text, start, end):
            self._starts.append(match.start())
            self._ends.append(match.end())

    def around(self, position: int) -> int | None:
        """The start of the part that a cut at `position` would divide; None without one."""
        found = bisect_left(self._starts, position) - 1
        if found < 0 or position >= self._ends[found]:
            return None
        return self._starts[found]


def reads_as_a_block(text: str, position: int) -> bool:
    """Whether the rest of a line would be a list, a fence, … at the start of a line."""
    return _READS_AS_A_BLOCK.match(text, position) is not None


def grapheme_start(text: str, start: int, position: int) -> int:
    """The nearest place at or before `position` where a cut divides no visible character.

    `start` must be such a place, and `start < position < len(text)`. The result is after `start`;
    inside a longer cluster it is `position` itself.
    """
    before, after = text[position - 1], text[position]
    if before < "\u0300" and after < "\u0300":
        return (
            position - 1 if before == "\r" and after == "\n" and position - 1 > start else position
        )
    # Imported late: the tables of all scripts take time to load, and few messages need them.
    from wcwidth import iter_graphemes

    first = max(start, position - _LONGEST_GRAPHEME)
    while first > start and _is_flag_half(text[first]):
        first -= 1
    end = first
    for cluster in iter_graphemes(text[first : position + _LONGEST_GRAPHEME]):
        if end + len(cluster) > position:
            break
        end += len(cluster)
    return end if end > first else position


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
