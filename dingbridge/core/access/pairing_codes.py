"""Codes that people type, of pairing requests and approvals: created and compared."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable, Collection

ALPHABET = "34679CDFGHJKMNPQRTVWXY"
"""Characters of codes: none that look alike (0 O, 1 I L, 2 Z, 5 S, 8 B), and no vowels, so that no
code is a word."""

CHARACTERS = 8
"""The length of a pairing code."""

CODES = len(ALPHABET) ** CHARACTERS
"""Number of possible pairing codes: 55 billion."""


def new_code(
    taken: Collection[str], chance: Callable[[int], int], characters: int = CHARACTERS
) -> str:
    """A code that is not among `taken`. `chance(n)` is a random number from 0 to n - 1."""
    number = chance(len(ALPHABET) ** characters)
    while (code := _code(number, characters)) in taken:
        number += 1
    return code


def bare(typed: str) -> str:
    """A typed or copied code, normalised: capitals, half width, no spaces, hyphens or quotes."""
    plain = unicodedata.normalize("NFKC", typed).upper()
    return "".join(filter(str.isalnum, plain))


def find(typed: str, codes: Collection[str]) -> str:
    """The one of `codes` that was typed or copied (see `bare`); empty if there is none.

    Compares all of them in constant time, so that the duration reveals nothing.
    """
    wanted = bare(typed).encode()
    same = [code for code in codes if hmac.compare_digest(wanted, code.encode())]
    return same[0] if same else ""


def _code(number: int, characters: int) -> str:
    # Its last digits alone, so that the code after the last one is the first.
    found = []
    for _ in range(characters):
        number, place = divmod(number, len(ALPHABET))
        found.append(ALPHABET[place])
    return "".join(found)
