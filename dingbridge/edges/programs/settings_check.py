"""Reads settings to check them, and finds out what they name outside."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from dingbridge.core.doctor.settings_findings import VARIABLES, SettingsFacts
from dingbridge.core.errors import BadOptions
from dingbridge.core.options.lookups import Wants
from dingbridge.core.options.settings import Configuration, read_all, wants
from dingbridge.edges.programs.settings_lookup import look_up
from dingbridge.executables import find_program

PICTURES = {"Pillow": "PIL", "Pygments": "pygments"}
"""The packages that draw pictures of code, with the module of each."""


def settings_facts(
    options: object,
    path: str,
    told: tuple[str, ...],
    cwd: str,
    environ: Mapping[str, str],
    *,
    run_programs: bool = False,
) -> SettingsFacts:
    """The facts about a table of options, which is at `path` in the argument of `setup()`.

    - `told` are the problems that the editor has already found
    - relative paths start at `cwd`
    - without `run_programs` the file with variables is read, but the values of programs count as
      given
    """
    wanted = wants(options, environ)
    found = look_up(wanted if run_programs else Wants(env_file=wanted.env_file))
    configuration: Configuration | None = None
    try:
        configuration = read_all(options, environ, found, path)
        problems = told
    except BadOptions as error:
        problems = tuple(dict.fromkeys((*told, *error.problems)))
    accounts = configuration.accounts.values() if configuration is not None else ()
    programs = {
        source.name
        for account in accounts
        for source in account.sources.values()
        if source.kind == "program"
    }
    return SettingsFacts(
        configuration,
        problems,
        found.warnings,
        wanted.env_file,
        frozenset(program for program in programs if not _can_be_run(program, cwd)),
        tuple(sorted(name for name in environ if name.startswith(VARIABLES))),
        next((name for name, module in PICTURES.items() if find_spec(module) is None), ""),
    )


def _can_be_run(program: str, cwd: str) -> bool:
    # A program's name is never looked up in the current folder.
    if not re.search(r"[/\\]", program):
        return find_program(program, os.get_exec_path()) is not None
    path = Path(cwd, program)
    return path.is_file() and os.access(path, os.X_OK)
