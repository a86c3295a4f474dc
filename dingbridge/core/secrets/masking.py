"""Masks secrets in a text that is about to leave, so that a chat never learns a key by accident."""

from __future__ import annotations

import hashlib
import hmac
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from msgspec import Struct, structs

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.regex import PIECE, found_in, regex
from dingbridge.core.secrets.heuristics import (
    is_random,
    is_stand_in,
    own_values,
    secret_variables,
    spellings,
)
from dingbridge.core.secrets.patterns import KNOWN
from dingbridge.core.secrets.patterns_in_context import SHAPES
from dingbridge.core.secrets.private_keys import PRIVATE_KEY, lines_of_keys, private_keys

OWN: Final = "setting of dingbridge"
"""The kind of a secret that stands in our own settings."""

VARIABLE: Final = "environment secret"
"""The kind of a secret that stands in an environment variable; the chat is not told which."""

OFF_SWITCH: Final = "mask_secrets"
"""The option that switches the guard off."""

_KINDS: Final = sorted({shape.kind for shape in SHAPES} | {OWN, VARIABLE, PRIVATE_KEY})
_OPENING: Final = "[secret masked: "
_MARKER: Final = regex(
    rf"{re.escape(_OPENING)}(?:{'|'.join(map(re.escape, _KINDS))}), [0-9a-f]{{4}}\]\u200b?"
)
_FINGERPRINT: Final = 4
_GAP: Final = regex(
    # What it may begin with comes first: `re` searches for that at full speed.
    r"[\r\n\\](?:(?<=[A-Za-z0-9_-]{12}\n)[ \t>]{0,8}(?=[A-Za-z0-9_-])"
    r"|(?<=[A-Za-z0-9_-]{12}\r)\n[ \t>]{0,8}(?=[A-Za-z0-9_-])|(?<=[A-Za-z0-9]\\)(?=[_~*-]))"
)
"""What may stand inside a key that somebody wrapped or escaped."""
_SURE: Final = 16
"""A value this long is a secret wherever it stands, also in the middle of a longer word."""


class Finding(Struct, frozen=True):
    """A secret that was masked `count` times. `variable` names the environment variable it is in.

    The same `fingerprint` is the same secret, as long as our own settings stay the same.
    """

    kind: str
    fingerprint: str
    count: int
    variable: str = ""


class MaskedText(Struct, frozen=True):
    """A text without secrets, and what was masked in it, in order."""

    text: str
    found: tuple[Finding, ...] = ()


class _Match(NamedTuple):
    """A secret at `text[start:end]`. `value` is what it means, however it is written there."""

    start: int
    end: int
    kind: str
    value: str
    variable: str = ""


def mask(
    text: str,
    own: Collection[str],
    environment: Mapping[str, str],
    *,
    by_line: bool = False,
    part_of_key: bool = False,
) -> MaskedText:
    """Replace each secret in `text` by a mark like `[secret masked: GitHub token, 3f2a]`.

    Masked are private keys, keys of a known shape, the values in `own` (as they are, in a URL, in
    JSON, in base64) and those of the variables in `environment` whose name says that they are
    secret. The rest of the text stays as it is. A mark is one line and plain text in Markdown,
    in code as well. Idempotent, linear, never raises.

    With `by_line` each line of a secret becomes a mark, so that lines keep their numbers. With
    `part_of_key` lines count as a private key that look like the inside of one.
    """
    if not text:
        return MaskedText(text)
    known = [*_own(own), *_variables(environment)]
    key = hashlib.sha256("\0".join(own_values(own)).encode("utf-8", "replace"))
    counted: dict[tuple[str, str, str], int] = {}
    # A mark can free the secret next to it, which was no word of its own before. This ends: each
    # round leaves less text that is not a mark.
    while matches := _apart(text, _matches(text, known, part_of_key=part_of_key)):
        pieces, position = [], 0
        for match in matches:
            fingerprint = _fingerprint(key.digest(), match.value)
            found = (match.kind, fingerprint, match.variable)
            counted[found] = counted.get(found, 0) + 1
            marks = [_mark(match.kind, fingerprint)]
            if by_line:
                marks *= 1 + text.count("\n", match.start, match.end)
            pieces += [text[position : match.start], "\n".join(marks)]
            if text[match.end : match.end + 1] in ("(", "[", ":"):
                pieces.append("\u200b")  # or Markdown would make a link of it, or hide it
            position = match.end
        text = "".join([*pieces, text[position:]])
    return MaskedText(
        text,
        tuple(
            Finding(kind, fingerprint, count, variable)
            for (kind, fingerprint, variable), count in counted.items()
        ),
    )


def mark(finding: Finding) -> str:
    """What stands in the place of a secret."""
    return _mark(finding.kind, finding.fingerprint)


def _mark(kind: str, fingerprint: str) -> str:
    return f"{_OPENING}{kind}, {fingerprint}]"


def counted_together(*found: Collection[Finding]) -> tuple[Finding, ...]:
    """What was masked in several texts, each secret once."""
    counted: dict[Finding, int] = {}
    for finding in (one for each in found for one in each):
        key = structs.replace(finding, count=0)
        counted[key] = counted.get(key, 0) + finding.count
    return tuple(structs.replace(key, count=count) for key, count in counted.items())


def describe(findings: Collection[Finding], option: str = OFF_SWITCH) -> str:
    """One line for the person at the editor: what was masked, why, and how to switch that off.

    `option` is the setting for this target, with its value. Empty when nothing was masked.
    """
    if not findings:
        return ""
    parts = []
    for finding in findings:
        what = say.MASKED_VALUE if finding.variable else say.MASKED_TEXT
        part = what(kind=finding.kind, mark=finding.fingerprint, variable=finding.variable)
        parts.append(f"{finding.count} × {part}" if finding.count > 1 else part)
    return say.MASKED(secrets=", ".join(parts), option=option)


def _fingerprint(key: bytes, value: str) -> str:
    # Keyed with what no reader of the chat knows: the bare hash of a password helps to guess it.
    digest = hmac.new(key, value.encode("utf-8", "replace"), hashlib.sha256)
    return digest.hexdigest()[:_FINGERPRINT]


class _Known(NamedTuple):
    """A secret whose value is known."""

    value: str
    kind: str
    variable: str = ""


def _own(own: Collection[str]) -> Iterator[_Known]:
    for value in own_values(own):
        yield _Known(value, OWN)


def _variables(environment: Mapping[str, str]) -> Iterator[_Known]:
    for value, name in secret_variables(environment).items():
        yield _Known(value, VARIABLE, name)


def _matches(text: str, known: Collection[_Known], *, part_of_key: bool) -> Iterator[_Match]:
    """All secrets, the more telling kind first; they may overlap."""
    of_text = _Characters(text)
    for one in known:
        if one.kind == OWN:
            yield from _places(text, one, of_text)
    if "PRIVATE KEY" in text:
        for start, end in private_keys(text):
            yield _Match(start, end, PRIVATE_KEY, text[start:end])
    if part_of_key:
        for start, end in lines_of_keys(text):
            yield _Match(start, end, PRIVATE_KEY, text[start:end])
    # The one character whose lower case is longer than itself; offsets have to stay the same.
    lower = text.replace("\u0130", "I").lower()
    characters = _Characters(lower)
    is_short = len(lower) <= PIECE
    for shape in SHAPES:
        if not (is_short or characters.may_hold(shape.hint.lower())):
            continue
        searched = lower if shape.folded else text
        # Of a short message most of the work would be to ask each shape.
        if shape.hint not in searched:
            continue
        for match in shape.found_in(searched):
            start, end = match.span(match.lastindex or 0)
            if shape.is_secret(text[start:end]):
                yield _Match(start, end, shape.kind, text[start:end])
    yield from _interrupted(text)
    for one in known:
        if one.kind == VARIABLE:
            yield from _places(text, one, of_text)


def _interrupted(text: str) -> Iterator[_Match]:
    """Keys that a reader puts together again: broken by a line end, or with Markdown's escapes."""
    gaps = [found.span() for found in found_in(_GAP, text)]
    if not gaps:
        return
    pieces = []
    starts: list[int] = []  # in what is read, of what follows each gap
    position = read = 0
    for start, end in gaps:
        pieces.append(text[position:start])
        read += start - position
        starts.append(read)
        position = end
    whole = "".join([*pieces, text[position:]])

    def place(at: int) -> int:
        passed = bisect_right(starts, at)
        return at if not passed else gaps[passed - 1][1] + at - starts[passed - 1]

    characters = _Characters(whole)
    for shape in KNOWN:
        if not characters.may_hold(shape.hint):
            continue
        for match in shape.found_in(whole):
            start, last = match.span(match.lastindex or 0)
            value = whole[start:last]
            begin, end = place(start), place(last - 1) + 1
            if end - begin == last - start:
                continue
            alone = shape.pattern.match(text, begin)
            rest = value[alone.end() - begin :] if alone else value
            if is_random(rest) or (not alone and rest.isupper() and not is_stand_in(rest)):
                yield _Match(begin, end, shape.kind, value)


class _Characters:
    """Which characters a text has: a cheap way to see that many a word does not stand in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[str, bool] = {}

    def may_hold(self, word: str) -> bool:
        """Whether a word may stand in the text."""
        return len(self._text) <= PIECE or all(map(self._has, word))

    def _has(self, character: str) -> bool:
        found = self._known.get(character)
        if found is None:
            found = self._known[character] = character in self._text
        return found


def _places(text: str, known: _Known, characters: _Characters) -> Iterator[_Match]:
    """Where a known value stands; a short one only where it is a word of its own."""
    for spelling in filter(characters.may_hold, spellings(known.value)):
        position = text.find(spelling)
        while position >= 0:
            end = position + len(spelling)
            if len(spelling) >= _SURE or not (
                _joined(text[position - 1 : position], spelling[0])
                or _joined(spelling[-1], text[end : end + 1])
            ):
                yield _Match(position, end, known.kind, known.value, known.variable)
                position = text.find(spelling, end)
            else:
                position = text.find(spelling, position + 1)


def _joined(before: str, after: str) -> bool:
    return before.isascii() and before.isalnum() and after.isascii() and after.isalnum()


def _apart(text: str, matches: Iterator[_Match]) -> list[_Match]:
    """`matches` in order, those that overlap made one, and none inside a mark that stands there.

    Of those made one, the longest names the secret; of equally long ones the first.
    """
    ranked = [(match.start, rank, match) for rank, match in enumerate(matches)]
    if not ranked:
        return []
    ranked.sort(key=lambda entry: entry[:2])
    marks = [found.span() for found in found_in(_MARKER, text)] if _OPENING in text else []
    if marks:
        ranked = list(_around(marks, ranked))
    apart: list[_Match] = []
    best = 0
    for _, rank, match in ranked:
        if not apart or match.start >= apart[-1].end:
            apart.append(match)
            best = match.end - match.start
            best_rank = rank
            continue
        last = apart[-1]
        size = match.end - match.start
        end = max(last.end, match.end)
        if (size, -rank) > (best, -best_rank):
            apart[-1] = match._replace(start=last.start, end=end)
            best, best_rank = size, rank
        else:
            apart[-1] = last._replace(end=end)
    return apart


def _around(
    marks: list[tuple[int, int]], ranked: list[tuple[int, int, _Match]]
) -> Iterator[tuple[int, int, _Match]]:
    """Matches that are not inside a mark, widened to the whole of every mark that they touch."""
    first = 0
    for start, rank, match in ranked:
        while first < len(marks) and marks[first][1] <= start:
            first += 1
        touched = first
        inside = False
        begin, end = match.start, match.end
        while touched < len(marks) and marks[touched][0] < end:
            inside = inside or (marks[touched][0] <= match.start and match.end <= marks[touched][1])
            begin, end = min(begin, marks[touched][0]), max(end, marks[touched][1])
            touched += 1
        if not inside:
            yield begin, rank, match._replace(start=begin, end=end)
