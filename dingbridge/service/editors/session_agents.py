"""The agent of a session: which one it is, what it offers, and its own sessions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from dingbridge.core.agents.known_agents import KNOWN, OFF, AgentChoice, title
from dingbridge.core.agents.turn_events import AgentSessionsListed, AgentStarted
from dingbridge.core.near_names import nearest
from dingbridge.core.text import clean_name
from dingbridge.service.agents.agents import LONGEST_ID, Agents, SettingChosen
from dingbridge.service.editors.chats import Chats

MOST_LISTED = 20
"""Sessions of an agent that are listed, the latest."""


class OwnSession(Struct, frozen=True):
    """A session of an agent, which a chat session can go on with."""

    id: str
    name: str


class UnknownAgent(Exception):
    """There is no agent of that `name`; `near` is a similar one, or empty."""

    def __init__(self, name: str, near: str) -> None:
        super().__init__(name)
        self.name = name
        self.near = near


class SessionAgents:
    """Chooses and describes. Service loop only.

    `folder` is the editor's, and `environ` returns the environment of its programs.
    """

    def __init__(
        self,
        agents: Agents,
        chats: Chats,
        folder: str,
        environ: Callable[[], Mapping[str, str]],
    ) -> None:
        self._agents = agents
        self._sessions = chats.sessions
        self._accounts = chats.accounts
        self._folder = folder
        self._environ = environ
        self._listed: dict[str, tuple[OwnSession, ...]] = {}

    def of(self, session: str) -> AgentChoice | None:
        """The agent that answers in a session."""
        account = self._accounts.of(session) or self._accounts.default
        return self._agents.book.agent(session, account.options)

    def started(self, session: str) -> AgentStarted | None:
        """What the session's agent offers, if it runs."""
        return self._agents.started(session)

    @property
    def known(self) -> dict[str, AgentChoice]:
        """All agents by name: those that are known, and those of the settings."""
        found = {name: agent.choice for name, agent in KNOWN.items()}
        own = (account.options.agent for account in self._accounts)
        return found | {agent.name: agent for agent in own if agent is not None}

    def choose(self, session: str, name: str) -> AgentChoice | None:
        """Let another agent answer in a session, or none for `off`; the one before it ends. The
        same one begins a session of its own anew. Raises `UnknownAgent`."""
        known = self.known
        if name != OFF and name not in known:
            raise UnknownAgent(name, nearest(name, [*known, OFF]))
        choice = None if name == OFF else known[name]
        self._agents.end_session(session)
        self._agents.book.choose(session, choice)
        self._listed.pop(session, None)
        return choice

    def set_mode(self, session: str, mode: str, then: SettingChosen) -> None:
        """Let the session's agent use another mode."""
        self._agents.set_mode(session, mode, then)

    def set_model(self, session: str, model: str, then: SettingChosen) -> None:
        """Let the session's agent use another model."""
        self._agents.set_model(session, model, then)

    def list(
        self,
        session: str,
        then: Callable[[AgentChoice, tuple[OwnSession, ...], str], None],
    ) -> bool:
        """List the sessions of a session's agent; `then` gets them, the latest first, and why there
        are none if it failed. Returns False if no agent answers there."""
        agent = self.of(session)
        if agent is None:
            return False

        def listed(result: AgentSessionsListed) -> None:
            usable = (one for one in result.found if len(one[0]) <= LONGEST_ID)
            latest = sorted(usable, key=lambda one: -one[2])[:MOST_LISTED]
            found = tuple(OwnSession(id, clean_name(name or id)) for id, name, _ in latest)
            self._listed[session] = found
            then(agent, found, result.failure)

        info = self._sessions.info(session)
        folders = info.cwd if info else "", self._folder
        self._agents.list_sessions(session, agent, folders, self._environ(), listed)
        return True

    def resume(self, session: str, number: int) -> OwnSession | None:
        """Let the session's agent go on with one of those listed last, counted from 1. Returns it,
        or None if there is none of that number."""
        listed = self._listed.get(session, ())
        agent = self.of(session)
        if agent is None or not 1 <= number <= len(listed):
            return None
        chosen = listed[number - 1]
        self._agents.end_session(session)
        self._agents.book.change(session, agent=agent.name, agent_session=chosen.id)
        return chosen


def agent_line(agent: AgentChoice, started: AgentStarted | None) -> str:
    """The agent's name, with its version if that is known."""
    version = clean_name(started.version) if started is not None and started.version else ""
    return f"{title(agent.name)} {version}".strip()
