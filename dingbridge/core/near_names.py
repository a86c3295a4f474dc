"""The known names nearest to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST_NAME = 60
"""Bytes; a longer name is neither shown nor compared."""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known name nearest to `word`; empty when none is near, or the word is very long.

    >>> nearest("reveal", ["retry", "revoke", "pair"])
    'revoke'
    """
    return next(iter(nearest_few(word, known, 1)), "")


def nearest_few(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names nearest to `word`, the best first; none as for `nearest`.

    >>> nearest_few("bridg", ["unbridge", "new", "bridge"])
    ['bridge', 'unbridge']
    """
    # Compared as bytes, as in Lua; bytes that are not UTF-8 arrive as surrogates.
    written = word.encode("utf-8", "surrogatepass")
    if len(written) > LONGEST_NAME:
        return []
    from difflib import get_close_matches  # loaded only when needed

    near = get_close_matches(written, [name.encode() for name in known], n=most)
    return [bytes(name).decode() for name in near]
