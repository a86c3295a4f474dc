"""Findings about the settings: problems, sources of secrets, what nothing uses, access."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from msgspec import Struct, structs

from dingbridge.core.catalogue import checkhealth as say
from dingbridge.core.catalogue import doctor, health
from dingbridge.core.doctor.finding import FindingState, HealthFinding
from dingbridge.core.listing import comma_list
from dingbridge.core.options.declarations import OPTIONS, PREFIX, SPELLINGS, Options
from dingbridge.core.options.groups import EVERYTHING
from dingbridge.core.options.kinds import Option, OptionKind
from dingbridge.core.options.settings import Configuration
from dingbridge.core.options.sources import DEFAULT, Source

OF_APPS = frozenset(
    {
        *("robot_code", "conversation_id", "user_id", "reaction", "approval_cards", "media.size"),
        *("media.days", "dm.policy", "allow_from", "group_policy", "groups", "require_mention"),
        *("admins", "commands", "session_scope", "mention_asker"),
    }
)
"""Options without effect where there is no app."""

OF_WEBHOOKS = frozenset({"keyword"})
"""Options without effect where there is no `webhook`."""

VARIABLES = "DINGTALK_"
"""What the names of our environment variables begin with."""


class SettingsFacts(Struct, frozen=True):
    """The settings as they were read.

    - `configuration`: None if there are `problems`, sentences that begin with a path
    - `warnings`: of what the settings name outside, such as `env_file`
    - `broken`: programs in them that cannot be run
    - `no_pictures`: a package that is missing and draws pictures of code; empty if all are there
    - `variables`: the names of all environment variables that begin with `VARIABLES`
    """

    configuration: Configuration | None
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    env_file: str = ""
    broken: frozenset[str] = frozenset()
    variables: tuple[str, ...] = ()
    no_pictures: str = ""


def settings(facts: SettingsFacts) -> Iterator[HealthFinding]:
    """All of them, those about problems first."""
    for problem in facts.problems:
        yield _finding("error", problem, health.CORRECT_SEE(help=_help_of(problem)))
    for warning in facts.warnings:
        yield _finding("warn", warning)
    if facts.problems or facts.configuration is None:
        yield _finding("info", say.OFF_UNTIL_THEN())
        return
    if facts.env_file and not facts.warnings:
        yield _finding("ok", say.ENV_FILE(path=facts.env_file))
    accounts = facts.configuration.accounts
    for name, account in accounts.items():
        for found in _account(account, facts):
            named = health.OF_ACCOUNT(account=name, row=found.sentence)
            public = health.OF_ACCOUNT(account=name, row=found.public) if found.public else ""
            yield (
                structs.replace(found, sentence=named, public=public)
                if len(accounts) > 1
                else found
            )
    yield from _unknown_variables(facts.variables, accounts.values())


def _finding(state: FindingState, sentence: str, *fixes: str, public: str = "") -> HealthFinding:
    return HealthFinding(doctor.SETTINGS(), state, sentence, fixes, public)


def _help_of(problem: str) -> str:
    """The help tag of the option in a problem."""
    path = re.match(rf"(?:{re.escape(PREFIX)}\.)?([\w.]+)", problem)
    spelling = path.group(1) if path else ""
    name = SPELLINGS.get(spelling) or SPELLINGS.get(spelling.rpartition(".")[2])
    return f":help dingbridge-option-{name}" if name else ":help dingbridge-options"


def _account(options: Options, facts: SettingsFacts) -> Iterator[HealthFinding]:
    mode = _mode(options)
    if not options.enabled:
        yield _finding("warn", say.SWITCHED_OFF(), say.SWITCH_ON())
    elif mode == "api":
        app, account = options.app_key, options.account
        known = say.API_MODE_OF_APP(app=app, account=account)
        unnamed = say.API_MODE(account=account)
        yield _finding("ok", known if app else unnamed, public=unnamed)
    elif mode == "webhook":
        yield _finding("ok", say.WEBHOOK_MODE())
    else:
        yield _finding("warn", health.NOT_SET_UP(), say.SET_WEBHOOK_OR_APP(), say.HELP_CONFIGURE())
    for option in OPTIONS:
        if option.kind in (OptionKind.SECRET, OptionKind.WEBHOOK):
            yield from _source(option.name, options.sources[option.name], facts.broken)
    if mode == "api":
        yield from _access(options)
        if facts.no_pictures:
            yield _finding("info", say.NO_PICTURES(package=facts.no_pictures), say.INSTALL_IMAGES())
    yield from _unused(options, mode)


def _mode(options: Options) -> str:
    """The account's mode when the values of its programs are known."""

    def is_given(name: str) -> bool:
        return options.sources[name] != DEFAULT

    if not options.enabled:
        return "off"
    if is_given("app_key") and is_given("app_secret"):
        return "api"
    return "webhook" if is_given("webhook") else "off"


def _source(name: str, source: Source, broken: Collection[str]) -> tuple[HealthFinding, ...]:
    """The findings about the source of a secret."""
    match source.kind:
        case "default":
            return ()
        case "setup":
            return (_finding("info", say.IN_SETTINGS(option=name)),)
        case "variable":
            return (_of_variable(name, source),)
        case "program":
            return (_of_program(name, source.name, broken),)


def _of_variable(name: str, source: Source) -> HealthFinding:
    if not source.place:
        return _finding("ok", say.FROM_ENVIRONMENT(option=name, variable=source.name))
    # The table `env` is part of the settings, which should not contain secrets.
    state: FindingState = "info" if source.place == "env" else "ok"
    return _finding(state, say.FROM_PLACE(option=name, variable=source.name, place=source.place))


def _of_program(name: str, program: str, broken: Collection[str]) -> HealthFinding:
    if program not in broken:
        return _finding("ok", say.SAID_BY_PROGRAM(option=name, program=program))
    cannot = say.PROGRAM_CANNOT_BE_RUN(option=name, program=program)
    return _finding("error", cannot, say.INSTALL_PROGRAM())


def _access(options: Options) -> Iterator[HealthFinding]:
    """The findings about access."""
    listed = options.allow_from or ()
    people = tuple(dict.fromkeys((*options.admins, *listed)))
    is_open = options.dm_policy == "open" and options.allow_from is None
    if is_open or EVERYTHING in listed:
        yield _finding("warn", say.EVERYBODY_LET_IN(), say.NAME_STAFF_IDS())
    elif people:
        public = doctor.PEOPLE_LET_IN(count=len(people))
        yield _finding("ok", say.LET_IN(people=comma_list(people)), public=public)
    elif options.dm_policy == "pairing":
        yield _finding("info", say.CODES_ONLY())
    elif not options.groups:
        yield _finding("warn", say.NOBODY_LET_IN(), say.NAME_STAFF_IDS(), say.LET_ASK())
    yield _finding("info", say.POLICIES(dm=options.dm_policy, groups=options.group_policy))


def _unused(options: Options, mode: str) -> Iterator[HealthFinding]:
    """Options that are given in `setup()` and have no effect."""

    def given(names: Collection[str]) -> str:
        own = (option for option in OPTIONS if _is_written(options, option))
        return ", ".join(option.name for option in own if option.name in names)

    if mode == "webhook" and (unused := given(OF_APPS)):
        yield _finding("warn", doctor.UNUSED_WITHOUT_APP(options=unused), doctor.SET_APP())
    if mode == "api" and options.sources["webhook"] == DEFAULT and (unused := given(OF_WEBHOOKS)):
        yield _finding("warn", doctor.UNUSED_WITHOUT_WEBHOOK(options=unused), doctor.REMOVE_THEM())


def _is_written(options: Options, option: Option) -> bool:
    return options.sources[option.name].kind == "setup"


def _unknown_variables(
    names: Collection[str], accounts: Collection[Options]
) -> Iterator[HealthFinding]:
    """Environment variables that nothing reads: unknown ones, and those that options override."""
    named = {option.env: option.name for option in OPTIONS if option.env}
    used = {source.name for account in accounts for source in account.sources.values()}
    unknown = [name for name in names if name not in named and name not in used]
    if unknown:
        yield _finding(
            "warn", doctor.UNKNOWN_VARIABLES(names=comma_list(unknown)), doctor.VARIABLES_HELP()
        )
    for name in names:
        if name in named and name not in used:
            option = named[name]
            yield _finding("info", doctor.VARIABLE_OVERRIDDEN(name=name, option=option))
