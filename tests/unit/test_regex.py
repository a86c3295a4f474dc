"""Patterns are compiled when they are first used, and each of them can be."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.regex import PIECE, REACH, found_in, regex, replaced_in
from tests.support.editor import ROOT
from tests.support.processes import run

LATE = ("requests", "urllib3", "websocket", "markdown_it", "wcwidth")
"""Packages that a starting editor does without."""


def test_a_pattern_does_what_a_compiled_one_does() -> None:
    lazy = regex("(b)|c", re.IGNORECASE)
    assert [found.group() for found in lazy.finditer("abC")] == ["b", "C"]
    assert lazy.sub("-", "abC") == "a--"
    assert (lazy.pattern, lazy.groups) == ("(b)|c", 1)


class Watched:
    """A pattern that notes how much of a text each of its calls may look at, in characters."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)
        self.looked_at: list[int] = []

    def finditer(self, text: str, start: int = 0, end: int | None = None) -> Iterator[Any]:
        end = len(text) if end is None else end
        self.looked_at.append(end - start)
        return self._pattern.finditer(text, start, end)

    def match(self, text: str, start: int) -> Any:
        return self._pattern.match(text, start)

    def sub(self, replacement: Any, text: str) -> str:
        self.looked_at.append(len(text))
        return self._pattern.sub(replacement, text)


def test_no_call_of_a_search_looks_at_much_of_a_long_text() -> None:
    # A call of `re` holds up every other thread until it returns.
    watched = Watched("needle")
    text = ("hay " * PIECE + "needle ") * 5
    assert len([*found_in(cast("re.Pattern[str]", watched), text)]) == 5
    assert PIECE <= 16 * 1024
    assert max(watched.looked_at) <= PIECE + REACH
    assert sum(watched.looked_at) <= 2 * len(text)


@given(st.text("ab\n", max_size=60), st.integers(1, 20))
def test_a_search_in_pieces_finds_what_one_search_finds(text: str, piece: int) -> None:
    for pattern in ("a+", "ab", "^a", "a$", "b(?=a)", "(?<=b)a{2,}", "a{1,3}b"):
        compiled = re.compile(pattern, re.MULTILINE)
        padded = text + "b" * REACH
        found = [match.span() for match in found_in(compiled, padded, piece)]
        assert found == [match.span() for match in compiled.finditer(padded)]
        assert replaced_in(compiled, "-", padded, piece) == compiled.sub("-", padded)


def test_a_match_that_is_longer_than_a_piece_is_found_as_a_whole() -> None:
    text = f"b{'a' * 5 * REACH}b" * 3
    assert [len(found[0]) for found in found_in(regex("a+"), text, 100)] == [5 * REACH] * 3


def test_a_wrong_pattern_is_told_when_it_is_used() -> None:
    with pytest.raises(re.error):
        regex("(").search("")


def texts() -> list[str]:
    """Where the package makes a pattern of a text that stands there."""
    found = []
    for path in sorted((ROOT / "dingbridge").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="regex"), args=[ast.Constant(value=str(text)), *_]):
                    found.append(text)
    return found


def test_every_pattern_that_is_written_down_can_be_compiled() -> None:
    assert len(texts()) > 50
    for text in texts():
        re.compile(text)


def test_an_editor_that_starts_loads_nothing_that_only_a_robot_needs() -> None:
    code = "import dingbridge.editor.host, sys; print(*sys.modules)"
    loaded = run([sys.executable, "-c", code], check=True, cwd=Path(ROOT), text=True).stdout.split()
    assert "dingbridge.edges.neovim" in loaded
    assert set(LATE) & set(loaded) == set()
    assert [name for name in loaded if name.startswith("dingbridge.service")] == []
