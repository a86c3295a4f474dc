"""The agents of a data folder: what is stored of them, and their end with their sessions."""

from __future__ import annotations

from dingbridge.core.sessions.transcript import SessionInfo, TranscriptPart
from dingbridge.edges.storage.agents_file import AgentsFile
from dingbridge.edges.storage.worker import Worker
from dingbridge.protocol import updates
from dingbridge.service import periodic
from dingbridge.service.agents.agent_book import AgentBook
from dingbridge.service.agents.agent_ports import AgentPorts, MakeRunner
from dingbridge.service.agents.agents import Agents
from dingbridge.service.robots.robot_resources import RobotResources
from dingbridge.service.sessions.store import SessionStore


def agents_of(
    resources: RobotResources, disk: Worker, store: SessionStore, run: MakeRunner
) -> Agents:
    """The agents, as an earlier service left them; `run` starts their thread."""
    post = resources.post
    outside = AgentPorts(run, resources.approvals, resources.runtime, periodic.later(post), post)
    file = AgentsFile(resources.data, disk)
    book = AgentBook(file.keep)
    file.read(book.restore)
    agents = Agents(book, store.live, outside)
    store.join(_DeletedSessions(agents))
    return agents


class _DeletedSessions:
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
