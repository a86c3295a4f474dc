"""Who has a robot: the two locks that its user needs, and in words who else has one of them."""

from __future__ import annotations

import contextlib
from pathlib import Path

from dingbridge.core.catalogue import service as say
from dingbridge.edges.programs.process_identity import has_ended
from dingbridge.edges.storage.card import OwnerCard
from dingbridge.edges.storage.data_paths import robots_folder
from dingbridge.edges.storage.owner_lock import OwnerLock


class RobotLocks:
    """Whoever sends or receives by a robot holds both: the one that is the same for all data
    folders of the user, and the one in this data folder, which a Neovim that runs 0.1 takes. For
    any thread."""

    def __init__(self, data: Path, robot: str) -> None:
        self._all = OwnerLock(robots_folder(), robot)
        self._old = OwnerLock(data / "dingbridge", robot)

    def acquire(self, card: OwnerCard) -> OwnerLock | None:
        """Take both without waiting, and say by the card that they are ours. Returns the lock that
        somebody else has; what was taken before that is kept. Raises `OSError`."""
        for lock in (self._all, self._old):
            if not lock.acquire(card):
                return lock
        return None

    def acquire_at_once(self, card: OwnerCard) -> OwnerLock | None:
        """The same for somebody who keeps no files: no data folder is made for it, and a disk that
        is full hinders it not."""
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
        """Give back for good what is ours."""
        self._all.release()
        self._old.release()


def holder(lock: OwnerLock) -> str:
    """Who holds a lock, in words; empty when that is not written down, as for a moment after
    somebody has taken it."""
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
