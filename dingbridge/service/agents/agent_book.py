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
        self._lost: dict[str, tuple[str, ...]] = {}

    def restore(self, sessions: dict[str, ChosenAgent]) -> None:
        """Take over what an earlier service has stored."""
        for session, entry in sessions.items():
            if entry.open:
                self._lost[session] = tuple(entry.open.values())
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
        open_ = self.of(session).open
        self._put(session, ChosenAgent(choice=choice, is_off=choice is None, open=open_))

    def change(self, session: str, **fields: str) -> None:
        """Change fields of `ChosenAgent`."""
        self._put(session, structs.replace(self.of(session), **fields))

    def asked(self, session: str, message: str, text: str) -> None:
        """A typed message, which begins with `text`, has no answer yet."""
        entry = self.of(session)
        self._put(session, structs.replace(entry, open={**entry.open, message: text}))

    def answered(self, session: str, message: str) -> None:
        """A typed message has its answer."""
        entry = self.of(session)
        open_ = {id: text for id, text in entry.open.items() if id != message}
        self._put(session, structs.replace(entry, open=open_))

    def take_lost(self) -> dict[str, tuple[str, ...]]:
        """The beginnings of typed messages that had no answer when an earlier service was killed,
        by session. They are forgotten."""
        lost, self._lost = self._lost, {}
        for session in lost:
            self._put(session, structs.replace(self.of(session), open={}))
        return lost

    def forget(self, session: str) -> None:
        """The session is gone."""
        if self._sessions.pop(session, None) is not None:
            self._keep(self._sessions)

    def _put(self, session: str, entry: ChosenAgent) -> None:
        if entry != self.of(session):
            self._sessions[session] = entry
            self._keep(self._sessions)
