"""The spans of one paragraph, heading or cell, as DingTalk renders them.

The source stays as it was written, except where `span_rules` noted an edit.
"""

from __future__ import annotations

import re
from typing import Any

from markdown_it.token import Token

from dingbridge.core.markdown.rendering.span_rules import (
    BREAK,
    WITH_STRIKETHROUGH,
    WITHOUT_EMPHASIS,
    SourceEdit,
)
from dingbridge.core.markdown.rendering.tags import literal

STRUCK = ("‹✗ ", "›")
"""DingTalk has no strikethrough: struck words are put between these."""

_MOST_ROUNDS = 4
"""Passes that remove forbidden links, also nested ones, before the rest becomes plain text."""
_REMARKABLE = re.compile(r"[`<\[]|~~|\\\n")
"""A text without a match needs no edits but for its line ends."""
_PLAIN_LINK = re.compile(r"\[[^\[\]`<\\~\n]*\]\(https?://[A-Za-z0-9][\w./?=%&#:@+,;-]*\)", re.ASCII)
"""A link or picture that never needs an edit."""
Env = dict[str, Any]


def lines(content: str, env: Env) -> list[str]:
    """The non-empty lines of a paragraph, as Markdown; join them with hard breaks.

    `env` is the parser's, with the text's `references`; used labels are added to its set `used`.
    """
    if "\n" not in content and (content.isalnum() or not _REMARKABLE.search(content)):
        content = content.strip()
        return [content] if content else []
    for _ in range(_MOST_ROUNDS):
        if not _REMARKABLE.search(_PLAIN_LINK.sub("", content)):
            return _filled(content.split("\n"))
        edits: list[SourceEdit] = []
        struck: list[tuple[Token, int]] = []
        refused: list[SourceEdit] = []
        tokens: list[Token] = []
        own = {**env, "edits": edits, "struck": struck, "refused": refused}
        md = WITH_STRIKETHROUGH if "~~" in content else WITHOUT_EMPHASIS
        md.inline.parse(content, md, own, tokens)
        if not refused:
            for token, position in struck:
                if token.type in {"s_open", "s_close"}:
                    edits.append(
                        SourceEdit(position, position + 2, STRUCK[token.type == "s_close"])
                    )
            return _filled(_edited(content, edits).split(BREAK))
        # A link cannot contain another one: without the inner one, the outer may be a link.
        content = _edited(content, refused)
    return _filled(literal(content).split("\n"))


def _filled(pieces: list[str]) -> list[str]:
    stripped = map(str.strip, pieces)
    return [piece for piece in stripped if piece]


def _edited(content: str, edits: list[SourceEdit]) -> str:
    parts = []
    end = 0
    for edit in sorted(edits):
        parts += [content[end : edit.start], edit.replacement]
        end = edit.end
    parts.append(content[end:])
    return "".join(parts)
