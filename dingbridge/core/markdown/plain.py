"""Texts in which no rule of Markdown finds anything: most of what is typed in a chat. The parser is
not even loaded for them."""

from __future__ import annotations

from typing import Final

from dingbridge.core.regex import regex

_LONGEST: Final = 2_000

_PLAIN: Final = regex(
    # A line that begins with a letter; no mark of Markdown, of HTML or of an address is in it.
    r"[^\W\d_](?:(?!://|www\.)(?:[^\W_]|[,.;:?!'\"()/%=，。；：？！、（）“”…—-]| (?=\S)))*"
)


def is_plain(text: str) -> bool:
    """Whether the text is one line that means itself: rendered it stays as it is, and it is its
    own title."""
    return len(text) <= _LONGEST and _PLAIN.fullmatch(text) is not None
