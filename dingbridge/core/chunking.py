"""Cutting a long text into pieces that DingTalk accepts: no text is lost, every piece fits."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable

from dingbridge.core.fences import Fence, fences
from dingbridge.core.text import whole_character

LARGEST_CODE_POINT = 6
"""Bytes the most expensive code point takes in JSON: a control character, as ``\\u0000``."""

_SHORT_ESCAPES = b'"\\\b\t\n\f\r'
_LONG_ESCAPES = bytes(set(range(0x20)) - set(_SHORT_ESCAPES))

_BLANK_LINE = re.compile(r"(?<=\n)[ \t\r]*\n")
_LINE = re.compile(r"\n")
_SENTENCE = re.compile(
    r"(?<=[.!?;…])[\"'’”)\]*_]*[ \t]+"
    r"|(?<=[。！？；])[\"'’”」』】》）]*[ \t\u3000]*(?![。！？；…\"'’”」』】》）])"
)
_WHITE_SPACE = re.compile(r"[ \t\u3000\u2028\u2029](?![ \t\u3000\u2028\u2029])")

_PREFERENCES: tuple[tuple[re.Pattern[str], bool], ...] = (
    (_BLANK_LINE, True),
    (_LINE, True),
    (_BLANK_LINE, False),
    (_LINE, False),
    (_SENTENCE, False),
    (_WHITE_SPACE, False),
)
"""Kinds of boundary, best first: where it ends, and whether it must be outside a code fence."""


def encoded_size(text: str) -> int:
    """Return the bytes `text` takes inside a JSON string sent as real UTF-8, without the quotes.

    Quotes, backslashes and control characters cost their escapes. A lone surrogate counts as the
    three bytes of its replacement.
    """
    encoded = text.encode("utf-8", "surrogatepass")
    size = len(encoded)
    short = size - len(encoded.translate(None, _SHORT_ESCAPES))
    long = size - len(encoded.translate(None, _LONG_ESCAPES))
    return size + short + 5 * long


def split(text: str, characters: int, encoded_bytes: int) -> list[str]:
    """Cut `text` into the pieces that carry it, in order; joined they are exactly `text`.

    Each piece has at most `characters` code points and an `encoded_size` of at most
    `encoded_bytes`. A piece ends after a blank line outside a code fence, else a line outside one,
    else a blank line or a line inside one, else a sentence, else white space, else anywhere between
    visible characters. A boundary counts only in the last two thirds of what would fit, so that
    no piece but the last is tiny. The empty text has no pieces. Linear time.

    Raises ValueError if `characters` < 1 or `encoded_bytes` < `LARGEST_CODE_POINT`: then some code
    point would fit no piece.
    """
    if characters < 1 or encoded_bytes < LARGEST_CODE_POINT:
        raise ValueError(
            f"no piece can have {characters} characters and {encoded_bytes} bytes: "
            f"at least 1 and {LARGEST_CODE_POINT} are needed"
        )
    outside = _outside(fences(text))
    pieces = []
    start = 0
    while start < len(text):
        furthest = _furthest(text, start, start + characters, encoded_bytes)
        if furthest == len(text):
            end = furthest
        else:
            earliest = start + -(-(furthest - start) // 3)
            end = _cut(text, outside, start, earliest, furthest, furthest)
        pieces.append(text[start:end])
        start = end
    return pieces


def halve(text: str) -> tuple[str, str]:
    """Cut `text` in two near the middle of its encoded bytes, at the best boundary there.

    Boundaries are ranked as in `split` and looked for in the middle third; of equal ones the
    nearest to the middle is taken. Neither piece is empty.

    Raises ValueError for a text of less than two code points.
    """
    if len(text) < 2:
        raise ValueError("a text of less than two characters cannot be halved")
    last = len(text) - 1
    size = encoded_size(text)
    earliest, middle, latest = (
        min(max(_furthest(text, 0, last, size * sixths // 6), 1), last) for sixths in (2, 3, 4)
    )
    cut = _cut(text, _outside(fences(text)), 0, earliest, latest, middle)
    return text[:cut], text[cut:]


def _furthest(text: str, start: int, limit: int, encoded_bytes: int) -> int:
    """Return the last end <= `limit` for which text[start:end] encodes to <= `encoded_bytes`."""
    low, high = start, min(limit, start + encoded_bytes, len(text))
    if encoded_size(text[start:high]) <= encoded_bytes:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        # Only the part not yet known to fit is measured, so the search costs two passes, not many.
        size = encoded_size(text[low:middle])
        if size <= encoded_bytes:
            low, encoded_bytes = middle, encoded_bytes - size
        else:
            high = middle
    return low


def _cut(
    text: str,
    outside: Callable[[int], bool],
    start: int,
    earliest: int,
    latest: int,
    wanted: int,
) -> int:
    """Return where to cut: the best kind of boundary in [earliest, latest], nearest to `wanted`."""
    # A blank line is recognised from its beginning, which may lie before `earliest`.
    line_start = text.rfind("\n", start, earliest - 1) + 1 or earliest - 1
    for pattern, outside_only in _PREFERENCES:
        ends = (match.end() for match in pattern.finditer(text, line_start, latest))
        inside_range = (end for end in ends if end >= earliest)
        found = filter(outside, inside_range) if outside_only else inside_range
        best = min(found, key=lambda end: abs(end - wanted), default=0)
        if best:
            return whole_character(text, start, best)
    return whole_character(text, start, wanted)


def _outside(found: Iterable[Fence]) -> Callable[[int], bool]:
    """Return the question whether a position lies outside all these fences (edges are outside)."""
    starts: list[int] = []
    ends: list[int] = []
    for block in found:
        starts.append(block.start)
        ends.append(block.end)

    def outside(position: int) -> bool:
        before = bisect_left(starts, position) - 1
        return before < 0 or position >= ends[before]

    return outside
