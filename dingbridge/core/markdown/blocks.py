"""The blocks of a Markdown text that matter to a cut: code, headings, tables.

Found by regular expressions instead of `token.map` of markdown-it-py. On the documents and the
texts of `tests/golden/` (31 texts, 223 kB) both find the same fences and tables, and the same
headings but for one inside a quote; this takes 2 ms, the stock block parser 203 ms, the one for
rendering 38 ms.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from dingbridge.core.markdown.fences import Fence, FenceLines, fences, frame
from dingbridge.core.regex import regex

_HEADING = r" {0,3}#{1,6}(?=[ \t\r\n]|\Z)"
_FIRST_HEADING = regex(_HEADING)
_LATER_HEADING = regex(rf"\n{_HEADING}")
_FILLED = regex(r"\S")
_PERHAPS_DELIMITERS = regex(r"\n[ \t>]*[|:\-][|:\- \t\r]*(?=\n|\Z)")
_DELIMITERS = regex(r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t\r]*")
_LONGEST_DELIMITERS = 2_000
_NO_ROW = regex(r"^[^|\n]*$", re.MULTILINE)


class TableSpan(NamedTuple):
    """A table as offsets into its text; the head and the delimiter row are `start` to `rows`."""

    start: int
    rows: int
    end: int


class Blocks:
    """A text and its blocks. Found once, in linear time; each query is cheap."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.fences = list(fences(text)) if "```" in text or "~~~" in text else []
        self._fence_starts = [fence.start for fence in self.fences]
        self._fence_ends = [fence.end for fence in self.fences]
        self.tables = list(self._find_tables()) if "|" in text and "-" in text else []
        self._table_starts = [table.start for table in self.tables]
        self._headings = list(self._find_headings()) if "#" in text else []
        self._find_whole()
        self._frames: dict[str, FenceLines | None] = {}

    # --- code -------------------------------------------------------------------------------------

    def code_at(self, position: int) -> Fence | None:
        """The fenced block that a cut at `position` would divide."""
        found = bisect_left(self._fence_starts, position) - 1
        if found < 0:
            return None
        fence = self.fences[found]
        unclosed = fence.code_end == fence.end == position == len(self.text)
        return fence if position < fence.end or unclosed else None

    def frame_at(self, position: int) -> FenceLines | None:
        """The lines that close the code at `position` and reopen it; None outside code."""
        fence = self.code_at(position)
        return self.frame_of(fence) if fence else None

    def frame_of(self, fence: Fence) -> FenceLines | None:
        """The lines that close and reopen this block; None if they are too long to repeat."""
        line = self.text[fence.start : fence.code_start]
        if line not in self._frames:
            self._frames[line] = frame(line)
        return self._frames[line]

    def has_code(self, first: int, last: int) -> bool:
        """Whether any position from `first` to `last` may be inside code."""
        return bisect_left(self._fence_starts, last) > bisect_right(self._fence_ends, first)

    def code_starts(self, first: int, last: int) -> list[int]:
        """The starts of fenced blocks, from `first` to `last`."""
        return _between(self._fence_starts, first, last)

    def code_ends(self, first: int, last: int) -> list[int]:
        """The ends of fenced blocks, from `first` to `last`."""
        return _between(self._fence_ends, first, last)

    # --- tables -----------------------------------------------------------------------------------

    def table_at(self, position: int) -> TableSpan | None:
        """The table with a row that begins at `position`."""
        found = bisect_left(self._table_starts, position) - 1
        if found < 0 or self.text[position - 1] != "\n":
            return None
        table = self.tables[found]
        return table if table.rows <= position < table.end else None

    def has_rows(self, first: int, last: int) -> bool:
        """Whether a table reaches into the positions from `first` to `last`."""
        found = bisect_left(self._table_starts, last) - 1
        return found >= 0 and self.tables[found].end > first

    # --- headings, and what stays together --------------------------------------------------------

    def headings(self, first: int, last: int) -> list[int]:
        """The starts of headings, from `first` to `last`."""
        return _between(self._headings, first, last)

    def whole_from(self, position: int) -> int | None:
        """The start of the lines that a cut at `position` would separate although they belong
        together.

        That is: a heading and the text below, a table's head, a fence and the code next to it.
        """
        found = bisect_left(self._whole_starts, position) - 1
        if found < 0 or position > self._whole_ends[found]:
            return None
        return self._whole_starts[found]

    def _find_whole(self) -> None:
        """Merge the ranges without cuts: after their start, up to and including their end."""
        self._whole_starts: list[int] = []
        self._whole_ends: list[int] = []
        found = [(fence.start, fence.code_start) for fence in self.fences]
        # A cut before the closing fence would leave it alone in the next piece.
        found += [(fence.code_end - 1, fence.end - 1) for fence in self.fences]
        found += [(table.start, table.rows) for table in self.tables]
        found += [(start, self._after_heading(start)) for start in self._headings]
        for start, end in sorted(found):
            if self._whole_ends and start <= self._whole_ends[-1]:
                self._whole_ends[-1] = max(end, self._whole_ends[-1])
            elif start < end:
                self._whole_starts.append(start)
                self._whole_ends.append(end)

    def _after_heading(self, start: int) -> int:
        line_end = self.text.find("\n", start)
        filled = _FILLED.search(self.text, line_end) if line_end >= 0 else None
        if filled is None:
            return len(self.text)
        return self.text.rfind("\n", line_end, filled.start()) + 1

    def _find_headings(self) -> Iterator[int]:
        if _FIRST_HEADING.match(self.text):
            yield 0
        for match in _LATER_HEADING.finditer(self.text):
            start = match.start() + 1
            if self.code_at(start) is None:
                yield start

    def _find_tables(self) -> Iterator[TableSpan]:
        text = self.text
        end = 0
        for match in _PERHAPS_DELIMITERS.finditer(text):
            row = match[0][1:]
            head_end = match.start()
            if len(row) > _LONGEST_DELIMITERS or "|" not in row or not _DELIMITERS.fullmatch(row):
                continue
            start = text.rfind("\n", end, head_end) + 1 or end
            if start < end or "|" not in text[start:head_end] or self.code_at(start + 1):
                continue
            rows = min(match.end() + 1, len(text))
            after = _NO_ROW.search(text, rows)
            end = max(rows, after.start()) if after else len(text)
            yield TableSpan(start, rows, end)


def _between(positions: list[int], first: int, last: int) -> list[int]:
    return positions[bisect_left(positions, first) : bisect_right(positions, last)]
