"""Reads the command in a text from DingTalk, or finds that the text is meant for the session."""

from __future__ import annotations

import re

from msgspec import Struct

from dingbridge.core.commands.remote_arguments import folded
from dingbridge.core.commands.remote_commands import (
    COMMANDS,
    KINDS,
    RemoteCommand,
    RemoteDeclaration,
)

_LONGEST_ARGUMENT = 1000

_BY_WORD: dict[str, type[RemoteCommand]] = {
    **{kind.declaration.name: kind for kind in KINDS},
    **{kind.declaration.chinese: kind for kind in KINDS},
}

_FORM = re.compile(
    r"[/／](?P<word>[^\W\d_][\w-]{0,31})(?P<mark>[:：]|[。．.!！?？,，]*(?=\s|$))\s*(?P<rest>.*)",
    re.DOTALL,
)


class UnknownCommand(Struct, frozen=True):
    """A word that is no command. `nearest` is the known word closest to it, or empty."""

    word: str
    nearest: str


class Bad(Struct, frozen=True):
    """The command of that declaration, with an argument it cannot take."""

    declaration: RemoteDeclaration


def read(text: str) -> RemoteCommand | UnknownCommand | Bad | None:
    """The command in a message; None for a message that is meant for the session.

    A command starts with a slash and a letter, in any case and of any width. A known word is never
    passed on, whatever follows it. A path (a second slash, a dot inside the word), a regular
    expression, a comment and a text of several lines with an unknown word are for the session.
    Never raises.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    word, rest = found["word"], found["rest"].strip()
    kind = _BY_WORD.get(folded(word))
    if kind is None:
        is_prose = found["mark"] or "\n" in text.strip()
        return None if is_prose else UnknownCommand(word, _nearest(folded(word)))
    if "\n" in rest or len(rest) > _LONGEST_ARGUMENT:
        return Bad(kind.declaration)
    return kind.parse(rest) or Bad(kind.declaration)


def _nearest(word: str) -> str:
    begun = sorted((known for known in _BY_WORD if known.startswith(word)), key=len)
    holds = [one.chinese for one in COMMANDS if one.chinese in word]
    # One Chinese character of two is much alike, half of a few letters is chance.
    least = 0.6 if word.isascii() else 0.5
    from difflib import get_close_matches  # loaded late, for those who mistype

    near = begun or holds or get_close_matches(word, _BY_WORD, n=1, cutoff=least)
    return near[0] if near else ""
