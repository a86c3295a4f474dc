"""What Lua tells the host, beside what goes to the service as it is."""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec import Struct


class EditorSettings(Struct, frozen=True):
    """What the editor tells about itself, once and after each `setup()`.

    `options` is the user's table as written, functions replaced by a marker; `problems` are those
    that the editor has found and shown; `pid` is Neovim's, `revision` counts the settings that the
    editor was given, `has_screen` says whether somebody looks at it, and `key` is all that
    decides where a message goes.
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

    @property
    def key_digest(self) -> str:
        """The key as Lua writes it into files, which shows nothing of it."""
        return hashlib.sha256(self.key.encode("utf-8", "surrogateescape")).hexdigest()


class FromManifest(Struct, frozen=True):
    """What comes with a command of the manifest: where it was given, and the settings when they are
    new."""

    place: Any
    has_range: bool = False
    settings: EditorSettings | None = None
