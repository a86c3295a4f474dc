"""Regular expressions: compiled when they are first used, and searched in pieces.

A start needs few of them. And while one looks through a large text, no other thread runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, cast

PIECE: Final = 15_360
"""Characters of a text that are searched in one call: about a millisecond."""

REACH: Final = 1_024
"""Characters from its start that decide whether a pattern given to `found_in` matches; what only
makes a match longer does not count."""

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split")


def regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, compiled when it is first used.

    A pattern that is wrong raises `re.error` then, which a test of every use would notice.

    >>> regex("[a-z]+").findall("two words")
    ['two', 'words']
    """
    return cast("re.Pattern[str]", _Regex(pattern, flags))


def found_in(pattern: re.Pattern[str], text: str, piece: int = PIECE) -> Iterator[re.Match[str]]:
    """What `pattern.finditer(text)` gives, found in calls that look at `piece` characters each, so
    that other threads get their turn between them. The pattern needs at least one character, and
    no more than `REACH` to be decided.

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
            # It may go on behind what was looked at.
            whole = pattern.match(text, match.start())
            if whole is not None:
                yield whole
            following = whole.end() if whole is not None else match.start() + 1
            break
        position = following


class _Regex:
    def __init__(self, pattern: str, flags: int) -> None:
        self._pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        # Reached once: from then on the methods are attributes of this object.
        compiled = re.compile(self._pattern, self._flags)
        self.__dict__.update({method: getattr(compiled, method) for method in _METHODS})
        return getattr(compiled, name)
