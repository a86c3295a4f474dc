"""Finds the best place to cut a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from dingbridge.core.markdown.blocks import Blocks
from dingbridge.core.markdown.unbreakable import UnbreakableSpans, grapheme_start, reads_as_a_block
from dingbridge.core.regex import regex

_ITEM = r"(?:[-*+]|[0-9]{1,9}[.)])[ \t]"
_LINE_END = regex(r"\n")
_BLANK_LINES = regex(r"\n(?:[ \t\r]*\n)+")
_OUTER_ITEM = regex(rf"\n(?={_ITEM})")
# Nested lists are rendered with `&nbsp;`, because DingTalk does not nest them.
_INNER_ITEM = regex(rf"\n(?=(?:[ \t>]|&nbsp;){{1,40}}(?:{_ITEM}|[◦▪] ))")
_SENTENCE = regex(
    r"(?<=[.!?;…])[\"'’”)\]*_]*[ \t]+"
    r"|(?<=[。！？；])[\"'’”」』】》）]*[ \t\u3000]*(?![。！？；…\"'’”」』】》）])"
)
_WHITE_SPACE = regex(r"[ \t\u3000\u2028\u2029](?![ \t\u3000\u2028\u2029])")
_LOOKAHEAD = 64
_FURTHEST_STEPS = 64
"""Most code points that a cut inside a line moves back, so that the rest does not look like a
block."""


def best_cut(blocks: Blocks, start: int, earliest: int, latest: int, wanted: int) -> int:
    """Return where to cut the piece that begins at `start`, in [earliest, latest] if possible.

    Takes the best kind of boundary that exists there, and of that kind the one nearest to `wanted`.
    From best to worst: before a heading; after blank lines or code; before an item of an outer
    list; before an item of an inner list, or code; before a table row; after a blank line in code;
    after a line of code; after a line; after a sentence; after a word; between visible characters.

    Never cuts right after a heading, inside a table's head, or next to a fence inside its block,
    unless they fill the range. Never cuts inside a link or an escape (`unbreakable`), even if the
    cut is then before `earliest`.
    """

    def parts_nothing(position: int) -> bool:
        return blocks.whole_from(position) is None

    for positions in _line_kinds(blocks, start, earliest, latest):
        found = _nearest(positions, wanted, parts_nothing)
        if found:
            return found
    text = blocks.text
    line_start = max(text.rfind("\n", start, earliest) + 1, start)
    # Twice the range is enough: a part longer than a piece is cut in any case.
    atoms = UnbreakableSpans(text, line_start, min(len(text), 2 * latest - start + 1))

    def reads_well(position: int) -> bool:
        return (
            atoms.around(position) is None
            and parts_nothing(position)
            and not reads_as_a_block(text, position)
            and grapheme_start(text, start, position) == position
        )

    for positions in _inside_lines(blocks, earliest, latest):
        found = _nearest(positions, wanted, reads_well)
        if found:
            return found
    whole = blocks.whole_from(wanted)
    if whole is not None and whole >= earliest:
        return whole
    if whole is not None:
        found = _nearest(_ends(_LINE_END, text, earliest, latest), wanted, lambda _: True)
        if found:
            return found
    return _between_characters(text, start, wanted, atoms)


def _line_kinds(blocks: Blocks, start: int, earliest: int, latest: int) -> Iterator[list[int]]:
    """The boundaries between lines by kind, best first; each kind in order."""
    text = blocks.text

    def outside(positions: Iterable[int]) -> list[int]:
        return [position for position in positions if blocks.code_at(position) is None]

    yield blocks.headings(earliest, latest)
    after_blank = outside(_after_blank_lines(text, start, earliest, latest))
    yield sorted(
        [position for position in after_blank if text[position] not in " \t"]
        + blocks.code_ends(earliest, latest)
    )
    yield outside(_ends(_OUTER_ITEM, text, earliest, latest))
    inner = outside(_ends(_INNER_ITEM, text, earliest, latest))
    yield sorted({*inner, *after_blank, *blocks.code_starts(earliest, latest)})
    lines = _ends(_LINE_END, text, earliest, latest)
    if blocks.has_rows(earliest, latest):
        yield [position for position in lines if blocks.table_at(position)]
    if blocks.has_code(earliest, latest):
        code = [position for position in lines if blocks.code_at(position)]
        yield [position for position in code if _is_after_blank(text, position)]
        yield code
    yield lines


def _inside_lines(blocks: Blocks, earliest: int, latest: int) -> Iterator[list[int]]:
    ends = _ends(_SENTENCE, blocks.text, earliest, latest)
    yield [position for position in ends if blocks.code_at(position) is None]
    yield _ends(_WHITE_SPACE, blocks.text, earliest, latest)


def _ends(pattern: re.Pattern[str], text: str, earliest: int, latest: int) -> list[int]:
    """The ends of matches, from `earliest` to `latest`."""
    # A lookahead sees nothing behind the end of the searched range.
    matches = pattern.finditer(text, earliest - 1, min(latest + _LOOKAHEAD, len(text)))
    return [match.end() for match in matches if earliest <= match.end() <= latest]


def _after_blank_lines(text: str, start: int, earliest: int, latest: int) -> list[int]:
    """The ends of blank lines; for those that extend past `latest`, the last line end before it."""
    first = max(text.rfind("\n", start, earliest - 1), start)
    ends = (match.end() for match in _BLANK_LINES.finditer(text, first, latest))
    return [end for end in ends if end >= earliest]


def _is_after_blank(text: str, position: int) -> bool:
    before = text.rfind("\n", 0, position - 1)
    return before >= 0 and not text[before + 1 : position].strip()


def _nearest(positions: list[int], wanted: int, suits: Callable[[int], bool]) -> int:
    """The suitable position nearest to `wanted`, or 0."""
    if not positions:
        return 0
    if positions[-1] <= wanted:
        ordered: Iterable[int] = reversed(positions)
    else:
        ordered = sorted(positions, key=lambda position: abs(position - wanted))
    return next(filter(suits, ordered), 0)


def _between_characters(text: str, start: int, wanted: int, atoms: UnbreakableSpans) -> int:
    """The last position up to `wanted` that divides no visible character and no atom.

    Inside an atom that fills the piece, any position between characters.
    """
    position = wanted
    for _ in range(_FURTHEST_STEPS):
        moved = grapheme_start(text, start, position)
        atom = atoms.around(moved)
        if atom is not None and atom > start:
            moved = atom
        if moved == position:
            if text[position - 1] == "\n" or not reads_as_a_block(text, position):
                return position
            moved -= 1
        if moved <= start:
            break
        position = moved
    return grapheme_start(text, start, wanted)
