"""What an option is: its kind, its spellings, and what its value must be, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum

from msgspec import Struct


class Kind(str, Enum):
    """What an option's value may be."""

    TEXT = "text"
    PROSE = "text of several lines"
    SECRET = "secret"  # noqa: S105 - the name of a kind
    FLAG = "flag"
    NUMBER = "number"
    WHOLE = "whole number"
    CHOICE = "choice"
    LIST = "list of text"
    PEOPLE = "list of people"
    COMMANDS = "list of commands"
    WEBHOOK = "webhook address"
    ENDPOINT = "address"
    PROXY = "proxy address"
    RESPONDER = "responder"
    KEY = "key"
    SIGN = "sign"
    CONVERSATIONS = "settings of conversations"
    PROGRAMS = "programs by name"
    VARIABLES = "variables"
    ACCOUNTS = "accounts"


class Option(Struct, frozen=True, kw_only=True):
    """One option.

    `name` is canonical, dotted when nested; `meaning` is one sentence with the unit. `aliases` are
    further canonical spellings (the camelCase form of each is accepted too). `env` is the variable
    read when the option is not given. `least` and `most` bound a number. `belongs` says what to put
    in the place of a placeholder; without it the value is not compared with placeholders. `needs`
    names the option this one is useless without, `default_from` the option whose value is the
    default. One that is `editor_wide` holds for all accounts and cannot stand in one of them.
    """

    name: str
    kind: Kind
    meaning: str
    default: str | bool | float | tuple[str, ...] | Mapping[str, object] | None = ""
    aliases: tuple[str, ...] = ()
    env: str = ""
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    belongs: str = ""
    needs: str = ""
    default_from: str = ""
    editor_wide: bool = False

    @property
    def field(self) -> str:
        """The attribute of `settings.Options` that holds the value."""
        return self.name.replace(".", "_")

    @property
    def is_secret(self) -> bool:
        """Whether the value must never be shown. Webhook and proxy addresses hold credentials."""
        return self.kind in (Kind.SECRET, Kind.WEBHOOK, Kind.PROXY)

    @property
    def may_come_from_a_command(self) -> bool:
        """Whether `{ cmd = { 'program', 'argument' } }` may stand for the value."""
        return self.is_secret or (self.kind is Kind.TEXT and bool(self.belongs))

    @property
    def expects(self) -> str:
        """What a value must be, in words that follow "expected" and "must be"."""
        if self.kind is Kind.CHOICE:
            return " or ".join(f"'{choice}'" for choice in self.choices)
        if self.kind in (Kind.NUMBER, Kind.WHOLE):
            return f"a {self.kind.value} from {self.least} to {self.most}"
        return EXPECTED[self.kind]

    def spellings(self) -> Iterator[str]:
        """Every dotted path that means this option, the canonical one first."""
        for name in (self.name, *self.aliases):
            yield name
            if camel_case(name) != name:
                yield camel_case(name)


def camel_case(name: str) -> str:
    """`name` in camelCase, each dotted part for itself: `dm.allow_from` is `dm.allowFrom`."""
    return re.sub(r"_([a-z])", lambda match: match.group(1).upper(), name)


EXPECTED = {
    Kind.TEXT: "text in quotes",
    Kind.PROSE: "text in quotes",
    Kind.SECRET: "text in quotes",
    Kind.FLAG: "true or false",
    Kind.LIST: "a list of text",
    Kind.PEOPLE: "a list of text",
    Kind.COMMANDS: "a list of remote commands such as 'status'",
    Kind.WEBHOOK: "the robot's address, https://oapi.dingtalk.com/robot/send?access_token=...",
    Kind.ENDPOINT: "an address such as https://api.dingtalk.com (http:// only for this machine)",
    Kind.PROXY: "an address such as http://127.0.0.1:8080",
    Kind.RESPONDER: "a Lua function, or a list of a program and its arguments",
    Kind.KEY: "a key such as '<C-s>', or false",
    Kind.SIGN: "a short text such as '👀', or false",
    Kind.CONVERSATIONS: "a table of options by conversation id",
    Kind.PROGRAMS: "a table of programs by name",
    Kind.VARIABLES: "a table of text by name",
    Kind.ACCOUNTS: "a table of accounts by name",
}

PROGRAM = "a list of a program and its arguments"
"""What stands for a program; it is started as it is, without a shell."""
