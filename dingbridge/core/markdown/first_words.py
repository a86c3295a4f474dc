"""The first words of a message, for a list of sessions."""

from __future__ import annotations

from typing import Final

from dingbridge.core.regex import regex
from dingbridge.core.text import shorten

_LOOKED_AT: Final = 2_000
_LINK: Final = regex(r"!?\[([^\[\]\n]{0,200})\]\([^()\s]{0,2000}\)?")
_FENCE: Final = regex(r"^[ \t]*(?:`{3,}|~{3,})[^\n]*")
_SIGNS: Final = regex(r"^[ \t>]*(?:#{1,6}[ \t]+)?|\*\*|`")


def first_words(text: str, characters: int) -> str:
    """The beginning of the Markdown `text` on one line, in at most `characters`.

    Leaves out what the text quotes, unless it is all, and what nobody reads: fences, addresses of
    links, and the signs of headings, bold text and code.

    >>> first_words("> Is it green?\\n\\n**Yes**, see [the run](https://ci.example/1)", 80)
    'Yes, see the run'
    """
    words = _read(text, quoted=False) or _read(text, quoted=True)
    return shorten(words, characters)


def _read(text: str, *, quoted: bool) -> str:
    lines: list[str] = []
    size = 0
    for line in text.split("\n"):
        begins = line[:_LOOKED_AT]
        if (begins.lstrip().startswith(">") and not quoted) or _FENCE.match(begins):
            continue
        shown = _SIGNS.sub("", _LINK.sub(r"\1", begins)).strip()
        if shown:
            lines.append(shown)
            size += len(shown)
        if size > _LOOKED_AT:
            break
    return " ".join(lines)
