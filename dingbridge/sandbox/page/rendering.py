"""Text and Markdown of messages as HTML without anything that runs or asks another host.

Everything goes through nh3. A link keeps its address for the script of the page, which never
follows it without asking; the `src` of a picture is a media id, or an address that is only shown.
"""

from __future__ import annotations

import html
import re
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from dingbridge.sandbox.links import BARE

TAGS: Final = {
    *("p", "br", "hr", "strong", "b", "em", "i", "u", "s", "del", "font", "a", "img"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "code", "pre"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
"""What a message may be drawn with (doc/dingtalk.md §9)."""
ATTRIBUTES: Final = {
    "a": {"href"},
    "img": {"src", "alt"},
    "font": {"color"},
    "ol": {"start"},
    "th": {"align"},
    "td": {"align"},
}
SCHEMES: Final = {"http", "https", "mailto", "dtmd", "dingtalk"}
"""What a tap may have a meaning for."""
_ALIGNED: Final = re.compile(r"text-align:(left|center|right)")


def text_html(text: str) -> str:
    """A message of plain text. Line ends stay as they are."""
    return _cleaned(_with_links(text))


def markdown_html(text: str) -> str:
    """A message or a card of Markdown, in DingTalk's dialect."""
    return _cleaned(_RENDERER.render(text))


def words_of(markdown: str) -> str:
    """The words of a Markdown text, on one line."""
    return " ".join(html.unescape(nh3.clean(markdown_html(markdown), tags=set())).split())


def _cleaned(page: str) -> str:
    return nh3.clean(
        page.encode(errors="replace").decode(),  # half a character is none
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=None,
    )


def _with_links(text: str) -> str:
    """Escaped text in which bare addresses are links."""
    parts: list[str] = []
    end = 0
    for found in BARE.finditer(text):
        address = html.escape(found[0])
        parts += [html.escape(text[end : found.start()]), f'<a href="{address}">{address}</a>']
        end = found.end()
    return "".join([*parts, html.escape(text[end:])])


class _AnyAddress(MarkdownIt):
    """Leaves it to nh3 which addresses may be links."""

    def validateLink(self, url: str) -> bool:
        """Whether `url` may be a link."""
        return True


def _link_bare_addresses(state: StateCore) -> None:
    for block in state.tokens:
        if block.type != "inline":
            continue
        children: list[Token] = []
        inside = 0
        for token in block.children or []:
            inside += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            if token.type == "text" and not inside and BARE.search(token.content):
                raw = Token("html_inline", "", 0, content=_with_links(token.content))
                children.append(raw)
            else:
                children.append(token)
        block.children = children


def _align_cells(state: StateCore) -> None:
    """Says the alignment of a cell by an attribute, as styles inside of a page are not allowed."""
    for token in state.tokens:
        if token.type in {"th_open", "td_open"}:
            attributes: dict[str, Any] = token.attrs
            aligned = _ALIGNED.search(str(attributes.pop("style", "")))
            if aligned:
                attributes["align"] = aligned[1]


def _renderer() -> MarkdownIt:
    made = _AnyAddress("commonmark", {"html": True}).enable(["table", "strikethrough"])
    made.core.ruler.push("bare_addresses", _link_bare_addresses)
    made.core.ruler.push("align_cells", _align_cells)
    return made


_RENDERER: Final = _renderer()
