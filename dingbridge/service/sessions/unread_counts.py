"""The unread messages of all sessions: counts what arrives, and notifies the editors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from dingbridge.core.messages import Message, Role
from dingbridge.core.sessions.unread import Unread, UnreadMessages

BY_OTHERS = (Role.DINGTALK, Role.RESPONDER)
"""Whose messages count as unread until an editor has shown them."""


class UnreadCounts:
    """The unread messages of the sessions of a data folder. Service loop only.

    `keep` stores the counts soon. A crash may lose the latest ones: then messages that were read
    count again, or new ones do not; none is lost.
    """

    def __init__(self, keep: Callable[[Mapping[str, Unread]], None]) -> None:
        self._keep = keep
        self._messages = UnreadMessages()
        self._listeners: list[Callable[[], None]] = []
        self._is_restored = False

    @property
    def counts(self) -> Mapping[str, Unread]:
        """The sessions with unread messages."""
        return self._messages.counts

    def join(self, changed: Callable[[], None]) -> None:
        """Call `changed` after each change."""
        self._listeners.append(changed)

    def leave(self, changed: Callable[[], None]) -> None:
        """Stop calling `changed`."""
        self._listeners.remove(changed)

    def restore(self, counts: Mapping[str, Unread]) -> None:
        """Take over what an earlier service has stored. Only the first call counts."""
        if not self._is_restored:
            self._is_restored = True
            self._messages.restore(counts)

    def added(self, session: str, messages: tuple[Message, ...]) -> None:
        """Messages were appended to a transcript."""
        ids = [message.id for message in messages if message.role in BY_OTHERS]
        if ids:
            self._messages.add(session, ids)
            self._changed()

    def read(self, session: str, message: str) -> None:
        """An editor has shown the session up to `message`, an id."""
        if self._messages.read(session, message):
            self._changed()

    def forgetting(self, session: str) -> Callable[[], None]:
        """The session is being deleted or emptied. Returns what to call once it is: it forgets the
        messages that are unread now."""
        return partial(self.read, session, self._messages.latest(session))

    def _changed(self) -> None:
        self._keep(self.counts)
        for changed in self._listeners:
            changed()
