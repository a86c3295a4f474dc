"""Blocks are read as markdown-it-py itself reads them, whatever stands in a text."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.rules_block import blockquote, list_block, reference, table

from dingbridge.core.rendering.block_rules import Blocks
from dingbridge.core.rendering.parsing import span_parser
from tests import commonmark

STOCK = MarkdownIt("commonmark").enable("table")
OURS = MarkdownIt("commonmark").enable("table")
OURS.block = Blocks(blockquote, list_block, reference, table)

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
