"""Parses the arguments of a remote command, typed on a phone."""

from __future__ import annotations

import re
import unicodedata

_NUMBER = "[0-9０-９]{1,7}"  # int() reads the digits of both widths
_COUNT = re.compile(_NUMBER)
_PLACE_IN_FILE = re.compile(rf"(.*?)(?:[:：]({_NUMBER})(?:[-－–—~～]({_NUMBER}))?)?", re.DOTALL)
_ASCII_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")


def folded(word: str) -> str:
    """A word, normalised for width and case."""
    return unicodedata.normalize("NFKC", word).casefold()


def digits(text: str) -> str:
    """The text with full-width digits as ASCII."""
    return text.translate(_ASCII_DIGITS)


def number(text: str) -> int | None:
    """A number of up to seven digits."""
    return int(text) if _COUNT.fullmatch(text) else None


def place_in_file(rest: str) -> tuple[str, int, int | None] | None:
    """Path, first line (default 1) and last line (None without one) in `FILE[:LINE[-LINE]]`.

    None if `rest` is not of this form.
    """
    found = _PLACE_IN_FILE.fullmatch(rest)
    if found is None or not found[1].strip():
        return None
    first, last = int(found[2] or 1), int(found[3]) if found[3] else None
    if first < 1 or (last is not None and last < first):
        return None
    return found[1].strip(), first, last
