"""Files of the user's: a path means something on the editor's side only, and the bytes travel."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final, Literal

from msgspec import Struct

LOAD_BYTES: Final = 200 * 1024 * 1024
"""Largest transcript that is loaded from a file; ours. Such a one has a million messages."""


class UserFile(Struct, frozen=True):
    """A file that a command names: to be sent, to be loaded, or to be written. `path` is absolute;
    its bytes travel under its `number`."""

    number: int
    path: str
    use: Literal["send", "load", "save"]

    @property
    def name(self) -> str:
        """Its name without the folder."""
        return PurePath(self.path).name
