"""Collects the problems in a table of options, as sentences that start with the path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from dingbridge.core.catalogue import options as say
from dingbridge.core.catalogue import values as words
from dingbridge.core.near_names import LONGEST_NAME, nearest

# Compiled when first used: that takes milliseconds.
_SHOWABLE_KEY = r"[A-Za-z0-9_.\u0080-\U0010ffff-]+"
_CONVERSATION = r"[A-Za-z0-9+/=_-]+|\*"


class Problems:
    """The problems found. Sentences contain names, paths and placeholders, never a value.

    `path` is the path of the table with the options in the argument of `setup()`, which is empty if
    it is the argument.
    """

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.sentences: set[str] = set()

    def add(self, path: str, sentence: str) -> None:
        """Add a problem at `path`; `sentence` comes from the catalogue."""
        self.sentences.add(f"{path or 'setup()'}: {sentence}")

    def expected(self, path: str, expects: str, value: object) -> None:
        """Add the problem that `value` is not what `expects` describes."""
        self.add(path, say.EXPECTED(expected=expects, found=kind_of(value)))

    def unknown(self, path: str, key: str, known: Iterable[str]) -> str:
        """Add the problem of an unknown option; returns the most similar known one, or an empty
        string.
        """
        near = nearest(key, known)
        sentence = say.UNKNOWN_OPTION_NEAR(near=near) if near else say.UNKNOWN_OPTION()
        self.add(path, sentence)
        return near

    def entries(self, table: object, path: str, expects: str = "") -> Iterator[tuple[str, object]]:
        """The entries of `table` with a name. If it is not a table, a problem is added.

        `expects` describes the table if it is not one of options. An empty Lua table may arrive as
        an empty list.
        """
        if isinstance(table, Mapping) and not is_function(table):
            for key, value in table.items():
                if isinstance(key, str):
                    yield key, value
                else:
                    self.add(path, say.ENTRY_UNNAMED())
        elif table is not None and table != []:
            self.expected(path, expects or words.TABLE_OF_OPTIONS(), table)


def join(path: str, key: str) -> str:
    """`path.key`, or `key` without a path; `path[...]` if the key is not a name.

    Such a key may be a misplaced value.
    """
    is_name = key.isascii() and key.isidentifier()
    showable = (is_name or re.fullmatch(_SHOWABLE_KEY, key)) and _is_short(key)
    if not showable:
        return f"{path}[...]"
    return f"{path}.{key}" if path else key


def join_conversation(path: str, key: str) -> str:
    """The same for a conversation id, which may contain `+`, `/` and `=`."""
    showable = re.fullmatch(_CONVERSATION, key) and _is_short(key)
    return f"{path}['{key}']" if showable else f"{path}[...]"


def _is_short(key: str) -> bool:
    return len(key.encode("utf-8", "surrogatepass")) <= LONGEST_NAME


def is_function(value: object) -> bool:
    """Whether it is the marker of a Lua function, `{ lua = true }`."""
    return isinstance(value, Mapping) and set(value) == {"lua"} and value["lua"] is True


def kind_of(value: object) -> str:
    """The name of a value's kind, for a sentence."""
    if is_function(value):
        return words.A_FUNCTION()
    if value is None:
        return words.NO_VALUE()
    if isinstance(value, bool):
        return words.TRUE_OR_FALSE()
    if isinstance(value, int | float):
        return words.A_NUMBER()
    if isinstance(value, str):
        return words.SOME_TEXT()
    if isinstance(value, Mapping | list | tuple):
        if not value:
            return words.EMPTY_TABLE()
        return words.A_TABLE() if isinstance(value, Mapping) else words.A_LIST()
    return words.SOMETHING_ELSE()
