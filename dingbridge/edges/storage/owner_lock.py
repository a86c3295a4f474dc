"""Who has a data folder or a robot: a lock that dies with its process, and a card beside it."""

from __future__ import annotations

import threading
from pathlib import Path

from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.card import OwnerCard, read_card, remove_card, write_card
from dingbridge.edges.storage.file_lock import file_lock


class OwnerLock:
    """Held by at most one process. The operating system frees it when we die.

    `name` is in the names of its files: `service` for a data folder, else the robot's. For any
    thread.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._mutex = threading.Lock()
        self._given_back = False
        self._lock = file_lock(folder / f"owner-{name}.lock")
        self._name = name

    def acquire(self, card: OwnerCard | None = None) -> bool:
        """Take the lock without waiting, making its folder, and write the card at once. Returns
        whether it is ours, which it never is again after `release`. Raises `OSError` when the
        folder cannot be written."""
        with self._mutex:
            if self._given_back:
                return False
            if self._lock.is_held:
                return True
            own_files.make_own_folder(self.folder)
            if not self._lock.acquire():
                return False
            if card is not None:
                try:
                    self.write_card(card)
                except OSError:
                    self._lock.release()
                    raise
            return True

    def release(self) -> None:
        """Give the lock back for good: also an attempt that is under way does not get it any more,
        for nobody would give it back then. Our card goes first. The lock of somebody else is left
        alone, and so is its card."""
        with self._mutex:
            self._given_back = True
            if self._lock.is_held:
                self.remove_card()
            self._lock.release()

    def write_card(self, card: OwnerCard) -> None:
        """Tell others how the holder is reached."""
        write_card(self.folder, self._name, card)

    def read_card(self) -> OwnerCard:
        """How the holder is reached; an empty card when that is not known."""
        return read_card(self.folder, self._name)

    def remove_card(self) -> None:
        """Nobody is reached there any more."""
        remove_card(self.folder, self._name)
