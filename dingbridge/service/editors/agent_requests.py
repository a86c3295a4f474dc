"""Remote commands about the agent of a session: agent, sessions, resume."""

from __future__ import annotations

from dingbridge.core.agents.known_agents import AgentChoice, title
from dingbridge.core.catalogue import agent_choice as say
from dingbridge.core.commands import remote_commands as remote
from dingbridge.core.listing import comma_list
from dingbridge.core.text import clean_name
from dingbridge.service.editors.agent_commands import offered
from dingbridge.service.editors.running_command import RunningCommand
from dingbridge.service.editors.session_agents import (
    OwnSession,
    SessionAgents,
    UnknownAgent,
    agent_line,
)

AboutAgent = remote.ChooseAgent | remote.ListAgentSessions | remote.ResumeAgentSession


class AgentRequests:
    """Carries out these commands. Service loop only."""

    def __init__(self, agents: SessionAgents) -> None:
        self._agents = agents

    def carry_out(self, request: AboutAgent, command: RunningCommand) -> None:
        """Carry out a command and answer it."""
        match request:
            case remote.ChooseAgent(name=""):
                command.answer(self._describe(command.order.session))
            case remote.ChooseAgent(name=name):
                command.answer(self._choose(command.order.session, name))
            case remote.ListAgentSessions():
                self._list(command)
            case remote.ResumeAgentSession(number=number):
                chosen = self._agents.resume(command.order.session, number)
                if chosen is None:
                    command.answer(say.REMOTE_NO_SUCH_NUMBER())
                else:
                    command.answer(say.REMOTE_RESUMED(name=chosen.name))

    def _describe(self, session: str) -> str:
        agent, started = self._agents.of(session), self._agents.started(session)
        if agent is None:
            lines = [say.REMOTE_NONE()]
        else:
            lines = [say.REMOTE_ANSWERS(agent=agent_line(agent, started))]
        if started is not None and started.modes:
            mode = clean_name(started.mode)
            lines.append(say.REMOTE_MODES(mode=mode, offered=offered(started.modes)))
        if started is not None and started.models:
            model = clean_name(started.model)
            lines.append(say.REMOTE_MODELS(model=model, offered=offered(started.models)))
        lines.append(say.REMOTE_AGENTS(known=comma_list(self._agents.known)))
        return "\n\n".join(lines)

    def _choose(self, session: str, name: str) -> str:
        try:
            choice = self._agents.choose(session, name)
        except UnknownAgent:
            known = say.REMOTE_AGENTS(known=comma_list(self._agents.known))
            return say.REMOTE_NO_AGENT(name=clean_name(name), known=known)
        if choice is None:
            return say.REMOTE_CHOSEN_NONE()
        return say.REMOTE_CHOSEN(agent=title(choice.name))

    def _list(self, command: RunningCommand) -> None:
        def listed(agent: AgentChoice, found: tuple[OwnSession, ...], failure: str) -> None:
            name = title(agent.name)
            if failure:
                command.answer(say.REMOTE_SESSIONS_FAILED(agent=name))
            elif not found:
                command.answer(say.REMOTE_NO_OWN_SESSIONS(agent=name))
            else:
                rows = [f"{number}. {one.name}" for number, one in enumerate(found, 1)]
                head, foot = say.REMOTE_OWN_SESSIONS(agent=name), say.REMOTE_HOW_TO_RESUME()
                command.answer("\n".join([head, "", *rows, "", foot]))

        if not self._agents.list(command.order.session, listed):
            command.answer(say.REMOTE_NONE())
