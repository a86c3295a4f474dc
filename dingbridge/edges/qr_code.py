"""QR codes as rows of half blocks, which fit into a terminal and a buffer."""

from __future__ import annotations

BORDER = 2
"""Light modules around the code; readers need some."""
_BLOCKS = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def rows_of(text: str) -> list[str]:
    """The code of `text`: two modules one above the other in each character, a drawn half is dark.

    Empty if the package `segno` is missing, or the text is too long.
    """
    try:
        import segno
    except ImportError:
        return []
    try:
        code = segno.make_qr(text, error="l", boost_error=False)
    except ValueError:
        return []
    lines = [list(line) for line in code.matrix_iter(border=BORDER)]
    if len(lines) % 2:
        lines.append([0] * len(lines[0]))
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return [
        "".join(_BLOCKS[above, below] for above, below in zip(*pair, strict=True)) for pair in pairs
    ]
