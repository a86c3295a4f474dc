"""Markdown for DingTalk: the title of a message, and code from the editor as a fenced block."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dingbridge.core.fences import fences
from dingbridge.core.limits import TITLE_CHARACTERS
from dingbridge.core.text import clean, shorten, visible

_WITHOUT_CONTENT = "Neovim"

_FILLED_LINE = re.compile(r"[^\n]+")
# Rules, underlines of headings and the second row of a table say nothing.
_RULE = re.compile(r"[ \t>]*([-*_=])(?:[ \t]*\1)+[ \t]*")
_TABLE_RULE_CHARACTERS = frozenset("|:- \t>")
_LEADING_MARKS = re.compile(
    r"\A(?:\s*(?:"
    r"#{1,6}(?=\s|$)|#{2,6}|#(?=[^\x00-\x7f])"
    r"|>|[-*+](?:\s+\[[ xX]\])?(?=\s|$)|[0-9]{1,9}[.)](?=\s|$)"
    r"))*\s*"
)
_CLOSING_HEADING_MARKS = re.compile(r"(?<=\s)#+\s*$")
_DESTINATION = r"\([^()]*(?:\([^()]*\)[^()]*)*\)"
_IMAGE = re.compile(rf"!\[([^\[\]]*)\]{_DESTINATION}")
_LINK = re.compile(rf"\[([^\[\]]*)\]{_DESTINATION}")
_BARE_LINK = re.compile(r"<((?:https?|dingtalk|mailto):[^<>\s]*)>")
_EMPHASIS = re.compile(
    r"(?<!`)(?P<code>`+)(?!`)(?P<literal>.+?)(?<!`)(?P=code)(?!`)"
    r"|(?<!\\)(?P<star>\*{1,3})(?=[^\s*])(?P<starred>.+?)(?<=[^\s\\*])(?P=star)(?!\*)"
    r"|(?<![\\\w])(?P<under>_{1,3})(?=[^\s_])(?P<underlined>.+?)(?<=[^\s\\_])(?P=under)(?!\w)"
    r"|(?<!\\)~~(?=\S)(?P<struck>.+?)(?<=\S)~~"
)
_UNCLOSED_EMPHASIS = re.compile(r"^(?:\*+|_{2,}|~~|`+)(?=\S)|(?<=[^\s\\])(?:\*+|~~|`+)$")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_EMPHASIS_CHARACTERS = 400
"""How much of a line is searched for emphasis, whose cost is the square of the length."""
_EMPHASIS_DEPTH = 4

_LANGUAGE = re.compile(r"[\w+#.-]+")
_BACKTICKS = re.compile(r"`+")


def title(text: str) -> str:
    """Return what the conversation list and the push notification show for the Markdown `text`.

    The title field must not be empty (protocol section 9). It is the first line that says
    something, without Markdown marks, in at most `TITLE_CHARACTERS` code points with the ellipsis;
    for a text that is only code its first line; for a text that shows nothing 'Neovim'.
    """
    text = clean(text)
    for line in _prose_lines(text):
        plain = _plain(line)
        if visible(plain):
            return shorten(plain, TITLE_CHARACTERS)
    for block in fences(text):
        for line in _lines(text, block.code_start, block.code_end):
            if visible(line):
                return shorten(line, TITLE_CHARACTERS)
    return _WITHOUT_CONTENT


def fenced(code: str, file_name: str, language: str, first_line: int, last_line: int) -> str:
    """Return `code` as a fenced block under a line that says where it is from.

    The fence is longer than every run of backticks in `code`, which is kept as it is. `language`
    may be empty or any editor file type. Lines count from 1 and are inclusive; an empty `file_name`
    (a buffer without a file) leaves the line numbers alone.
    """
    one = first_line == last_line
    lines = f"{first_line}" if one else f"{first_line}-{last_line}"
    name = " ".join(clean(file_name).split())
    unnamed = "line" if one else "lines"
    origin = f"{name}:{lines}" if name else f"{unnamed} {lines}"
    fence = _longer_than_runs(code, 3)
    known = _LANGUAGE.match(language)
    body = code if not code or code.endswith("\n") else code + "\n"
    return f"{_code_span(origin)}\n{fence}{known[0] if known else ''}\n{body}{fence}"


def _code_span(content: str) -> str:
    marks = _longer_than_runs(content, 1)
    padding = " " if "`" in content else ""
    return f"{marks}{padding}{content}{padding}{marks}"


def _longer_than_runs(text: str, least: int) -> str:
    longest = max(map(len, _BACKTICKS.findall(text)), default=0)
    return "`" * max(least, longest + 1)


def _prose_lines(text: str) -> Iterator[str]:
    end = 0
    for block in fences(text):
        yield from _lines(text, end, block.start)
        end = block.end
    yield from _lines(text, end, len(text))


def _lines(text: str, start: int, end: int) -> Iterator[str]:
    for match in _FILLED_LINE.finditer(text, start, end):
        yield match[0]


def _plain(line: str) -> str:
    """Return what a reader sees of one line of Markdown outside code; empty for mere structure."""
    if _RULE.fullmatch(line) or ("--" in line and _TABLE_RULE_CHARACTERS.issuperset(line)):
        return ""
    if line.lstrip().startswith("#"):
        line = _CLOSING_HEADING_MARKS.sub("", line)
    line = _LEADING_MARKS.sub("", line)
    if line.startswith("|"):
        line = line.replace("|", " ")
    line = _BARE_LINK.sub(r"\1", _LINK.sub(r"\1", _IMAGE.sub(r"\1", line)))
    line = _without_emphasis(line.strip()[:_EMPHASIS_CHARACTERS], _EMPHASIS_DEPTH)
    return _ESCAPED.sub(r"\1", _UNCLOSED_EMPHASIS.sub("", line)).strip()


def _without_emphasis(line: str, depth: int) -> str:
    def content(match: re.Match[str]) -> str:
        if match["literal"] is not None:
            return match["literal"].strip()
        inner = match["starred"] or match["underlined"] or match["struck"]
        return _without_emphasis(inner, depth - 1) if depth else inner

    return _EMPHASIS.sub(content, line)
