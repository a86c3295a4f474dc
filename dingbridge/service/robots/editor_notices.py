"""Sends a robot's news to all of its editors, or to the one whose user is active."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dingbridge.service.robots import robot_news
from dingbridge.service.robots.conversations import BoundEditor
from dingbridge.service.robots.editor_choice import EditorChoice
from dingbridge.service.robots.robot_news import News


class EditorNotices:
    """Picks the recipients of news. Service loop only. `notify` sends news to one member."""

    def __init__(
        self,
        members: Mapping[int, BoundEditor],
        editors: EditorChoice,
        notify: Callable[[int, News], None],
    ) -> None:
        self._members = members
        self._editors = editors
        self._notify = notify

    def broadcast(self, news: News, *, but: int | None = None) -> None:
        """Notify all members except `but`."""
        for member in list(self._members):
            if member != but:
                self._notify(member, news)

    def notify_latest(self, news: News) -> None:
        """Notify the editor whose user was active last; if there are bound sessions, one of those
        editors."""
        bound = [name for name, member in self._members.items() if member.session]
        member = self._editors.latest(bound or self._members)
        if member is not None:
            self._notify(member, news)

    def warn(self, words: str) -> None:
        """Show a warning in the editor whose user was active last."""
        member = self._editors.latest(self._members)
        if member is not None:
            self._notify(member, robot_news.Notice(words, "warn"))
