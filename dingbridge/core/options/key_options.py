"""Reads the option `keys`: other keys for the chat, by the name of what they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dingbridge.core.commands import chat_keys
from dingbridge.core.options.kinds import Option, OptionKind
from dingbridge.core.options.problems import Problems, join

_KEY = Option(OptionKind.KEY)


def by_name(
    option: Option,
    value: object,
    path: str,
    problems: Problems,
    read_key: Callable[[Option, object, str], str | None],
) -> dict[str, str] | None:
    """Keys by name, an empty one for `false`; None with a problem added if `value` is no table.

    `read_key` reads the text of one key.
    """
    if not isinstance(value, Mapping) and value != []:
        problems.expected(path, option.expects, value)
        return None
    found: dict[str, str] = {}
    for name, given in problems.entries(value, path, option.expects):
        here = join(path, name)
        if name not in chat_keys.NAMES:
            problems.unknown(here, name, chat_keys.NAMES)
        elif given is False:
            found[name] = ""
        elif given is not None and (key := read_key(_KEY, given, here)) is not None:
            found[name] = key
    return found
