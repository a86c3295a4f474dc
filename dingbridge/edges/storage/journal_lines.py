"""The lines of a journal: their form, and which pieces of a file count as damaged.

A line is not empty, has neither a newline nor a NUL in it, and at most `LONGEST_LINE` bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from dingbridge.edges.storage import own_files

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of a line without its end. A longer one on disk is damage and is never held in memory."""

END = b"\n"
_NUL = b"\0"
TORN_END = _NUL + END
"""Closes a torn line. A line with a NUL is damage, so a line that was torn just before its end, and
was never reported as written, cannot become valid later."""

_PIECE = 1024 * 1024


def joined(lines: Sequence[bytes]) -> bytes:
    """The bytes of lines. Raises `ValueError` for one that is not allowed."""
    for line in lines:
        if not line or END in line or _NUL in line or len(line) > LONGEST_LINE:
            raise ValueError("a journal's line is not empty, too long, or with a newline or NUL")
    return b"".join(line + END for line in lines)


def lines_of(path: Path, end: int | None = None) -> Iterator[bytes | None]:
    """The lines of a file up to byte `end`, without their ends; None for each damaged piece.

    Damaged are a last line without its end, a line with a NUL (a power cut left its blocks
    unwritten), and one that is too long. A file that does not exist has no lines. Raises `OSError`.
    """
    try:
        file = own_files.reading(path)
    except FileNotFoundError:
        return
    with file:
        while end is None or file.tell() < end:
            line = file.readline(LONGEST_LINE + len(END))
            if not line:
                return
            if not line.endswith(END):
                _skip_line(file)
                yield None
            elif _NUL in line:
                yield None
            else:
                yield line[: -len(END)]


def _skip_line(file: BinaryIO) -> None:
    """Continue behind the next line end, without holding the rest of the line in memory."""
    while piece := file.readline(_PIECE):
        if piece.endswith(END):
            return
