"""Patterns are compiled when they are first used, and each of them can be."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from dingbridge.core.regex import regex
from tests.editor import ROOT
from tests.processes import run

LATE = ("requests", "urllib3", "websocket", "markdown_it", "wcwidth")
"""Packages that a starting editor does without."""


def test_a_pattern_does_what_a_compiled_one_does() -> None:
    lazy = regex("(b)|c", re.IGNORECASE)
    assert [found.group() for found in lazy.finditer("abC")] == ["b", "C"]
    assert lazy.sub("-", "abC") == "a--"
    assert (lazy.pattern, lazy.groups) == ("(b)|c", 1)


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
