"""Finds secrets in a text: known values, private keys, and keys of a known shape.

Known values are those of our own settings and of environment variables with a secret's name.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

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
"""The kind of a secret from our own settings."""

VARIABLE: Final = "environment secret"
"""The kind of a secret from an environment variable, which is not named in the chat."""
_GAP: Final = regex(
    # Alternatives start with literal characters, which `re` finds at full speed.
    r"[\r\n\\](?:(?<=[A-Za-z0-9_-]{12}\n)[ \t>]{0,8}(?=[A-Za-z0-9_-])"
    r"|(?<=[A-Za-z0-9_-]{12}\r)\n[ \t>]{0,8}(?=[A-Za-z0-9_-])|(?<=[A-Za-z0-9]\\)(?=[_~*-]))"
)
"""What interrupts a wrapped or escaped key: line ends, quote marks, backslashes of Markdown."""
_SURE: Final = 16
"""Characters from which a known value is also found inside a longer word."""


class Match(NamedTuple):
    """A secret at `text[start:end]`. `value` is the secret itself, without escapes or gaps."""

    start: int
    end: int
    kind: str
    value: str
    variable: str = ""


class KnownSecret(NamedTuple):
    """A secret whose value is known."""

    value: str
    kind: str
    variable: str = ""


def known_secrets(own: Collection[str], environment: Mapping[str, str]) -> list[KnownSecret]:
    """The values in `own`, and those of the variables in `environment` with a secret's name."""
    ours = [KnownSecret(value, OWN) for value in own_values(own)]
    variables = secret_variables(environment).items()
    return ours + [KnownSecret(value, VARIABLE, name) for value, name in variables]


def matches_in(text: str, known: Collection[KnownSecret], *, part_of_key: bool) -> Iterator[Match]:
    """All secrets, more specific kinds first; they may overlap."""
    of_text = _Characters(text)
    for one in known:
        if one.kind == OWN:
            yield from _places(text, one, of_text)
    if "PRIVATE KEY" in text:
        for start, end in private_keys(text):
            yield Match(start, end, PRIVATE_KEY, text[start:end])
    if part_of_key:
        for start, end in lines_of_keys(text):
            yield Match(start, end, PRIVATE_KEY, text[start:end])
    # The only character whose lower case is longer than itself; offsets must not change.
    lower = text.replace("\u0130", "I").lower()
    characters = _Characters(lower)
    is_short = len(lower) <= PIECE
    for shape in SHAPES:
        if not (is_short or characters.may_hold(shape.hint.lower())):
            continue
        searched = lower if shape.folded else text
        # For a short message this check saves most of the work.
        if shape.hint not in searched:
            continue
        for match in shape.found_in(searched):
            start, end = match.span(match.lastindex or 0)
            if shape.is_secret(text[start:end]):
                yield Match(start, end, shape.kind, text[start:end])
    yield from _interrupted(text)
    for one in known:
        if one.kind == VARIABLE:
            yield from _places(text, one, of_text)


def _interrupted(text: str) -> Iterator[Match]:
    """Keys interrupted by a line end or by Markdown's escapes."""
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
                yield Match(begin, end, shape.kind, value)


class _Characters:
    """The characters of a text: a cheap way to rule out most words."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[str, bool] = {}

    def may_hold(self, word: str) -> bool:
        """Whether the text may contain the word."""
        return len(self._text) <= PIECE or all(map(self._has, word))

    def _has(self, character: str) -> bool:
        found = self._known.get(character)
        if found is None:
            found = self._known[character] = character in self._text
        return found


def _places(text: str, known: KnownSecret, characters: _Characters) -> Iterator[Match]:
    """The occurrences of a known value; a short one counts only as a word of its own."""
    for spelling in filter(characters.may_hold, spellings(known.value)):
        position = text.find(spelling)
        while position >= 0:
            end = position + len(spelling)
            if len(spelling) >= _SURE or not (
                _joined(text[position - 1 : position], spelling[0])
                or _joined(spelling[-1], text[end : end + 1])
            ):
                yield Match(position, end, known.kind, known.value, known.variable)
                position = text.find(spelling, end)
            else:
                position = text.find(spelling, position + 1)


def _joined(before: str, after: str) -> bool:
    return before.isascii() and before.isalnum() and after.isascii() and after.isalnum()
