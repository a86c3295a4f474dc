"""When the link of a robot is open, and what the editors know of its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions import scopes
from dingbridge.service.ports import Link
from dingbridge.service.robots.conversations import BoundEditor
from dingbridge.service.robots.editor_notices import EditorNotices
from dingbridge.service.robots.robot_news import LinkNews
from dingbridge.service.robots.status_updates import StatusUpdates


class LinkControl:
    """Opens and closes the link, and reports its state to the editors. Service loop only."""

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
        """Open or close the link: it is open while an editor has a session bound, or is there for
        sessions that are made on demand. Once all editors have left, it stays as it was until the
        robot ends."""
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
        """The link has another state."""
        self.state = state
        self._notices.broadcast(state)
        self._status.changed()
