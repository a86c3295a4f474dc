"""Joins lines or texts to one paragraph without changing their meaning.

Joining could turn a line into a block (`1.` starts a list), or close a mark that another text left
open; both are prevented.
"""

from __future__ import annotations

import re

from dingbridge.core.markdown.rendering.parsing import has_open_marks, shown_by
from dingbridge.core.markdown.rendering.tags import literal

_BEGINS_A_BLOCK = re.compile(
    r"#{1,6}(?:[ \t]|$)|>|[-+*](?:[ \t]|$)|[0-9]{1,9}[.)](?:[ \t]|$)|`{3,}[^`]*$|~{3,}"
    r"|([-*_])(?:[ \t]*\1){2,}[ \t]*$",
    re.MULTILINE,
)
_UNDERLINES = re.compile(r"=+[ \t]*$|(?=[^-\n]*-)[-|:][-|: \t]*$", re.MULTILINE)
"""Lines that turn the line above into a heading or a table head."""
_NUMBERED_LATER = re.compile(r"(?!0*1[.)])[0-9]+[.)]|[+*][ \t]*$|[0-9]+[.)][ \t]*$", re.MULTILINE)
"""List markers that cannot interrupt a paragraph."""
_DEFINITION = re.compile(
    r"\[(?!\^)(?:[^\\\[\]]|\\.)+\]:[ \t]*(?:[^ \t\n]+[ \t]*)?(?:$|[\"'(])", re.MULTILINE
)


def kept_together(found: list[str]) -> str:
    """The lines of a paragraph joined by hard breaks, which DingTalk shows as line ends.

    A first line that would start a block gets a leading `&nbsp;`; for the others see
    `continuation_line`.
    """
    first = found[0]
    if _BEGINS_A_BLOCK.match(first) or _DEFINITION.match(first):
        first = f"&nbsp;{first}"
    return "  \n".join([first, *map(continuation_line, found[1:])])


def side_by_side(texts: list[str]) -> list[str]:
    """Markdown texts, changed so that each keeps its meaning when they are joined.

    If a mark left open in one would be closed by another, all of them become plain text, with the
    addresses of their links.
    """
    if len(texts) < 2 or not any(map(has_open_marks, texts)):
        return texts
    shown = [shown_by(text) for text in texts]
    if "".join("".join(shown).split()) == "".join(shown_by("  \n".join(texts)).split()):
        return texts
    lines = (literal(text.strip()).split("\n") for text in shown)
    return ["  \n".join([first, *map(continuation_line, rest)]) for first, *rest in lines]


def continuation_line(line: str) -> str:
    """A line that continues a paragraph, indented if it would start a block."""
    if _BEGINS_A_BLOCK.match(line) and not _NUMBERED_LATER.match(line):
        return f"    {line}"
    return f"    {line}" if _UNDERLINES.match(line) else line
