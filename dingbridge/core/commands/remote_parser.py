"""Parses a text from DingTalk: a remote command, or a message for the session."""

from __future__ import annotations

import re

from msgspec import Struct

from dingbridge.core.commands.remote_arguments import folded
from dingbridge.core.commands.remote_commands import (
    COMMANDS,
    KINDS,
    AnswerApproval,
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
    """An unknown command. `nearest` is the most similar known one, or empty."""

    word: str
    nearest: str


class Bad(Struct, frozen=True):
    """A known command with an invalid argument."""

    declaration: RemoteDeclaration


def read(text: str) -> RemoteCommand | UnknownCommand | Bad | None:
    """The command in a message; None for a message to the session.

    A command starts with a slash and a letter, in any case and width. A known command never reaches
    the session, whatever follows it. Paths (a second slash, or a dot inside the word), regular
    expressions, comments, and texts of several lines with an unknown word do. Never raises.

    The code of an approval may follow a hyphen, because a link in a message sends a text without
    blanks: `/approve-K7QD`.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    word, rest = found["word"], found["rest"].strip()
    kind = _BY_WORD.get(folded(word))
    name, hyphen, code = folded(word).partition("-")
    answer = _BY_WORD.get(name)
    if hyphen and answer is not None and issubclass(answer, AnswerApproval):
        kind, rest = answer, f"{code} {rest}".strip()
    if kind is None:
        is_prose = found["mark"] or "\n" in text.strip()
        return None if is_prose else UnknownCommand(word, _nearest(folded(word)))
    if "\n" in rest or len(rest) > _LONGEST_ARGUMENT:
        return Bad(kind.declaration)
    return kind.parse(rest) or Bad(kind.declaration)


def _nearest(word: str) -> str:
    begun = sorted((known for known in _BY_WORD if known.startswith(word)), key=len)
    holds = [one.chinese for one in COMMANDS if one.chinese in word]
    # One common Chinese character of two is a strong match, half of a few letters is chance.
    least = 0.6 if word.isascii() else 0.5
    from difflib import get_close_matches  # loaded only when needed

    near = begun or holds or get_close_matches(word, _BY_WORD, n=1, cutoff=least)
    return near[0] if near else ""
