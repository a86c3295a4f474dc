"""A table of Markdown as a table, as aligned text, or as aligned text in a code block."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from wcwidth import wcswidth

Style = Literal["auto", "native", "text", "code"]
Alignment = Literal["", "left", "center", "right"]

_GAP = "  "
_PIPE = re.compile(r"\|")
_NO_BREAK = "\u00a0"


class Cell(NamedTuple):
    """One cell on one line: as Markdown, as what a client shows of that, and as mere text."""

    markdown: str
    shown: str
    plain: str
    """Like `shown`, with the addresses of links."""


class Table(NamedTuple):
    """Rows of equally many cells, the head first."""

    alignments: Sequence[Alignment]
    rows: Sequence[Sequence[Cell]]


def chosen(table: Table, style: Style) -> Style:
    """Return the style that is meant for this table, which is never 'auto'.

    Desktop clients draw tables, some phones and custom robots do not (section 9). So 'auto' is
    'code', or 'text' for a table with links, which code would not have.
    """
    if style != "auto":
        return style
    linked = any(cell.shown != cell.plain for row in table.rows for cell in row)
    return "text" if linked else "code"


def width(text: str) -> int:
    """Return the half-width columns that one line of text takes."""
    found = wcswidth(text)
    return found if found >= 0 else len(text)


def native(table: Table) -> str:
    """Return the table in Markdown, with spaces around the cells and a rule that says left."""
    rules = {"": ":---", "left": ":---", "center": ":---:", "right": "---:"}
    lines = [_row([cell.markdown for cell in row]) for row in table.rows]
    lines.insert(1, _row([rules[alignment] for alignment in table.alignments]))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(_PIPE.sub(r"\\|", cell) for cell in cells) + " |"


def text(table: Table) -> list[str]:
    """Return the lines of the table as aligned text, whose cells are still Markdown.

    No line is empty: an empty row is left out.
    """
    widths = _widths([[cell.shown for cell in row] for row in table.rows])
    lines = []
    for row in table.rows:
        cells = zip(row, widths, table.alignments, strict=True)
        line = _GAP.join(_padded(*cell) for cell in cells).rstrip()
        lines.append(_visible_spaces(line))
    lines.insert(1, _visible_spaces(_GAP.join("─" * column for column in widths)))
    return [line for line in lines if line]


def _visible_spaces(line: str) -> str:
    """Keep a run of spaces; those at the start are written out, as clients trim a line."""
    inner = line.lstrip(" ")
    start = "&nbsp;" * (len(line) - len(inner))
    return start + re.sub("  +", lambda run: _NO_BREAK * len(run[0]), inner)


def code(table: Table) -> list[str]:
    """Return the lines of the table as aligned text without any Markdown."""
    widths = _widths([[cell.plain for cell in row] for row in table.rows])
    lines = []
    for row in table.rows:
        cells = [Cell(cell.plain, cell.plain, cell.plain) for cell in row]
        padded = map(_padded, cells, widths, table.alignments)
        lines.append(_GAP.join(padded).rstrip())
    lines.insert(1, _GAP.join("-" * column for column in widths))
    return lines


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(1, *map(width, column)) for column in zip(*rows, strict=True)]


def _padded(cell: Cell, column: int, alignment: Alignment) -> str:
    space = column - width(cell.shown)
    before = {"": 0, "left": 0, "center": space // 2, "right": space}[alignment]
    return " " * before + cell.markdown + " " * (space - before)
