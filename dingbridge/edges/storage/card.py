"""The owner card: a file beside a lock that says which process holds it and how to reach it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from dingbridge.edges.storage import own_files

Holder = Literal["", "service", "notify"]
"""The program that holds a lock: the service, or `dingbridge notify` while it sends; empty for a
Neovim with 0.1, whose card does not say."""


class OwnerCard(Struct, frozen=True):
    """The process that holds a lock.

    It has its process id, start time (`process_identity.born`), local socket with the secret, data
    folder, and which program it is.
    """

    pid: int = 0
    address: str = ""
    secret: str = ""
    born: str = ""
    data: str = ""
    holder: Holder = ""

    def __repr__(self) -> str:
        return f"OwnerCard(pid={self.pid!r}, address={self.address!r}, secret='***')"


def card_path(folder: Path, name: str) -> Path:
    """The path of a lock's card."""
    return folder / f"owner-{name}.json"


def write_card(folder: Path, name: str, card: OwnerCard) -> None:
    """Write the card of a lock."""
    # Not synced: the process does not survive a power cut either.
    own_files.write_whole(card_path(folder, name), msgspec.json.encode(card), sync=False)


def read_card(folder: Path, name: str) -> OwnerCard:
    """The card of a lock; an empty one if it is missing or invalid."""
    try:
        with own_files.reading(card_path(folder, name)) as file:
            return msgspec.json.decode(file.read(), type=OwnerCard)
    except (OSError, ValueError):
        return OwnerCard()


def remove_card(folder: Path, name: str) -> None:
    """Remove the card of a lock."""
    with contextlib.suppress(OSError):
        card_path(folder, name).unlink()
