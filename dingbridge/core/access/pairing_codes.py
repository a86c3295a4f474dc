"""Pairing codes, which the robot sends to a stranger and its owner types: created and compared."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable, Collection

ALPHABET = "34679CDFGHJKMNPQRTVWXY"
"""Characters of codes: none that look alike (0 O, 1 I L, 2 Z, 5 S, 8 B), and no vowels, so that no
code is a word."""

CHARACTERS = 8
"""The length of a code."""

CODES = len(ALPHABET) ** CHARACTERS
"""Number of possible codes: 55 billion."""


def new_code(taken: Collection[str], chance: Callable[[int], int]) -> str:
    """A code that is not among `taken`. `chance(n)` is a random number from 0 to n - 1."""
    number = chance(CODES)
    while (code := _code(number)) in taken:
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


def _code(number: int) -> str:
    # Its last digits alone, so that the code after the last one is the first.
    characters = []
    for _ in range(CHARACTERS):
        number, place = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[place])
    return "".join(characters)
