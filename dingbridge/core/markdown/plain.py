"""Detects texts without Markdown, which are most texts in a chat, so that the parser is not even
imported for them."""

from __future__ import annotations

from typing import Final

from dingbridge.core.regex import regex

_LONGEST: Final = 2_000

_PLAIN: Final = regex(
    # A line that begins with a letter, without characters of Markdown, HTML or addresses.
    r"[^\W\d_](?:(?!://|www\.)(?:[^\W_]|[,.;:?!'\"()/%=，。；：？！、（）“”…—-]| (?=\S)))*"
)


def is_plain(text: str) -> bool:
    """Whether the text is one line that renders as itself, and is its own title."""
    return len(text) <= _LONGEST and _PLAIN.fullmatch(text) is not None
