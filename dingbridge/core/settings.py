"""Reads a table of options as a user wrote it into `Options`, or tells everything wrong with it.

`lua/dingbridge/options.lua` decides the same with the same sentences inside the editor; one list of
cases in the tests goes through both. The order of problems is that of their text, because a Lua
table has no order of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Literal

import msgspec
from msgspec import Struct

from dingbridge.core.errors import BadOptions
from dingbridge.core.options import (
    GROUPS,
    OPTIONS,
    PREFIX,
    SPELLINGS,
    WRAPPERS,
    Kind,
    Option,
)
from dingbridge.core.values import SPACE, Given, Problems, Responder, Values, kind_of

_SHOWABLE_KEY = re.compile(r"[A-Za-z0-9_.\u0080-\U0010ffff-]+")
_LONGEST_KEY = 60  # bytes; a longer one is not shown and not compared


class Options(Struct, frozen=True, kw_only=True):
    """All options, each with a value. Text that was not given is empty.

    `text_chunk_limit` is in characters, `responder_timeout` in seconds; an empty `send_key` means
    that no key sends. Only `read` makes one, because that is where the defaults come from.
    """

    enabled: bool
    webhook: str
    secret: str
    keyword: str
    app_key: str
    app_secret: str
    robot_code: str
    conversation_id: str
    user_id: str
    msgtype: Literal["markdown", "text"]
    text_chunk_limit: int
    delivery: Literal["at_least_once", "at_most_once"]
    quota_calls: int
    quota_pushes: int
    allow_from: tuple[str, ...]
    endpoint_api: str
    endpoint_oapi: str
    proxy: str
    python: str
    responder: Responder
    responder_timeout: float
    send_key: str
    verbose: bool

    @property
    def mode(self) -> Literal["off", "webhook", "api"]:
        """How the bridge runs; API mode wins when both are configured."""
        if not self.enabled:
            return "off"
        if self.app_key and self.app_secret:
            return "api"
        return "webhook" if self.webhook else "off"

    def missing(self) -> tuple[str, ...]:
        """What is needed before anything can be sent, as sentences; empty unless mode is `off`."""
        if self.mode != "off":
            return ()
        if not self.enabled:
            return (f"{PREFIX}.enabled is false; set it to true",)
        return (
            f"{PREFIX}.webhook is not set; with it, messages go one way to a group",
            f"{PREFIX}.app_key and {PREFIX}.app_secret are not set; with them, conversations go"
            " both ways",
        )

    def __repr__(self) -> str:
        shown = ", ".join(f"{option.field}={self._shown(option)}" for option in OPTIONS)
        return f"Options({shown})"

    def _shown(self, option: Option) -> str:
        value = getattr(self, option.field)
        return "'***'" if option.is_secret and value else repr(value)


def read(raw: object, environ: Mapping[str, str]) -> Options:
    """The options in `raw`, a table as it stands under `integrations.dingtalk`.

    What `raw` does not give comes from `environ`, then from the defaults. Raises `BadOptions` with
    every problem at once, each a sentence that begins with the path.
    """
    problems = Problems()
    given: dict[str, list[Given]] = {}
    for name, place in _places(raw, PREFIX, "", problems, may_wrap=True):
        given.setdefault(name, []).append(place)
    for option in OPTIONS:
        held = environ.get(option.env, "") if option.env else ""
        if option.name not in given and held.strip(SPACE):
            given[option.name] = [Given(f"${option.env}", held, from_environment=True)]
    values = _read_all(given, Values(environ, problems), problems)
    if problems.sentences:
        raise BadOptions(tuple(sorted(problems.sentences)))
    return msgspec.convert(values, Options)


def _read_all(
    given: Mapping[str, list[Given]], reader: Values, problems: Problems
) -> dict[str, object]:
    values: dict[str, object] = {}
    # A webhook may be on the host of an endpoint, so the endpoints are read before it.
    for option in sorted(OPTIONS, key=lambda option: option.kind is Kind.WEBHOOK):
        found = sorted(given.get(option.name, ()), key=lambda place: place.path)
        value = _agreed(option, found, reader, problems)
        if value is None:
            value = values[option.default_from] if option.default_from else option.default
        values[option.field] = value
        if option.kind is Kind.ENDPOINT:
            reader.trust(str(value))
        if found and option.needs and option.needs not in given:
            problems.add(found[0].path, "needs", option.needs)
    return values


def _agreed(option: Option, found: list[Given], reader: Values, problems: Problems) -> object:
    """The value that all places give, or `None` when none gives a usable one."""
    first: Given | None = None
    agreed: object = None
    for place in found:
        value = reader.read(option, place)
        if value is None:
            continue
        if first is None:
            first, agreed = place, value
        elif value != agreed:
            problems.add(place.path, "differs", first.path)
    return agreed


def _places(
    table: object, path: str, scope: str, problems: Problems, *, may_wrap: bool
) -> Iterator[tuple[str, Given]]:
    """Every option in `table` with its canonical name, however it is spelt and nested.

    `scope` is the dotted group that `table` is, with a dot at its end; `may_wrap` allows a pasted
    block once.
    """
    for key, value in _entries(table, path, problems):
        spelling, here = scope + key, _join(path, key)
        if spelling in SPELLINGS:
            if value is not None:
                yield SPELLINGS[spelling], Given(here, value)
        elif spelling in GROUPS:
            yield from _places(value, here, spelling + ".", problems, may_wrap=False)
        elif may_wrap and spelling in WRAPPERS:
            inner = WRAPPERS[spelling]
            for name, block in _entries(value, here, problems):
                if name == inner:
                    yield from _places(block, _join(here, name), "", problems, may_wrap=False)
                else:
                    _unknown(_join(here, name), name, [inner], problems)
        else:
            known = [*SPELLINGS, *GROUPS, *(WRAPPERS if may_wrap else ())]
            inside = [name[len(scope) :] for name in known if name.startswith(scope)]
            _unknown(here, key, inside, problems)


def _entries(table: object, path: str, problems: Problems) -> Iterator[tuple[str, object]]:
    """The named entries of `table`; an empty Lua table may arrive as an empty list."""
    if isinstance(table, Mapping):
        for key, value in table.items():
            if isinstance(key, str):
                yield key, value
            else:
                problems.add(path, "unnamed")
    elif table is not None and table != []:
        problems.add(path, "expected", "a table of options", kind_of(table))


def _unknown(path: str, key: str, known: list[str], problems: Problems) -> None:
    # Compared as bytes, as Lua does; surrogates are how bytes that are no UTF-8 arrive here.
    written = key.encode("utf-8", "surrogatepass")
    near = (
        get_close_matches(written, [name.encode() for name in known], n=1)
        if len(written) <= _LONGEST_KEY
        else []
    )
    if near:
        problems.add(path, "unknown_near", bytes(near[0]).decode())
    else:
        problems.add(path, "unknown")


def _join(path: str, key: str) -> str:
    """`path.key`, unless the key is no name at all: it may be a value in the wrong place."""
    showable = (
        _SHOWABLE_KEY.fullmatch(key) and len(key.encode("utf-8", "surrogatepass")) <= _LONGEST_KEY
    )
    return f"{path}.{key}" if showable else f"{path}[...]"
