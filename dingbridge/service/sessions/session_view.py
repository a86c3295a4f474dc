"""What the session store reports to those that show sessions."""

from __future__ import annotations

from typing import Protocol

from dingbridge.core.sessions.transcript import SessionInfo, TranscriptPart
from dingbridge.protocol import updates


class View(Protocol):
    """An editor's view of the sessions."""

    def listed(self) -> None:
        """The list of sessions has changed."""
        ...

    def changed(self, session: str, update: updates.ShowMessages | updates.ShowDelivery) -> None:
        """Messages were added to a transcript, a message has a new delivery, or the transcript was
        cleared."""
        ...

    def added(self, session: str, part: TranscriptPart) -> None:
        """Another program added this part to a transcript; or its end has to be read again, if the
        part `is_anew`."""
        ...

    def renamed(self, session: str) -> None:
        """A session has another title."""
        ...

    def deleted(self, info: SessionInfo, following: str) -> None:
        """A session was deleted. `following` is the next one in the list, or empty."""
        ...
