"""The state file, shared by all editors of a user: each change is made to what is on disk now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from dingbridge.core import state as states
from dingbridge.core.errors import StoredDataDamaged
from dingbridge.core.state import State
from dingbridge.edges.storage import files

Change = Callable[[State], State]


class StateFile:
    """`chat-dingtalk-state.json` in the data directory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(f"{path}.lock", mode=0o600)

    def read(self) -> tuple[State, StoredDataDamaged | None]:
        """The state, and what was wrong with the file when it had to be set aside."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return State(), None
        try:
            return states.decode(data), None
        except ValueError as cause:
            kept = files.set_aside(self._path)
            damaged = StoredDataDamaged(
                f"The state file could not be read ({cause}); it was set aside as {kept.name} and "
                "the bridge starts clean: bind the session again",
                str(kept),
            )
            return State(), damaged

    def update(self, change: Change) -> None:
        """Apply `change` to the file's content. Two editors at once lose nothing of each other."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            old, damaged = self.read()
            new = change(old)
            if new != old or damaged is not None:
                files.write_whole(self._path, states.encode(new))
        if damaged is not None:
            raise damaged
