"""A very long message as a short head and a file that holds all of it."""

from __future__ import annotations

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.markdown.blocks import Blocks
from dingbridge.core.markdown.cut_points import best_cut

HEAD_CHARACTERS = 500
"""How much of the text the head shows at most, in code points, without what is said below it."""


def as_file(text: str, pieces: int, most: int) -> tuple[str, str] | None:
    """The head to send in place of `pieces` pieces, and the text of the Markdown file that follows.

    None when the text is to be sent in its pieces: they are `most` or less, or `most` is 0. The
    head is the beginning of the text, cut as `boundaries.best_cut` does, and code in it is closed.
    """
    if not 0 < most < pieces:
        return None
    end = len(text)
    blocks = Blocks(text)
    if end > HEAD_CHARACTERS:
        end = best_cut(blocks, 0, HEAD_CHARACTERS // 3, HEAD_CHARACTERS, HEAD_CHARACTERS)
    frame = blocks.frame_at(end)
    head = text[:end].rstrip()
    closed = f"{head}\n{frame.closing}" if frame else head
    return f"{closed}\n\n……\n\n{say.ATTACHED()}", text
