"""An editor's settings as the service reads them: only here a table becomes options."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from dingbridge.core.catalogue import editor
from dingbridge.core.errors import BadOptions
from dingbridge.core.options.lookups import LookupResults
from dingbridge.core.options.settings import Configuration, read_all, variables_read
from dingbridge.protocol.frames import RawSettings


class ReadSettings(Struct, frozen=True):
    """What an editor's settings come to. `given` is the environment for its programs; `problem`, in
    words, was not shown yet, and neither were the `warnings`."""

    configuration: Configuration
    problems: tuple[str, ...]
    problem: str
    warnings: tuple[str, ...]
    given: Mapping[str, str]


def read(settings: RawSettings, found: LookupResults, environ: Mapping[str, str]) -> ReadSettings:
    """Read the table of an editor with that environment, and what was found outside. One with
    problems turns DingTalk off, so that all the rest stays usable."""
    problems = settings.problems
    options = settings.options or {}
    kept = variables_read(options)
    given = {name: text for name, text in environ.items() if name not in kept}
    try:
        configuration = read_all(options, environ, found)
    except BadOptions as error:
        problems = tuple(dict.fromkeys((*problems, *error.problems)))
    problem = ""
    if problems:
        configuration = read_all({"enabled": False}, {})
        if problems != settings.problems:
            problem = editor.SETTINGS_PROBLEMS(problems="\n  ".join(problems))
    return ReadSettings(configuration, problems, problem, found.warnings, given)
