"""A sentence of the catalogue. Imports only the standard library, because the installer uses it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import ClassVar

_MARK = "\x02"  # around each part, while it is put in
_WIDE = r"[\u3000-\u9fff\uff00-\uffef]"
_SPACE_IN_CHINESE = re.compile(f"(?<={_WIDE}) {_MARK}(?={_WIDE})|(?<={_WIDE}){_MARK} (?={_WIDE})")


class _Marking(Formatter):
    def format_field(self, value: object, format_spec: str) -> str:
        return f"{_MARK}{super().format_field(value, format_spec)}{_MARK}"


class Sentence:
    """A sentence with parts as `{name}`. `one` is the form for a `count` of 1, if it differs.

    `translated` has the texts of the language in use (`language.use`), by `text`. A translation
    may leave parts out, and has no form of its own for 1. The space between Chinese and a part is
    left out where the part is Chinese as well.

    >>> Sentence("{count} messages wait", one="a message waits")(count=1)
    'a message waits'
    """

    __slots__ = ("one", "text")
    translated: ClassVar[Mapping[str, str]] = {}

    def __init__(self, text: str, one: str = "") -> None:
        self.text = text
        self.one = one

    def __call__(self, **parts: object) -> str:
        """The sentence with these parts."""
        text = self.translated.get(self.text)
        if text is not None:
            marked = _Marking().vformat(text, (), parts)
            return _SPACE_IN_CHINESE.sub("", marked).replace(_MARK, "")
        text = self.one if self.one and parts["count"] == 1 else self.text
        return text.format_map(parts)

    @property
    def parts(self) -> frozenset[str]:
        """The names of the parts that must be given."""
        names = {name for _, name, _, _ in Formatter().parse(self.text) if name is not None}
        return frozenset(names | {"count"} if self.one else names)
