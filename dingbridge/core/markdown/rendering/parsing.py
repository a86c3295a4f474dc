"""A Markdown text as blocks and spans: markdown-it-py, and the few rules that differ for a chat."""

from __future__ import annotations

import re
from functools import cache
from operator import attrgetter

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, list_block, reference
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from dingbridge.core.markdown.rendering.block_rules import BlockParser, BlockRule
from dingbridge.core.markdown.rendering.table_rule import table_rule

DEEPEST = 30
"""Nested quotes and lists that are read as such; a list counts twice. Deeper marks are text."""

DEEPEST_SPAN = 20
"""Brackets inside brackets that are read as such."""

_WORD = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_NORMAL = re.compile(rf"https?://{_WORD}(?:\.{_WORD})*(?:/[\w./~-]*)?", re.ASCII)
"""Addresses that are written as they are meant."""
_LABEL = re.compile(r"\[((?:[^\\\]]|\\.)*)\]:", re.DOTALL)

_PARSE_LABEL = attrgetter("md.helpers.parseLinkLabel")


@cache
def block_parser() -> MarkdownIt:
    """Return the parser for CommonMark with the tables of GitHub. Its blocks come without spans.

    It differs where CommonMark would hide text: a definition of a link is a paragraph whose
    `meta['label']` names it, a footnote is an ordinary paragraph, a table is one token, and what is
    nested deeper than `DEEPEST` stays as it is written.
    """
    md = _parser(2 * DEEPEST).disable(["inline", "text_join"])
    md.block = BlockParser(
        _not_too_deep(blockquote), _not_too_deep(list_block), _kept_definition, table_rule
    )
    return md


def span_parser() -> MarkdownIt:
    """Return a new parser for the spans of CommonMark and the strikethrough of GitHub."""
    return _parser(DEEPEST_SPAN).enable("strikethrough")


def _parser(deepest: int) -> MarkdownIt:
    return _AnyAddress("commonmark", {"maxNesting": deepest})


class _AnyAddress(MarkdownIt):
    """Reads a link wherever it leads. The stock parser takes `[x](javascript:…)` for text, which
    would then leave as it is, and be a link for a client that knows no better."""

    def validateLink(self, url: str) -> bool:
        """Whether `url` may be read as an address."""
        return True

    def normalizeLink(self, url: str) -> str:
        """`url` with what an address cannot have written out; most have nothing of that."""
        return url if _NORMAL.fullmatch(url) else super().normalizeLink(url)


@cache
def _reader() -> MarkdownIt:
    return span_parser()


def spans(markdown: str, references: object = None) -> list[Token]:
    """Return the spans of one paragraph, heading or cell; `references` are the text's."""
    tokens: list[Token] = []
    md = _reader()
    md.inline.parse(markdown, md, {"references": references} if references else {}, tokens)
    return tokens


def visible_text(tokens: list[Token] | None, links: bool = False) -> str:
    """Return what a reader sees of parsed spans, line ends kept.

    Raw HTML counts as text, a picture as its description. With `links` the address follows the
    words of a link in parentheses, unless they are the same.
    """
    shown: list[str] = []
    opened: list[tuple[int, str]] = []
    for token in tokens or ():
        if token.type in {"softbreak", "hardbreak"}:
            shown.append("\n")
        elif token.type == "image":
            shown.append(visible_text(token.children))
        elif token.type == "link_open" and links:
            opened.append((len(shown), str(token.attrs.get("href", ""))))
        elif token.type == "link_close" and opened:
            at, address = opened.pop()
            words = "".join(shown[at:])
            if address and address not in {words, f"mailto:{words}"}:
                shown.append(f" ({address})")
        else:
            shown.append(token.content)
    return "".join(shown)


def normalized(label: str) -> str:
    """Return the label of a link or a definition so that equal ones are equal."""
    return " ".join(label.split()).lower().upper()


def label_end(state: StateInline, start: int, links_inside: bool) -> int:
    """Return where the label in brackets ends that begins at `start`; negative = nowhere."""
    return int(_PARSE_LABEL(state)(state, start, not links_inside))


def _not_too_deep(rule: BlockRule) -> BlockRule:
    def apply(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        return state.level < DEEPEST and rule(state, start, end, silent)

    return apply


def _kept_definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    position = state.bMarks[start] + state.tShift[start]
    if state.src.startswith("[^", position) or not reference(state, start, end, silent):
        return False
    if silent:
        return True
    content = state.getLines(start, state.line, state.blkIndent, False).strip()
    label = _LABEL.match(content)
    state.push("paragraph_open", "p", 1)
    inline = state.push("inline", "", 0)
    inline.content = content
    inline.children = []
    inline.meta = {"label": normalized(label[1]) if label else ""}
    state.push("paragraph_close", "p", -1)
    return True
