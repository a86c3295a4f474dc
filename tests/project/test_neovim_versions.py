"""The Lua calls nothing that one of the supported versions of Neovim lacks or has given up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dingbridge.demo.neovim import OLDEST

ROOT = Path(__file__).resolve().parents[2]
COMMON = frozenset((ROOT / "tests" / "golden" / "neovim_names.txt").read_text("utf-8").split())
"""What Neovim 0.10.4, 0.11.4 and 0.12.4 all have and none of them calls deprecated."""

SOURCES = sorted((ROOT / "lua").rglob("*.lua"))
HELD = ["bo", "wo", "o", "go", "b", "g", "w", "v", "env", "cmd"]
"""Tables of `vim` whose entries are options, variables and commands."""


def names(lua: str) -> Iterator[str]:
    """The functions and tables of Neovim that are named, such as `vim.fn.line`; not in comments."""
    for line in lua.splitlines():
        for name in re.findall(r"\bvim(?:\.\w+)+", line.partition("--")[0]):
            parts = name.split(".")
            if parts[1] not in HELD:
                yield ".".join(parts[:3])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "lua")))
def test_nothing_is_called_that_a_supported_neovim_does_not_have(path: Path) -> None:
    assert OLDEST == (0, 10), "make the list anew"
    assert set(names(path.read_text("utf-8"))) <= COMMON


@pytest.mark.parametrize("name", ["vim.hl.priorities", "vim.highlight.priorities", "vim.loop.now"])
def test_a_name_that_only_some_versions_have_is_seen(name: str) -> None:
    [found] = names(f"local x = {name} -- vim.not_this")
    assert found not in COMMON
