"""Lines of plain text no wider than the help's window, where a Chinese character is two columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wcwidth import wcswidth

WIDTH = 78
"""Columns of a help window."""

FIXED = "\N{NO-BREAK SPACE}"
"""A blank at which no line ends; a plain blank in the lines that are returned."""

_GAP = 2
_READABLE = 60
"""Columns that the cells of a row have at least together, where they have several lines."""


def width(text: str) -> int:
    """The columns that the text takes on the screen."""
    return max(wcswidth(text), 0)


def fill(text: str, first: str = "", rest: str = "", columns: int = WIDTH) -> list[str]:
    """The words of `text` in lines, the first begun with `first` and the others with `rest`.

    >>> fill("one two three", "- ", "  ", 9)
    ['- one two', '  three']
    """
    lines: list[str] = []
    line, empty = first, True
    for word in text.split(" "):
        if not word:
            continue
        if not empty and width(line) + 1 + width(word) > columns:
            lines.append(line)
            line, empty = rest, True
        line = f"{line}{word}" if empty else f"{line} {word}"
        empty = False
    lines.append(line)
    return [each.replace(FIXED, " ").rstrip() for each in lines]


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]], columns: int) -> list[str] | None:
    """A table with each column at its place and long cells in several lines.

    The head's line ends in ` ~`, with which `:help` marks it; a head of empty cells has no line.
    None when a column with long cells would be too narrow to be read.
    """
    cells = [*zip(*rows, head, strict=True)]
    natural = [max(map(width, column)) for column in cells]
    longest_word = [
        max(width(word) for cell in column for word in cell.split(" ")) for column in cells
    ]
    least = [
        min(whole, max(_READABLE // len(cells), word))
        for whole, word in zip(natural, longest_word, strict=True)
    ]
    room = columns - _GAP * len(natural)
    if sum(least) > room:
        return None
    widths = natural
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda at: widths[at] - least[at])
        widths[widest] -= 1
    blocks = [[*_row(row, widths)] for row in rows]
    lines = [f"{line} ~" for line in _row(head, widths)] if any(head) else []
    apart = any(
        width(cell) > wide for row in rows for cell, wide in zip(row[:-1], widths, strict=False)
    )
    for number, block in enumerate(blocks):
        lines += ["", *block] if apart and number else block
    return lines


def _row(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """The lines of one row."""
    columns = [fill(cell, columns=wide) for cell, wide in zip(cells, widths, strict=True)]
    for number in range(max(map(len, columns))):
        parts = [column[number] if number < len(column) else "" for column in columns]
        padded = [
            part + " " * (wide - width(part)) for part, wide in zip(parts, widths, strict=True)
        ]
        yield (" " * _GAP).join(padded).rstrip()
