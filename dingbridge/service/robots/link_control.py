"""Decides when the link of a robot is open, and reports its state to the editors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions import scopes
from dingbridge.service.robots.conversations import BoundEditor
from dingbridge.service.robots.editor_notices import EditorNotices
from dingbridge.service.robots.robot_news import LinkNews
from dingbridge.service.robots.robot_ports import Link
from dingbridge.service.robots.status_updates import StatusUpdates


class LinkControl:
    """Opens and closes the link. Service loop only.

    closed ──a session is bound, or made on demand──▶ open ──none any more──▶ closed
    """

    def __init__(
        self,
        link: Link,
        members: Mapping[int, BoundEditor],
        options: Callable[[], Options],
        notices: EditorNotices,
        status: StatusUpdates,
    ) -> None:
        self._link = link
        self._members = members
        self._options = options
        self._notices = notices
        self._status = status
        self.state = LinkNews(LinkState.OFF.value)
        """The latest state."""

    def update(self) -> None:
        """Open or close the link. After the last editor has left it stays as it is until the robot
        ends."""
        if not self._members:
            return
        options = self._options()
        is_bound = any(member.session for member in self._members.values())
        if options.mode == "api" and (is_bound or scopes.is_made(options)):
            self._link.connect()
            return
        self._link.disconnect()
        if self.state.link != LinkState.OFF.value:
            self.set(LinkNews(LinkState.OFF.value))

    def set(self, state: LinkNews) -> None:
        """The link's state has changed."""
        self.state = state
        self._notices.broadcast(state)
        self._status.changed()
