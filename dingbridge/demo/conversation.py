"""What both sides of a conversation have to show, and what is missing when they do not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from dingbridge.core.text import shorten

SHOWN = 30
"""Characters of a message that a complaint about it repeats."""


_MARK = re.compile(r"\n\n— \d+/\d+(?: …)?\Z")


class SpokenLine(Struct, frozen=True):
    """One message: who wrote it (in DingTalk: the way it took and whom it reached), the text, and
    in the editor what became of it."""

    who: str
    text: str
    fate: str = ""


class DeliveredPiece(Struct, frozen=True):
    """One message as DingTalk got it, perhaps part of a longer one."""

    way: str
    text: str


def plain(text: str) -> str:
    """The text of a piece without what it got for its way: the mark `— 2/3` of one of several, and
    the two spaces that keep a line end visible."""
    return _MARK.sub("", text).replace("  \n", "\n")


def put_together(
    pieces: Sequence[DeliveredPiece], wanted: Sequence[SpokenLine]
) -> list[SpokenLine]:
    """The messages that `pieces` make, where what is `wanted` tells which belong together.

    Pieces that do not lead to the next wanted text, in its own way and without a gap, stay alone.
    """
    lines: list[SpokenLine] = []
    start = 0
    for line in wanted:
        for first in range(start, len(pieces)):
            end = _end_of(line, pieces, first)
            if end > first:
                lines.extend(SpokenLine(piece.way, piece.text) for piece in pieces[start:first])
                lines.append(SpokenLine(line.who, line.text))
                start = end
                break
    lines.extend(SpokenLine(piece.way, piece.text) for piece in pieces[start:])
    return lines


def _end_of(line: SpokenLine, pieces: Sequence[DeliveredPiece], first: int) -> int:
    """Where the pieces from `first` on have made the whole of `line`; `first` if they do not."""
    done = 0
    for index in range(first, len(pieces)):
        piece = pieces[index]
        if piece.way != line.who or not line.text.startswith(piece.text, done):
            return first
        done += len(piece.text)
        if done == len(line.text):
            return index + 1
    return first


def differences(side: str, wanted: Sequence[SpokenLine], seen: Sequence[SpokenLine]) -> list[str]:
    """What is wrong with `seen`, each a sentence that begins with `side`; empty if nothing is.

    Every message has to be there exactly once and in its place.
    """
    wanted_count, seen_count = Counter(wanted), Counter(seen)
    problems = [
        f"{side}: missing{_times(count)}: {_shown(line)}"
        for line, count in (wanted_count - seen_count).items()
    ]
    problems += [
        f"{side}: there, but not wanted{_times(count)}: {_shown(line)}"
        for line, count in (seen_count - wanted_count).items()
    ]
    if not problems and list(wanted) != list(seen):
        place = next(
            i for i, pair in enumerate(zip(wanted, seen, strict=True)) if pair[0] != pair[1]
        )
        problems.append(f"{side}: out of order from message {place + 1} on: {_shown(seen[place])}")
    return problems


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""


def _shown(line: SpokenLine) -> str:
    fate = f" ({line.fate})" if line.fate else ""
    length = f" ({len(line.text)} characters)" if len(line.text) > SHOWN else ""
    return f"{line.who}: {shorten(line.text, SHOWN)}{length}{fate}"
