"""Values outside of the settings: the programs and the file that they name, and the results."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, structs

from dingbridge.core.options.lookup_failures import EditorClosing, FileFailure, ProgramFailure
from dingbridge.core.options.sources import Source, SourcePlace, describe

SPACE = " \t\r\n\v\f"
"""White space that is stripped from values, as Lua defines it."""

Argv = tuple[str, ...]


class Wants(Struct, frozen=True):
    """What to look up before a table can be read.

    That is: programs (argument lists), each of which is run once, and the path of a file with
    variables (`~` not expanded), empty without one.
    """

    commands: tuple[Argv, ...] = ()
    env_file: str = ""


def may_want(raw: object) -> bool:
    """Whether a table may name something to look up. Fast; may return a false positive.

    >>> may_want({"accounts": {"work": {"app_secret": {"cmd": ["pass", "secret"]}}}})
    True
    >>> may_want({"app_key": "dingx"})
    False
    """
    if isinstance(raw, Mapping):
        return any(_may_name(key) or may_want(value) for key, value in raw.items())
    return isinstance(raw, list | tuple) and any(map(may_want, raw))


def _may_name(key: object) -> bool:
    letters = "".join(filter(str.isalpha, str(key))).lower()
    return letters == "cmd" or "envfile" in letters


class LookupResults(Struct, frozen=True):
    """The results of a lookup. They are secret.

    - `variables`: of the file; None if it was not read, for the reason `file_failure`
    - `outputs`, `failures`: what each program printed, or why it gave no value
    - `warnings`: sentences
    """

    variables: dict[str, str] | None = None
    file_failure: FileFailure | None = None
    outputs: dict[Argv, str] = {}
    failures: dict[Argv, ProgramFailure] = {}
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "LookupResults(***)"


def with_commands(found: LookupResults, said: LookupResults) -> LookupResults:
    """The results `found` for the file, combined with those of the programs."""
    return structs.replace(found, outputs=said.outputs, failures=said.failures)


def not_looked_up(wants: Wants) -> LookupResults:
    """The results if the editor closes before the lookup."""
    return LookupResults(
        file_failure=EditorClosing() if wants.env_file else None,
        failures=dict.fromkeys(wants.commands, EditorClosing()),
    )


class Variable(Struct, frozen=True):
    """A variable's stripped value and its source."""

    text: str
    source: Source

    def __repr__(self) -> str:
        return f"Variable({describe(self.source)})"


class Variables:
    """Variables of the environment, then of the table `env`, then of the file. Blank ones count as
    not set.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        table: Mapping[str, str] | None = None,
        file: Mapping[str, str] | None = None,
        *,
        unread: bool = False,
    ) -> None:
        self._holders: tuple[tuple[SourcePlace, Mapping[str, str]], ...] = (
            ("", environ),
            ("env", table or {}),
            ("env_file", file or {}),
        )
        self.unread = unread
        """Whether there is an unread file: no variable can be reported as missing."""

    def look_up(self, name: str) -> Variable | None:
        """The variable of that name, or None."""
        for place, holder in self._holders:
            text = holder.get(name, "").strip(SPACE)
            if text:
                return Variable(text, Source("variable", name, place))
        return None
