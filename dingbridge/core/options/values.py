"""Reads the value of one option by its kind; resolves `$NAME` and rejects placeholders."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dingbridge.core.catalogue import options as say
from dingbridge.core.catalogue import settings
from dingbridge.core.catalogue import values as words
from dingbridge.core.commands import remote_commands
from dingbridge.core.delivery import notify_when
from dingbridge.core.listing import comma_list
from dingbridge.core.near_names import nearest
from dingbridge.core.options import key_options, programs
from dingbridge.core.options.addresses import Addresses
from dingbridge.core.options.flatten import Given
from dingbridge.core.options.groups import EVERYTHING, GROUP_OPTIONS, GROUP_SPELLINGS
from dingbridge.core.options.kinds import Option, OptionKind
from dingbridge.core.options.lookup_failures import describe_program
from dingbridge.core.options.lookups import SPACE, LookupResults, Variables
from dingbridge.core.options.placeholders import UNKNOWN, UnknownValue, is_placeholder, variable_in
from dingbridge.core.options.problems import Problems, join, join_conversation
from dingbridge.core.options.sources import SETUP, Source

TRUTH = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
"""Spellings of a flag in the environment, in lower case."""
_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CONTROL_IN_PROSE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MAY_BE_OFF = (OptionKind.KEY, OptionKind.SIGN, OptionKind.HOURS)
_LISTS = (OptionKind.LIST, OptionKind.PEOPLE, OptionKind.COMMANDS)


class Values:
    """Reads values. Each method returns None for an invalid one and adds a problem."""

    def __init__(self, variables: Variables, found: LookupResults, problems: Problems) -> None:
        self.variables = variables
        self._found = found
        self.problems = problems
        self._problem = problems.add
        self.addresses = Addresses(problems)

    def read(self, option: Option, given: Given) -> object:
        """The value as `Options` stores it; `UNKNOWN` if it was not looked up."""
        path = given.path
        if option.kind is OptionKind.RESPONDER:
            return programs.responder(option, given.value, path, self.problems)
        if option.kind is OptionKind.AGENT:
            return programs.agent(option, given.value, path, self.problems)
        if option.kind is OptionKind.CONVERSATIONS:
            return self._conversations(option, given.value, path)
        if option.kind is OptionKind.PROGRAMS:
            return programs.by_name(option, given.value, path, self.problems)
        if option.kind is OptionKind.KEYS:
            return key_options.by_name(option, given.value, path, self.problems, self._key)
        value, outside = self._fetched(option, given.value, path)
        if value is None or value is UNKNOWN:
            return value
        outside = outside or given.variable is not None
        if option.kind in _LISTS:
            return self._list(option, value, path, outside)
        if option.kind is OptionKind.FLAG:
            return self._flag(option, value, path, outside)
        if option.kind in (OptionKind.NUMBER, OptionKind.WHOLE):
            return self._number(option, value, path, outside)
        if option.kind in _MAY_BE_OFF and value is False:
            return ""
        text = self._text(option, value, path, option.expects)
        if text is None:
            return None
        if option.kind is OptionKind.CHOICE and text not in option.choices:
            near = nearest(text, option.choices)
            expected = option.expects
            self._problem(
                path,
                say.MUST_BE_NEAR(expected=expected, near=near)
                if near
                else say.MUST_BE(expected=expected),
            )
            return None
        if option.kind is OptionKind.HOURS and notify_when.quiet_hours(text) is None:
            self._problem(path, say.MUST_BE(expected=option.expects))
            return None
        if option.kind is OptionKind.WEBHOOK:
            return self.addresses.webhook(option, text, path)
        if option.kind in (OptionKind.ENDPOINT, OptionKind.PROXY):
            return self.addresses.read(option, text, path)
        return text

    def _key(self, option: Option, value: object, path: str) -> str | None:
        return self._text(option, value, path, option.expects)

    def source(self, option: Option, places: list[Given]) -> Source:
        """The source of the value. If several places give it, a secret one takes precedence."""
        sources = [self._source(option, given) for given in places]
        return next((source for source in sources if source.is_secret), sources[0])

    def _source(self, option: Option, given: Given) -> Source:
        if given.variable is not None:
            return given.variable
        name = variable_in(given.value)
        variable = self.variables.look_up(name) if name else None
        if variable is not None:
            return variable.source
        argv = programs.saying(option, given.value)
        return Source("program", argv[0].strip(SPACE)) if argv else SETUP

    def _fetched(self, option: Option, value: object, path: str) -> tuple[object, bool]:
        """`value` or what it refers to, and whether it is a reference."""
        if programs.is_wanted(value, option):
            return self._output(option, value, path), True
        return self._substituted(value, path)

    def _output(self, option: Option, value: Mapping[object, object], path: str) -> object:
        """The program's output. Problems never contain its arguments."""
        if set(value) != {"cmd"}:
            self.problems.expected(path, option.expects, value)
            return None
        argv = programs.argv(
            value["cmd"], f"{path}.cmd", words.PROGRAM_WITH_ARGUMENTS(), self.problems
        )
        if argv is None:
            return None
        if argv in self._found.failures:
            failure = self._found.failures[argv]
            self._problem(path, describe_program(argv[0].strip(SPACE), failure))
            return None
        return self._found.outputs.get(argv, UNKNOWN)

    def _substituted(self, value: object, path: str) -> tuple[object, bool]:
        """`value`, or the variable for `$NAME` and `${NAME}`; and whether it was a variable."""
        name = variable_in(value)
        if not name:
            return value, False
        variable = self.variables.look_up(name)
        if variable is not None:
            return variable.text, True
        if self.variables.unread:
            return UNKNOWN, True
        self._problem(path, settings.VARIABLE_NOT_SET(name=name))
        return None, True

    def _text(self, option: Option, value: object, path: str, expects: str) -> str | None:
        if not isinstance(value, str):
            self.problems.expected(path, expects, value)
            return None
        text = value.strip(SPACE)
        if not text:
            self._problem(path, say.IS_EMPTY())
        elif (_CONTROL_IN_PROSE if option.kind is OptionKind.PROSE else _CONTROL).search(text):
            self._problem(path, say.CONTROL_CHARACTER())
        elif option.belongs and is_placeholder(text):
            self._problem(path, say.IS_PLACEHOLDER(text=text, belongs=option.belongs()))
        else:
            return text
        return None

    def _flag(self, option: Option, value: object, path: str, outside: bool) -> bool | None:
        if isinstance(value, bool):
            return value
        if not (outside and isinstance(value, str)):
            self.problems.expected(path, option.expects, value)
            return None
        word = value.strip(SPACE).lower()
        if word not in TRUTH:
            self._problem(path, say.MUST_BE(expected=option.expects))
            return None
        return TRUTH[word]

    def _number(self, option: Option, value: object, path: str, outside: bool) -> float | None:
        if outside and isinstance(value, str) and _DECIMAL.fullmatch(value.strip(SPACE)):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.problems.expected(path, option.expects, value)
            return None
        whole = option.kind is OptionKind.WHOLE
        # Written so that NaN is out of range.
        if not option.least <= value <= option.most or (whole and value != int(value)):
            self._problem(path, say.MUST_BE(expected=option.expects))
            return None
        return int(value) if whole else float(value)

    def _list(
        self, option: Option, value: object, path: str, outside: bool
    ) -> tuple[str, ...] | UnknownValue | None:
        if outside and isinstance(value, str):
            return self._items(option, [x for x in value.split(",") if x.strip(SPACE)], path)
        if isinstance(value, Mapping) and not value:
            return ()
        if isinstance(value, list | tuple):
            return self._items(option, list(value), path)
        self.problems.expected(path, option.expects, value)
        return None

    def _items(
        self, option: Option, items: list[object], path: str
    ) -> tuple[str, ...] | UnknownValue | None:
        texts: list[str] = []
        unknown = 0
        for number, item in enumerate(items, 1):
            here = f"{path}[{number}]"
            value, replaced = self._substituted(item, here)
            unknown += value is UNKNOWN
            if value is UNKNOWN or (value is None and replaced):
                continue
            text = self._item(option, value, here)
            if text is not None:
                texts.append(text)
        if len(texts) + unknown < len(items):
            return None
        return UNKNOWN if unknown else tuple(texts)

    def _item(self, option: Option, value: object, path: str) -> str | None:
        text = self._text(option, value, path, words.TEXT_IN_QUOTES())
        if text is None:
            return None
        if option.kind is OptionKind.PEOPLE and text == EVERYTHING:
            self._problem(path, settings.WOULD_BE_EVERYBODY())
            return None
        if option.kind is not OptionKind.COMMANDS or text == EVERYTHING:
            return text
        name = text.removeprefix("/")
        if name in remote_commands.NAMES:
            return name
        near = nearest(name, remote_commands.NAMES)
        if near:
            self._problem(path, settings.NO_REMOTE_COMMAND_NEAR(near=near))
        else:
            self._problem(path, settings.NO_REMOTE_COMMAND(known=comma_list(remote_commands.NAMES)))
        return None

    def _conversations(
        self, option: Option, value: object, path: str
    ) -> dict[str, dict[str, object]] | None:
        """The options given for each conversation, without inherited ones."""
        groups: dict[str, dict[str, object]] = {}
        if not isinstance(value, Mapping) and value != []:
            self.problems.expected(path, option.expects, value)
            return None
        for name, table in self.problems.entries(value, path):
            here = join_conversation(path, name)
            text = None if table is None else self._text(option, name, here, option.expects)
            if text is not None and text != name and text in value:
                self._problem(here, settings.DIFFERS(path=join_conversation(path, text)))
            elif text is not None:
                groups[text] = self._group(table, here)
        return groups

    def _group(self, table: object, path: str) -> dict[str, object]:
        given: dict[str, list[Given]] = {}
        for key, value in self.problems.entries(table, path):
            here = join(path, key)
            if key not in GROUP_SPELLINGS:
                self.problems.unknown(here, key, GROUP_SPELLINGS)
            elif value is not None:
                given.setdefault(GROUP_SPELLINGS[key], []).append(Given(here, value))
        values = {
            option.name: self.agreed(option, given.get(option.name, [])) for option in GROUP_OPTIONS
        }
        return {name: value for name, value in values.items() if value not in (None, UNKNOWN)}

    def agreed(self, option: Option, places: list[Given]) -> object:
        """The value that all places agree on; None if none gives a valid one."""
        first: Given | None = None
        agreed: object = None
        for place in sorted(places, key=lambda place: place.path):
            value = self.read(option, place)
            if value is None:
                continue
            if first is None:
                first, agreed = place, value
            elif UNKNOWN not in (value, agreed) and value != agreed:
                self._problem(place.path, settings.DIFFERS(path=first.path))
        return agreed
