"""The declarations as Lua source."""

from __future__ import annotations

import re

import pytest

from dingbridge.core.options.declarations import OPTIONS, TABLE_OPTIONS
from dingbridge.core.options.groups import GROUP_OPTIONS
from docgen.lua_declarations import declared_lua, lua_literal
from docgen.lua_types import types_lua


def test_every_option_is_declared_in_lua() -> None:
    for option in OPTIONS:
        assert re.search(rf"^    (\['{option.name}'\]|{option.name}) = {{", declared_lua(), re.M)


def test_lua_literals_survive_quotes_backslashes_and_reserved_words() -> None:
    assert lua_literal("it's \\ a\nline") == "'it\\'s \\\\ a\\nline'"
    assert lua_literal({"end": 1, "a b": [], "ok": [True]}) == (
        "{ ['end'] = 1, ['a b'] = {}, ok = { true } }"
    )
    assert lua_literal({"until": 1, "repeat": 2}) == "{ ['until'] = 1, ['repeat'] = 2 }"
    assert lua_literal(["x" * 60, "y" * 60]) == f"{{\n  '{'x' * 60}',\n  '{'y' * 60}',\n}}"
    with pytest.raises(TypeError):
        lua_literal(object())


def class_fields(text: str) -> dict[str, dict[str, str]]:
    """The fields of each class in the Lua source, with what follows their names."""
    found: dict[str, dict[str, str]] = {}
    for block in re.split(r"^---@class ", text, flags=re.M)[1:]:
        name = re.split(r"[\s:]", block)[0]
        found[name] = dict(re.findall(r"^---@field (\w+)\?? (.*)$", block, re.M))
    return found


def test_the_language_server_knows_every_option_with_its_type_and_meaning() -> None:
    text = types_lua()
    assert text.startswith("---@meta")
    classes = class_fields(text)
    for option in (*OPTIONS, *TABLE_OPTIONS):
        holder = "Options" if option.editor_wide else "Account"
        for path in (option.name, *option.aliases):
            nest, _, name = path.rpartition(".")
            field = classes[f"dingbridge.{holder}{nest and f'.{nest}'}"][name]
            assert all(f"'{choice}'|" in field for choice in option.choices)
        nest, _, name = option.name.rpartition(".")
        assert option.meaning in classes[f"dingbridge.{holder}{nest and f'.{nest}'}"][name]
        if nest:
            assert classes[f"dingbridge.{holder}"][nest] == f"dingbridge.{holder}.{nest}"
    for option in GROUP_OPTIONS:
        assert option.meaning in classes["dingbridge.Group"][option.name]
    assert "table<string, dingbridge.Group>" in classes["dingbridge.Account"]["groups"]
    assert "table<string, dingbridge.Account>" in classes["dingbridge.Options"]["accounts"]
    named = {*re.findall(r"\bdingbridge\.[A-Z][\w.]*\w", text)}
    assert named == {*classes} | {*re.findall(r"^---@alias (\S+)", text, re.M)}
