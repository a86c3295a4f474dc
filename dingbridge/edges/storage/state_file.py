"""The state file, shared by all editors of a user: each change applies to its current content."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dingbridge.core.catalogue import files as say
from dingbridge.core.errors import BridgeError, StoredDataDamaged
from dingbridge.core.sessions import state as states
from dingbridge.core.sessions.state import State
from dingbridge.core.timeouts import LOCK_WITHIN, STATE_EVERY
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.file_lock import taken

Change = Callable[[State], State]


class StateFile:
    """`chat-dingtalk-state.json` in the data directory."""

    def __init__(self, path: Path, lock_within: float = LOCK_WITHIN) -> None:
        self.path = path
        self._lock = Path(f"{path}.lock")
        self._lock_within = lock_within
        self._pending: list[Change] = []
        self._guard = threading.Lock()
        self._written_at = -math.inf
        self._lasts = True
        self._known: tuple[tuple[int, int, int] | None, State] = (None, State())

    def read(self) -> tuple[State, StoredDataDamaged | None]:
        """The state, and the error if the file was damaged and set aside.

        Raises `BridgeError` if it is damaged and another process keeps it locked.
        """
        try:
            return self._decoded(), None
        except ValueError:
            # Another process may have replaced it since: move only a file read under the lock.
            with self._locked():
                return self._read()

    def update(self, change: Change) -> None:
        """Apply `change` to the file's content durably. Concurrent processes do not lose changes.

        Raises `StoredDataDamaged`, with the change applied, if the file was set aside, and
        `BridgeError` if another process keeps it locked.
        """
        self._change(change, lasts=True)

    def _change(self, change: Change, *, lasts: bool) -> None:
        own_files.make_folder(self.path.parent)
        with self._guard:
            pending = tuple(self._pending)
        with self._locked():
            old, damaged = self._read()
            new = old
            for each in (*pending, change):
                new = each(new)
            if new != old or damaged is not None:
                self._lasts = False
                own_files.write_whole(self.path, states.encode(new))
                if lasts:
                    self._make_last()
                self._known = (self._mark(), new)
                self._written_at = time.monotonic()
        with self._guard:
            del self._pending[: len(pending)]
        if damaged is not None:
            raise damaged

    def soon(self, change: Change) -> bool:
        """Apply `change` with the next write. Thread-safe.

        Returns whether it is the first pending change: then call `flush` in `due_in` seconds.
        """
        with self._guard:
            self._pending.append(change)
            return len(self._pending) == 1

    def due_in(self) -> float:
        """Seconds until pending changes are due: they are written once a second."""
        return max(0.0, self._written_at + STATE_EVERY - time.monotonic())

    def flush(self) -> None:
        """Write pending changes, without a sync. Raises as `update` does."""
        with self._guard:
            waits = bool(self._pending)
        if waits:
            # Not synced: a power cut may restore the file of a second ago.
            self._change(lambda state: state, lasts=False)

    def keep(self) -> None:
        """The same, durably."""
        with self._guard:
            waits = bool(self._pending)
        if waits:
            self._change(lambda state: state, lasts=True)
        elif not self._lasts:
            self._make_last()

    def _make_last(self) -> None:
        own_files.sync_folder(self.path.parent)
        self._lasts = True

    def _mark(self) -> tuple[int, int, int]:
        found = self.path.stat()
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    def _decoded(self) -> State:
        try:
            mark = self._mark()
            if mark == self._known[0]:
                return self._known[1]
            with own_files.reading(self.path) as file:
                state = states.decode(file.read())
        except FileNotFoundError:
            return State()
        self._known = (mark, state)
        return state

    def _read(self) -> tuple[State, StoredDataDamaged | None]:
        try:
            return self._decoded(), None
        except ValueError as cause:
            kept = own_files.set_aside(self.path)
            damaged = StoredDataDamaged(
                say.STATE_SET_ASIDE(reason=cause, kept=kept.name),
                str(kept),
            )
            return State(), damaged

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = taken(self._lock, self._lock_within)
        if lock is None:
            raise BridgeError(
                say.STATE_LOCKED(name=self.path.name),
                fix=say.END_THAT_PROCESS(),
            )
        try:
            yield
        finally:
            lock.release()
