"""Who owns an app on this machine: a lock file that dies with its process, and the owner's card."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from dingbridge.edges import files


class Card(Struct, frozen=True):
    """How the owner of an app is reached: its Neovim, and its local socket with the secret."""

    pid: int = 0
    address: str = ""
    secret: str = ""

    def __repr__(self) -> str:
        return f"Card(pid={self.pid!r}, address={self.address!r}, secret='***')"


class OwnerLock:
    """Held by at most one editor for each app. The operating system frees it when we die.

    `robot` is the app's name in file names. For any thread.
    """

    def __init__(self, folder: Path, robot: str) -> None:
        self.folder = folder
        self._mutex = threading.Lock()
        self._given_back = False
        # Taken by one thread and released by another, so it must not be bound to either.
        self._lock = FileLock(folder / f"owner-{robot}.lock", mode=0o600, thread_local=False)
        self._card = folder / f"owner-{robot}.json"

    def acquire(self) -> bool:
        """Take the lock without waiting, making its folder. Returns whether it is ours, which it
        never is again after `release`. Raises `OSError` when the folder cannot be written."""
        with self._mutex:
            if self._given_back:
                return False
            files.make_own_folder(self.folder)
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                return False
            return True

    def release(self) -> None:
        """Give the lock back for good: also an attempt that is under way does not get it any more,
        for nobody would give it back then. The lock of somebody else is left alone."""
        with self._mutex:
            self._given_back = True
            self._lock.release()

    def write_card(self, card: Card) -> None:
        """Tell the others how the owner is reached."""
        files.write_whole(self._card, msgspec.json.encode(card))

    def read_card(self) -> Card:
        """How the owner is reached; an empty card when that is not known."""
        try:
            with files.reading(self._card) as file:
                return msgspec.json.decode(file.read(), type=Card)
        except (OSError, ValueError):
            return Card()
