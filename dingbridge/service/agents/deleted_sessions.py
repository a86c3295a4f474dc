"""Ends the agents of sessions that are deleted."""

from __future__ import annotations

from dingbridge.core.sessions.transcript import SessionInfo, TranscriptPart
from dingbridge.protocol import updates
from dingbridge.service.agents.agents import Agents


class DeletedSessions:
    """A view of the session store that shows nothing."""

    def __init__(self, agents: Agents) -> None:
        self._agents = agents

    def deleted(self, info: SessionInfo, following: str) -> None:
        """A session was deleted."""
        self._agents.forget(info.id)

    def listed(self) -> None:
        """Not of interest."""

    def changed(self, session: str, update: updates.ShowMessages | updates.ShowDelivery) -> None:
        """Not of interest."""

    def added(self, session: str, part: TranscriptPart) -> None:
        """Not of interest."""

    def renamed(self, session: str) -> None:
        """Not of interest."""
