"""Rules of markdown-it-py for spans that also record edits of the source.

The original rules decide what a span is. Each rule here wraps one and records a `SourceEdit` where
DingTalk needs another text than the source:

- `env["edits"]`: the edits
- `env["refused"]`: edits that replace forbidden links
- `env["struck"]`: the marks of strikethrough, as (token, position)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_inline import (
    StateInline,
    autolink,
    backtick,
    escape,
    html_inline,
    image,
    link,
    newline,
    strikethrough,
)
from markdown_it.token import Token

from dingbridge.core.delivery.outgoing_text import may_link, may_show
from dingbridge.core.markdown.rendering import parsing
from dingbridge.core.markdown.rendering.parsing import has_open_marks, shown_by, visible_text
from dingbridge.core.markdown.rendering.tags import harmless, literal

LINE_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
"""The only HTML tag that has an effect."""

BREAK = "\0"  # CommonMark replaces this character in a text, so no other one occurs.
_PLAIN_TARGET = re.compile(r"\([^\s<>]*\)")
_TARGET_WITH_TITLE = re.compile(r"\([ \t]*([^\s<>()]+)[ \t]+[\"'(]")
_BEFORE_A_TARGET = re.compile(r"\]([(:])\s*\Z")
_ENTITY = re.compile(r"&(?=#?\w+;)")

InlineRule = Callable[[StateInline, bool], bool]


class SourceEdit(NamedTuple):
    """`replacement` is written in place of the source from `start` to `end`."""

    start: int
    end: int
    replacement: str


def _noting(rule: InlineRule, replacement: Callable[[StateInline, int], str | None]) -> InlineRule:
    """`rule`, which also records `replacement` for the source it consumed; None records nothing."""

    def apply(state: StateInline, silent: bool) -> bool:
        start = state.pos
        edits = len(state.env.get("edits", ()))
        struck = len(state.env.get("struck", ()))
        refused = len(state.env.get("refused", ()))
        if not rule(state, silent):
            return False
        if not silent and "edits" in state.env:
            found = replacement(state, start)
            if found is not None:
                # Edits within have other offsets (a picture's description), or are replaced too.
                del state.env["edits"][edits:]
                del state.env["struck"][struck:]
                del state.env["refused"][refused:]
                _note_no_target(state, start, found)
                state.env["edits"].append(SourceEdit(start, state.pos, found))
        return True

    return apply


def _note_no_target(state: StateInline, start: int, replacement: str) -> None:
    """Escape what would become a link's target once its `<` is replaced."""
    if replacement.startswith("&lt;"):
        before = _BEFORE_A_TARGET.search(state.src, max(0, start - 50), start)
        if before:
            at = before.start(1)
            state.env["edits"].append(SourceEdit(at, at + 1, "\\" + before[1]))


def _line_end(state: StateInline, start: int) -> str:
    return " " if state.linkLevel else BREAK


def _escaped(state: StateInline, start: int) -> str | None:
    if state.src[start + 1] != "\n":
        return None
    # Emphasis may end before a mark where it may not before a space, and vice versa.
    kept = "&nbsp;" if start and state.src[start - 1] in "*_" else ""
    return kept + _line_end(state, start)


def _code(state: StateInline, start: int) -> str | None:
    if not state.tokens or state.tokens[-1].type != "code_inline" or state.pending:
        return None  # unclosed backticks
    return harmless(state.src[start : state.pos].replace("\n", " "))


def _tag(state: StateInline, start: int) -> str:
    tag = state.src[start : state.pos]
    if LINE_BREAK_TAG.fullmatch(tag):
        return _line_end(state, start)
    return literal(tag).replace("\n", _line_end(state, start))


def _autolink(state: StateInline, start: int) -> str | None:
    address = str(state.tokens[-3].attrs["href"])
    return None if may_link(address) else literal(state.src[start : state.pos])


def _picture(state: StateInline, start: int) -> str:
    token = state.tokens[-1]
    words = token.content
    if "[" in words or "\n" in words:
        words = literal(visible_text(token.children).replace("\n", " "))
    label_end = start + 2 + len(token.content)
    tail = state.src[label_end + 1 : state.pos]
    address = str(token.attrs.get("src", ""))
    target = _target(state, token, tail, address, label_end, start + 2)
    if may_show(target[1:-1]):
        return f"![{words}]{target}"
    # DingTalk never shows data: URLs (doc/dingtalk.md §6).
    where = "" if address.startswith("data:") else _readable(target)
    return f"🖼 {words}{where}".rstrip()


def _link(state: StateInline, silent: bool) -> bool:
    start = state.pos
    before = len(state.tokens)
    if not link(state, silent):
        return False
    if silent or "edits" not in state.env:
        return True
    opening = next(token for token in state.tokens[before:] if token.type == "link_open")
    end = state.pos
    label_end = parsing.label_end(state, start, links_inside=False)
    state.pos = end
    tail = state.src[label_end + 1 : end]
    address = str(opening.attrs.get("href", ""))
    target = _target(state, opening, tail, address, label_end, start + 1)
    if not may_link(target[1:-1]):
        words = _alone(state.src, start, label_end)
        where = "" if words == target[1:-1] else _readable(target)
        state.env["refused"].append(SourceEdit(start, end, words + where))
    elif target != tail:
        state.env["edits"].append(SourceEdit(label_end + 1, end, target))
    return True


def _alone(source: str, start: int, label_end: int) -> str:
    """The words of a link, escaped to keep their meaning without its brackets."""
    words = source[start + 1 : label_end]
    touched = start > 0 and source[start - 1] in "!\\`*_~[]<&"
    return literal(shown_by(words)) if touched or has_open_marks(words) else words


def _readable(target: str) -> str:
    """The address of a removed link, to follow its words."""
    return f" ({literal(target[1:-1])})" if target[1:-1].strip() else ""


def _target(
    state: StateInline, token: Token, tail: str, address: str, label_end: int, label_start: int
) -> str:
    """`(address)`: as written if possible, otherwise without title or reference."""
    if _PLAIN_TARGET.fullmatch(tail):
        return tail
    if not tail.startswith("("):
        label = tail[1:-1] or state.src[label_start:label_end]
        state.env["used"].add(parsing.normalized(label))
    elif token.attrGet("title") is not None and (titled := _TARGET_WITH_TITLE.match(tail)):
        return f"({titled[1]})"
    address = address.replace("(", "%28").replace(")", "%29")
    return f"({_ENTITY.sub('&amp;', address)})"


def _strikethrough(state: StateInline, silent: bool) -> bool:
    start = state.pos
    before = len(state.tokens)
    if not strikethrough.tokenize(state, silent):
        return False
    position = start + (state.pos - start) % 2
    for token in state.tokens[before:]:
        if token.content == "~~":
            state.env.get("struck", []).append((token, position))
            position += 2
    return True


def _angle(state: StateInline, silent: bool) -> bool:
    """Escape text that some clients, unlike CommonMark, read as a tag."""
    if silent or state.src[state.pos] != "<":
        return False
    following = state.src[state.pos + 1 : state.pos + 2]
    if "edits" in state.env and (following.isalpha() or following in {"/", "!", "?"}):
        _note_no_target(state, state.pos, "&lt;")
        state.env["edits"].append(SourceEdit(state.pos, state.pos + 1, "&lt;"))
    state.append_pending("<")
    state.pos += 1
    return True


def _noting_parser(emphasis: bool) -> MarkdownIt:
    md = parsing.span_parser()
    rules = md.inline.ruler
    rules.at("newline", _noting(newline, _line_end))
    rules.at("escape", _noting(escape, _escaped))
    rules.at("backticks", _noting(backtick, _code))
    rules.at("strikethrough", _strikethrough)
    rules.at("link", _link)
    rules.at("image", _noting(image, _picture))
    rules.at("autolink", _noting(autolink, _autolink))
    rules.at("html_inline", _noting(html_inline, _tag))
    rules.push("angle", _angle)
    return md if emphasis else md.disable(["emphasis", "strikethrough"])


WITH_STRIKETHROUGH = _noting_parser(True)
WITHOUT_EMPHASIS = _noting_parser(False)
"""A parser without emphasis, which stays as written; only strikethrough needs the full one."""
