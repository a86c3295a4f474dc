"""Wordings that nobody would say aloud, in documents, docstrings and comments, and what to write
instead."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

from tests.support.editor import ROOT

FILES = (
    *("README.md", "CHANGELOG.md", "doc/*.md"),
    *("dingbridge/**/*.py", "rplugin/**/*.py", "doc/docgen/*.py", "tests/**/*.py"),
    *("lua/**/*.lua", "dingbridge/**/*.lua"),
)
"""What is read, as patterns below the root of the project: documents, and in Python and Lua the
docstrings and comments."""

INSTEAD = {
    r"(?:is|are|was|were|be|been|being)(?: \w+)? told": "is reported, documented or shown; you see",
    r"tells of": "describes",
    r"(?:is|are|was|were|be|been|being|who|them|somebody|people|whom|whoever) let in": "is allowed",
    r"let(?:s|ting)? (?:\w+ )?in": "allow, admit, access",
    r"(?:goes|go|went) on by (?:itself|themselves)": "continues automatically",
    r"(?:try|tries|trying|tried) again by (?:itself|themselves)": "retries automatically",
    r"stands? under": "see",
    r"without more": "by default",
    r"set up no more": "no longer configured",
    r"in vain": "failed",
    r"is no host": "is not a host",
    r"it never left": "not sent",
    r"asked for before": "requested earlier",
    r"is promised": "is guaranteed",
    r"all that you asked for": "every request",
    r"what leaves through": "outgoing",
    r"by whomever": "by anyone",
    r"by turns": "alternately",
    r"(?:has|have|had) its turn": "runs",
    r"of (?:its|their) own accord": "automatically",
    r"whoever": "anybody who, the caller, the author",
    r"(?:what|which|that) (?:is|are) to be": "must be, will be",
    r"in the place of": "instead of; replaces",
}
"""Wording, as a pattern for whole words, and what an engineer would say."""

_FORBIDDEN = {re.compile(rf"\b{each}\b", re.IGNORECASE): what for each, what in INSTEAD.items()}
_NO_PROSE = re.compile(
    r"^```.*?^```$|<!-- \w+: generated -->.*?<!-- \w+: end -->|`[^`\n]*`|\]\([^)\s]*\)",
    re.MULTILINE | re.DOTALL,
)
_LUA_COMMENT = re.compile(r"(?:^|\s)--+\s(.*)$")


def findings(text: str) -> list[tuple[int, str]]:
    """The lines of a document with such a wording, and what it is; code and generated tables do
    not count."""
    prose = _NO_PROSE.sub(lambda found: "\n" * found[0].count("\n"), text)
    flowing = re.sub(r"\n(?=[^\n])", " ", prose)
    return sorted(
        (prose.count("\n", 0, found.start()) + 1, f"{found[0]!r}: {what}")
        for pattern, what in _FORBIDDEN.items()
        for found in pattern.finditer(flowing)
    )


def prose_of(path: Path) -> str:
    """The prose in a file of the project, each word on its line."""
    text = path.read_text("utf-8")
    match path.suffix:
        case ".py":
            return python_prose(text)
        case ".lua":
            return lua_prose(text)
        case _:
            return text


def python_prose(source: str) -> str:
    """The docstrings and comments of a Python module, each on its line, without the code."""
    lines = source.splitlines()
    kept = [""] * len(lines)
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str()), lineno=first, end_lineno=int(last)):
                kept[first - 1 : last] = [line.strip() for line in lines[first - 1 : last]]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            kept[token.start[0] - 1] = token.string.lstrip("# ")
    return "\n".join(kept)


def lua_prose(source: str) -> str:
    """The same for the comments of a Lua module."""
    found = (_LUA_COMMENT.search(line) for line in source.splitlines())
    return "\n".join(comment[1].strip() if comment else "" for comment in found)


def check() -> list[str]:
    """A line for each finding in the files of the project."""
    return [
        f"{path.relative_to(ROOT).as_posix()}:{line}: {what}"
        for pattern in FILES
        for path in sorted(ROOT.glob(pattern))
        for line, what in findings(prose_of(path))
    ]
