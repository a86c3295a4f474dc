"""Reads the value of one option by its kind, with `$NAME` replaced and placeholders refused.

Everything here has its twin in `lua/dingbridge/options.lua`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from dingbridge.core.addresses import Address, read_address
from dingbridge.core.options import DINGTALK_DOMAINS, PLACEHOLDERS, SENTENCES, TRUTH, Kind, Option

Responder = tuple[str, ...] | Literal["lua"] | None
"""A program and its arguments, a Lua function (which stays in the editor), or a person."""

_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_PLACEHOLDER_FORM = re.compile(r"(?:[Dd][Ii][Nn][Gg])?[Xx]{3,}|<[A-Za-z _-]+>")
_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SPACE = " \t\r\n\v\f"
"""What is taken off both ends of a value: what Lua takes for white space."""
_ITEM = "text in quotes"


class Given(Struct, frozen=True):
    """One place where an option has a value: its path, or `$NAME` for the environment."""

    path: str
    value: object
    from_environment: bool = False


class Problems:
    """What is wrong so far. Sentences never hold a value, only names, paths and placeholders."""

    def __init__(self) -> None:
        self.sentences: set[str] = set()

    def add(self, path: str, sentence: str, *words: str) -> None:
        """Notes the declared `sentence` about `path`, with `words` in its gaps."""
        self.sentences.add(f"{path}: {SENTENCES[sentence] % words}")


class Values:
    """Reads values. One that cannot be used becomes `None` and leaves a problem behind."""

    def __init__(self, environ: Mapping[str, str], problems: Problems) -> None:
        self._environ = environ
        self._problem = problems.add
        self._origins: set[tuple[str, str, int]] = set()

    def trust(self, endpoint: str) -> None:
        """Lets a webhook stand on the same host as `endpoint`, a sandbox on this machine say."""
        address = read_address(endpoint)
        if address is not None:
            self._origins.add(address.origin)

    def read(self, option: Option, given: Given) -> object:
        """The value in the form that `Options` holds, or `None` with a problem noted."""
        path = given.path
        if option.kind is Kind.RESPONDER:
            return self._responder(option, given.value, path)
        value, replaced = self._substituted(given.value, path)
        if value is None:
            return None
        outside = replaced or given.from_environment
        if option.kind is Kind.LIST:
            return self._list(option, value, path, outside)
        if option.kind is Kind.FLAG:
            return self._flag(option, value, path, outside)
        if option.kind in (Kind.NUMBER, Kind.WHOLE):
            return self._number(option, value, path, outside)
        if option.kind is Kind.KEY and value is False:
            return ""
        text = self._text(option, value, path, option.expects)
        if text is None:
            return None
        if option.kind is Kind.CHOICE and text not in option.choices:
            self._problem(path, "must", option.expects)
            return None
        if option.kind is Kind.WEBHOOK:
            return self._webhook(option, text, path)
        if option.kind in (Kind.ENDPOINT, Kind.PROXY):
            return self._address(option, text, path)
        return text

    def _substituted(self, value: object, path: str) -> tuple[object, bool]:
        """`value`, or what the environment holds for `$NAME` and `${NAME}`; and which it was."""
        match = _VARIABLE.fullmatch(value.strip(SPACE)) if isinstance(value, str) else None
        if match is None:
            return value, False
        name = match.group(1) or match.group(2)
        held = self._environ.get(name, "").strip(SPACE)
        if not held:
            self._problem(path, "variable", name)
            return None, True
        return held, True

    def _text(self, option: Option, value: object, path: str, expects: str) -> str | None:
        if not isinstance(value, str):
            self._problem(path, "expected", expects, kind_of(value))
            return None
        text = value.strip(SPACE)
        if not text:
            self._problem(path, "empty")
        elif _CONTROL.search(text):
            self._problem(path, "control")
        elif option.belongs and is_placeholder(text):
            self._problem(path, "placeholder", text, option.belongs)
        else:
            return text
        return None

    def _flag(self, option: Option, value: object, path: str, outside: bool) -> bool | None:
        if isinstance(value, bool):
            return value
        if not (outside and isinstance(value, str)):
            self._problem(path, "expected", option.expects, kind_of(value))
            return None
        word = value.strip(SPACE).lower()
        if word not in TRUTH:
            self._problem(path, "must", option.expects)
            return None
        return TRUTH[word]

    def _number(self, option: Option, value: object, path: str, outside: bool) -> float | None:
        if outside and isinstance(value, str) and _DECIMAL.fullmatch(value.strip(SPACE)):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._problem(path, "expected", option.expects, kind_of(value))
            return None
        whole = option.kind is Kind.WHOLE
        # Written so that NaN, which is neither below nor above anything, is outside.
        if not option.least <= value <= option.most or (whole and value != int(value)):
            self._problem(path, "must", option.expects)
            return None
        return int(value) if whole else float(value)

    def _list(
        self, option: Option, value: object, path: str, outside: bool
    ) -> tuple[str, ...] | None:
        if outside and isinstance(value, str):
            return self._items(option, [x for x in value.split(",") if x.strip(SPACE)], path)
        if isinstance(value, Mapping) and not value:
            return ()
        if isinstance(value, list | tuple):
            return self._items(option, list(value), path)
        self._problem(path, "expected", option.expects, kind_of(value))
        return None

    def _items(self, option: Option, items: list[object], path: str) -> tuple[str, ...] | None:
        texts: list[str] = []
        for number, item in enumerate(items, 1):
            here = f"{path}[{number}]"
            value, replaced = self._substituted(item, here)
            if value is None and replaced:
                continue
            text = self._text(option, value, here, _ITEM)
            if text is not None:
                texts.append(text)
        return tuple(texts) if len(texts) == len(items) else None

    def _responder(self, option: Option, value: object, path: str) -> Responder:
        """A command's words are passed as they are: `$NAME` in them is the program's business."""
        if isinstance(value, Mapping) and set(value) == {"lua"} and value["lua"] is True:
            return "lua"
        if not isinstance(value, list | tuple) or not value:
            self._problem(path, "expected", option.expects, kind_of(value))
            return None
        words: list[str] = []
        for number, word in enumerate(value, 1):
            here = f"{path}[{number}]"
            if not isinstance(word, str):
                self._problem(here, "expected", _ITEM, kind_of(word))
            elif number == 1 and not word.strip(SPACE):
                self._problem(here, "empty")
            elif "\0" in word:
                self._problem(here, "control")
            else:
                words.append(word)
        return tuple(words) if len(words) == len(value) else None

    def _address(self, option: Option, text: str, path: str) -> str | None:
        address = read_address(text)
        fits = address is not None and not address.query and not address.fragment
        if address is not None and option.kind is Kind.PROXY:
            fits = fits and address.scheme == "http" and address.path in ("", "/")
        elif address is not None:
            trusted = address.scheme == "https" or address.is_loopback
            fits = fits and trusted and address.user is None
        if not fits:
            self._problem(path, "must", option.expects)
            return None
        return text.rstrip("/")

    def _webhook(self, option: Option, text: str, path: str) -> str | None:
        """Only a robot's address at DingTalk, or at an endpoint that the user trusts anyway."""
        address = read_address(text)
        if address is None or address.fragment or address.user is not None:
            self._problem(path, "must", option.expects)
            return None
        token = address.parameter("access_token")
        if address.origin not in self._origins and not self._at_dingtalk(address, path):
            return None
        if address.path != "/robot/send":
            self._problem(path, "path")
        elif not token:
            self._problem(path, "token")
        elif is_placeholder(token):
            self._problem(path, "placeholder", token, option.belongs)
        else:
            return text
        return None

    def _at_dingtalk(self, address: Address, path: str) -> bool:
        if address.scheme != "https":
            self._problem(path, "https")
            return False
        if not address.is_under(DINGTALK_DOMAINS):
            self._problem(path, "host", address.host)
            return False
        return True


def is_placeholder(text: str) -> bool:
    """Whether `text` is what an example shows where a real value belongs."""
    if not text.isascii():
        return False
    return text.lower().replace("-", "_") in PLACEHOLDERS or bool(_PLACEHOLDER_FORM.fullmatch(text))


def kind_of(value: object) -> str:
    """What a value of the wrong kind is called in a sentence."""
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
