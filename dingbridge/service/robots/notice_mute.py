"""Until when the notices of a robot are held back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dingbridge.core.catalogue import remote as say
from dingbridge.core.commands import remote_commands as remote
from dingbridge.core.sessions.state import with_muted
from dingbridge.service.robots.state_cache import StateCache
from dingbridge.service.runtime import Runtime


class NoticeMute:
    """What `/mute` and `:Chat mute` change. Service loop only.

    - `changed` is called after each change.
    """

    def __init__(
        self, robot: str, cache: StateCache, runtime: Runtime, changed: Callable[[], None]
    ) -> None:
        self._robot = robot
        self._cache = cache
        self._runtime = runtime
        self._changed = changed

    @property
    def until(self) -> float:
        """Unix seconds; 0 if notices go out."""
        until = self._cache.state.muted.get(self._robot, 0.0)
        return until if until > self._runtime.now() else 0.0

    def set(self, until: float) -> None:
        """Hold notices back until then; 0: no longer."""
        self._cache.change(lambda state: with_muted(state, self._robot, until))
        self._changed()

    def answer(self, command: remote.Mute) -> str:
        """Carry out a remote command, and answer it."""
        if command.seconds is not None:
            self.set(self._runtime.now() + command.seconds if command.seconds else 0.0)
        if self.until:
            return say.MUTED(time=datetime.fromtimestamp(self.until))
        return say.NOT_MUTED()
