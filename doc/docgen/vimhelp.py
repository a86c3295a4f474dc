"""A document in Markdown as text for `:help`."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from markdown_it.tree import SyntaxTreeNode

from docgen import markdown
from docgen.layout import FIXED, WIDTH, aligned, fill, width

RULE = "=" * WIDTH
_INDENT = "    "
_LONGEST_CODE = 70
"""Columns of code in a sentence that stays in one line."""

Links = Callable[[str], str]
"""What a link's address becomes: `|tag|`, or the address; ValueError when it leads nowhere."""


def page(document: SyntaxTreeNode, links: Links, names: Container[str]) -> list[str]:
    """The lines of one document, which begins with a rule and its title.

    Code that is one of `names`, such as `:Chat`, becomes a link to the tag of that name.
    """
    return _Page(links, names).lines(document)


class _Page:
    """Renders the blocks of a document."""

    def __init__(self, links: Links, names: Container[str]) -> None:
        self._links = links
        self._names = names

    def lines(self, tree: SyntaxTreeNode) -> list[str]:
        """All blocks with a blank line between them; the hidden marks of code look like one.

        Not so after a list, where the mark would belong to its last item.
        """
        headings = iter(markdown.headings(tree))
        lines: list[str] = []
        before = ""
        for node, tags in markdown.blocks(tree):
            if lines and before != "fence" and (before, node.type) != ("paragraph", "fence"):
                lines.append("")
            before = node.type
            if node.type == "heading":
                lines += _heading(next(headings))
            elif node.type == "table":
                lines += self._table(node, tags, "")
            else:
                lines += self._block(node, "")
        return lines

    def _block(self, node: SyntaxTreeNode, indent: str) -> list[str]:
        if node.type == "paragraph":
            if [one.type for one in node.children[0].children] == ["image"]:
                return fill(f"[picture: {node.children[0].children[0].content}]", indent, indent)
            return fill(self._inline(node.children[0]), indent, indent)
        if node.type == "fence":
            return _code(node, indent)
        if node.type in ("bullet_list", "ordered_list"):
            return self._list(node, indent)
        if node.type == "table":
            return self._table(node, (), indent)
        raise ValueError(f"no help for a {node.type}: {node.content[:40]!r}")

    def _list(self, node: SyntaxTreeNode, indent: str) -> list[str]:
        lines: list[str] = []
        apart = not all(child.children[0].hidden for child in node.children)
        for number, item in enumerate(node.children, int(node.attrs.get("start", 1))):
            mark = f"{number}. " if node.type == "ordered_list" else "- "
            deeper = indent + " " * len(mark)
            text, *others = item.children
            if apart and lines:
                lines.append("")
            lines += fill(self._inline(text.children[0]), indent + mark, deeper)
            for other in others:
                gap = other.type not in ("bullet_list", "ordered_list")
                lines += [*([""] if gap else []), *self._block(other, deeper)]
        return lines

    def _table(self, node: SyntaxTreeNode, tags: Sequence[str], indent: str) -> list[str]:
        cells = [row.children for part in node.children for row in part.children]
        head, *rows = [[self._inline(cell.children[0]) for cell in row] for row in cells]
        table = aligned(head, rows, WIDTH - len(indent) - len(_INDENT))
        if table is not None and not tags:
            return [f"{indent}{_INDENT}{line}".rstrip() for line in table]
        lines: list[str] = []
        for row, source in zip(rows, cells[1:], strict=True):
            name = markdown.plain(source[0].children[0]) if tags else row[0]
            own = [tag.replace("*", row_name(name)).rstrip("-") for tag in tags]
            lines += [*([""] if tags else []), *_tag_lines(own), *_entry(name, head, row, indent)]
        return lines[1:] if tags else lines

    def _inline(self, inline: SyntaxTreeNode) -> str:
        return "".join(map(self._piece, inline.children))

    def _piece(self, node: SyntaxTreeNode) -> str:
        if node.type == "text":
            return node.content
        if node.type == "code_inline":
            return self._code_in_a_sentence(node.content)
        if node.type in ("softbreak", "hardbreak"):
            return " "
        if node.type in ("strong", "em"):
            return self._inline(node)
        if node.type == "link":
            return self._link(node)
        raise ValueError(f"no help for {node.type}: {node.content!r}")

    def _link(self, node: SyntaxTreeNode) -> str:
        words, leads = self._inline(node), self._links(str(node.attrs["href"]))
        if words.startswith("|"):
            return words
        if words.endswith(".md") or words == leads:
            return leads
        return f"{words} ({leads})" if leads.startswith("|") else f"{words} <{leads}>"

    def _code_in_a_sentence(self, code: str) -> str:
        if code in self._names:
            return f"|{code}|"
        if width(code) > _LONGEST_CODE:
            return code  # Neovim reads no marks that are on two lines
        return f"`{code.replace(' ', FIXED)}`"


def row_name(cell: str) -> str:
    """The name of an option, event or command for its tag: `groups.{id}.users` is `groups.users`,
    `:[range]Chat send [text]` is `send`, `:Chat` is empty, `/diag [error|warn]` is `diag`."""
    first, *others = cell.split(" ")
    if first.endswith("Chat"):
        return others[0] if others else ""
    return first.lstrip("/").replace(".{id}", "")


def _heading(heading: markdown.Heading) -> list[str]:
    if heading.level == 1:
        title = heading.title.upper()
        first, *others = heading.tags
        return [RULE, f"{title}{f'*{first}*':>{WIDTH - width(title)}}", *_tag_lines(others)]
    return [*_tag_lines(heading.tags), f"{heading.title} ~"]


def _tag_lines(tags: Sequence[str]) -> list[str]:
    return [f"{' '.join(f'*{tag}*' for tag in tags):>{WIDTH}}"] if tags else []


def _entry(name: str, head: Sequence[str], row: Sequence[str], indent: str) -> list[str]:
    """The name as a title, below it the last cell and then the others with their heads."""
    _, *others, text = row
    named = [
        f"{title[:1].upper()}{title[1:]}: {cell.rstrip('.')}."
        for title, cell in zip(head[1:], others, strict=False)
        if cell
    ]
    deeper = indent + _INDENT
    return [*fill(name, indent, indent), *fill(" ".join([text, *named]), deeper, deeper)]


def _code(node: SyntaxTreeNode, indent: str) -> list[str]:
    """A block of code. What is too wide for its indent moves to the left."""
    lines = node.content.rstrip("\n").split("\n")
    free = WIDTH - max(map(width, lines))
    pad = " " * max(1, min(len(indent) + len(_INDENT), free))
    language = node.info if node.info != "text" else ""
    return [f">{language}", *(f"{pad}{line}".rstrip() for line in lines), "<"]
