"""What a command in the settings said is used for no table but its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.options.lookups import LookupResults
from dingbridge.core.options.settings import digest
from dingbridge.protocol.frames import VERSION, Attach, RawSettings, packed
from dingbridge.service.editors.command_values import CommandValues
from dingbridge.service.editors.screen import Screen
from dingbridge.service.editors.setup import EditorSetup

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the commands are of a shell")
COMMAND = {"app_key": "dinga1", "app_secret": {"cmd": ["pass", "dingtalk"]}}
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
tables = st.recursive(
    leaves, lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside), max_leaves=20
)


def reordered(value: object) -> object:
    """The same table, written in another order."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(each) for each in value] if isinstance(value, list) else value


@given(st.dictionaries(st.text(), tables))
def test_the_order_in_which_a_table_is_written_does_not_matter(table: dict[str, object]) -> None:
    whole = {**table, **COMMAND}
    assert digest(whole, {}) == digest(reordered(whole), {}) != ""


@pytest.mark.parametrize(
    "other",
    [
        {**COMMAND, "app_key": "dinga2"},
        {**COMMAND, "app_secret": {"cmd": ["pass", "another"]}},
        {**COMMAND, "app_secret": {"cmd": ["pass dingtalk"]}},
        {**COMMAND, "reaction": 1},
        {**COMMAND, "reaction": "1"},
        {**COMMAND, "reaction": ["1"]},
        {**COMMAND, "reaction": {"1": True}},
        {**COMMAND, "reaction": [["1", "True"]]},
        {**COMMAND, "reaction": True},
    ],
    ids=str,
)
def test_tables_that_differ_are_told_apart(other: object) -> None:
    others = [digest(other, {}), digest(COMMAND, {}), digest({**COMMAND, "reaction": None}, {})]
    assert len({*others}) == 3


def test_a_table_without_commands_has_no_digest() -> None:
    assert digest({"app_key": "dinga1", "app_secret": "s"}, {}) == ""
    assert digest({**COMMAND, "enabled": False}, {}) == ""


def test_what_a_command_said_is_used_for_no_table_but_its_own() -> None:
    async def play() -> list[str]:
        later: list[Callable[[], None]] = []
        values, used = CommandValues(later.append), list[str]()
        screen = Screen(lambda *_: None)
        attach = Attach(VERSION, 1, "/", {})
        setting_up = EditorSetup(
            2, attach, values, screen, lambda settings, _: used.append(settings.digest)
        )

        def table(program: str) -> RawSettings:
            options = {"app_key": "dingabc", "app_secret": {"cmd": [program]}}
            return RawSettings(options, (), "/", 1, 0.0, packed(LookupResults()), digest=program)

        values.ask(1, "one", lambda _: None)
        setting_up.begin(table("one"))
        values.put(1, "one", {("one",): "the secret of one"})
        setting_up.begin(table("two"))
        for call in later:
            call()
        return used

    assert asyncio.run(play()) == []
