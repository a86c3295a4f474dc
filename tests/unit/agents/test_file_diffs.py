"""The diff of a change shows all that changes, also what cannot be seen."""

from __future__ import annotations

import pytest

from dingbridge.core.agents.file_diffs import described
from dingbridge.core.agents.turn_events import FileDiff


def changed(before: str | None, after: str) -> list[str]:
    """The lines that are removed or added."""
    lines = described(FileDiff("a.sh", before, after)).splitlines()
    hunks = lines[next(at for at, line in enumerate(lines) if line.startswith("@@")) :]
    return [line for line in hunks if line.startswith(("-", "+", "\\"))]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("ls\n", "ls\x1b[8m; rm x\x1b[0m\n", ["-ls", r"+ls\x1b[8m; rm x\x1b[0m"]),
        ("a = 1\n", "a = \u202e1\n", ["-a = 1", r"+a = \u202e1"]),
        ("name\n", "na\u200bme\n", ["-name", r"+na\u200bme"]),
        ("a\nb\n", "a\r\nb\n", ["-a", r"+a\r"]),
        ("a\r\nb\r\n", "a\r\nc\r\n", ["-b", "+c"]),
        ("a\nb\n", "a\nb", ["-b", "+b", "\\ No newline at end of file"]),
        ("a\nb", "a\nb\n", ["-b", "\\ No newline at end of file", "+b"]),
        ("a", "b", ["-a", "+b"]),
        ("a\n", "a\u2028b\n", ["-a", r"+a\u2028b"]),
        ("a\n", "a\U000e0061\n", ["-a", r"+a\U000e0061"]),
        ("a\n", "b\u200bc\n", ["-a", r"+b\u200bc"]),
        ("a\n", "b\u3164\n", ["-a", r"+b\u3164"]),
        ("a\n", "b\u3000中⚠\ufe0f\n", ["-a", "+b\u3000中⚠\ufe0f"]),
        (None, "👨\u200d👩\n", ["+👨\u200d👩"]),
    ],
)
def test_a_change_that_cannot_be_seen_is_written_out(
    before: str | None, after: str, shown: list[str]
) -> None:
    assert changed(before, after) == shown


def test_it_is_said_when_characters_are_written_out() -> None:
    assert "not seen" in described(FileDiff("a", "b\n", "b\x00\n"))
    assert described(FileDiff("a", "b\n", "c\n")).startswith("```diff\n")
