"""The state file, shared by all editors of a user: each change is made to what is on disk now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dingbridge.core import state as states
from dingbridge.core.catalogue import files as say
from dingbridge.core.errors import BridgeError, StoredDataDamaged
from dingbridge.core.patience import LOCK_WITHIN
from dingbridge.core.state import State
from dingbridge.edges import files

Change = Callable[[State], State]


class StateFile:
    """`chat-dingtalk-state.json` in the data directory."""

    def __init__(self, path: Path, lock_within: float = LOCK_WITHIN) -> None:
        self._path = path
        self._lock = FileLock(f"{path}.lock", mode=0o600)
        self._lock_within = lock_within

    def read(self) -> tuple[State, StoredDataDamaged | None]:
        """The state, and what was wrong with the file when it had to be set aside.

        Raises `BridgeError` when it is damaged and another process does not let go of it.
        """
        try:
            return self._decoded(), None
        except ValueError:
            # Another process may have replaced it since: only a file read under the lock is moved.
            with self._locked():
                return self._read()

    def update(self, change: Change) -> None:
        """Apply `change` to the file's content. Two editors at once lose nothing of each other.

        Raises `StoredDataDamaged`, with the change made, when the file had to be set aside, and
        `BridgeError` when another process does not let go of it.
        """
        files.make_folder(self._path.parent)
        with self._locked():
            old, damaged = self._read()
            new = change(old)
            if new != old or damaged is not None:
                files.write_whole(self._path, states.encode(new))
        if damaged is not None:
            raise damaged

    def _decoded(self) -> State:
        try:
            with files.reading(self._path) as file:
                return states.decode(file.read())
        except FileNotFoundError:
            return State()

    def _read(self) -> tuple[State, StoredDataDamaged | None]:
        try:
            return self._decoded(), None
        except ValueError as cause:
            kept = files.set_aside(self._path)
            damaged = StoredDataDamaged(
                say.STATE_SET_ASIDE(reason=cause, kept=kept.name),
                str(kept),
            )
            return State(), damaged

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._lock.acquire(timeout=self._lock_within)
        except Timeout as cause:
            raise BridgeError(
                say.STATE_LOCKED(name=self._path.name),
                fix=say.END_THAT_PROCESS(),
            ) from cause
        try:
            yield
        finally:
            self._lock.release()
