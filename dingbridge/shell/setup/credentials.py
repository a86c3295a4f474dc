"""The secrets of a setup: in memory once they are typed, then in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from dingbridge.core.catalogue import files as files_words
from dingbridge.core.catalogue import setup as say
from dingbridge.core.errors import BadOptions, Refused
from dingbridge.core.options.declarations import OPTIONS, Options
from dingbridge.core.options.settings import read, wants
from dingbridge.core.setup import snippet
from dingbridge.core.setup.progress import Progress
from dingbridge.core.setup.snippet import Table
from dingbridge.edges.programs import settings_lookup
from dingbridge.edges.storage import system_keyring
from dingbridge.edges.storage.setup_files import SetupFiles

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
"""A Client ID, which becomes the name of a file."""
_PRINTABLE = re.compile(r"[!#%-~][!-~]*")
"""A secret; one that begins with `$` would be looked up as a variable."""
_LATER = "typed-later"
"""Stands for the secret while the Client ID alone is checked."""
_ENDPOINTS = {"endpoint.api": "api", "endpoint.oapi": "oapi"}


class Surroundings(Struct, frozen=True):
    """Where a setup runs.

    - `data`, `config`: Neovim's folders
    - `environ`: the environment
    - `options`: addresses and proxy that the user's settings name already
    """

    data: Path
    config: Path
    environ: Mapping[str, str]
    options: Table = {}


class Credentials:
    """Knows the settings of the robot that is being set up, before and after they are stored."""

    def __init__(self, around: Surroundings, files: SetupFiles) -> None:
        self._files = files
        # A robot that the environment names is another one.
        others = {option.env for option in OPTIONS if option.name not in _ENDPOINTS}
        self._environ = {name: around.environ[name] for name in around.environ.keys() - others}
        self._around = around.options
        self._typed: dict[str, str] = {}

    def take(self, name: str, text: str) -> str:
        """Keep what was typed for an option, in memory. Returns what is wrong with it, or nothing.

        The problem quotes no secret.
        """
        if name == "app_key" and not _NAME.fullmatch(text):
            return say.NO_CLIENT_ID()
        if name != "keyword" and not _PRINTABLE.fullmatch(text):
            return say.NO_SUCH_SECRET()
        typed = {**self._typed, name: text}
        if name == "app_key":
            typed.setdefault("app_secret", _LATER)
        try:
            self._read({**typed})
        except BadOptions as error:
            return "; ".join(error.problems)
        self._typed[name] = text
        return ""

    def forget(self) -> None:
        """Another robot is asked for: forget what was typed."""
        self._typed = {}

    def options(self, progress: Progress) -> Options:
        """The settings as far as they are known. Raises `BadOptions`."""
        if progress.is_stored:
            return self._read(self.table(progress))
        table: Table = {**self._typed}
        if progress.keyword:
            table["keyword"] = progress.keyword
        if "app_key" in table:
            table.setdefault("app_secret", _LATER)
        return self._read(table)

    def table(self, progress: Progress) -> Table:
        """The table for `setup()`, with what is stored. Raises `BadOptions`."""
        plain = self._read({})
        default = {option.name: option.default for option in OPTIONS}
        endpoints: Table = {
            short: address
            for name, short in _ENDPOINTS.items()
            if (address := getattr(plain, f"endpoint_{short}")) != default[name]
        }
        return snippet.table_of(progress, self._lookups(progress), endpoints)

    def store(self, progress: Progress) -> str:
        """Put the secrets into their place. Returns the name of the robot there. Raises `OSError`
        or `Refused`."""
        typed = {**self._typed}
        if "app_secret" in typed:
            typed = {"app_key": typed["app_key"], "app_secret": typed["app_secret"]}
        robot = snippet.robot_name(typed)
        if progress.place == "file":
            self._files.store(robot, snippet.file_of(typed))
            return robot
        for name, secret in typed.items():
            if name != "app_key":
                system_keyring.store(f"{robot} {name}", secret)
        return robot

    def place_of(self, progress: Progress, robot: str) -> str:
        """The place in words."""
        if progress.place == "keyring":
            return say.THE_KEYRING()
        return _short(self._files.secrets_of(robot))

    def _lookups(self, progress: Progress) -> Table:
        robot = progress.robot
        if progress.place == "file":
            return {"env_file": _short(self._files.secrets_of(robot))}
        if progress.goal == "conversation":
            return {"app_key": robot, "app_secret": _asked(f"{robot} app_secret")}
        table: Table = {"webhook": _asked(f"{robot} webhook")}
        if progress.security == "signature":
            table["secret"] = _asked(f"{robot} secret")
        return table

    def _read(self, table: Table) -> Options:
        raw = {**self._around, **table}
        found = settings_lookup.look_up(wants(raw, self._environ))
        return read(raw, self._environ, found, path="")


def _asked(name: str) -> Table:
    return {"cmd": system_keyring.command(name)}


def _short(path: Path) -> str:
    """The path, below `~` if it is: then the settings fit other machines too."""
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def refused(problem: OSError) -> Refused:
    """The error of the disk, in words."""
    return Refused(
        files_words.UNWRITABLE(path=problem.filename, reason=problem.strerror or problem)
    )
