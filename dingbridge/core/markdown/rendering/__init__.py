"""Renders Markdown to the dialect of DingTalk's clients (doc/dingtalk.md §9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, takewhile
from typing import Any, Literal, NamedTuple

from markdown_it.token import Token

from dingbridge.core.markdown.fences import backticks, fences
from dingbridge.core.markdown.plain import is_plain
from dingbridge.core.markdown.rendering import (
    hard_breaks,
    parsing,
    span_rules,
    spans,
    table_rule,
    tables,
)
from dingbridge.core.markdown.rendering.parsing import block_parser, visible_text
from dingbridge.core.markdown.rendering.tables import Cell, Style, Table
from dingbridge.core.markdown.rendering.tags import harmless, literal
from dingbridge.core.regex import replaced_in

LARGEST = 200_000
"""Longest text that is parsed, in characters. In a longer one only line ends and HTML change."""

RULE = "─" * 10
"""Replaces a thematic break, which the dialect lacks."""

_INDENT = "&nbsp;&nbsp;"
_BULLETS = "◦▪"
_DEEPEST_INDENT = 8
_LARGEST_NUMBER = 999_999_999
_TASK = re.compile(r"\[([ xX])\](?=[ \t])")
_CLOSED_HEADING = re.compile(r"(?:^|[ \t])#+$")
_RULE_OF_MARKS = re.compile(r"([-*])(?:[ \t]*\1){2,}[ \t]*$", re.MULTILINE)
_LINE_END = re.compile(r"(?<=\S)[ \t]{0,300}\n(?=[ \t]{0,300}\S)")


class _Block(NamedTuple):
    kind: Literal["text", "nested", "heading", "list", "apart"]
    """`nested`: lines of an inner list; `apart`: outside of the items even in a list."""
    text: str
    loose: bool = False
    mark: str = ""
    """The mark of an item of an outermost list: adjacent items with the same mark are one list."""
    lead: str = ""
    indent: str = ""
    """Precedes the first line, and the others."""

    def written(self) -> str:
        return self.lead + self.text.replace("\n", "\n" + self.indent)


def for_dingtalk(text: str, *, table: Style = "auto") -> str:
    """Return the Markdown `text` in DingTalk's dialect. Nothing readable is lost.

    Source that the dialect supports (§9) is kept. Changes:

    - line ends inside a paragraph become two spaces and a line end; blank lines separate blocks
    - nested lists become lines of the outer item, indented with `&nbsp;`, with their bullets or
      numbers as text; code, quotes and tables inside a list are put between its items, which keep
      their numbers; task boxes become ☐ and ☑
    - code is always fenced with backticks, and changed only where it looks like HTML
      (`tags.harmless`); raw HTML outside code is shown as text
    - reference links are resolved, titles of links dropped; a definition without a reference is
      shown as text
    - strikethrough becomes `‹✗ words›`, a rule a line of dashes; underlined headings get `#`
    - tables follow the option `table` (`tables.render`)

    Idempotent, linear, never raises. Above `LARGEST` characters only line ends and HTML change.
    """
    if len(text) > LARGEST:
        return _unparsed(text)
    return _Writer(table).write(text)


class _Writer:
    def __init__(self, table: Style) -> None:
        self._table = table
        self._env: dict[str, Any] = {"used": set()}
        self._lines: dict[int, list[str]] = {}
        self._tables: dict[int, list[list[list[str]]]] = {}

    def write(self, text: str) -> str:
        tokens = block_parser().parse(text, self._env)
        # A definition is shown unless something in the text refers to it.
        for token in tokens:
            if token.type == "inline" and "label" not in token.meta:
                self._lines[id(token)] = spans.lines(token.content, self._env)
            elif token.type == table_rule.KIND:
                rows = token.meta[table_rule.ROWS]
                self._tables[id(token)] = [
                    [spans.lines(cell, self._env) for cell in row] for row in rows
                ]
        return _joined(self._blocks(iter(tokens), "", 0))

    def _blocks(self, tokens: Iterator[Token], closing: str, lists: int) -> list[_Block]:
        """Return the blocks up to the token `closing`, which are inside of `lists` lists."""
        blocks: list[_Block] = []
        for token in tokens:
            kind = token.type
            if kind == closing:
                break
            if kind == "paragraph_open":
                task = lists > 0 and not blocks
                blocks += self._paragraph(next(tokens), task, loose=not token.hidden)
            elif kind == "heading_open":
                blocks += self._heading(token, next(tokens), lists)
            elif kind in {"bullet_list_open", "ordered_list_open"}:
                blocks += self._list(tokens, token, lists)
            elif kind == "blockquote_open":
                blocks += _quote(_joined(self._blocks(tokens, "blockquote_close", 0)))
            elif kind in {"fence", "code_block"}:
                blocks.append(_Block("apart", _fenced(token.content, token.info)))
            elif kind == "html_block":
                blocks.append(_html(token.content))
            elif kind == "hr":
                blocks.append(_Block("apart", RULE))
            elif kind == table_rule.KIND:
                blocks.append(self._table_block(token))
        return blocks

    def _paragraph(self, token: Token, task: bool, loose: bool) -> list[_Block]:
        if "label" not in token.meta:
            found = self._lines[id(token)]
        elif token.meta["label"] not in self._env["used"]:
            found = [literal(line.strip()) for line in token.content.split("\n")]
        else:
            return []
        if task and found and (box := _TASK.match(found[0])):
            found = [f"{'☐' if box[1] == ' ' else '☑'}{found[0][3:]}", *found[1:]]
        return [_Block("text", hard_breaks.kept_together(found), loose=loose)] if found else []

    def _heading(self, opening: Token, token: Token, lists: int) -> list[_Block]:
        words = " ".join(self._lines[id(token)])
        if not words:
            return []
        if lists > 1:
            return [_Block("text", words)]
        closing = " #" if _CLOSED_HEADING.search(words) else ""
        return [_Block("heading", f"{'#' * int(opening.tag[1])} {words}{closing}")]

    def _list(self, tokens: Iterator[Token], opening: Token, depth: int) -> list[_Block]:
        ordered = opening.type == "ordered_list_open"
        number = int(opening.attrs.get("start", 1))
        items: list[tuple[str, list[_Block]]] = []
        for token in tokens:
            if token.type != "list_item_open":
                break
            mark = f"{min(number, _LARGEST_NUMBER)}{token.markup}" if ordered else token.markup
            number += 1
            items.append((mark, self._blocks(tokens, "list_item_close", depth + 1)))
        if depth:
            return [block for mark, item in items for block in _inner_item(mark, item, depth)]
        written = [block for mark, item in items for block in _item(mark, item)]
        found: list[_Block] = []
        for of_list, group in groupby(written, lambda block: block.kind == "list"):
            blocks = list(group)
            found += [_one_list(blocks)] if of_list else blocks
        return found

    def _table_block(self, token: Token) -> _Block:
        cells = [[_cell(" ".join(cell)) for cell in row] for row in self._tables[id(token)]]
        found = Table(token.meta[table_rule.ALIGNMENTS], cells)
        style = tables.chosen(found, self._table)
        if style == "native":
            return _Block("apart", tables.native(found))
        if style == "text":
            return _Block("apart", _as_text(found))
        return _Block("apart", _fenced("\n".join(tables.code(found)), ""))


def _cell(markdown: str) -> Cell:
    if markdown.isalnum() or is_plain(markdown):
        return Cell(markdown, markdown, markdown)
    tokens = parsing.spans(markdown)
    return Cell(markdown, visible_text(tokens), visible_text(tokens, links=True))


def _as_text(table: Table) -> str:
    """The table as text; cells whose Markdown would affect each other become plain text."""
    cells = [cell for row in table.rows for cell in row]
    safe = hard_breaks.side_by_side([cell.markdown for cell in cells])
    if safe != [cell.markdown for cell in cells]:
        cells = [
            cell._replace(markdown=markdown, shown=cell.plain)
            for cell, markdown in zip(cells, safe, strict=True)
        ]
    columns = len(table.alignments)
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    return hard_breaks.kept_together(tables.text(Table(table.alignments, rows)))


# --- lists ----------------------------------------------------------------------------------------


def _item(mark: str, blocks: list[_Block]) -> Iterator[_Block]:
    """An item of an outermost list: its first lines after the mark, the rest after the list."""
    together = list(takewhile(lambda block: block.kind != "apart", blocks))
    if together:
        indent = " " * (len(mark) + 1)
        text = _one_paragraph(together).replace("\n", "\n" + indent)
        if _RULE_OF_MARKS.match(f"{mark} {text}"):
            text = f"&nbsp;{text}"
        loose = any(block.loose for block in together)
        yield _Block("list", f"{mark} {text}", loose, mark[-1])
    elif not blocks or len(mark) > 1:
        yield _Block("list", mark, mark=mark[-1])
    for inner, rest in groupby(blocks[len(together) :], lambda block: block.kind == "nested"):
        if inner:
            yield _Block("text", _one_paragraph(list(rest)))
        else:
            yield from rest


def _one_list(items: list[_Block]) -> _Block:
    between = "\n\n" if any(item.loose for item in items) else "\n"
    return items[0]._replace(text=between.join(item.text for item in items))


def _one_paragraph(blocks: list[_Block]) -> str:
    texts = hard_breaks.side_by_side([block.text for block in blocks])
    lines: list[str] = []
    previous = "heading"
    for block, text in zip(blocks, texts, strict=True):
        # After a heading, an indented line would be code.
        follows = block.kind == "text" and previous != "heading"
        shown = hard_breaks.continuation_line(text) if follows else text
        lines.append(block._replace(text=shown).written())
        previous = block.kind
    return "  \n".join(lines)


def _inner_item(mark: str, blocks: list[_Block], depth: int) -> Iterator[_Block]:
    """An item of a nested list, with its indentation and mark as text."""
    depth = min(depth, _DEEPEST_INDENT)
    ordered = len(mark) > 1
    start = _INDENT * depth + (mark if ordered else _BULLETS[depth > 1])
    # Emphasis may begin after a space, but not always after an entity.
    indent = _INDENT * depth + "&nbsp; "
    if not blocks or (ordered and blocks[0].kind != "text"):
        yield _Block("nested", "", lead=start)
    for position, block in enumerate(blocks):
        if block.kind == "text":
            lead = indent if position else f"{start} "
            yield _Block("nested", block.text, lead=lead, indent=indent)
        else:
            yield block


# --- other blocks ---------------------------------------------------------------------------------


def _joined(blocks: list[_Block]) -> str:
    parts: list[str] = []
    previous = None
    for block in blocks:
        if previous and previous.kind == block.kind == "list" and previous.mark == block.mark:
            parts.append("&nbsp;")  # prevents them from becoming one list with one numbering
        parts.append(block.written())
        previous = block
    return "\n\n".join(parts)


def _quote(inner: str) -> list[_Block]:
    if not inner:
        return []
    lines = (f"> {line}" if line else ">" for line in inner.split("\n"))
    return [_Block("apart", "\n".join(lines))]


def _html(source: str) -> _Block:
    """Raw HTML: one line becomes text, several become a code block."""
    first, *more = (line for line in source.split("\n") if line.strip())
    if more:
        return _Block("apart", _fenced(source, "html"))
    if span_rules.LINE_BREAK_TAG.fullmatch(first.strip()):
        return _Block("text", "&nbsp;")
    return _Block("text", literal(first.strip()))


def _fenced(code: str, language: str) -> str:
    fence = backticks(code, 3)
    body = code if not code or code.endswith("\n") else code + "\n"
    return f"{fence}{language.replace('`', '').strip()}\n{harmless(body)}{fence}"


def _unparsed(text: str) -> str:
    parts = []
    end = 0
    for block in fences(text):
        between = replaced_in(_LINE_END, "  \n", text[end : block.start])
        parts += [between, text[block.start : block.end]]
        end = block.end
    parts.append(replaced_in(_LINE_END, "  \n", text[end:]))
    return harmless("".join(parts))
