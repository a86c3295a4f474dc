"""Makes file names from outside safe for every file system and in a command line."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from dingbridge.core.text import tame, whole_character

NAME_BYTES: Final = 120
"""Longest result of `safe_name`, in bytes of UTF-8: file systems take 255, and our prefixes need
room as well."""

ENDING_CHARACTERS: Final = 10
"""Longest ending, without its dot, that survives when a name is cut."""

_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._,+=@()-")
_RESERVED: Final = re.compile(
    r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|COM[0-9¹²³]|LPT[0-9¹²³])(?:\.|$)", re.IGNORECASE
)
# At the start a dot hides a file and a dash makes it an option; Windows drops dots at the end.
_AT_THE_START: Final = "._-= "
_AT_THE_END: Final = "._ "


def safe_name(name: str, fallback: str = "file") -> str:
    """Return the last component of `name` as a harmless name, never empty.

    Removes or replaces by `_`: separators, control, bidirectional and invisible characters, white
    space, shell punctuation, dots at the ends, and names reserved by Windows. Letters, digits and
    marks of all scripts stay. Longer names are shortened before their ending. `fallback` must be
    safe. Idempotent, never raises.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", tame(name)).rstrip("/\\ \n\t"))[-1]
    kept = re.sub("_{2,}", "_", "".join(map(_harmless, last)))
    kept = _cut(kept.lstrip(_AT_THE_START).rstrip(_AT_THE_END))
    if not kept:
        return fallback
    return f"file-{kept}" if _RESERVED.match(kept) else kept


def ending(name: str) -> str:
    """The extension of a name, in lower case without the dot; empty unless short and ASCII."""
    stem, dot, last = name.rpartition(".")
    short = last.isascii() and last.isalnum() and len(last) <= ENDING_CHARACTERS
    return last.lower() if stem and dot and short else ""


def _harmless(character: str) -> str:
    if character.isascii():
        return character if character in _PLAIN else "_"
    kind = unicodedata.category(character)
    if kind in ("Cf", "Cc", "Cs"):
        return ""
    return character if kind[0] in "LMNSP" else "_"


def _cut(name: str) -> str:
    if len(name.encode()) <= NAME_BYTES:
        return name
    kept = ending(name)
    stem = name[: -len(kept) - 1] if kept else name
    room = NAME_BYTES - (len(kept) + 1 if kept else 0)
    end = min(len(stem), room)
    while len(stem[:end].encode()) > room:
        end -= 1
    end = whole_character(stem, 0, end)
    stem = stem[:end].rstrip(_AT_THE_END)
    return f"{stem}.{kept}" if kept else stem
