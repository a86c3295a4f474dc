"""The options with all their values, for one account or several, and the reading of them.

`lua/dingbridge/options.lua` decides the same with the same sentences inside the editor; one list of
cases in the tests goes through both. The order of problems is that of their text, because a Lua
table has no order of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from dingbridge.core import accounts, programs
from dingbridge.core.errors import BadOptions
from dingbridge.core.kinds import Option
from dingbridge.core.options import (
    BY_NAME,
    DEFAULT_ACCOUNT,
    EVERYTHING,
    OPTIONS,
    PREFIX,
)
from dingbridge.core.outside import Argv, Found, Wants
from dingbridge.core.places import gather
from dingbridge.core.problems import Problems
from dingbridge.core.programs import Responder
from dingbridge.core.values import Values, variable_in


class Group(Struct, frozen=True):
    """What is given for one group; `None` is not given. `tools` are remote commands without `/`."""

    require_mention: bool | None = None
    users: tuple[str, ...] | None = None
    tools: tuple[str, ...] | None = None
    instructions: str | None = None


def group_of(groups: Mapping[str, Group], conversation_id: str, *, require_mention: bool) -> Group:
    """What holds in a group, listed or not: its own settings over those of `*`, key by key, and
    the account's `require_mention` below both."""
    merged: dict[str, Any] = {"require_mention": require_mention}
    for name in (EVERYTHING, conversation_id):
        given = msgspec.structs.asdict(groups.get(name, Group()))
        merged |= {key: value for key, value in given.items() if value is not None}
    return Group(**merged)


class Options(Struct, frozen=True, kw_only=True):
    """All options of one account, each with a value. Text that was not given is empty.

    `text_chunk_limit` is in characters, `responder_timeout` in seconds; an empty `send_key` means
    that no key sends. An `allow_from` that was not given is `None`. `groups` is as given, with `*`
    among its keys: ask `group`. `sources` says in words where each option's value came from, by
    canonical name. Only `read_all` makes one, because that is where the defaults come from.
    """

    account: str
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
    table: Literal["auto", "native", "text", "code"]
    file_after: int
    mention_asker: bool
    reaction: str
    mask_secrets: bool
    mask_secrets_except: tuple[str, ...]
    media_size: int
    media_days: int
    delivery: Literal["at_least_once", "at_most_once"]
    quota_calls: int
    quota_pushes: int
    dm_policy: Literal["pairing", "allowlist", "open", "disabled"]
    allow_from: tuple[str, ...] | None
    group_policy: Literal["disabled", "allowlist", "open"]
    groups: dict[str, Group]
    require_mention: bool
    admins: tuple[str, ...]
    commands: tuple[str, ...]
    jobs: dict[str, Argv]
    session_scope: Literal["bound", "user", "conversation", "single"]
    instructions: str
    cwd: str
    model: str
    endpoint_api: str
    endpoint_oapi: str
    proxy: str
    python: str
    responder: Responder
    responder_timeout: float
    autostart: bool
    send_key: str
    verbose: bool
    sources: dict[str, str]

    @property
    def mode(self) -> Literal["off", "webhook", "api"]:
        """How the bridge runs; API mode wins when both are configured."""
        if not self.enabled:
            return "off"
        if self.app_key and self.app_secret:
            return "api"
        return "webhook" if self.webhook else "off"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must not be shown or logged anywhere."""
        values = (getattr(self, option.field) for option in OPTIONS if self.is_hidden(option))
        return tuple(value for value in values if value)

    def missing(self) -> tuple[str, ...]:
        """What is needed before anything can be sent, as sentences; empty unless mode is `off`."""
        if self.mode != "off":
            return ()
        table = PREFIX if self.account == DEFAULT_ACCOUNT else f"{PREFIX}.accounts.{self.account}"
        if not self.enabled:
            return (f"{table}.enabled is false; set it to true",)
        return (
            f"{table}.webhook is not set; with it, messages go one way to a group",
            f"{table}.app_key and {table}.app_secret are not set; with them, conversations go"
            " both ways",
        )

    def is_hidden(self, option: Option) -> bool:
        """Whether the value of this option must not be shown or logged."""
        # What a program was asked for is kept in a safe place for a reason.
        source = self.sources[option.name]
        if source == "default" and option.default_from:
            source = self.sources[option.default_from]
        return option.is_secret or source.startswith(programs.SHOWN)

    def group(self, conversation_id: str) -> Group:
        """What holds in a group of this account; see `group_of`."""
        return group_of(self.groups, conversation_id, require_mention=self.require_mention)

    def __repr__(self) -> str:
        shown = ", ".join(f"{option.field}={self._shown(option)}" for option in OPTIONS)
        return f"Options(account={self.account!r}, {shown})"

    def _shown(self, option: Option) -> str:
        value = getattr(self, option.field)
        return "'***'" if self.is_hidden(option) and value else repr(value)


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
    variables = accounts.variables_of(places, environ, Found(), unheard)
    values = Values(variables, Found(), unheard)
    commands: set[Argv] = set()
    for given in accounts.split(places, variables).values():
        if values.agreed(BY_NAME["enabled"], given.get("enabled", [])) is not False:
            for name, found in given.items():
                commands |= {
                    argv for x in found if (argv := programs.saying(BY_NAME[name], x.value))
                }
    return Wants(tuple(sorted(commands)), accounts.env_file_of(places, variables, unheard))


def variables_read(raw: object) -> frozenset[str]:
    """The environment variables that settings come from: those of the options, and those that `raw`
    names for its secrets. Not those of a proxy, which other programs need as well."""
    places = gather(raw, Problems())
    named = {
        variable_in(given.value)
        for scope in (places.outer, *places.accounts.values())
        for name, found in scope.items()
        if BY_NAME[name].is_secret and name != "proxy"
        for given in found
    }
    return frozenset({option.env for option in OPTIONS} | named) - {""}


def read_all(raw: object, environ: Mapping[str, str], found: Found = Found()) -> Configuration:  # noqa: B008 - it never changes
    """All accounts in `raw`, a table as it stands under `integrations.dingtalk`.

    What `raw` does not give comes from `environ`, then from what was `found` outside, then from the
    defaults; what was not looked up counts as given and has its default. Raises `BadOptions` with
    every problem at once, each a sentence that begins with the path.
    """
    problems = Problems()
    places = gather(raw, problems)
    variables = accounts.variables_of(places, environ, found, problems)
    outer_groups = places.outer.get("groups", [])
    fields: dict[str, dict[str, object]] = {}
    for name, given in accounts.split(places, variables).items():
        values = Values(variables, found, problems)
        fields[name] = accounts.read_account(given, outer_groups, values)
        fields[name]["account"] = name
    values = Values(variables, found, problems)
    if places.accounts:
        # What every account gives anew is used by none, and yet must be right.
        accounts.read_account(accounts.around(places, variables), outer_groups, values)
    accounts.check_robots(fields, problems)
    named = places.outer.get("default_account", [])
    default = accounts.default_of(fields, named, values)
    if problems.sentences:
        raise BadOptions(tuple(sorted(problems.sentences)))
    return msgspec.convert({"accounts": fields, "default_account": default}, Configuration)


def read(raw: object, environ: Mapping[str, str], found: Found = Found()) -> Options:  # noqa: B008 - it never changes
    """The options of the default account; see `read_all`."""
    return read_all(raw, environ, found).default
