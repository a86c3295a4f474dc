"""Checks how time grows with the length of a text."""

from __future__ import annotations

import time
from collections.abc import Callable


def assert_in_proportion(work: Callable[[str], object], piece: str, count: int) -> None:
    """Check that ten times the text takes about ten times as long; quadratic work would take a
    hundred times.

    The text repeats `piece` up to `count` characters.
    """

    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        taken = []
        for _ in range(2):
            start = time.process_time()
            work(text)
            taken.append(time.process_time() - start)
        return min(taken)

    short, long = seconds(count // 10), seconds(count)
    assert long < 30 * max(short, 0.001), f"{piece[:20]!r}: {short:.4f} s, then {long:.4f} s"
