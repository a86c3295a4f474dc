"""Reads the options of one account or several, or tells everything that is wrong with them.

What the editor itself can see, `lua/dingbridge/options.lua` tells at once, in the same sentences.
The order of problems is that of their text, because a Lua table has no order of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from msgspec import Struct

from dingbridge.core.errors import BadOptions
from dingbridge.core.options import inheritance, programs
from dingbridge.core.options.declarations import BY_NAME, OPTIONS, Options
from dingbridge.core.options.flatten import gather
from dingbridge.core.options.kinds import Option
from dingbridge.core.options.lookups import Argv, LookupResults, Wants
from dingbridge.core.options.placeholders import variable_in
from dingbridge.core.options.problems import Problems
from dingbridge.core.options.values import Values


class Configuration(Struct, frozen=True):
    """All accounts by name, sorted; at least one. `default_account` is the name of one of them."""

    accounts: dict[str, Options]
    default_account: str

    @property
    def default(self) -> Options:
        """The account that is meant when none is named."""
        return self.accounts[self.default_account]

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values of all accounts that must not be shown or logged anywhere."""
        every = (secret for options in self.accounts.values() for secret in options.secrets)
        return tuple(dict.fromkeys(every))


def wants(raw: object, environ: Mapping[str, str]) -> Wants:
    """What has to be looked up outside before `raw` can be read. What is wrong in it is passed
    over, and so are the programs of accounts that are off."""
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
    """The environment variables that settings come from: those of the options, and those that `raw`
    names for its secrets. Not those of a proxy, which other programs need as well."""
    return _variables(raw, lambda option: option.is_secret and option.name != "proxy")


def _variables(raw: object, counts: Callable[[Option], bool]) -> frozenset[str]:
    """The variables of all options, and those that `raw` names for the options that count."""
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
    """What equal tables share if they also read equal variables, in the environment and in the file
    that was `found`: the commands of one say what those of the other do. It shows nothing of the
    values, and is empty for a table without commands.

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
    """A table of Lua has no order of its own."""
    if isinstance(value, Mapping):
        return sorted((repr(key), _in_order(each)) for key, each in value.items())
    return [_in_order(each) for each in value] if isinstance(value, list | tuple) else repr(value)


def read_all(
    raw: object, environ: Mapping[str, str], found: LookupResults = LookupResults()
) -> Configuration:
    """All accounts in `raw`, a table as it stands under `integrations.dingtalk`.

    What `raw` does not give comes from `environ`, then from what was `found` outside, then from the
    defaults; what was not looked up counts as given and has its default. Raises `BadOptions` with
    every problem at once, each a sentence that begins with the path.
    """
    problems = Problems()
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
        # What every account gives anew is used by none, and yet must be right.
        inheritance.read_account("", inheritance.around(places, variables), outer_groups, values)
    inheritance.check_robots(every, problems)
    default = inheritance.default_of(every, places.outer.get("default_account", []), values)
    if problems.sentences:
        raise BadOptions(tuple(sorted(problems.sentences)))
    return Configuration(every, default)


def read(
    raw: object, environ: Mapping[str, str], found: LookupResults = LookupResults()
) -> Options:
    """The options of the default account; see `read_all`."""
    return read_all(raw, environ, found).default
