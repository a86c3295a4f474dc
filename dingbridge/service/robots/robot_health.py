"""The state of a robot: last error, rate limit, link and quota."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from dingbridge.core.catalogue import link as say
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.sessions.inbox import Received
from dingbridge.service.robots.link_control import LinkControl
from dingbridge.service.robots.quota_meter import QuotaMeter
from dingbridge.service.robots.robot_news import LinkNews
from dingbridge.service.robots.status_updates import StatusUpdates
from dingbridge.service.runtime import Runtime

log = logging.getLogger(__name__)


class RobotHealth:
    """Collects reports of link and queue. Service loop only. `warn` shows a warning to the user."""

    def __init__(
        self,
        runtime: Runtime,
        link: LinkControl,
        quota: QuotaMeter,
        status: StatusUpdates,
        warn: Callable[[str], None],
    ) -> None:
        self._runtime = runtime
        self._link = link
        self._quota = quota
        self._status = status
        self._warn = warn
        self.last_error = ""
        self._lacks_webhook = False
        self.cool_down = (0.0, "")
        """End of the pause in which nothing is sent (Unix seconds, 0 without one), and its
        reason."""

    @property
    def link(self) -> LinkNews:
        """The latest state of the link."""
        return self._link.state

    def link_changed(self, link: LinkState, reason: str, fix: str, retry_in: float = 0.0) -> None:
        """The link's state has changed. The next attempt is in `retry_in` seconds; 0: none is
        planned."""
        next_try = self._runtime.now() + retry_in if retry_in else 0.0
        self._link.set(LinkNews(link.value, reason, fix, next_try))

    def trouble(self, sentence: str, code: str) -> None:
        """Something unusable was received. `code` is DingTalk's, if any."""
        log.warning("%s", sentence)
        self.last_error = sentence
        self._quota.refused(code)
        self._warn(sentence)
        self._status.changed()

    def received(self, batch: Sequence[Received]) -> None:
        """Robot messages came, each of which is a push of the quota."""
        self._quota.count(pushes=len(batch))
        self._status.counted()
        if not self._lacks_webhook and any(one.inbound.session_webhook is None for one in batch):
            self._lacks_webhook = True
            # The reply URL is a part of every robot message (doc/dingtalk.md §5.1).
            self.trouble(say.NO_SESSION_WEBHOOK(), "")

    def counted(self, calls: int, pushes: int, code: str) -> None:
        """Calls were made. `code` is DingTalk's if one was refused."""
        self._quota.refused(code)
        if calls or pushes:
            self._quota.count(calls, pushes)
            self._status.counted()

    def cooling_down(self, until: float, reason: str) -> None:
        """Nothing is sent before `until` (Unix seconds); 0 ends the pause."""
        if (until, reason) != self.cool_down:
            self.cool_down = (until, reason)
            self._status.changed()
