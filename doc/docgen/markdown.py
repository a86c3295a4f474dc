"""What a document of the manual holds: its headings with their anchors and help tags.

A comment above a heading, `<!-- tag: dingbridge-media -->`, names its tags in `:help`; without one
the tag is `dingbridge-` and the heading's anchor. Above a table each row gets such a tag, with the
row's name instead of the star: `<!-- tag: :Chat-* :DingTalk-* -->`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from msgspec import Struct

_TAGS = re.compile(r"<!-- tag: (.+?) -->")


class Heading(Struct, frozen=True):
    """A heading: its plain text, its level from 1, its anchor as GitHub makes it, its help tags."""

    title: str
    level: int
    anchor: str
    tags: tuple[str, ...]


def parse(source: str) -> SyntaxTreeNode:
    """The document as a tree of blocks."""
    return SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(source))


def blocks(tree: SyntaxTreeNode) -> Iterator[tuple[SyntaxTreeNode, tuple[str, ...]]]:
    """The blocks of the document without its comments, each with the tags given to it."""
    tags: tuple[str, ...] = ()
    for node in tree.children:
        if node.type == "html_block":
            found = _TAGS.search(node.content)
            tags = tuple(found[1].split()) if found else tags
            continue
        yield node, tags
        tags = ()


def headings(tree: SyntaxTreeNode) -> list[Heading]:
    """The headings in their order; of two with the same words the second has another anchor."""
    found: list[Heading] = []
    for node, tags in blocks(tree):
        if node.type == "heading":
            title = plain(node.children[0])
            anchor = _anchor(title, [each.anchor for each in found])
            tags = tags or (f"dingbridge-{anchor}",)
            found.append(Heading(title, int(node.tag[1:]), anchor, tags))
    return found


def plain(inline: SyntaxTreeNode) -> str:
    """The words of a line without their marks."""
    return "".join(
        node.content if not node.children else plain(node)
        for node in inline.children
        if node.type != "html_inline"
    )


def _anchor(title: str, taken: list[str]) -> str:
    anchor = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
    same = sum(re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", each) is not None for each in taken)
    return f"{anchor}-{same}" if same else anchor
