"""The declarations as Lua source."""

from __future__ import annotations

import pytest

from dingbridge.core.options import OPTIONS
from dingbridge.reference import declared_lua, lua_literal


def test_every_option_is_declared_in_lua() -> None:
    for option in OPTIONS:
        assert f"name = '{option.name}'" in declared_lua()


def test_lua_literals_survive_quotes_backslashes_and_reserved_words() -> None:
    assert lua_literal("it's \\ a\nline") == "'it\\'s \\\\ a\\nline'"
    assert lua_literal({"end": 1, "a b": [], "ok": [True]}) == (
        "{\n  ['end'] = 1,\n  ['a b'] = {},\n  ok = {\n    true,\n  },\n}"
    )
    with pytest.raises(TypeError):
        lua_literal(object())
