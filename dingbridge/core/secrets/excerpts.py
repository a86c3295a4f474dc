"""Masks secrets in a part of something longer: decided with what stood before, so that no line of a
key leaves because its beginning was left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from msgspec import Struct, structs

from dingbridge.core.delivery.outgoing_text import characters
from dingbridge.core.secrets import masking
from dingbridge.core.secrets.masking import Finding, MaskedText

LINES_BEFORE: Final = 400
"""Lines before an excerpt that are looked at: more than any private key has."""


class Around(Struct, frozen=True):
    """What stood before an excerpt: `before`, whole lines without the end of the last one, belongs
    before line `line` (from 0) of the text that the excerpt is in. A text of `changes`, of which
    nobody knows what stood before, may show some lines of a key only: those count as one."""

    before: str = ""
    line: int = 0
    changes: bool = False


Mask = Callable[[str, Around], str]
"""Masks a text or an excerpt before it is cut to be shown."""


def unmasked(text: str, around: Around) -> str:
    """`text` as it is: a `Mask` for what shows nothing of others."""
    return text


def mask(
    text: str, around: Around, own: Collection[str], environment: Mapping[str, str]
) -> MaskedText:
    """Mask `text` as `guard.mask` does, as if `around` stood in it. Only what leaves is counted."""
    if not around.before:
        return masking.mask(text, own, environment, part_of_key=around.changes)
    before = characters(around.before).split("\n")
    lines = text.split("\n")
    whole = "\n".join([*lines[: around.line], *before, *lines[around.line :]])
    guarded = masking.mask(whole, own, environment, by_line=True)
    lines = guarded.text.split("\n")
    del lines[around.line : around.line + len(before)]
    shown = "\n".join(_each_mark_once(lines, {masking.mark(found) for found in guarded.found}))
    return MaskedText(shown, those_in(shown, guarded.found))


def those_in(text: str, found: Collection[Finding]) -> tuple[Finding, ...]:
    """The findings whose mark stands in `text`, with how often it does."""
    counted = (structs.replace(one, count=text.count(masking.mark(one))) for one in found)
    return tuple(one for one in counted if one.count)


def _each_mark_once(lines: list[str], marks: Collection[str]) -> list[str]:
    """Lines of which several in a row may be nothing but the same mark."""
    kept: list[str] = []
    for line in lines:
        if not (line in marks and kept and kept[-1].endswith(line)):
            kept.append(line)
    return kept
