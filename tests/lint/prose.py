"""Wordings of the documents that nobody would say aloud, and what to write instead."""

from __future__ import annotations

import re

from tests.support.editor import ROOT

FILES = ("README.md", "CHANGELOG.md", "doc/*.md")
"""What is read, as patterns below the root of the project."""

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
}
"""Wording, as a pattern for whole words, and what an engineer would say."""

_FORBIDDEN = {re.compile(rf"\b{each}", re.IGNORECASE): what for each, what in INSTEAD.items()}
_NO_PROSE = re.compile(
    r"^```.*?^```$|<!-- \w+: generated -->.*?<!-- \w+: end -->|`[^`\n]*`|\]\([^)\s]*\)",
    re.MULTILINE | re.DOTALL,
)


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


def check() -> list[str]:
    """A line for each finding in the files of the project."""
    return [
        f"{path.relative_to(ROOT).as_posix()}:{line}: {what}"
        for pattern in FILES
        for path in sorted(ROOT.glob(pattern))
        for line, what in findings(path.read_text("utf-8"))
    ]
