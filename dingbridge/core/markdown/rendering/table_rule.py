"""Parses each GitHub table to one token with all its cells.

The rule of markdown-it-py makes three tokens per cell, which took half the time of a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import MAX_AUTOCOMPLETED_CELLS, escapedSplit, getLine

from dingbridge.core.markdown.rendering.block_rules import DELIMITERS, DELIMITERS_OR_SPACE, WHITE

KIND = "table"
"""The type of the token."""

ALIGNMENTS = "alignments"
"""Key of its `meta`: for each column "", "left", "center" or "right"."""

ROWS = "rows"
"""Key of its `meta`: the rows, the head first; each has the source of a cell for every column."""

MOST_COLUMNS = 50
"""Most columns of a table: all short rows of a wide table are padded to its width."""

_COLUMN = re.compile(r":?-+:?")
_ALIGNMENTS = {
    (False, False): "",
    (True, False): "left",
    (False, True): "right",
    (True, True): "center",
}
"""By whether the delimiter of a column begins and ends with a colon."""

Begins = Callable[[StateBlock, int, int], bool]


def table_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read the table whose head is the line `start`, as `markdown_it.rules_block.table` does.

    Surplus cells, which that one drops, are kept in the last column.
    """
    if start + 2 > end or state.sCount[start + 1] < state.blkIndent:
        return False
    if state.is_code_block(start) or state.is_code_block(start + 1):
        return False
    head = getLine(state, start).strip(WHITE)
    if "|" not in head or head.count("|") > MOST_COLUMNS:
        return False
    alignments = _alignments(getLine(state, start + 1))
    cells = _cells(head)
    if alignments is None or not cells or len(cells) != len(alignments):
        return False
    if not silent:
        token = state.push(KIND, "table", 0)
        rows = [cells, *_body(state, start + 2, end, len(cells))]
        token.meta = {ALIGNMENTS: alignments, ROWS: rows}
        token.map = [start, state.line]
    return True


def _body(state: StateBlock, line: int, end: int, columns: int) -> list[list[str]]:
    """The rows from `line` on; afterwards `state.line` is the line after the last one."""
    before, state.parentType = state.parentType, KIND
    begins_block: Begins = state.md.block.begins_block  # type: ignore[attr-defined]  # of `Blocks`
    rows: list[list[str]] = []
    added = 0
    while line < end and state.sCount[line] >= state.blkIndent:
        text = getLine(state, line).strip(WHITE)
        if not text or state.is_code_block(line) or begins_block(state, line, end):
            break
        cells = _cells(text)
        added += columns - len(cells)
        if added > MAX_AUTOCOMPLETED_CELLS:
            break
        if len(cells) > columns:
            cells[columns - 1 :] = [" | ".join(cells[columns - 1 :])]
        rows.append(cells + [""] * (columns - len(cells)))
        line += 1
    state.parentType = before
    state.line = line
    return rows


def _cells(text: str) -> list[str]:
    cells = escapedSplit(text) if "\\" in text else text.split("|")
    first = 1 if cells[0] == "" else 0
    last = len(cells) - (1 if len(cells) > first and cells[-1] == "" else 0)
    return [cell.strip(WHITE) for cell in cells[first:last]]


def _alignments(line: str) -> list[str] | None:
    """The alignments in a delimiter row; None for another line."""
    if len(line) < 2 or line[0] not in DELIMITERS or line.strip(DELIMITERS_OR_SPACE):
        return None
    if line[1] not in (DELIMITERS if line[0] == "-" else DELIMITERS_OR_SPACE):
        return None
    columns = [column.strip(WHITE) for column in line.split("|")]
    columns = columns[columns[0] == "" :]
    columns = columns[: -1 if columns and columns[-1] == "" else None]
    if not all(map(_COLUMN.fullmatch, columns)):
        return None
    return [_ALIGNMENTS[column[0] == ":", column[-1] == ":"] for column in columns]
