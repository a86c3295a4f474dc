"""Blocks are read as markdown-it-py itself reads them, whatever stands in a text."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.rules_block import blockquote, list_block, reference, table

from dingbridge.core.markdown.rendering.block_rules import BlockParser
from dingbridge.core.markdown.rendering.parsing import span_parser
from dingbridge.core.markdown.rendering.table_rule import ALIGNMENTS, KIND, ROWS, table_rule
from tests import commonmark

STOCK = MarkdownIt("commonmark").enable("table")
OURS = MarkdownIt("commonmark").enable("table")
OURS.block = BlockParser(blockquote, list_block, reference, table)

WHOLE_TABLES = MarkdownIt("commonmark").enable("table")
WHOLE_TABLES.block = BlockParser(blockquote, list_block, reference, table_rule)

MARKDOWN = st.lists(
    st.sampled_from(
        [
            *("# ", "## h\n", "- ", "* ", "+ ", "1. ", "12) ", "> ", ">", "    ", "  ", "\t"),
            *("```\n", "~~~\n", "```py\n", "---\n", "***\n", "___\n", "===\n", "-\n", "= =\n"),
            *("| a | b |\n", "|---|:-:|\n", "| --- |\n", "a | b\n", "---|---\n", "|", ":", "-"),
            *("[x]: http://e.com\n", "[x]", "<div>\n", "<!-- c -->\n", "<pre>\n", "</pre>\n"),
            *("word ", "text\n", "中文。", "\n", "\n\n", "**b**", "`c`", "\\", "\r\n"),
            *("\u2003", "\xa0", "\u3000", "\x0b", "\x0c", "\x85", "\ufeff", "\u2028", "\x1c"),
        ]
    ),
    max_size=30,
).map("".join)


def read(parser: MarkdownIt, text: str) -> list[dict[str, Any]]:
    """What a parser makes of a text."""
    fields = ("type", "tag", "nesting", "level", "content", "markup", "info", "map", "hidden")
    return [
        {**{name: getattr(token, name) for name in fields}, "attrs": dict(token.attrs)}
        for token in parser.parse(text)
    ]


ADDRESSES = st.lists(
    st.sampled_from(
        [
            *("http", "https", "://", "e.com", "a.b", "xn--fiq", "-", ".", "/", "//", "~", "%20"),
            *("é", "A", "_", ":80", "@", "?q=1", "#x", " ", "\\", "..", "1"),
        ]
    ),
    max_size=8,
).map("".join)


@given(ADDRESSES | st.just("https://example.com/path-1_2/~x."))
def test_an_address_is_normal_as_the_stock_parser_has_it(address: str) -> None:
    for url in (address, f"https://{address}", f"http://e.com/{address}"):
        assert span_parser().normalizeLink(url) == STOCK.normalizeLink(url)


@settings(deadline=None)
@given(MARKDOWN)
def test_blocks_are_what_the_stock_parser_finds(text: str) -> None:
    assert read(OURS, text) == read(STOCK, text)


def test_the_examples_of_commonmark_are_read_as_by_the_stock_parser() -> None:
    for text in commonmark.examples():
        assert read(OURS, text) == read(STOCK, text)


ROWS_OF_TABLES = st.sampled_from(
    [
        *(
            "| a | b |",
            "a | b",
            "|a||",
            "| x \\| y | z |",
            "1 | 2 | 3",
            "| a | b | c | d |",
            "| e |",
        ),
        *(
            "|",
            "||",
            "| |",
            "> |",
            "- | f",
            "# h | g",
            "```",
            "    | i |",
            "\u2003",
            "\xa0| j |",
            "",
        ),
    ]
)
BELOW_HEAD = st.sampled_from(
    [
        "|---|:-:|",
        "---|---",
        "| --- |",
        ":-|-:",
        "|:-|-:|--|",
        "- | -",
        "|-",
        "|--||",
        "-|-\xa0",
        "-",
    ]
)
TABLES = st.builds(
    lambda front, head, below, rows: "".join(f"{front}{line}\n" for line in (head, below, *rows)),
    st.sampled_from(["", "", "> ", "    ", "  "]),
    ROWS_OF_TABLES,
    BELOW_HEAD,
    st.lists(ROWS_OF_TABLES, max_size=4),
)


def tables_of(text: str) -> list[tuple[list[int], list[str], list[list[str]]]]:
    """The tables that the stock parser finds: their lines, alignments and cells."""
    found: list[tuple[list[int], list[str], list[list[str]]]] = []
    tokens = STOCK.parse(text)
    for token, following in pairwise(tokens):
        if token.type == "table_open":
            found.append((token.map or [], [], []))
        elif token.type == "tr_open":
            found[-1][2].append([])
        if token.type == "th_open":
            found[-1][1].append(str(token.attrs.get("style", "")).removeprefix("text-align:"))
        if token.type in {"th_open", "td_open"}:
            found[-1][2][-1].append(following.content)
    return found


@settings(deadline=None)
@given(TABLES | MARKDOWN)
def test_a_table_has_the_cells_that_the_stock_parser_finds(text: str) -> None:
    ours = [token for token in WHOLE_TABLES.parse(text) if token.type == KIND]
    stock = tables_of(text)
    assert [(token.map, token.meta[ALIGNMENTS]) for token in ours] == [each[:2] for each in stock]
    for token, (_, _, rows) in zip(ours, stock, strict=True):
        assert [row[:-1] for row in token.meta[ROWS]] == [row[:-1] for row in rows]
        for row, expected in zip(token.meta[ROWS], rows, strict=True):
            assert f"{row[-1]} |".startswith(f"{expected[-1]} |")


def test_cells_beyond_the_last_column_stay_in_it() -> None:
    text = "| a | b |\n|---|---|\n| 1 | 2 | 3 \\| 4 |\n| 5 |\n"
    [table] = WHOLE_TABLES.parse(text)
    assert table.meta[ROWS] == [["a", "b"], ["1", "2 | 3 | 4"], ["5", ""]]
