"""Turns an editor's settings table into options; nothing else in the service does."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from dingbridge.core.catalogue import editor
from dingbridge.core.errors import BadOptions
from dingbridge.core.options.lookups import LookupResults
from dingbridge.core.options.settings import Configuration, read_all, variables_read
from dingbridge.protocol.frames import RawSettings


class ReadSettings(Struct, frozen=True):
    """The result.

    `given` is the environment for the editor's programs. `problem` and `warnings` are texts that
    the user has not seen yet.
    """

    configuration: Configuration
    problems: tuple[str, ...]
    problem: str
    warnings: tuple[str, ...]
    given: Mapping[str, str]


def read(settings: RawSettings, found: LookupResults, environ: Mapping[str, str]) -> ReadSettings:
    """Read a table with the editor's environment and the results of its lookups. Problems turn
    DingTalk off and leave the rest usable."""
    problems = settings.problems
    options = settings.options or {}
    kept = variables_read(options)
    given = {name: text for name, text in environ.items() if name not in kept}
    try:
        configuration = read_all(options, environ, found, settings.path)
    except BadOptions as error:
        problems = tuple(dict.fromkeys((*problems, *error.problems)))
    problem = ""
    if problems:
        configuration = read_all({"enabled": False}, {})
        unseen = [each for each in problems if each not in settings.problems]
        if unseen:
            problem = editor.SETTINGS_PROBLEMS(problems="\n  ".join(unseen))
    return ReadSettings(configuration, problems, problem, found.warnings, given)
