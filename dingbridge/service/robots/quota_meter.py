"""Counts the calls of this month against the quota, and warns when it runs low."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.delivery import quota
from dingbridge.core.delivery.quota import Budget, Quota
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions.state import with_quota
from dingbridge.service.robots.state_cache import StateCache
from dingbridge.service.runtime import Runtime


class QuotaMeter:
    """The meter of one robot. Service loop only.

    - `options` returns the options in force, with the quota.
    - `warn` shows a warning to the user.
    """

    def __init__(
        self,
        robot: str,
        cache: StateCache,
        runtime: Runtime,
        options: Callable[[], Options],
        warn: Callable[[str], None],
    ) -> None:
        self._robot = robot
        self._cache = cache
        self._runtime = runtime
        self._options = options
        self._warn = warn

    def count(self, calls: int = 0, pushes: int = 0) -> None:
        """Add numbers of calls and pushes."""
        counted = quota.counted(self._quota(), self._runtime.now(), calls, pushes)
        counted, warning = quota.warning(counted, self._budget())
        self._set(counted)
        if warning:
            self._warn(warning)

    def refused(self, code: str) -> None:
        """DingTalk refused a call with this code (empty: none). Some codes mean that the quota is
        used up."""
        if code:
            self._set(quota.used_up(self._quota(), self._runtime.now(), code))

    @property
    def is_short(self) -> bool:
        """Whether the rest of the month's calls is reserved for messages."""
        return quota.is_short(self._quota(), self._budget())

    def describe(self) -> str:
        """The month in one line, for the status."""
        return quota.describe(self._quota(), self._budget())

    def _budget(self) -> Budget:
        options = self._options()
        return Budget(options.quota_calls, options.quota_pushes)

    def _quota(self) -> Quota:
        return self._cache.state.quotas.get(self._robot) or Quota()

    def _set(self, counted: Quota) -> None:
        if counted != self._quota():
            self._cache.soon(lambda state: with_quota(state, self._robot, counted))
