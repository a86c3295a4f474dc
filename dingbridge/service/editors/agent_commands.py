"""`:Chat agent`: shows and chooses the agent of a session."""

from __future__ import annotations

from dingbridge.core.agents.known_agents import AgentChoice, title
from dingbridge.core.agents.turn_events import AgentStarted
from dingbridge.core.catalogue import agent_choice as say
from dingbridge.core.commands import remote_arguments
from dingbridge.core.errors import BridgeError
from dingbridge.core.listing import comma_list
from dingbridge.core.text import clean_name, shorten, tame
from dingbridge.protocol import updates
from dingbridge.service.editors.screen import Screen
from dingbridge.service.editors.session_agents import (
    OwnSession,
    SessionAgents,
    UnknownAgent,
    agent_line,
)
from dingbridge.service.editors.sessions import EditorSessions

REASON_CHARACTERS = 300
"""How much is shown of why an agent refuses a choice."""


class AgentCommands:
    """Service loop only."""

    def __init__(self, editor: Screen, sessions: EditorSessions, agents: SessionAgents) -> None:
        self._editor = editor
        self._sessions = sessions
        self._agents = agents

    def run(self, session: str, argument: str) -> None:
        """Carry out the command. Raises `BridgeError`."""
        word, _, rest = argument.strip().partition(" ")
        rest = rest.strip()
        if not word:
            self._show(self._describe(session))
        elif word in ("mode", "model"):
            if rest:
                self._set(session, word, rest)
            else:
                self._show(self._describe_setting(session, word))
        elif word == "sessions" and not rest:
            self._list(session)
        elif word == "resume" and (number := remote_arguments.number(rest)) is not None:
            self._resume(session, number)
        elif rest or word == "resume":
            raise BridgeError(say.USAGE())
        else:
            self._choose(session, word)

    def _show(self, text: str) -> None:
        self._editor.show(updates.ShowNotice(text))

    def _describe(self, session: str) -> str:
        agent, started = self._agents.of(session), self._agents.started(session)
        if agent is None:
            lines = [say.NONE_ANSWERS(title=self._sessions.title(session))]
        else:
            lines = [say.ANSWERS_HERE(agent=agent_line(agent, started))]
        lines += [line for setting in ("mode", "model") if (line := _choices(started, setting))]
        lines.append(say.AGENTS(known=comma_list(self._agents.known)))
        return "\n".join(lines)

    def _describe_setting(self, session: str, setting: str) -> str:
        """What the agent offers. Raises `BridgeError` if no agent answers."""
        agent, started = title(self._need(session).name), self._agents.started(session)
        if started is None:
            return say.NOT_KNOWN_YET(agent=agent, setting=setting)
        return _choices(started, setting) or say.NOTHING_OFFERED(agent=agent, setting=setting)

    def _choose(self, session: str, name: str) -> None:
        try:
            choice = self._agents.choose(session, name)
        except UnknownAgent as error:
            if error.near:
                raise BridgeError(say.NO_AGENT_NEAR(name=name, near=error.near)) from None
            known = comma_list(self._agents.known)
            raise BridgeError(say.NO_AGENT(name=name, known=known)) from None
        here = self._sessions.title(session)
        if choice is None:
            self._show(say.CHOSEN_NONE(title=here))
        else:
            self._show(say.CHOSEN(title=here, agent=title(choice.name)))

    def _need(self, session: str) -> AgentChoice:
        agent = self._agents.of(session)
        if agent is None:
            raise BridgeError(say.NO_AGENT_HERE(), fix=say.AGENT_CHOOSES())
        return agent

    def _set(self, session: str, word: str, name: str) -> None:
        agent = title(self._need(session).name)
        changed = say.SETTING_CHANGED if self._agents.started(session) else say.SETTING_NEXT

        def chosen(failure: str) -> None:
            if failure:
                reason = shorten(tame(failure), REASON_CHARACTERS)
                words = say.SETTING_REFUSED(agent=agent, name=name, reason=reason)
                self._editor.show(updates.ShowNotice(words, "warn"))
            else:
                self._show(changed(agent=agent, name=name))

        if word == "mode":
            self._agents.set_mode(session, name, chosen)
        else:
            self._agents.set_model(session, name, chosen)

    def _list(self, session: str) -> None:
        self._need(session)

        def listed(agent: AgentChoice, found: tuple[OwnSession, ...], failure: str) -> None:
            name = title(agent.name)
            if failure:
                reason = shorten(tame(failure), REASON_CHARACTERS)
                self._show(say.OWN_SESSIONS_FAILED(agent=name, reason=reason))
            elif not found:
                self._show(say.NO_OWN_SESSIONS(agent=name))
            else:
                rows = [f"{number}. {one.name}" for number, one in enumerate(found, 1)]
                self._show("\n".join([say.OWN_SESSIONS(agent=name), *rows]))

        self._agents.list(session, listed)

    def _resume(self, session: str, number: int) -> None:
        agent = self._need(session)
        chosen = self._agents.resume(session, number)
        if chosen is None:
            raise BridgeError(say.NO_SUCH_NUMBER(), fix=say.LIST_THEM_FIRST())
        self._show(say.RESUMED(agent=title(agent.name), name=chosen.name))


def _choices(started: AgentStarted | None, setting: str) -> str:
    """The mode or model of an agent that runs, and what it offers; empty without a choice."""
    if started is not None and setting == "mode" and started.modes:
        return say.MODES(mode=clean_name(started.mode), offered=offered(started.modes))
    if started is not None and setting == "model" and started.models:
        return say.MODELS(model=clean_name(started.model), offered=offered(started.models))
    return ""


def offered(choices: tuple[tuple[str, str], ...]) -> str:
    """What an agent offers, by id."""
    return comma_list(clean_name(id) for id, _ in choices)
