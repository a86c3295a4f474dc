"""What can be tapped in a robot's message, and what DingTalk does then (doc/dingtalk.md §8.6)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs

from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import Struct

_SEND_MESSAGE: Final = "//dingtalkclient/sendMessage"
_INVISIBLE: Final = "\u00ad\u034f\u180e\u200b-\u200f\u2060-\u2064\ufeff"
_DROPPED: Final = re.compile(rf"[\x00-\x1f\x7f{_INVISIBLE}]")
"""What a client takes out of an address before it reads it."""
_UNSEEN: Final = re.compile(f"[{_INVISIBLE}]")

# Clients that know less of Markdown than CommonMark does, and no code.
_INLINE: Final = re.compile(r"\[([^\[\]]*)\]\(\s*<?([^\s()<>]+)")
_DEFINED: Final = re.compile(r"^\s*\[([^\[\]]*)\]:\s*<?(\S+?)>?\s*$", re.MULTILINE)
_POINTED: Final = re.compile(r"<()([A-Za-z][A-Za-z0-9+.-]*:[^\s<>]+)>")
_ATTRIBUTE: Final = re.compile(
    r"<[a-z][^<>]*\b(?:href|src|action)()\s*=\s*[\"']?([^\s\"'<>]+)", re.I
)
_WRITTEN: Final = (_INLINE, _DEFINED, _POINTED, _ATTRIBUTE)
BARE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s<>\"'()\[\]`]+")
"""An address that stands bare in a text."""
_RUNS: Final = re.compile(r"(?:dtmd|javascript|vbscript):[^\s<>\"'()\[\]`]+", re.I)


class TappableLink(Struct, frozen=True):
    """Something to tap: its words, and the address as a client reads it."""

    label: str
    address: str

    @property
    def scheme(self) -> str:
        """The scheme in lower case; empty for an address without one."""
        head, colon, _ = self.address.partition(":")
        return head.lower() if colon and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", head) else ""


def links(text: str) -> list[TappableLink]:
    """Return all that some client could make a link of in `text`: what CommonMark says, what
    somebody finds who reads links by their brackets alone, tags, and addresses that stand bare."""
    return [TappableLink(label, read_address(address)) for label, address in _all(text)]


def sent_by_tap(link: TappableLink) -> str | None:
    """The text that a tap on `link` sends as the person who taps; None when it sends nothing.

    The host has to be in lower case; otherwise nothing happens, without a word.
    """
    if link.scheme != "dtmd":
        return None
    place, _, query = link.address.partition(":")[2].partition("?")
    content = parse_qs(query).get("content", [""])[0]
    return content if place == _SEND_MESSAGE and content else None


def _all(text: str) -> Iterator[tuple[str, str]]:
    shown: list[str] = []
    for token in _READER.parse(text):
        if token.type == "inline":
            children = token.children or []
            yield from _commonmark(children)
            shown.append("".join(_seen(child) for child in children))
        elif token.type == "html_block":
            shown.append(token.content)
    for found in (one for pattern in _WRITTEN for one in pattern.finditer(text)):
        yield found[1], found[2]
    for part in (text, html.unescape(text)):
        yield from ((found[0], found[0]) for found in _RUNS.finditer(_DROPPED.sub("", part)))
    # Markdown is drawn before a client looks for addresses in it; text is not.
    for part in shown:
        yield from ((found[0], found[0]) for found in BARE.finditer(_UNSEEN.sub("", part)))


def _commonmark(tokens: list[Token]) -> Iterator[tuple[str, str]]:
    opened: list[tuple[int, str]] = []
    for at, token in enumerate(tokens):
        if token.type == "link_open":
            opened.append((at, str(token.attrs["href"])))
        elif token.type == "link_close" and opened:
            start, address = opened.pop()
            yield "".join(each.content for each in tokens[start + 1 : at]), address
        elif token.type == "image":
            yield token.content, str(token.attrs["src"])


def _seen(token: Token) -> str:
    """What is drawn of a span; code is never made a link of."""
    if token.type in {"softbreak", "hardbreak"}:
        return "\n"
    return " " if token.type in {"code_inline", "image"} else token.content


def read_address(address: str) -> str:
    """Return an address as a client reads it."""
    return _DROPPED.sub("", html.unescape(address)).strip().replace("\\", "/")


class _AnyAddress(MarkdownIt):
    """A client that takes every address."""

    def validateLink(self, url: str) -> bool:
        """Whether `url` may be a link."""
        return True


_READER: Final = _AnyAddress("commonmark").enable(["table", "strikethrough"])
