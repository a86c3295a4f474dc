"""Renders a Markdown table: as a table, as aligned text, or as aligned text in a code block."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import starmap
from typing import Literal, NamedTuple

from wcwidth import wcswidth

Style = Literal["auto", "native", "text", "code"]
Alignment = Literal["", "left", "center", "right"]

_GAP = "  "
_PIPE = re.compile(r"\|")
_NO_BREAK = "\u00a0"


class Cell(NamedTuple):
    """A cell on one line: its Markdown, its visible text, and its plain text."""

    markdown: str
    shown: str
    plain: str
    """Like `shown`, with the addresses of links."""


class Table(NamedTuple):
    """Rows with the same number of cells, the head first."""

    alignments: Sequence[Alignment]
    rows: Sequence[Sequence[Cell]]


def chosen(table: Table, style: Style) -> Style:
    """The style for this table, never 'auto'.

    Desktop clients render tables; some phones, and messages of custom robots, do not (§9). So
    'auto' means 'code', or 'text' for a table with links, which do not work in code.
    """
    if style != "auto":
        return style
    linked = any(cell.shown != cell.plain for row in table.rows for cell in row)
    return "text" if linked else "code"


def width(text: str) -> int:
    """The half-width columns of one line of text."""
    if text.isascii() and text.isprintable():
        return len(text)
    found = wcswidth(text)
    return found if found >= 0 else len(text)


def native(table: Table) -> str:
    """The table in Markdown, with spaces around the cells and left-aligned columns."""
    rules = {"": ":---", "left": ":---", "center": ":---:", "right": "---:"}
    lines = [_row([cell.markdown for cell in row]) for row in table.rows]
    lines.insert(1, _row([rules[alignment] for alignment in table.alignments]))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(_PIPE.sub(r"\\|", cell) for cell in cells) + " |"


def text(table: Table) -> list[str]:
    """The non-empty lines of the table as aligned text with Markdown in its cells."""
    shown = [[cell.shown for cell in row] for row in table.rows]
    written = [[cell.markdown for cell in row] for row in table.rows]
    lines = map(_visible_spaces, _aligned(table.alignments, shown, written, "─"))
    return [line for line in lines if line]


def _visible_spaces(line: str) -> str:
    """Make runs of spaces visible; those at the start as entities, because clients trim lines."""
    inner = line.lstrip(" ")
    start = "&nbsp;" * (len(line) - len(inner))
    return start + re.sub("  +", lambda run: _NO_BREAK * len(run[0]), inner)


def code(table: Table) -> list[str]:
    """The lines of the table as aligned text without Markdown."""
    plain = [[cell.plain for cell in row] for row in table.rows]
    return _aligned(table.alignments, plain, plain, "-")


def _aligned(
    alignments: Sequence[Alignment], shown: list[list[str]], written: list[list[str]], rule: str
) -> list[str]:
    """The rows `written`, aligned by their visible text `shown`, with a line below the head."""
    taken = [list(map(width, row)) for row in shown]
    columns = [max(1, *column) for column in zip(*taken, strict=True)]
    lines = []
    for widths, cells in zip(taken, written, strict=True):
        row = zip(cells, widths, columns, alignments, strict=True)
        lines.append(_GAP.join(starmap(_padded, row)).rstrip())
    lines.insert(1, _GAP.join(rule * column for column in columns))
    return lines


def _padded(cell: str, taken: int, column: int, alignment: Alignment) -> str:
    space = column - taken
    before = {"": 0, "left": 0, "center": space // 2, "right": space}[alignment]
    return " " * before + cell + " " * (space - before)
