"""The part of `:checkhealth dingbridge` about the settings, which are read as the host reads them.

Runs no programs and shows no secrets. It is a separate process, because no host need be running:
Neovim writes the settings to its standard input and reads rows from its standard output, as JSON.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, structs

from dingbridge.core.catalogue import checkhealth as say
from dingbridge.core.catalogue import health, language
from dingbridge.core.errors import BadOptions
from dingbridge.core.listing import comma_list
from dingbridge.core.options.declarations import OPTIONS, PREFIX, SPELLINGS, Options
from dingbridge.core.options.groups import EVERYTHING
from dingbridge.core.options.kinds import OptionKind
from dingbridge.core.options.lookups import Wants
from dingbridge.core.options.settings import read_all, wants
from dingbridge.core.options.sources import DEFAULT, Source
from dingbridge.edges.programs.settings_lookup import look_up
from dingbridge.executables import find_program

PICTURES = {"Pillow": "PIL", "Pygments": "pygments"}
"""The packages that draw pictures of code, with the module of each."""


class HealthLine(Struct, frozen=True):
    """A line of the report, with advice."""

    rank: Literal["ok", "info", "warn", "error"]
    text: str
    advice: tuple[str, ...] = ()


def report(
    options: object, path: str, told: tuple[str, ...], cwd: str, environ: Mapping[str, str]
) -> Iterator[HealthLine]:
    """The rows about a table of options, which is at `path` in the argument of `setup()`.

    `told` are the problems that the editor has already found; relative paths start at `cwd`.
    """
    # Reads the file but runs no program; the values of programs count as given.
    wanted = Wants(env_file=wants(options, environ).env_file)
    found = look_up(wanted)
    try:
        configuration = read_all(options, environ, found, path)
        problems = told
    except BadOptions as error:
        problems = tuple(dict.fromkeys((*told, *error.problems)))
    for problem in problems:
        yield HealthLine("error", problem, (health.CORRECT_SEE(help=_help_of(problem)),))
    for warning in found.warnings:
        yield HealthLine("warn", warning)
    if problems:
        yield HealthLine("info", say.OFF_UNTIL_THEN())
        return
    if wanted.env_file and not found.warnings:
        yield HealthLine("ok", say.ENV_FILE(path=wanted.env_file))
    for name, account in configuration.accounts.items():
        several = len(configuration.accounts) > 1
        for row in _account(account, cwd):
            named = health.OF_ACCOUNT(account=name, row=row.text)
            yield structs.replace(row, text=named) if several else row


def _help_of(problem: str) -> str:
    """The help tag of the option in a problem."""
    path = re.match(rf"(?:{re.escape(PREFIX)}\.)?([\w.]+)", problem)
    spelling = path.group(1) if path else ""
    name = SPELLINGS.get(spelling) or SPELLINGS.get(spelling.rpartition(".")[2])
    return f":help dingbridge-option-{name}" if name else ":help dingbridge-options"


def _account(options: Options, cwd: str) -> Iterator[HealthLine]:
    mode = _mode(options)
    if not options.enabled:
        yield HealthLine("warn", say.SWITCHED_OFF(), (say.SWITCH_ON(),))
    elif mode == "api":
        app, account = options.app_key, options.account
        known = say.API_MODE_OF_APP(app=app, account=account)
        yield HealthLine("ok", known if app else say.API_MODE(account=account))
    elif mode == "webhook":
        yield HealthLine("ok", say.WEBHOOK_MODE())
    else:
        yield HealthLine(
            "warn", health.NOT_SET_UP(), (say.SET_WEBHOOK_OR_APP(), say.HELP_CONFIGURE())
        )
    for option in OPTIONS:
        if option.kind in (OptionKind.SECRET, OptionKind.WEBHOOK):
            yield from _source(option.name, options.sources[option.name], cwd)
    if mode == "api":
        yield from _access(options)
        yield from _pictures()


def _mode(options: Options) -> str:
    """The account's mode when the values of its programs are known."""

    def is_given(name: str) -> bool:
        return options.sources[name] != DEFAULT

    if not options.enabled:
        return "off"
    if is_given("app_key") and is_given("app_secret"):
        return "api"
    return "webhook" if is_given("webhook") else "off"


def _source(name: str, source: Source, cwd: str) -> tuple[HealthLine, ...]:
    """The rows about the source of a secret."""
    match source.kind:
        case "default":
            return ()
        case "setup":
            return (HealthLine("info", say.IN_SETTINGS(option=name)),)
        case "variable":
            return (_of_variable(name, source),)
        case "program":
            return (_of_program(name, source.name, cwd),)


def _of_variable(name: str, source: Source) -> HealthLine:
    if not source.place:
        return HealthLine("ok", say.FROM_ENVIRONMENT(option=name, variable=source.name))
    # The table `env` is part of the settings, which should not contain secrets.
    rank: Literal["ok", "info"] = "info" if source.place == "env" else "ok"
    return HealthLine(rank, say.FROM_PLACE(option=name, variable=source.name, place=source.place))


def _of_program(name: str, program: str, cwd: str) -> HealthLine:
    if _can_be_run(program, cwd):
        return HealthLine("ok", say.SAID_BY_PROGRAM(option=name, program=program))
    cannot = say.PROGRAM_CANNOT_BE_RUN(option=name, program=program)
    return HealthLine("error", cannot, (say.INSTALL_PROGRAM(),))


def _can_be_run(program: str, cwd: str) -> bool:
    # A program's name is never looked up in the current folder.
    if not re.search(r"[/\\]", program):
        return find_program(program, os.get_exec_path()) is not None
    path = Path(cwd, program)
    return path.is_file() and os.access(path, os.X_OK)


def _access(options: Options) -> Iterator[HealthLine]:
    """The rows about access."""
    listed = options.allow_from or ()
    people = tuple(dict.fromkeys((*options.admins, *listed)))
    is_open = options.dm_policy == "open" and options.allow_from is None
    if is_open or EVERYTHING in listed:
        yield HealthLine("warn", say.EVERYBODY_LET_IN(), (say.NAME_STAFF_IDS(),))
    elif people:
        yield HealthLine("ok", say.LET_IN(people=comma_list(people)))
    elif options.dm_policy == "pairing":
        yield HealthLine("info", say.CODES_ONLY())
    elif not options.groups:
        yield HealthLine("warn", say.NOBODY_LET_IN(), (say.NAME_STAFF_IDS(), say.LET_ASK()))
    yield HealthLine("info", say.POLICIES(dm=options.dm_policy, groups=options.group_policy))


def _pictures() -> Iterator[HealthLine]:
    """A row if a package is missing that draws pictures of code."""
    missing = (name for name, module in PICTURES.items() if find_spec(module) is None)
    if package := next(missing, ""):
        yield HealthLine("info", say.NO_PICTURES(package=package), (say.INSTALL_IMAGES(),))


def main() -> None:
    """Read the settings from standard input, and write the rows to standard output."""
    # Bytes that are not UTF-8 are passed through.
    asked: dict[str, Any] = json.loads(sys.stdin.buffer.read().decode("utf-8", "surrogateescape"))
    language.use(asked["language"], os.environ)
    options, path, told = asked["options"], asked["path"], tuple(asked["problems"])
    rows = report(options, path, told, asked["cwd"], os.environ)
    answer = json.dumps([structs.asdict(row) for row in rows], ensure_ascii=False)
    sys.stdout.buffer.write(answer.encode("utf-8", "surrogateescape"))
