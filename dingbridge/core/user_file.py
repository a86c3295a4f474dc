"""Files of the user. A path is valid in the host's process only, so the bytes are transferred."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final, Literal

from msgspec import Struct

LOAD_BYTES: Final = 200 * 1024 * 1024
"""Largest transcript that is loaded from a file, about a million messages; ours."""


class UserFile(Struct, frozen=True):
    """A file named in a command: to send, load or write.

    `path` is absolute; `number` identifies it in frames.
    """

    number: int
    path: str
    use: Literal["send", "load", "save"]

    @property
    def name(self) -> str:
        """Its name without the folder."""
        return PurePath(self.path).name
