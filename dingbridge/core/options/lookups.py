"""What settings take from outside: which commands and file they want, and what was found there."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, structs

from dingbridge.core.options.lookup_failures import EditorClosing, FileFailure, ProgramFailure
from dingbridge.core.options.sources import Source, SourcePlace, describe

SPACE = " \t\r\n\v\f"
"""What is taken off both ends of a value: what Lua takes for white space."""

Argv = tuple[str, ...]


class Wants(Struct, frozen=True):
    """What has to be looked up before a table can be read: programs to start as they are, each
    once, and a file with variables, `~` not yet expanded; empty when none is named."""

    commands: tuple[Argv, ...] = ()
    env_file: str = ""


def may_want(raw: object) -> bool:
    """Whether a table may name something to look up. Quick, and true rather once too often.

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
    """What looking up gave.

    `variables` are those of the file; None while it was not read, and then `file_failure` says why.
    `outputs` has what each program said, `failures` why one gave no answer. `warnings` are whole
    sentences. Nothing here is shown.
    """

    variables: dict[str, str] | None = None
    file_failure: FileFailure | None = None
    outputs: dict[Argv, str] = {}
    failures: dict[Argv, ProgramFailure] = {}
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "LookupResults(***)"


def with_commands(found: LookupResults, said: LookupResults) -> LookupResults:
    """What was found in a file, with what commands said."""
    return structs.replace(found, outputs=said.outputs, failures=said.failures)


def not_looked_up(wants: Wants) -> LookupResults:
    """What was found when the editor closes before anything was."""
    return LookupResults(
        file_failure=EditorClosing() if wants.env_file else None,
        failures=dict.fromkeys(wants.commands, EditorClosing()),
    )


class Variable(Struct, frozen=True):
    """What a variable holds, stripped, and which one it is."""

    text: str
    source: Source

    def __repr__(self) -> str:
        return f"Variable({describe(self.source)})"


class Variables:
    """The environment, then the table `env`, then the file; what is blank counts as not set."""

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
        """Whether there is a file that was not read, so that nothing can be said to be missing."""

    def look_up(self, name: str) -> Variable | None:
        """What `name` holds, or None."""
        for place, holder in self._holders:
            text = holder.get(name, "").strip(SPACE)
            if text:
                return Variable(text, Source("variable", name, place))
        return None
