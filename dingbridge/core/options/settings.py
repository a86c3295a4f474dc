"""Reads the options of all accounts, or reports every problem in them.

`lua/dingbridge/options.lua` checks at once what the editor can see, with the same sentences.
Problems are sorted by text, because a Lua table has no order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from msgspec import Struct

from dingbridge.core.errors import BadOptions
from dingbridge.core.options import inheritance, programs
from dingbridge.core.options.declarations import BY_NAME, OPTIONS, PREFIX, Options
from dingbridge.core.options.flatten import gather
from dingbridge.core.options.kinds import Option
from dingbridge.core.options.lookups import Argv, LookupResults, Wants
from dingbridge.core.options.placeholders import variable_in
from dingbridge.core.options.problems import Problems
from dingbridge.core.options.values import Values


class Configuration(Struct, frozen=True):
    """All accounts, sorted by name; at least one. `default_account` is one of the names."""

    accounts: dict[str, Options]
    default_account: str

    @property
    def default(self) -> Options:
        """The default account."""
        return self.accounts[self.default_account]

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values of all accounts that must never be shown or logged."""
        every = (secret for options in self.accounts.values() for secret in options.secrets)
        return tuple(dict.fromkeys(every))


def wants(raw: object, environ: Mapping[str, str]) -> Wants:
    """What to look up before `raw` can be read. Skips errors, and programs of accounts that are
    off.
    """
    unheard = Problems()
    places = gather(raw, unheard)
    variables = inheritance.variables_of(places, environ, LookupResults(), unheard)
    values = Values(variables, LookupResults(), unheard)
    commands: set[Argv] = set()
    for given in inheritance.split(places, variables).values():
        if values.agreed(BY_NAME["enabled"], given.get("enabled", [])) is not False:
            for name, found in given.items():
                commands |= {
                    argv for x in found if (argv := programs.saying(BY_NAME[name], x.value))
                }
    return Wants(tuple(sorted(commands)), inheritance.env_file_of(places, variables, unheard))


def variables_read(raw: object) -> frozenset[str]:
    """The environment variables that settings come from, except those of proxies, which other
    programs need.

    These are the variables of the options, and those that `raw` names for its secrets.
    """
    return _variables(raw, lambda option: option.is_secret and option.name != "proxy")


def _variables(raw: object, counts: Callable[[Option], bool]) -> frozenset[str]:
    """The variables of all options, and those that `raw` names where `counts` is true."""
    places = gather(raw, Problems())
    named = {
        variable_in(given.value)
        for scope in (places.outer, *places.accounts.values())
        for name, found in scope.items()
        if counts(BY_NAME[name])
        for given in found
    }
    return frozenset({option.env for option in OPTIONS} | named) - {""}


def digest(raw: object, environ: Mapping[str, str], found: LookupResults = LookupResults()) -> str:
    """A digest of a table's options and of the variables (environment and file) that it reads.

    Commands in tables with the same digest print the same. Reveals nothing of the values. Empty for
    a table without commands.

    >>> one = {"app_key": "$KEY", "app_secret": {"cmd": ["pass", "secret"]}}
    >>> digest(one, {"KEY": "a"}) == digest(dict(reversed(one.items())), {"KEY": "a"})
    True
    >>> digest(one, {"KEY": "a"}) == digest(one, {"KEY": "b"})
    False
    """
    if not wants(raw, environ).commands:
        return ""
    file = found.variables or {}
    held = [
        (name, environ.get(name), file.get(name))
        for name in sorted(_variables(raw, lambda option: True))
    ]
    return hashlib.sha256(repr((_in_order(raw), held)).encode()).hexdigest()


def _in_order(value: object) -> object:
    """`value` with sorted tables: a Lua table has no order."""
    if isinstance(value, Mapping):
        return sorted((repr(key), _in_order(each)) for key, each in value.items())
    return [_in_order(each) for each in value] if isinstance(value, list | tuple) else repr(value)


def read_all(
    raw: object,
    environ: Mapping[str, str],
    found: LookupResults = LookupResults(),
    path: str = PREFIX,
) -> Configuration:
    """All accounts in `raw`, the table with the options. `path` is where it is in the argument of
    `setup()`; empty if it is the argument.

    Options that `raw` does not give come from `environ`, then from the lookup results `found`, then
    from the defaults. An option that was not looked up counts as given, with its default. Raises
    `BadOptions` with all problems, each a sentence that begins with the path.
    """
    problems = Problems(path)
    places = gather(raw, problems)
    variables = inheritance.variables_of(places, environ, found, problems)
    outer_groups = places.outer.get("groups", [])
    every = {
        name: inheritance.read_account(
            name, given, outer_groups, Values(variables, found, problems)
        )
        for name, given in inheritance.split(places, variables).items()
    }
    values = Values(variables, found, problems)
    if places.accounts:
        # Also checks outer options that every account overrides.
        inheritance.read_account("", inheritance.around(places, variables), outer_groups, values)
    inheritance.check_robots(every, problems)
    default = inheritance.default_of(every, places.outer.get("default_account", []), values)
    if problems.sentences:
        raise BadOptions(tuple(sorted(problems.sentences)))
    return Configuration(every, default)


def read(
    raw: object,
    environ: Mapping[str, str],
    found: LookupResults = LookupResults(),
    path: str = PREFIX,
) -> Options:
    """The options of the default account; see `read_all`."""
    return read_all(raw, environ, found, path).default
