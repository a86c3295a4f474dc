"""`make lint` finds what is wrong in Lua and in prose, and names the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lint import lua, prose


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("local used = 1\nprint(used)", []),
        ("local unused = 1", [(1, "unused is never read")]),
        ("local function f() end", [(1, "f is never read")]),
        ("local set = 1\nset = 2", [(1, "set is never read")]),
        ("local _unused = 1", []),
        ("print(function(first, last) return last end)", []),
        ("print(function(first, last) return first end)", [(1, "last is never read")]),
        ("for key, value in pairs({}) do print(key) end", [(1, "value is never read")]),
        ("repeat local done = true until done", []),
        ("print(unknown)", [(1, "unknown is not declared")]),
        ("print(vim.unknown, ({ unknown = 1 }).unknown)", []),
        ("print({ [unknown] = 1 })", [(1, "unknown is not declared")]),
        ("shared = 1", [(1, "shared is set for everybody")]),
        ("function shared() end", [(1, "shared is set for everybody")]),
        (
            "local a = 1\nprint(a, function()\n  local a = 2\n  return a\nend)",
            [(3, "a hides that of line 1")],
        ),
        ("local M = {}\nfunction M:method() return self end\nreturn M", []),
        ("print(1) ", [(1, "ends with a space")]),
        (
            "print(vim.fn.strdisplaywidth('a'))",
            [(1, "strdisplaywidth depends on the current window: nvim_strwidth does not")],
        ),
    ],
)
def test_a_name_in_lua_that_is_not_as_it_should_be_is_found(
    source: str, found: list[tuple[int, str]]
) -> None:
    assert lua.findings(source) == found


def test_lua_that_cannot_be_read_is_found() -> None:
    assert lua.findings("print(")


def test_every_lua_file_of_the_editor_is_checked() -> None:
    assert len(lua.files()) > 40


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("A failure is reported.", []),
        ("One.\n\nIt goes on\nby itself.", [3]),
        ("By default. Without more, nothing.", [1]),
        ("| a | b |\n| --- | --- |\n| c | it goes on by itself |", [3]),
        ("`is told` and [what](is-told.md)\n\n```\nis told\n```", []),
        ("<!-- options: generated -->\nis told\n<!-- options: end -->\nis told", [4]),
    ],
)
def test_a_wording_is_found_in_prose_alone(text: str, lines: list[int]) -> None:
    assert [line for line, _ in prose.findings(text)] == lines


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('"""Passes it to whoever asks."""', [1]),
        ('def f() -> None:\n    """Run.\n\n    It is\n    told.\n    """', [4]),
        ("a = 1  # of its own accord", [1]),
        ('said = "is told"  # `whoever`', []),
        ("def what_is_told() -> None: ...", []),
    ],
)
def test_a_wording_is_found_in_docstrings_and_comments_of_python(
    source: str, lines: list[int]
) -> None:
    assert [line for line, _ in prose.findings(prose.python_prose(source))] == lines


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("local a = 1\n--- It goes on\n--- by itself.", [2]),
        ("return a -- what is to be", [1]),
        ("local whoever = 'is told'", []),
    ],
)
def test_a_wording_is_found_in_comments_of_lua(source: str, lines: list[int]) -> None:
    assert [line for line, _ in prose.findings(prose.lua_prose(source))] == lines


def test_a_planted_wording_fails_the_check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert prose.check() == []
    monkeypatch.setattr(prose, "ROOT", tmp_path)
    for name in (
        "README.md",
        "dingbridge/core/a.py",
        "tests/unit/test_a.py",
        "lua/dingbridge/a.lua",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        comment = {".md": "", ".py": "# ", ".lua": "-- "}[path.suffix]
        path.write_text(f"{comment}The user is told.\n", "utf-8")
    assert [found.partition(":")[0] for found in prose.check()] == [
        *("README.md", "dingbridge/core/a.py", "tests/unit/test_a.py", "lua/dingbridge/a.lua"),
    ]
