"""Regular expressions: compiled on first use, and searched in pieces.

Most are not needed at start, and while `re` searches a large text, no other thread runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, cast

PIECE: Final = 15_360
"""Characters of a text that are searched in one call: about a millisecond."""

REACH: Final = 1_024
"""Characters from the start of a match that must decide whether a pattern of `found_in` matches;
text that only makes the match longer does not count."""

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split")


def regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Like `re.compile`, but compiled on first use. An invalid pattern raises `re.error` then.

    >>> regex("[a-z]+").findall("two words")
    ['two', 'words']
    """
    return cast("re.Pattern[str]", _Regex(pattern, flags))


def found_in(pattern: re.Pattern[str], text: str, piece: int = PIECE) -> Iterator[re.Match[str]]:
    """Like `pattern.finditer(text)`, but searches `piece` characters per call, so that other
    threads run in between.

    The pattern must match at least one character, and be decided within `REACH` characters.

    >>> [found.start() for found in found_in(regex("b+"), "abba" * 3, piece=2)]
    [1, 5, 9]
    """
    position = 0
    while position < len(text):
        limit = position + piece
        end = limit + REACH
        if end >= len(text):
            yield from pattern.finditer(text, position)
            return
        following = limit
        for match in pattern.finditer(text, position, end):
            if match.start() >= limit:
                break
            if match.end() <= limit:
                yield match
                continue
            # The match may continue behind this piece.
            whole = pattern.match(text, match.start())
            if whole is not None:
                yield whole
            following = whole.end() if whole is not None else match.start() + 1
            break
        position = following


def replaced_in(pattern: re.Pattern[str], replacement: str, text: str, piece: int = PIECE) -> str:
    """What `pattern.sub(replacement, text)` gives, found as by `found_in`, with the same bounds for
    the pattern. The replacement is written as it stands.

    >>> replaced_in(regex("b+"), "c", "abba" * 3, piece=2)
    'acaacaaca'
    """
    if len(text) <= piece:
        return pattern.sub(replacement, text)
    parts: list[str] = []
    end = 0
    for found in found_in(pattern, text, piece):
        parts += (text[end : found.start()], replacement)
        end = found.end()
    parts.append(text[end:])
    return "".join(parts)


class _Regex:
    def __init__(self, pattern: str, flags: int) -> None:
        self._pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        # Called once: from then on the methods are attributes of this object.
        compiled = re.compile(self._pattern, self._flags)
        self.__dict__.update({method: getattr(compiled, method) for method in _METHODS})
        return getattr(compiled, name)
