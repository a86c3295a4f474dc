"""The two locks of a robot, and a description of who holds them."""

from __future__ import annotations

import contextlib
from pathlib import Path

from dingbridge.core.catalogue import service as say
from dingbridge.edges.programs.process_identity import has_ended
from dingbridge.edges.storage.card import OwnerCard
from dingbridge.edges.storage.data_paths import robots_folder
from dingbridge.edges.storage.owner_lock import OwnerLock


class RobotLocks:
    """Both locks are needed to send or receive by a robot: one is shared by all data folders of the
    user, one is in this data folder, where a Neovim with 0.1 takes it. Thread-safe.
    """

    def __init__(self, data: Path, robot: str) -> None:
        self._all = OwnerLock(robots_folder(), robot)
        self._old = OwnerLock(data / "dingbridge", robot)

    def acquire(self, card: OwnerCard) -> OwnerLock | None:
        """Try to take both without waiting, and write the card to them.

        Returns the lock that another process holds, or None; a lock taken before that is kept.
        Raises `OSError`.
        """
        for lock in (self._all, self._old):
            if not lock.acquire(card):
                return lock
        return None

    def acquire_at_once(self, card: OwnerCard) -> OwnerLock | None:
        """The same for a process that stores no files: creates no data folder, and works on a full
        disk."""
        is_used = self._old.folder.is_dir()
        for lock in (self._old, self._all) if is_used else (self._all,):
            if not lock.acquire():
                return lock
            with contextlib.suppress(OSError):
                lock.write_card(card)
        return None

    def __enter__(self) -> RobotLocks:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Release both for good."""
        self._all.release()
        self._old.release()


def holder(lock: OwnerLock) -> str:
    """The holder of a lock in words; empty if its card is missing, as for a moment after the lock
    was taken."""
    card = lock.read_card()
    if not card.pid or has_ended(card.pid, card.born):
        return ""
    match card.holder:
        case "service":
            return say.ROBOT_HELD(pid=card.pid, data=card.data)
        case "notify":
            return say.ROBOT_HELD_BY_NOTIFY(pid=card.pid)
        case "":
            return say.ROBOT_HELD_BY_OLD(pid=card.pid)
