"""What declares an option: its kind, its spellings, and its valid values in words.

Each option is declared at the field that holds its value; see `core/options/declarations.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import reduce
from typing import get_args

from msgspec import NODEFAULT, Struct, structs

from dingbridge.core.catalogue import values as words
from dingbridge.core.catalogue.sentence import Sentence


class OptionKind(str, Enum):
    """The type of an option's value."""

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
    AGENT = "agent"
    KEY = "key"
    KEYS = "keys by name"
    SIGN = "sign"
    HOURS = "hours of the day"
    CONVERSATIONS = "settings of conversations"
    PROGRAMS = "programs by name"
    VARIABLES = "variables"
    ACCOUNTS = "accounts"


class Option(Struct, frozen=True):
    """One option, declared as an annotation of the field that holds its value:

        dm_policy: Annotated[
            Literal["open", "disabled"],
            Option(OptionKind.CHOICE, name="dm.policy"),
            "Who may write.",
        ] = "open"

    - `name`: canonical, dotted if nested; the field's name by default
    - `aliases`: further spellings; the camelCase form of each spelling is accepted as well
    - `env`: the environment variable that applies if the option is not given
    - `least`, `most`: inclusive bounds of a number
    - `belongs`: what to write instead of a placeholder; without it placeholders are not detected
    - `needs`: the option without which this one has no effect
    - `default_from`: the option whose value is the default
    - `editor_wide`: applies to all accounts, and cannot be given in one
    - `own`: each Neovim that uses the robot has its own value (as for `editor_wide` options); all
      other options follow the latest `setup()` of any of them

    `declared_in` adds what the field declares: `name`, `meaning` (the sentence), `default`, and the
    choices of a `Literal`.
    """

    kind: OptionKind
    name: str = ""
    aliases: tuple[str, ...] = ()
    env: str = ""
    least: int = 0
    most: int = 0
    belongs: Sentence | None = None
    needs: str = ""
    default_from: str = ""
    editor_wide: bool = False
    own: bool = False
    field: str = ""
    meaning: str = ""
    default: object = None
    choices: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether each Neovim that uses the robot has its own value."""
        return self.own or self.editor_wide

    @property
    def is_secret(self) -> bool:
        """Whether the value must never be shown. Webhook and proxy URLs contain credentials."""
        return self.kind in (OptionKind.SECRET, OptionKind.WEBHOOK, OptionKind.PROXY)

    @property
    def may_come_from_a_command(self) -> bool:
        """Whether `{ cmd = { 'program', 'argument' } }` is accepted instead of the value."""
        return self.is_secret or (self.kind is OptionKind.TEXT and self.belongs is not None)

    @property
    def expects(self) -> str:
        """The valid values in words, to follow "expected" or "must be"."""
        if self.kind is OptionKind.CHOICE:
            quoted = (words.CHOICE(choice=choice) for choice in self.choices)
            return reduce(lambda first, other: words.EITHER(first=first, other=other), quoted)
        return EXPECTED[self.kind](least=self.least, most=self.most)

    def spellings(self) -> Iterator[str]:
        """All dotted paths of this option, the canonical one first."""
        for name in (self.name, *self.aliases):
            yield name
            if camel_case(name) != name:
                yield camel_case(name)


def declared_in(holder: type[Struct]) -> tuple[Option, ...]:
    """The options declared by the fields of `holder`, in order."""
    found: list[Option] = []
    for field in structs.fields(holder):
        match getattr(field.type, "__metadata__", ()):
            case Option() as option, str(meaning):
                made = field.default is NODEFAULT
                found.append(
                    structs.replace(
                        option,
                        field=field.name,
                        name=option.name or field.name,
                        meaning=meaning,
                        default=field.default_factory() if made else field.default,
                        choices=get_args(field.type.__origin__)
                        if option.kind is OptionKind.CHOICE
                        else (),
                    )
                )
            case _:
                pass  # a field that is no option
    return tuple(found)


def spellings_of(options: Iterable[Option]) -> dict[str, str]:
    """Canonical names by every dotted path that a user may write."""
    return {spelling: option.name for option in options for spelling in option.spellings()}


def camel_case(name: str) -> str:
    """`name` with each dotted part in camelCase: `dm.allow_from` becomes `dm.allowFrom`."""
    return re.sub(r"_([a-z])", lambda match: match.group(1).upper(), name)


EXPECTED = {
    OptionKind.TEXT: words.TEXT_IN_QUOTES,
    OptionKind.PROSE: words.TEXT_IN_QUOTES,
    OptionKind.SECRET: words.TEXT_IN_QUOTES,
    OptionKind.FLAG: words.TRUE_OR_FALSE,
    OptionKind.NUMBER: words.NUMBER_WITHIN,
    OptionKind.WHOLE: words.WHOLE_NUMBER_WITHIN,
    OptionKind.LIST: words.LIST_OF_TEXT,
    OptionKind.PEOPLE: words.LIST_OF_TEXT,
    OptionKind.COMMANDS: words.LIST_OF_COMMANDS,
    OptionKind.WEBHOOK: words.WEBHOOK_ADDRESS,
    OptionKind.ENDPOINT: words.ENDPOINT_ADDRESS,
    OptionKind.PROXY: words.PROXY_ADDRESS,
    OptionKind.RESPONDER: words.FUNCTION_OR_PROGRAM,
    OptionKind.AGENT: words.AGENT_OR_COMMAND,
    OptionKind.KEY: words.KEY_OR_FALSE,
    OptionKind.KEYS: words.TABLE_OF_KEYS,
    OptionKind.SIGN: words.SIGN_OR_FALSE,
    OptionKind.HOURS: words.HOURS_OR_FALSE,
    OptionKind.CONVERSATIONS: words.TABLE_OF_CONVERSATIONS,
    OptionKind.PROGRAMS: words.TABLE_OF_PROGRAMS,
    OptionKind.VARIABLES: words.TABLE_OF_VARIABLES,
    OptionKind.ACCOUNTS: words.TABLE_OF_ACCOUNTS,
}
"""The valid values of each kind in words; a choice lists its own."""
