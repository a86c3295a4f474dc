"""Cleans text from outside, and finds the boundaries of visible characters.

All text that others can influence passes `tame` (messages), `clean` (program output) or
`clean_name` (names, titles) before it reaches a buffer, a bar, a picker, a notice or the log.
`outgoing_text` does the same for text that is sent.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable

from dingbridge.core.regex import PIECE, regex

NAME_CHARACTERS = 40
"""Longest name `clean_name` returns, in code points, the ellipsis included."""

STACKED_MARKS = 8
"""Most combining marks, joiners and selectors in a row that `tame` leaves on one character; no
living script needs more."""

# A body ends at the next control character, so an unfinished sequence costs its introducer only:
# no text is lost, and no part of the text is read twice.
_ESCAPE_SEQUENCES = (
    r"(?:\x1b[\]PX^_k]|[\x90\x98\x9d-\x9f])[^\x00-\x08\x0a-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]"
)
_CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
_BIDI = r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_UNWANTED = regex(f"{_ESCAPE_SEQUENCES}|{_CONTROLS}|{_BIDI}")
_LINE_ENDS = regex(r"\r\n?|[\u2028\u2029]")
_SURROGATES = regex(r"[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
# Unicode's Default_Ignorable_Code_Point, and the blanks that are not white space.
_INVISIBLE = regex(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_ZERO_WIDTH_JOINER = "\u200d"
_FLAG_OF_A_REGION = "\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f"
# Tag characters outside such a flag can say whole sentences that nobody sees. The others: word
# joiner, invisible operators, deprecated formats, byte order mark, annotations, musical formats.
_HIDDEN = regex(
    f"({_FLAG_OF_A_REGION})|[\u180e\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
# A second selector on one character, or one of ideographs on anything else, changes nothing on the
# screen: with 256 of them a long message can hide behind a single smiley.
_SELECTORS = regex(
    "(?<=[\ufe00-\ufe0f\U000e0100-\U000e01ef])[\ufe00-\ufe0f\U000e0100-\U000e01ef]+"
    "|(?<![\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]+"
)
# No mark is a letter or a digit, so only what matches here can hold a stack of them.
_PERHAPS_STACKED = regex(rf"[^\w\s\x00-\u02ff]{{{STACKED_MARKS + 1},}}")
_ON_TOP = "\u200b\u200c\u200d"

_MARKUP = regex(r"[*`\[\]<>|\\~@]|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])")
_AT_THE_START = regex(r"^[#+\-=:]+")
_NUMBERED = regex(r"^([0-9]{1,9})([.)])(?!\S)")
_SPACED_DOT = regex(r"\s*([·•‧∙⋅・･])\s*")
_SCHEME = regex(r":(?=[/\\])|(?<=script):|(?<=dtmd):", re.IGNORECASE)
"""The colon that turns a name into an address."""
_TO_FULL_WIDTH = 0xFEE0

_REMEMBERED = 200
"""Longest name, in code points, whose result is cached."""


def clean(text: str) -> str:
    """Return `text` without anything that could act on an editor or a terminal.

    Line ends become LF (CR LF, CR, U+2028 and U+2029); whole terminal escape sequences, control
    characters except LF and TAB, and bidirectional controls go; a lone surrogate becomes U+FFFD.
    Joiners and variation selectors stay, because emoji and several scripts need them.
    Idempotent, never raises.
    """
    if _is_printable(text):
        return text  # none of these is
    return by_lines(_cleaned, text)


def _cleaned(lines: str) -> str:
    return _LINE_ENDS.sub("\n", _UNWANTED.sub("", well_formed(lines)))


def _is_printable(text: str) -> bool:
    """Whether everything but line ends and tabs is printable: a fast check."""
    pieces = (text[start : start + PIECE] for start in range(0, len(text), PIECE))
    return all(
        piece.isprintable() or piece.replace("\n", "").replace("\t", "").isprintable()
        for piece in pieces
    )


def by_lines(change: Callable[[str], str], text: str) -> str:
    """Return `change(text)`, called with whole lines of about `PIECE` characters at a time.

    Other threads run between the calls. What `change` makes of a line must not depend on others.
    """
    pieces, start = [], 0
    while len(text) - start > PIECE:
        end = text.find("\n", start + PIECE) + 1 or len(text)
        pieces.append(change(text[start:end]))
        start = end
    return "".join(pieces) + change(text[start:])


def well_formed(text: str) -> str:
    """Return `text` with U+FFFD for each lone surrogate, so that it can be encoded as UTF-8.

    Lone surrogates stand for bytes of a buffer that are not UTF-8. Idempotent, never raises.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return by_lines(lambda lines: _SURROGATES.sub(_code_point, lines), text)
    return text


def tame(text: str) -> str:
    """Return `clean(text)` without characters that only hide or flood text.

    Removes invisible characters that no script needs (tags outside a flag, byte order marks,
    invisible operators, variation selectors after the first) and all but `STACKED_MARKS` marks on
    one character. Words, emoji and flags stay as they are. Idempotent, never raises.
    """
    text = clean(text)
    if text.isascii():
        return text
    return by_lines(_tamed, text)


def _tamed(lines: str) -> str:
    if not _is_printable(lines):  # as none of these is
        lines = _HIDDEN.sub(lambda found: found[1] or "", lines)
    lines = _PERHAPS_STACKED.sub(_low_stacks, lines)
    return _SELECTORS.sub("", lines)


def _low_stacks(run: re.Match[str]) -> str:
    kept = []
    height = 0
    for character in run[0]:
        on_top = character in _ON_TOP or unicodedata.category(character).startswith("M")
        height = height + 1 if on_top else 0
        if height <= STACKED_MARKS:
            kept.append(character)
    return "".join(kept)


def clean_name(text: str) -> str:
    """Return `text` as a name to show: one line, trimmed, at most `NAME_CHARACTERS`, never empty.

    - Zero-width characters are removed, so that names that look alike are equal.
    - Markdown markup, `@` and the colon of an address become full-width characters.
    - A dot between spaces, our separator after names, loses the spaces.
    - An empty result becomes '?'.
    """
    # Cached: the same few names occur in message after message.
    return _remembered_name(text) if len(text) <= _REMEMBERED else _name(text)


def _name(text: str) -> str:
    line = " ".join(_INVISIBLE.sub("", tame(text)).split())
    line = _SCHEME.sub(_full_width, line)
    line = _SPACED_DOT.sub(r"\1", _MARKUP.sub(_full_width, line))
    line = _AT_THE_START.sub(_full_width, line)
    line = _NUMBERED.sub(lambda found: found[1] + chr(ord(found[2]) + _TO_FULL_WIDTH), line)
    return shorten(line, NAME_CHARACTERS) or "?"


_remembered_name = functools.lru_cache(maxsize=1000)(_name)


def _full_width(found: re.Match[str]) -> str:
    return "".join(chr(ord(character) + _TO_FULL_WIDTH) for character in found[0])


def shorten(text: str, characters: int) -> str:
    """Return `text` on one line in at most `characters` code points, the ellipsis included.

    Runs of white space become one space. The cut does not fall inside what a reader sees as one
    character unless that alone is too long. `characters` is at least 1.
    """
    line = " ".join(text.split())
    if len(line) <= characters:
        return line
    end = whole_character(line, 0, characters - 1) if characters > 1 else 0
    return line[:end].rstrip() + "…"


def visible(text: str) -> bool:
    """Whether `text`, which is clean, has any visible character."""
    return bool(_INVISIBLE.sub("", text).strip())


_PICTURE = r"[\u203c\u2049\u2100-\u27ff\u2900-\u2bff\U0001f000-\U0001faff]\ufe0f?"
_EMOJI = regex(rf"{_PICTURE}(?:\u200d{_PICTURE})*|\u3000")
_BLANKS = regex(r"[^\S\t\n]")


def as_seen(text: str) -> str:
    """Return `text` as a reader sees it: texts that look the same only for characters that nobody
    sees, or for other kinds of blanks, become equal."""
    if text.isascii() and text.isprintable():
        return text
    return _BLANKS.sub(" ", _INVISIBLE.sub("", tame(text)))


def written_out(text: str) -> str:
    """Return `text` with an escape for each character that nobody sees, or that sits on another.

    Line feeds and tabs stay.

    >>> written_out("a\\u200bb")
    'a\\\\u200bb'
    """
    return "".join(map(_escaped, text))


def all_seen(text: str) -> str:
    """Return `text` if each of its characters can be seen, else all of it `written_out`.

    Nothing is left away: for what people decide about, where `tame` would hide a part. Emoji stay
    joined, and a wide blank is seen.
    """
    if text.isascii() and _is_printable(text):
        return text
    plain = _EMOJI.sub("x", text)
    is_seen = _is_printable(plain) and not _INVISIBLE.search(plain) and tame(text) == text
    return text if is_seen else written_out(text)


def _escaped(character: str) -> str:
    is_seen = character.isprintable() and not _INVISIBLE.match(character)
    if character in "\t\n" or (is_seen and unicodedata.category(character) not in ("Mn", "Me")):
        return character
    return ascii(character)[1:-1]


def whole_character(text: str, start: int, position: int) -> int:
    """Return the nearest place at or before `position` where a cut splits no visible character.

    Visible characters are approximated: CR LF, combining marks, variation selectors, emoji joined
    by ZWJ, skin tones, tag sequences and flags stay whole. `start < position <= len(text)`, and
    `start` is such a place. If there is none within a few dozen code points after `start`, the
    answer is `position` itself.
    """
    for candidate in range(position, max(start, position - 64), -1):
        if not _belongs_together(text, start, candidate):
            return candidate
    return position


def _belongs_together(text: str, start: int, position: int) -> bool:
    if position >= len(text):
        return False
    before, after = text[position - 1], text[position]
    if before == "\r":
        return after == "\n"
    if before == "\n":
        return False
    if before == _ZERO_WIDTH_JOINER:
        return not after.isspace()
    if after < "\u0300":
        return False
    if after == _ZERO_WIDTH_JOINER:
        return True
    if _is_flag_half(after):
        half = position
        while half > start and _is_flag_half(text[half - 1]):
            half -= 1
        return (position - half) % 2 == 1
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    return unicodedata.category(after).startswith("M")


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _code_point(match: re.Match[str]) -> str:
    found = match[0]
    if len(found) == 1:
        return "\ufffd"
    return found.encode("utf-16", "surrogatepass").decode("utf-16")
