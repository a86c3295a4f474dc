"""Cuts a long text into chunks that DingTalk accepts: no text is lost, every chunk fits."""

from __future__ import annotations

from dingbridge.core.delivery.outgoing_text import without_acting_links
from dingbridge.core.markdown.blocks import Blocks
from dingbridge.core.markdown.cut_points import best_cut

LARGEST_CODE_POINT = 6
"""Bytes of the longest code point in JSON: a control character, as ``\\u0000``."""

LONGEST_HEAD = 1_000
"""Bytes (in JSON) of the longest table head that is repeated in the next piece."""

_SHORT_ESCAPES = b'"\\\b\t\n\f\r'
_LONG_ESCAPES = bytes(set(range(0x20)) - set(_SHORT_ESCAPES))


def encoded_size(text: str) -> int:
    """Return the bytes of `text` inside a JSON string in UTF-8, without the surrounding quotes.

    Quotes, backslashes and control characters count with their escapes, a lone surrogate as the
    three bytes of U+FFFD.
    """
    encoded = text.encode("utf-8", "surrogatepass")
    size = len(encoded)
    short = size - len(encoded.translate(None, _SHORT_ESCAPES))
    long = size - len(encoded.translate(None, _LONG_ESCAPES))
    return size + short + 5 * long


def marker(number: int, total: int, *, goes_on: bool = False) -> str:
    """The last paragraph of chunk `number` of `total`: `— 2/3`.

    With `goes_on` it is `— 2/3 …`: the chunk ends inside a line; for the last chunk: inside code
    whose end is not in the text.
    """
    return f"\n\n— {number}/{total}{' …' if goes_on else ''}"


class Cutter:
    """Cuts one text for one size of messages.

    A piece is a range of the text. The message for it (`sent`) depends only on the range, its
    number and the size. It has the lines that reopen a cut block (a fence with its language, the
    head of a table), the range itself, the line that closes a fence, and the marker. A text that
    fits is sent as it is.

    If fences and marker would take more than half of a message, the fences are left out, then the
    marker.

    Raises ValueError if `characters` < 1 or `encoded_bytes` < `LARGEST_CODE_POINT`: then some code
    point would fit no piece.
    """

    def __init__(self, blocks: Blocks, characters: int, encoded_bytes: int) -> None:
        if characters < 1 or encoded_bytes < LARGEST_CODE_POINT:
            raise ValueError(
                f"no piece can have {characters} characters and {encoded_bytes} bytes: "
                f"at least 1 and {LARGEST_CODE_POINT} are needed"
            )
        self._blocks = blocks
        self._text = blocks.text
        self._characters = characters
        self._bytes = encoded_bytes
        # Reserve as many digits as the number of characters has: enough however often pieces are
        # cut again, so that the cuts do not depend on the number of pieces.
        most = 10 ** len(str(len(self._text))) - 1
        longest_marker = marker(most, most, goes_on=True)
        frames = [frame for frame in map(blocks.frame_of, blocks.fences) if frame]
        closing = max(("\n" + frame.closing for frame in frames), key=len, default="")
        self._framed = all(
            self._leaves_half(opening + closing + longest_marker)
            for opening in {frame.opening for frame in frames}
        )
        self._marked = self._leaves_half(longest_marker)
        reserved = closing if self._framed else ""
        reserved += longest_marker if self._marked else ""
        self._left_characters = characters - len(reserved)
        self._left_bytes = encoded_bytes - encoded_size(reserved)

    def pieces(self, start: int = 0) -> list[tuple[int, int]]:
        """The ranges of the pieces from `start`, in order and without gaps. Linear time.

        Each cut is at the best boundary (`cut_points`) in the last two thirds of what would fit, so
        that no piece is needlessly small. The same `start` always gives the same pieces. An empty
        text has none.
        """
        text = self._text
        if start == 0 and len(text) <= self._characters and encoded_size(text) <= self._bytes:
            return [(0, len(text))] if text else []
        ranges = []
        while start < len(text):
            end = self._end(start)
            ranges.append((start, end))
            start = end
        return ranges

    def middle(self, start: int, end: int) -> int:
        """Where to cut a piece that the platform found too long: near the middle of its bytes.

        Takes the best boundary, as in `pieces`, in the middle third. The result is between `start`
        and `end`. Raises ValueError for a piece of fewer than two code points.
        """
        if end - start < 2:
            raise ValueError("a text of less than two characters cannot be halved")
        size = encoded_size(self._text[start:end])
        earliest, middle, latest = (
            min(max(_furthest(self._text, start, end, size * sixths // 6), start + 1), end - 1)
            for sixths in (2, 3, 4)
        )
        return best_cut(self._blocks, start, earliest, latest, middle)

    def sent(self, start: int, end: int, number: int, total: int) -> str:
        """The message for the range `start` to `end`, the piece `number` of `total`."""
        source = self._text[start:end]
        whole = end == len(self._text)
        if whole and start == 0:
            return source
        closing = self._closing(end)
        goes_on = bool(closing) if whole else not source.endswith("\n")
        gap = "\n" if closing and goes_on else ""
        mark = marker(number, total, goes_on=goes_on) if self._marked and total > 1 else ""
        # Code in the whole text may be prose in its piece, where more counts as a link.
        return without_acting_links(f"{self._opening(start)}{source}{gap}{closing}{mark}")

    def _end(self, start: int) -> int:
        opening = self._opening(start)
        furthest = _furthest(
            self._text,
            start,
            start + self._left_characters - len(opening),
            self._left_bytes - encoded_size(opening),
        )
        if furthest == len(self._text):
            return furthest
        earliest = start + -(-(furthest - start) // 3)
        return best_cut(self._blocks, start, earliest, furthest, furthest)

    def _opening(self, position: int) -> str:
        """The lines before the text from `position` on that reopen the blocks cut there."""
        if position == 0:
            return ""
        if self._framed:
            frame = self._blocks.frame_at(position)
            if frame:
                return frame.opening
        table = self._blocks.table_at(position)
        if table is None or table.rows - table.start > min(LONGEST_HEAD, self._characters // 4):
            return ""
        head = self._text[table.start : table.rows]
        return head if encoded_size(head) <= min(LONGEST_HEAD, self._bytes // 4) else ""

    def _closing(self, position: int) -> str:
        frame = self._blocks.frame_at(position) if self._framed else None
        return frame.closing if frame else ""

    def _leaves_half(self, text: str) -> bool:
        return 2 * len(text) <= self._characters and 2 * encoded_size(text) <= self._bytes


def split(text: str, characters: int, encoded_bytes: int) -> list[str]:
    """Return the messages for `text`, in order.

    Each has at most `characters` code points and an `encoded_size` of at most `encoded_bytes`.
    Pieces of white space only, which DingTalk refuses, are left out. Raises ValueError as `Cutter`
    does.
    """
    cutter = Cutter(Blocks(text), characters, encoded_bytes)
    ranges = [(start, end) for start, end in cutter.pieces() if text[start:end].strip()]
    return [
        cutter.sent(start, end, number, len(ranges))
        for number, (start, end) in enumerate(ranges, start=1)
    ]


def _furthest(text: str, start: int, limit: int, encoded_bytes: int) -> int:
    """The last end <= `limit` for which text[start:end] encodes to <= `encoded_bytes`."""
    low, high = start, min(limit, start + encoded_bytes, len(text))
    if encoded_size(text[start:high]) <= encoded_bytes:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        # Only the part not yet known to fit is measured, so the search takes two passes.
        size = encoded_size(text[low:middle])
        if size <= encoded_bytes:
            low, encoded_bytes = middle, encoded_bytes - size
        else:
            high = middle
    return low
