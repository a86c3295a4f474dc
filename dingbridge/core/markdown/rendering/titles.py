"""The title of a message, which the conversation list and the push notification show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from markdown_it.token import Token

from dingbridge.core.dingtalk.limits import TITLE_CHARACTERS
from dingbridge.core.markdown.rendering import parsing, table_rule, tags
from dingbridge.core.markdown.rendering.tables import width
from dingbridge.core.text import clean, shorten, visible

_WITHOUT_CONTENT = "Neovim"
_READ_CHARACTERS = 2_000
"""Characters of a text that are searched for its title."""
_LEAST_SENTENCE = 8
"""Half-width columns from which a first sentence is long enough for a title."""

_WORD = re.compile(r"[^\W_]")
_SENTENCE = re.compile(r".*?(?:[。！？；]+|[.!?;]+(?=\s))")
_TASK = re.compile(r"\[[ xX]\]\s+")
# Marks that CommonMark ignores, because they are not closed or no space follows.
_LEFT_OVER = re.compile(
    r"\A(?:#{2,6}|#(?=[^\x00-\x7f])|\*\*+|__+|~~+|`+)+\s*(?=\S)|(?<=\S)(?:\*\*+|~~+|`+)\Z"
)


def title(text: str, characters: int = TITLE_CHARACTERS) -> str:
    """Return the title for the Markdown `text`, in at most that many `characters` (code points).

    It is the first line with a word, without marks: the whole line, else its first sentence, else
    its beginning with an ellipsis. For code alone it is the first line of the code, else the
    language; for a text without visible characters 'Neovim', because the title must not be empty
    (doc/dingtalk.md §9).
    """
    text = clean(text.lstrip()[:_READ_CHARACTERS])
    env: dict[str, object] = {}
    tokens = parsing.block_parser().parse(text, env)
    shown = [clean(line) for line in _shown_lines(tokens, env.get("references"))]
    other = [clean(line) for line in _other_lines(tokens)]
    lines = [line for line in [*shown, *other] if visible(line)]
    if not lines:
        return _WITHOUT_CONTENT
    return _short(next(filter(_WORD.search, lines), lines[0]), characters)


def _shown_lines(tokens: list[Token], references: object) -> Iterator[str]:
    """The visible lines outside code, without marks."""
    for token in tokens:
        if token.type == "html_block":
            yield from tags.without(token.content).split("\n")
        elif token.type == table_rule.KIND:
            head, *rows = token.meta[table_rule.ROWS]
            yield " ".join(_words(cell, references) for cell in head)
            for cell in chain(*rows):
                yield from _without_marks(_words(cell, references))
        elif token.type == "inline" and "label" not in token.meta:
            yield from _without_marks(_words(token.content, references))


def _words(source: str, references: object) -> str:
    spans = parsing.spans(source, references)
    return parsing.visible_text([span for span in spans if not tags.is_element(span)])


def _without_marks(words: str) -> Iterator[str]:
    for line in words.split("\n"):
        yield _LEFT_OVER.sub("", _TASK.sub("", line.strip("| \t"), count=1))


def _other_lines(tokens: list[Token]) -> Iterator[str]:
    """The lines of code, and those hidden as definitions."""
    for token in tokens:
        if "label" in token.meta:
            yield token.content
        elif token.type in {"fence", "code_block"}:
            yield from token.content.split("\n")
            yield from token.info.split()[:1]


def _short(line: str, characters: int) -> str:
    line = " ".join(line.split())
    sentence = _SENTENCE.match(line)
    if len(line) > characters and sentence:
        short = sentence[0].rstrip("。；;")
        if len(short) <= characters and width(short) >= _LEAST_SENTENCE:
            return short
    return shorten(line, characters)
