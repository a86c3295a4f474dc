"""Masks secrets in an excerpt, using the text before it as context.

Without the context, the lines of a key whose first line is not in the excerpt would be sent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from msgspec import Struct, structs

from dingbridge.core.delivery.outgoing_text import characters
from dingbridge.core.secrets import masking
from dingbridge.core.secrets.masking import Finding, MaskedText

LINES_BEFORE: Final = 400
"""Lines of context before an excerpt: more than any private key has."""


class Around(Struct, frozen=True):
    """The text before an excerpt.

    `before` (whole lines without the last line end) precedes line `line` (0-based) of the text.
    `changes`: the text is a diff, whose context is unknown; lines like those of a key count as one.
    """

    before: str = ""
    line: int = 0
    changes: bool = False


Mask = Callable[[str, Around], str]
"""Masks a text or an excerpt before it is truncated."""


def unmasked(text: str, around: Around) -> str:
    """`text` unchanged: a `Mask` for text without secrets."""
    return text


def mask(
    text: str, around: Around, own: Collection[str], environment: Mapping[str, str]
) -> MaskedText:
    """Mask `text` as `masking.mask` does, as if it followed `around`. Only marks in `text` are
    counted.
    """
    if not around.before:
        return masking.mask(text, own, environment, part_of_key=around.changes)
    before = characters(around.before).split("\n")
    lines = text.split("\n")
    whole = "\n".join([*lines[: around.line], *before, *lines[around.line :]])
    masked = masking.mask(whole, own, environment, by_line=True)
    lines = masked.text.split("\n")
    del lines[around.line : around.line + len(before)]
    shown = "\n".join(_each_mark_once(lines, {masking.mark(found) for found in masked.found}))
    return MaskedText(shown, those_in(shown, masked.found))


def those_in(text: str, found: Collection[Finding]) -> tuple[Finding, ...]:
    """The findings with a mark in `text`, and how often each occurs."""
    counted = (structs.replace(one, count=text.count(masking.mark(one))) for one in found)
    return tuple(one for one in counted if one.count)


def _each_mark_once(lines: list[str], marks: Collection[str]) -> list[str]:
    """The lines, with runs of lines that consist of the same mark reduced to one."""
    kept: list[str] = []
    for line in lines:
        if not (line in marks and kept and kept[-1].endswith(line)):
            kept.append(line)
    return kept
