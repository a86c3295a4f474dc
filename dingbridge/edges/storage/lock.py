"""Who owns an app's link on this machine: a lock file that dies with its process."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from dingbridge.edges.storage import files


class Owner(Struct, frozen=True):
    """The Neovim that holds an app's link."""

    pid: int = 0
    cwd: str = ""


class OwnerLock:
    """Held by at most one editor for each app. The operating system frees it when we die."""

    def __init__(self, folder: Path, app_key: str, me: Owner) -> None:
        name = hashlib.sha256(app_key.encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / f"owner-{name}.lock", mode=0o600)
        self._card = folder / f"owner-{name}.json"
        self._me = me

    def acquire(self) -> Owner | None:
        """Take the lock without waiting. Returns None, or who holds it."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return self._holder()
        try:
            files.write_whole(self._card, msgspec.json.encode(self._me))
        except OSError:
            self._lock.release()
            raise
        return None

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()

    def _holder(self) -> Owner:
        try:
            return msgspec.json.decode(self._card.read_bytes(), type=Owner)
        except (OSError, ValueError):
            return Owner()
