"""Gathers what is wrong with a table of options, as sentences that each begin with their path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from dingbridge.core.kinds import TABLE
from dingbridge.core.sentences import SENTENCES

_SHOWABLE_KEY = re.compile(r"[A-Za-z0-9_.\u0080-\U0010ffff-]+")
_CONVERSATION = re.compile(r"[A-Za-z0-9+/=_-]+|\*")
_LONGEST_KEY = 60  # bytes; a longer one is not shown and not compared


class Problems:
    """What is wrong so far. Sentences never hold a value, only names, paths and placeholders."""

    def __init__(self) -> None:
        self.sentences: set[str] = set()

    def add(self, path: str, sentence: str, *words: str) -> None:
        """Notes the declared `sentence` about `path`, with `words` in its gaps."""
        self.sentences.add(f"{path}: {SENTENCES[sentence] % words}")

    def unknown(self, path: str, key: str, known: Iterable[str]) -> str:
        """Notes an option that there is not; returns the nearest of those that there are."""
        near = nearest(key, known)
        if near:
            self.add(path, "unknown_near", near)
        else:
            self.add(path, "unknown")
        return near

    def entries(
        self, table: object, path: str, expects: str = TABLE
    ) -> Iterator[tuple[str, object]]:
        """The named entries of `table`; an empty Lua table may arrive as an empty list."""
        if isinstance(table, Mapping) and not is_function(table):
            for key, value in table.items():
                if isinstance(key, str):
                    yield key, value
                else:
                    self.add(path, "unnamed")
        elif table is not None and table != []:
            self.add(path, "expected", expects, kind_of(table))


def nearest(key: str, known: Iterable[str]) -> str:
    """The known name nearest to `key`; empty when none is near."""
    # Compared as bytes, as Lua does; surrogates are how bytes that are no UTF-8 arrive here.
    written = key.encode("utf-8", "surrogatepass")
    if len(written) > _LONGEST_KEY:
        return ""
    near = get_close_matches(written, [name.encode() for name in known], n=1)
    return bytes(near[0]).decode() if near else ""


def join(path: str, key: str) -> str:
    """`path.key`, unless the key is no name at all: it may be a value in the wrong place."""
    showable = _SHOWABLE_KEY.fullmatch(key) and _is_short(key)
    return f"{path}.{key}" if showable else f"{path}[...]"


def join_conversation(path: str, key: str) -> str:
    """The same for a conversation id, which may hold `+`, `/` and `=`."""
    showable = _CONVERSATION.fullmatch(key) and _is_short(key)
    return f"{path}['{key}']" if showable else f"{path}[...]"


def _is_short(key: str) -> bool:
    return len(key.encode("utf-8", "surrogatepass")) <= _LONGEST_KEY


def is_function(value: object) -> bool:
    """Whether it is a Lua function, which stays in the editor and arrives as `{ lua = true }`."""
    return isinstance(value, Mapping) and set(value) == {"lua"} and value["lua"] is True


def kind_of(value: object) -> str:
    """What a value of the wrong kind is called in a sentence."""
    if is_function(value):
        return "a function"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping | list | tuple):
        if not value:
            return "an empty table"
        return "a table" if isinstance(value, Mapping) else "a list"
    return "something else"
