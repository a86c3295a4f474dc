"""A table of Markdown as a table, as aligned text, or as aligned text in a code block."""

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
    if text.isascii() and text.isprintable():
        return len(text)
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
    shown = [[cell.shown for cell in row] for row in table.rows]
    written = [[cell.markdown for cell in row] for row in table.rows]
    lines = map(_visible_spaces, _aligned(table.alignments, shown, written, "─"))
    return [line for line in lines if line]


def _visible_spaces(line: str) -> str:
    """Keep a run of spaces; those at the start are written out, as clients trim a line."""
    inner = line.lstrip(" ")
    start = "&nbsp;" * (len(line) - len(inner))
    return start + re.sub("  +", lambda run: _NO_BREAK * len(run[0]), inner)


def code(table: Table) -> list[str]:
    """Return the lines of the table as aligned text without any Markdown."""
    plain = [[cell.plain for cell in row] for row in table.rows]
    return _aligned(table.alignments, plain, plain, "-")


def _aligned(
    alignments: Sequence[Alignment], shown: list[list[str]], written: list[list[str]], rule: str
) -> list[str]:
    """The rows `written`, of which a reader sees what is `shown`, and a line below the head."""
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
