"""Data from Lua that the host itself reads; everything else is passed to the service unchanged."""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec import Struct

from dingbridge.core.catalogue.language import Language


class EditorSettings(Struct, frozen=True):
    """The state of the editor, at start and after each `setup()`.

    - `options`: the user's table as written, with functions replaced by a marker
    - `path`: of the table in the argument of `setup()`, empty if it is the argument
    - `problems`: those that the editor has already found and shown
    - `pid`: Neovim's process id
    - `revision`: counts the calls of `setup()`
    - `has_screen`: whether a user interface is attached
    - `key`: everything that decides where a message goes
    - `bound`: the session that each account had here with the host before; None without one
    - `language`: the option, as far as it is valid
    """

    options: Any
    problems: tuple[str, ...]
    data: str
    log: str
    pid: int
    cwd: str
    revision: int = 0
    has_screen: bool = False
    key: str = ""
    bound: dict[str, str] | None = None
    path: str = ""
    language: Language = "auto"

    @property
    def key_digest(self) -> str:
        """The digest of `key`, as Lua writes it into files; reveals nothing of it."""
        return hashlib.sha256(self.key.encode("utf-8", "surrogateescape")).hexdigest()


class FromManifest(Struct, frozen=True):
    """Data of a command from the manifest: its context, and the settings if they are new."""

    place: Any
    has_range: bool = False
    settings: EditorSettings | None = None


class FocusReport(Struct, frozen=True):
    """Whether the user has left this editor, or has come back."""

    away: bool
