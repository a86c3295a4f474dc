"""Inheritance: what each account gets from its table, the outer table and the environment."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from dingbridge.core.catalogue import settings as say
from dingbridge.core.catalogue import values as words
from dingbridge.core.listing import comma_list
from dingbridge.core.options.declarations import (
    BY_NAME,
    DEFAULT_ACCOUNT,
    OPTIONS,
    ROBOT,
    Options,
)
from dingbridge.core.options.flatten import Given, OptionPlaces, Scope
from dingbridge.core.options.lookup_failures import describe_file
from dingbridge.core.options.lookups import LookupResults, Variables
from dingbridge.core.options.placeholders import UNKNOWN
from dingbridge.core.options.problems import Problems, join
from dingbridge.core.options.sources import DEFAULT, describe
from dingbridge.core.options.values import Values


def variables_of(
    places: OptionPlaces, environ: Mapping[str, str], found: LookupResults, problems: Problems
) -> Variables:
    """The environment with what `env` and the file named by `env_file` add to it."""
    table = _table(places.env, problems)
    named = env_file_of(places, Variables(environ, table), problems)
    if named and found.file_failure is not None:
        problems.add(places.outer["env_file"][0].path, describe_file(found.file_failure))
    # If the file cannot be read, its variables are not reported as missing as well.
    unread = bool(named) and found.variables is None
    return Variables(environ, table, found.variables, unread=unread)


def env_file_of(places: OptionPlaces, variables: Variables, problems: Problems) -> str:
    """The file that `env_file` names; empty without one."""
    option = BY_NAME["env_file"]
    named = Values(variables, LookupResults(), problems).agreed(
        option, places.outer.get("env_file", [])
    )
    return named if isinstance(named, str) else ""


def _table(env: list[Given], problems: Problems) -> dict[str, str]:
    """The variables in `env`, which may be given in two places."""
    table: dict[str, str] = {}
    first: dict[str, str] = {}
    for place in env:
        expects = BY_NAME["env"].expects
        for name, text in problems.entries(place.value, place.path, expects):
            here = join(place.path, name)
            if text is None:
                continue
            if not isinstance(text, str):
                problems.expected(here, words.TEXT_IN_QUOTES(), text)
            elif table.setdefault(name, text) != text:
                problems.add(here, say.DIFFERS(path=first[name]))
            first.setdefault(name, here)
    return table


def split(places: OptionPlaces, variables: Variables) -> dict[str, Scope]:
    """The places of each account, sorted by name; the outer table is one if it names a robot."""
    accounts = {
        name: _inherited(own, places.outer, variables) for name, own in places.accounts.items()
    }
    if not accounts or names_robot(places.outer):
        accounts.setdefault(DEFAULT_ACCOUNT, _inherited({}, places.outer, variables))
    return dict(sorted(accounts.items()))


def around(places: OptionPlaces, variables: Variables) -> Scope:
    """The places outside of accounts, whether or not an account inherits them."""
    alone = _inherited({}, places.outer, variables)
    return alone if names_robot(places.outer) else places.outer


def names_robot(scope: Scope) -> bool:
    """Whether a table identifies a robot (`ROBOT`)."""
    return any(name in scope for name in ROBOT)


def _inherited(own: Scope, outer: Scope, variables: Variables) -> Scope:
    apart = (*ROBOT, "robot_code") if names_robot(own) else ()
    given: Scope = {}
    for option in OPTIONS:
        name = option.name
        variable = variables.look_up(option.env) if option.env else None
        if name in own:
            given[name] = own[name]
        elif name in apart:
            continue
        elif name in outer:
            given[name] = outer[name]
        elif variable is not None:
            given[name] = [Given(describe(variable.source), variable.text, variable.source)]
    return given


def merged_groups(outer: object, own: object) -> object:
    """An account's groups merged over the outer ones, key by key."""
    if not isinstance(outer, dict) or not isinstance(own, dict):
        return own
    return outer | {name: outer.get(name, {}) | group for name, group in own.items()}


def default_of(accounts: Mapping[str, Options], places: list[Given], values: Values) -> str:
    """The default account. `accounts` are sorted by name."""
    named = values.agreed(BY_NAME["default_account"], places)
    if isinstance(named, str):
        if named not in accounts:
            values.problems.add(places[0].path, say.NO_ACCOUNT(known=comma_list(accounts)))
        return named
    enabled = [name for name, options in accounts.items() if options.enabled] or [*accounts]
    return DEFAULT_ACCOUNT if DEFAULT_ACCOUNT in enabled else enabled[0]


def check_robots(accounts: Mapping[str, Options], problems: Problems) -> None:
    """Add a problem for each robot with several accounts. Accounts that are off do not count."""
    first: dict[str, str] = {}
    for name, options in accounts.items():
        robot = options.app_key or options.webhook
        if robot and options.enabled and first.setdefault(robot, name) != name:
            problems.add(
                join(problems.path, "accounts"), say.SAME_ROBOT(first=first[robot], other=name)
            )


def read_account(name: str, given: Scope, outer_groups: list[Given], values: Values) -> Options:
    """The options of one account; invalid ones have their default."""
    fields: dict[str, object] = {}
    sources = dict.fromkeys((option.name for option in OPTIONS), DEFAULT)
    # Endpoints first: a webhook may be on the host of one.
    for option in sorted(OPTIONS, key=lambda option: option.name == "webhook"):
        found = given.get(option.name, [])
        value = values.agreed(option, found)
        if option.name == "groups" and found and found is not outer_groups:
            value = merged_groups(values.agreed(option, outer_groups), value)
        if option.name.startswith("endpoint."):
            values.addresses.trust(option.default if value is None else value)
        if found:
            sources[option.name] = values.source(option, found)
            # Nothing is missing that an unread file may contain.
            if option.needs and option.needs not in given and not values.variables.unread:
                values.problems.add(found[0].path, say.NEEDS_OPTION(option=option.needs))
        if value is None or value is UNKNOWN:
            value = fields.get(option.default_from, option.default)
        fields[option.field] = value
    if fields["agent"] is not None and fields["responder"] is not None:
        path = given["agent"][0].path
        values.problems.add(path, say.EITHER_ANSWERS(other=given["responder"][0].path))
    return msgspec.convert(fields | {"account": name, "sources": sources}, Options)
