"""The lock of a data folder or a robot, which ends with its process, and the card beside it."""

from __future__ import annotations

import threading
from pathlib import Path

from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.card import OwnerCard, read_card, remove_card, write_card
from dingbridge.edges.storage.file_lock import file_lock


class OwnerLock:
    """A lock that at most one process holds. The system releases it when the process dies.

    `name` is part of the file names: `service` for a data folder, otherwise the robot's.
    Thread-safe.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._mutex = threading.Lock()
        self._given_back = False
        self._lock = file_lock(folder / f"owner-{name}.lock")
        self._name = name

    def acquire(self, card: OwnerCard | None = None) -> bool:
        """Try to take the lock without waiting, and write the card.

        Creates the folder. Returns whether the lock is held; never after `release`. Raises
        `OSError` if the folder cannot be written.
        """
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
        """Release the lock for good, and remove our card before that.

        An `acquire` that runs at the same time fails, because nobody would release it again. The
        lock and card of another process are not touched.
        """
        with self._mutex:
            self._given_back = True
            if self._lock.is_held:
                self.remove_card()
            self._lock.release()

    def write_card(self, card: OwnerCard) -> None:
        """Write the card."""
        write_card(self.folder, self._name, card)

    def read_card(self) -> OwnerCard:
        """The card of the lock's holder; an empty one if it is missing or invalid."""
        return read_card(self.folder, self._name)

    def remove_card(self) -> None:
        """Remove the card."""
        remove_card(self.folder, self._name)
