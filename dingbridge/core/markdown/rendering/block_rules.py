"""A block parser for markdown-it-py that tries only the rules that may match a line.

The stock parser tries all rules, twice for each line of a paragraph. The first character of a line
shows which block it can begin; for a table, it is the line below.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from types import MappingProxyType
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.parser_block import ParserBlock
from markdown_it.rules_block import StateBlock, code, fence, heading, hr, html_block
from markdown_it.token import Token

BlockRule = Callable[[StateBlock, int, int, bool], bool]

_DIGITS = "0123456789"
WHITE = "\t\n\x0b\x0c\r \xa0\u1680\u202f\u205f\u3000\u2028\u2029" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""White space that is stripped from paragraphs and cells."""

DELIMITERS = "|-:"
"""The characters of a table's delimiter row."""

DELIMITERS_OR_SPACE = f"{DELIMITERS} \t"
"""The same with white space."""


class BlockToken(Token):
    """A token that stores only what differs from these defaults.

    Creating full tokens took most of the parser's time, and a block uses few of their fields.
    """

    attrs: dict[str, str | int | float] = MappingProxyType({})  # type: ignore[assignment]  # replaced as a whole
    map: list[int] | None = None
    children: list[Token] | None = None
    content = markup = info = ""
    meta: dict[Any, Any] = MappingProxyType({})  # type: ignore[assignment]  # replaced as a whole
    block = True
    hidden = False

    def __init__(self, kind: str, tag: str, nesting: Literal[-1, 0, 1], level: int) -> None:
        self.type = kind
        self.tag = tag
        self.nesting = nesting
        self.level = level


class BlockState(StateBlock):
    """The state while the blocks of a text are parsed."""

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        """Add a token."""
        if nesting < 0:
            self.level -= 1
        token = BlockToken(ttype, tag, nesting, self.level)
        if nesting > 0:
            self.level += 1
        self.tokens.append(token)
        return token


class BlockParser(ParserBlock):
    """`ParserBlock` with other rules for quotes, lists, definitions and tables."""

    def __init__(
        self, blockquote: BlockRule, list_: BlockRule, reference: BlockRule, table: BlockRule
    ) -> None:
        super().__init__()
        paragraphs = ["paragraph", "reference"]
        everything = [*paragraphs, "blockquote", "list"]
        self.ruler.at("blockquote", blockquote, {"alt": everything})
        self.ruler.at("list", list_, {"alt": [*paragraphs, "blockquote"]})
        self.ruler.at("table", table, {"alt": paragraphs})
        self.ruler.at("reference", reference)
        self._table = table
        # In CommonMark's order.
        self._interrupting: dict[str, tuple[BlockRule, ...]] = {
            **dict.fromkeys("`~", (fence,)),
            **dict.fromkeys("*-", (hr, list_)),
            **dict.fromkeys(f"+{_DIGITS}", (list_,)),
            "_": (hr,),
            ">": (blockquote,),
            "<": (html_block,),
            "#": (heading,),
        }
        self._beginning = {**self._interrupting, "[": (reference,)}

    def parse(
        self, src: str, md: MarkdownIt, env: MutableMapping[str, Any], outTokens: list[Token]
    ) -> list[Token] | None:
        """Append the tokens of a text."""
        if src:
            state = BlockState(src, md, env, outTokens)
            self.tokenize(state, state.line, state.lineMax)
        return outTokens

    def tokenize(self, state: StateBlock, startLine: int, endLine: int) -> None:
        """Parse the lines from `startLine` up to `endLine`."""
        line = startLine
        most = state.md.options.maxNesting
        has_empty_lines = False
        while line < endLine:
            state.line = line = state.skipEmptyLines(line)
            if line >= endLine or state.sCount[line] < state.blkIndent:
                break
            if state.level >= most:
                state.line = endLine
                break
            self._one(state, line, endLine)
            state.tight = not has_empty_lines
            line = state.line
            if line - 1 < endLine and state.isEmpty(line - 1):
                has_empty_lines = True
            if line < endLine and state.isEmpty(line):
                has_empty_lines = True
                line += 1
                state.line = line

    def _one(self, state: StateBlock, line: int, end: int) -> None:
        """Parse the block that begins at `line`."""
        if state.is_code_block(line):
            code(state, line, end, False)
            return
        if self._may_be_table(state, line, end) and self._table(state, line, end, False):
            return
        first = state.src[state.bMarks[line] + state.tShift[line]]
        for rule in self._beginning.get(first, ()):
            if rule(state, line, end, False):
                return
        self._paragraph(state, line, end)

    def _may_be_table(self, state: StateBlock, line: int, end: int) -> bool:
        below = line + 1
        if below >= end:
            return False
        at, after = state.bMarks[below] + state.tShift[below], state.eMarks[below]
        if at >= after or state.src[at] not in DELIMITERS:
            return False
        # Usually it is a list item.
        return (
            state.src[at + 1 : at + 2] in DELIMITERS_OR_SPACE
            and "|" in state.src[state.bMarks[line] : state.eMarks[line]]
        )

    def _interrupts(self, state: StateBlock, line: int, end: int) -> bool:
        """Whether a line that could continue a paragraph begins another block."""
        if self._may_be_table(state, line, end) and self._table(state, line, end, True):
            return True
        return self.begins_block(state, line, end)

    def begins_block(self, state: StateBlock, line: int, end: int) -> bool:
        """Whether a non-empty line begins a block that ends a paragraph or a table."""
        first = state.src[state.bMarks[line] + state.tShift[line]]
        return any(rule(state, line, end, True) for rule in self._interrupting.get(first, ()))

    def _paragraph(self, state: StateBlock, start: int, end: int) -> None:
        """A paragraph, or an underlined heading."""
        before, state.parentType = state.parentType, "paragraph"
        line = start + 1
        underline = ""
        while line < end and not state.isEmpty(line):
            indent = state.sCount[line] - state.blkIndent
            if indent <= 3:
                if indent >= 0 and (underline := _underline(state, line)):
                    break
                if state.sCount[line] >= 0 and self._interrupts(state, line, end):
                    break
            line += 1
        content = state.getLines(start, line, state.blkIndent, False).strip(WHITE)
        state.line = line + bool(underline)
        kind, tag = "paragraph", "p"
        if underline:
            kind, tag = "heading", "h1" if underline == "=" else "h2"
        opening = state.push(f"{kind}_open", tag, 1)
        opening.map = [start, state.line]
        inline = state.push("inline", "", 0)
        inline.content = content
        inline.map = [start, line]
        inline.children = []
        closing = state.push(f"{kind}_close", tag, -1)
        opening.markup = closing.markup = underline
        state.parentType = before


def _underline(state: StateBlock, line: int) -> str:
    """The character of a line that turns the one above into a heading; else empty."""
    start, end = state.bMarks[line] + state.tShift[line], state.eMarks[line]
    mark = state.src[start : start + 1]
    if start >= end or mark not in ("-", "="):
        return ""
    return mark if not state.src[start:end].rstrip(" \t").strip(mark) else ""
