"""Parses Markdown to blocks and spans: markdown-it-py with a few rules that differ for chats."""

from __future__ import annotations

import re
from functools import cache
from operator import attrgetter

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, list_block, reference
from markdown_it.rules_inline import (
    StateInline,
)
from markdown_it.token import Token

from dingbridge.core.markdown.rendering.block_rules import BlockParser, BlockRule
from dingbridge.core.markdown.rendering.table_rule import table_rule

DEEPEST = 30
"""Levels of quotes and lists that are parsed (a list counts twice); deeper marks are text."""

DEEPEST_SPAN = 20
"""Levels of brackets that are parsed."""

_WORD = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_NORMAL = re.compile(rf"https?://{_WORD}(?:\.{_WORD})*(?:/[\w./~-]*)?", re.ASCII)
"""URLs without characters to percent-encode."""
_LABEL = re.compile(r"\[((?:[^\\\]]|\\.)*)\]:", re.DOTALL)

_MARKS = re.compile(r"[`*_~\[\]<]")
_CLOSED = re.compile(
    r"(`+)[^`\n]+\1(?!`)|\*\*[^*`\n\[\]]+\*\*|\[[^\[\]`*_~\n]*\]\([^()\s]*\)|(?<=\w)_(?=\w)"
)
"""Spans that are closed for certain, and underscores that are not marks."""
_PARSE_LABEL = attrgetter("md.helpers.parseLinkLabel")


@cache
def block_parser() -> MarkdownIt:
    """The parser for CommonMark with GitHub's tables; its blocks contain no parsed spans.

    It differs where CommonMark would hide text:

    - a link definition is a paragraph whose `meta['label']` names it
    - a footnote is an ordinary paragraph
    - a table is one token
    - text nested deeper than `DEEPEST` stays as it is written
    """
    md = _parser(2 * DEEPEST).disable(["inline", "text_join"])
    md.block = BlockParser(
        _not_too_deep(blockquote), _not_too_deep(list_block), _kept_definition, table_rule
    )
    return md


def span_parser() -> MarkdownIt:
    """A new parser for the spans of CommonMark and GitHub's strikethrough."""
    return _parser(DEEPEST_SPAN).enable("strikethrough")


def _parser(deepest: int) -> MarkdownIt:
    return _AnyAddress("commonmark", {"maxNesting": deepest})


class _AnyAddress(MarkdownIt):
    """Accepts any URL in a link. The stock parser reads `[x](javascript:…)` as text, which would be
    sent unchanged and may be a link in a client.
    """

    def validateLink(self, url: str) -> bool:
        """Whether `url` may be read as an address."""
        return True

    def normalizeLink(self, url: str) -> str:
        """`url`, percent-encoded where needed."""
        return url if _NORMAL.fullmatch(url) else super().normalizeLink(url)


@cache
def _reader() -> MarkdownIt:
    return span_parser()


def spans(markdown: str, references: object = None) -> list[Token]:
    """The spans of one paragraph, heading or cell; `references` are the text's."""
    tokens: list[Token] = []
    md = _reader()
    md.inline.parse(markdown, md, {"references": references} if references else {}, tokens)
    return tokens


def visible_text(tokens: list[Token] | None, links: bool = False) -> str:
    """The visible text of parsed spans, with line ends.

    Raw HTML counts as text, a picture as its description. With `links`, a link's address follows
    its words in parentheses, unless both are the same.
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


def shown_by(markdown: str, links: bool = True) -> str:
    """The visible text of Markdown spans; with `links` also the addresses of links."""
    return visible_text(spans(markdown), links)


def has_open_marks(markdown: str) -> bool:
    """Whether a mark may be open, so that a later text could close it. May return a false True."""
    return bool(_MARKS.search(_CLOSED.sub("", markdown)))


def normalized(label: str) -> str:
    """The label of a link or a definition, normalized for comparison."""
    return " ".join(label.split()).lower().upper()


def label_end(state: StateInline, start: int, links_inside: bool) -> int:
    """The end of the bracketed label that begins at `start`; negative without one."""
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
