"""Reassembles the chunks of a message, without what the cuts added."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dingbridge.core.markdown.blocks import Blocks

FENCE = re.compile(r"[ \t>]*(([-*+]|[0-9]{1,9}[.)])[ \t]+)?(```|~~~)")
MARKER = re.compile(r"\n\n— (\d+)/(\d+)( …)?\Z")


def counts(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Number and total in the markers of these chunks."""
    found = [MARKER.search(text) for text in texts]
    return [(int(mark[1]), int(mark[2])) for mark in found if mark]


def joined(texts: Sequence[str]) -> str:
    """The text that was sent as these chunks, in order."""
    if len(texts) == 1:
        return texts[0]
    source = ""
    was_closed = False
    for number, text in enumerate(texts, start=1):
        mark = MARKER.search(text)
        assert mark, f"piece {number} has no marker: {text[-40:]!r}"
        body = text[: mark.start()].removeprefix(_opened(source, was_closed))
        last_line = body.rpartition("\n")[2]
        goes_on = bool(mark[3])
        is_last = number == len(texts)
        was_closed = goes_on if is_last else bool(FENCE.match(last_line))
        if was_closed:
            body = body.removesuffix(last_line)
            body = body.removesuffix("\n") if goes_on else body
        source += body
    return source


def _opened(source: str, was_closed: bool) -> str:
    """What was inserted before the chunk after `source`."""
    if was_closed:
        frame = Blocks(source).frame_at(len(source))
        return frame.opening if frame else ""
    # If the next line was a row, it got this head, whatever it is.
    table = Blocks(source + "|\n").table_at(len(source)) if source else None
    return source[table.start : table.rows] if table else ""
