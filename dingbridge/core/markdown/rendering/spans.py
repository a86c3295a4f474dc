"""The spans of one paragraph, heading or cell: their source, changed only where DingTalk needs it.

The rules of markdown-it-py are left to find what is what; each one that matters here also notes
which part of the source it took. All else is passed on as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

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
from dingbridge.core.markdown.rendering.parsing import visible_text
from dingbridge.core.markdown.rendering.tags import harmless, literal

STRUCK = ("‹✗ ", "›")
"""Strikethrough is not part of the dialect: its words stand between these."""

LINE_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
"""The one tag that does what it means."""

_MOST_ROUNDS = 4
"""How often links that may not leave are taken out, one around the other, before all is text."""

_BREAK = "\0"  # A parser of CommonMark has no such character in its text.
_REMARKABLE = re.compile(r"[`<\[]|~~|\\\n")
"""Without any of these only the line ends matter."""
_PLAIN_LINK = re.compile(r"\[[^\[\]`<\\~\n]*\]\(https?://[A-Za-z0-9][\w./?=%&#:@+,;-]*\)", re.ASCII)
"""A link, or a picture, that stays as it is written, whatever stands around it."""
_PLAIN_TARGET = re.compile(r"\([^\s<>]*\)")
_TARGET_WITH_TITLE = re.compile(r"\([ \t]*([^\s<>()]+)[ \t]+[\"'(]")
_BEFORE_A_TARGET = re.compile(r"\]([(:])\s*\Z")
_ENTITY = re.compile(r"&(?=#?\w+;)")

_BEGINS_A_BLOCK = re.compile(
    r"#{1,6}(?:[ \t]|$)|>|[-+*](?:[ \t]|$)|[0-9]{1,9}[.)](?:[ \t]|$)|`{3,}[^`]*$|~{3,}"
    r"|([-*_])(?:[ \t]*\1){2,}[ \t]*$",
    re.MULTILINE,
)
_UNDERLINES = re.compile(r"=+[ \t]*$|(?=[^-\n]*-)[-|:][-|: \t]*$", re.MULTILINE)
"""What makes a heading or the head of a table of the line above."""
_NUMBERED_LATER = re.compile(r"(?!0*1[.)])[0-9]+[.)]|[+*][ \t]*$|[0-9]+[.)][ \t]*$", re.MULTILINE)
"""What cannot interrupt a paragraph, though it can begin a list."""
_DEFINITION = re.compile(
    r"\[(?!\^)(?:[^\\\[\]]|\\.)+\]:[ \t]*(?:[^ \t\n]+[ \t]*)?(?:$|[\"'(])", re.MULTILINE
)

_MARKS = re.compile(r"[`*_~\[\]<]")
_CLOSED = re.compile(
    r"(`+)[^`\n]+\1(?!`)|\*\*[^*`\n\[\]]+\*\*|\[[^\[\]`*_~\n]*\]\([^()\s]*\)|(?<=\w)_(?=\w)"
)
"""Spans that certainly end where they begin, and underscores that are no marks."""

InlineRule = Callable[[StateInline, bool], bool]
Env = dict[str, Any]


class _Edit(NamedTuple):
    start: int
    end: int
    replacement: str


def lines(content: str, env: Env) -> list[str]:
    """Return the lines that a paragraph's source `content` is drawn in, as Markdown.

    `env` is the parser's, with the text's `references`; labels that are used are added to its set
    `used`. Between these lines belongs a hard break. Empty lines are left out.
    """
    if "\n" not in content and (content.isalnum() or not _REMARKABLE.search(content)):
        content = content.strip()
        return [content] if content else []
    for _ in range(_MOST_ROUNDS):
        if not _REMARKABLE.search(_PLAIN_LINK.sub("", content)):
            return _filled(content.split("\n"))
        edits: list[_Edit] = []
        struck: list[tuple[Token, int]] = []
        refused: list[_Edit] = []
        tokens: list[Token] = []
        own = {**env, "edits": edits, "struck": struck, "refused": refused}
        md = _WITH_STRIKETHROUGH if "~~" in content else _WITHOUT_EMPHASIS
        md.inline.parse(content, md, own, tokens)
        if not refused:
            for token, position in struck:
                if token.type in {"s_open", "s_close"}:
                    edits.append(_Edit(position, position + 2, STRUCK[token.type == "s_close"]))
            return _filled(_edited(content, edits).split(_BREAK))
        # What stood around a link could not be one; without it, it can.
        content = _edited(content, refused)
    return _filled(literal(content).split("\n"))


def kept_together(found: list[str]) -> str:
    """Return the lines of a paragraph joined by hard breaks, which DingTalk shows as line ends.

    A line that would begin a block of its own, because what stood before it is gone, is indented:
    that cannot interrupt a paragraph.
    """
    first = found[0]
    if _BEGINS_A_BLOCK.match(first) or _DEFINITION.match(first):
        first = f"&nbsp;{first}"
    return "  \n".join([first, *map(guarded, found[1:])])


def side_by_side(texts: list[str]) -> list[str]:
    """Return Markdown texts that were apart so that they stay what they are in one paragraph.

    A mark that nothing closes in one text could be closed by another. Where that would happen all
    of them become plain, with the addresses of their links.
    """
    if len(texts) < 2 or not _MARKS.search("".join(_CLOSED.sub("", text) for text in texts)):
        return texts
    shown = [shown_by(text) for text in texts]
    if "".join("".join(shown).split()) == "".join(shown_by("  \n".join(texts)).split()):
        return texts
    lines = (literal(text.strip()).split("\n") for text in shown)
    return ["  \n".join([first, *map(guarded, rest)]) for first, *rest in lines]


def shown_by(markdown: str, links: bool = True) -> str:
    """Return what a reader sees of spans in Markdown; with `links` also where links lead."""
    return visible_text(parsing.spans(markdown), links)


def guarded(line: str) -> str:
    """Return a line that continues a paragraph, indented if it would begin a block of its own.

    More lines may follow it.
    """
    if _BEGINS_A_BLOCK.match(line) and not _NUMBERED_LATER.match(line):
        return f"    {line}"
    return f"    {line}" if _UNDERLINES.match(line) else line


def _filled(pieces: list[str]) -> list[str]:
    stripped = map(str.strip, pieces)
    return [piece for piece in stripped if piece]


def _edited(content: str, edits: list[_Edit]) -> str:
    parts = []
    end = 0
    for edit in sorted(edits):
        parts += [content[end : edit.start], edit.replacement]
        end = edit.end
    parts.append(content[end:])
    return "".join(parts)


# --- rules ----------------------------------------------------------------------------------------


def _noting(rule: InlineRule, replacement: Callable[[StateInline, int], str | None]) -> InlineRule:
    """`rule`, which also notes what is to stand in the place of all that it took, if not that."""

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
                # Whatever was noted within has other offsets (a picture's description), or is
                # part of what is replaced.
                del state.env["edits"][edits:]
                del state.env["struck"][struck:]
                del state.env["refused"][refused:]
                _note_no_target(state, start, found)
                state.env["edits"].append(_Edit(start, state.pos, found))
        return True

    return apply


def _note_no_target(state: StateInline, start: int, replacement: str) -> None:
    """What was no target of a link, because of its `<`, must not become one without it."""
    if replacement.startswith("&lt;"):
        before = _BEFORE_A_TARGET.search(state.src, max(0, start - 50), start)
        if before:
            at = before.start(1)
            state.env["edits"].append(_Edit(at, at + 1, "\\" + before[1]))


def _line_end(state: StateInline, start: int) -> str:
    return " " if state.linkLevel else _BREAK


def _escaped(state: StateInline, start: int) -> str | None:
    if state.src[start + 1] != "\n":
        return None
    # Emphasis may end before a mark where it may not before a space, and the other way round.
    kept = "&nbsp;" if start and state.src[start - 1] in "*_" else ""
    return kept + _line_end(state, start)


def _code(state: StateInline, start: int) -> str | None:
    if not state.tokens or state.tokens[-1].type != "code_inline" or state.pending:
        return None  # backticks that nothing closes
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
    # The bytes themselves are never drawn (section 6), and nobody wants to read them.
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
        state.env["refused"].append(_Edit(start, end, words + where))
    elif target != tail:
        state.env["edits"].append(_Edit(label_end + 1, end, target))
    return True


def _alone(source: str, start: int, label_end: int) -> str:
    """The words of a link so that they stay what they are without its brackets."""
    words = source[start + 1 : label_end]
    touched = start > 0 and source[start - 1] in "!\\`*_~[]<&"
    return literal(shown_by(words)) if touched or _MARKS.search(_CLOSED.sub("", words)) else words


def _readable(target: str) -> str:
    """What stands after the words of a link that is none any more: where it would have led."""
    return f" ({literal(target[1:-1])})" if target[1:-1].strip() else ""


def _target(
    state: StateInline, token: Token, tail: str, address: str, label_end: int, label_start: int
) -> str:
    """Return `(address)`: as written where that is all, else without its title or its reference."""
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
    """What begins like a tag, and for CommonMark is none, is still one for some clients."""
    if silent or state.src[state.pos] != "<":
        return False
    following = state.src[state.pos + 1 : state.pos + 2]
    if "edits" in state.env and (following.isalpha() or following in {"/", "!", "?"}):
        _note_no_target(state, state.pos, "&lt;")
        state.env["edits"].append(_Edit(state.pos, state.pos + 1, "&lt;"))
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


_WITH_STRIKETHROUGH = _noting_parser(True)
_WITHOUT_EMPHASIS = _noting_parser(False)
"""Emphasis is passed on as it is written and costs time. It matters only where it is crossed."""
