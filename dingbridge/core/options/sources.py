"""Where the value of an option came from, which also decides whether it may be shown."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dingbridge.core.catalogue import settings as say

SourcePlace = Literal["", "env", "env_file"]
"""What holds a variable: the environment when empty, or an option."""


class Source(Struct, frozen=True):
    """Where a value came from. `name` is that of the variable, without `$`, or of the program as it
    is called: its arguments are not kept. `place` says what holds the variable."""

    kind: Literal["default", "setup", "variable", "program"]
    name: str = ""
    place: SourcePlace = ""

    @property
    def is_secret(self) -> bool:
        """Whether what came from there must not be shown: what a program is asked for is kept in a
        safe place for a reason."""
        return self.kind == "program"


DEFAULT = Source("default")
SETUP = Source("setup")


def describe(source: Source) -> str:
    """Where a value came from, in words: `$NAME in env`, `the command pass`."""
    match source.kind:
        case "default":
            return say.BY_DEFAULT()
        case "setup":
            return say.BY_SETUP()
        case "program":
            return say.BY_PROGRAM(program=source.name)
        case "variable":
            return _of_variable(source)


def _of_variable(source: Source) -> str:
    match source.place:
        case "":
            return say.BY_VARIABLE(name=source.name)
        case "env":
            return say.BY_ENV(name=source.name)
        case "env_file":
            return say.BY_ENV_FILE(name=source.name)
