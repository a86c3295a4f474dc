"""Which agent each session has, as the user chose it, and where it goes on."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from dingbridge.core.agents.chosen_agents import NOTHING, ChosenAgent
from dingbridge.core.agents.known_agents import AgentChoice
from dingbridge.core.options.declarations import Options


class AgentBook:
    """Service loop only. `keep` stores the sessions with each change."""

    def __init__(self, keep: Callable[[dict[str, ChosenAgent]], None]) -> None:
        self._keep = keep
        self._sessions: dict[str, ChosenAgent] = {}

    def restore(self, sessions: dict[str, ChosenAgent]) -> None:
        """Take over what an earlier service has stored."""
        self._sessions = {**sessions, **self._sessions}

    def of(self, session: str) -> ChosenAgent:
        """What is known of a session."""
        return self._sessions.get(session, NOTHING)

    def agent(self, session: str, options: Options) -> AgentChoice | None:
        """The agent of a session: the one that the user chose for it, else that of the settings."""
        entry = self.of(session)
        if entry.is_off:
            return None
        return entry.choice or options.agent

    def choose(self, session: str, choice: AgentChoice | None) -> None:
        """The session has this agent from now on, which begins anew; None: none."""
        self._put(session, ChosenAgent(choice=choice, is_off=choice is None))

    def change(self, session: str, **fields: str) -> None:
        """Change fields of `ChosenAgent`."""
        self._put(session, structs.replace(self.of(session), **fields))

    def forget(self, session: str) -> None:
        """The session is gone."""
        if self._sessions.pop(session, None) is not None:
            self._keep(self._sessions)

    def _put(self, session: str, entry: ChosenAgent) -> None:
        if entry != self.of(session):
            self._sessions[session] = entry
            self._keep(self._sessions)
