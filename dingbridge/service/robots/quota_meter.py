"""How much of the month's quota was used here, and the warning when it runs low."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.delivery import quota, reaction_calls
from dingbridge.core.delivery.quota import Budget, Quota
from dingbridge.core.sessions.state import with_quota
from dingbridge.service.ports import Runtime
from dingbridge.service.robots.state_cache import StateCache


class QuotaMeter:
    """Counts for one robot. Service loop only.

    - `budget` returns what is allowed by the options in force.
    - `warn` shows a warning to the user.
    """

    def __init__(
        self,
        robot: str,
        cache: StateCache,
        runtime: Runtime,
        budget: Callable[[], Budget],
        warn: Callable[[str], None],
    ) -> None:
        self._robot = robot
        self._cache = cache
        self._runtime = runtime
        self._budget = budget
        self._warn = warn

    def count(self, calls: int = 0, pushes: int = 0) -> None:
        """Add calls and pushes (counts) that were made."""
        counted = quota.counted(self._quota(), self._runtime.now(), calls, pushes)
        counted, warning = quota.warning(counted, self._budget())
        self._set(counted)
        if warning:
            self._warn(warning)

    def refused(self, code: str) -> None:
        """The platform answered with this code, empty for none; some mean that the quota is used
        up."""
        if code:
            self._set(quota.used_up(self._quota(), self._runtime.now(), code))

    @property
    def is_short(self) -> bool:
        """Whether what is left of the month's calls is for messages alone."""
        return reaction_calls.quota_is_short(self._quota(), self._budget())

    def describe(self) -> str:
        """The month in one line, for status."""
        return quota.describe(self._quota(), self._budget())

    def _quota(self) -> Quota:
        return self._cache.state.quotas.get(self._robot) or Quota()

    def _set(self, counted: Quota) -> None:
        if counted != self._quota():
            self._cache.soon(lambda state: with_quota(state, self._robot, counted))
