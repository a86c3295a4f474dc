"""The source of an option's value, which also decides whether the value may be shown."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dingbridge.core.catalogue import settings as say

SourcePlace = Literal["", "env", "env_file"]
"""Where a variable is set: in the environment (empty), or in an option."""


class Source(Struct, frozen=True):
    """The source of a value.

    - `name`: the variable, without `$`, or the program without its arguments
    - `place`: where the variable is set
    """

    kind: Literal["default", "setup", "variable", "program"]
    name: str = ""
    place: SourcePlace = ""

    @property
    def is_secret(self) -> bool:
        """Whether values from this source must not be shown: outputs of programs are secret."""
        return self.kind == "program"


DEFAULT = Source("default")
SETUP = Source("setup")


def describe(source: Source) -> str:
    """The source in words: `$NAME in env`, `the command pass`."""
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
