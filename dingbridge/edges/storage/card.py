"""The card of whoever holds a lock: how it is reached."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from dingbridge.edges.storage import own_files

Holder = Literal["", "service", "notify"]
"""Who holds a lock: the service, or the shell's `notify` while it sends; what a Neovim that runs
0.1 writes says nothing of it."""


class OwnerCard(Struct, frozen=True):
    """The process that holds a lock, when it began (`process_identity.born`), its local socket with
    the secret, the data folder that it serves, and what it is."""

    pid: int = 0
    address: str = ""
    secret: str = ""
    born: str = ""
    data: str = ""
    holder: Holder = ""

    def __repr__(self) -> str:
        return f"OwnerCard(pid={self.pid!r}, address={self.address!r}, secret='***')"


def card_path(folder: Path, name: str) -> Path:
    """Where the card of a lock is."""
    return folder / f"owner-{name}.json"


def write_card(folder: Path, name: str, card: OwnerCard) -> None:
    """Tell others how the holder is reached."""
    # No power cut outlives the process that it names.
    own_files.write_whole(card_path(folder, name), msgspec.json.encode(card), sync=False)


def read_card(folder: Path, name: str) -> OwnerCard:
    """How the holder is reached; an empty card when that is not known."""
    try:
        with own_files.reading(card_path(folder, name)) as file:
            return msgspec.json.decode(file.read(), type=OwnerCard)
    except (OSError, ValueError):
        return OwnerCard()


def remove_card(folder: Path, name: str) -> None:
    """Nobody is reached there any more."""
    with contextlib.suppress(OSError):
        card_path(folder, name).unlink()
