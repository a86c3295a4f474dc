"""Why a turn of an agent failed, and what to do about it, in sentences.

The agent's own words (`TurnFailed.detail`) are not in them: they are untrusted, and shown apart.
"""

from __future__ import annotations

from dingbridge.core.agents.known_agents import AgentChoice, login, package, title
from dingbridge.core.agents.turn_events import FailureKind
from dingbridge.core.catalogue import agents as say


def reason(kind: FailureKind, agent: AgentChoice) -> str:
    """Why the turn failed, as a sentence that names the agent."""
    name = title(agent.name)
    match kind:
        case "not found":
            return say.NOT_FOUND(agent=name, program=agent.argv[0])
        case "not started":
            return say.NOT_STARTED(agent=name)
        case "protocol":
            return say.OTHER_PROTOCOL(agent=name)
        case "login":
            return say.NEEDS_LOGIN(agent=name)
        case "died":
            return say.DIED(agent=name)
        case "silent":
            return say.SILENT(agent=name)
        case "refused":
            return say.REFUSED(agent=name)
        case "ended":
            return say.SERVICE_ENDED(agent=name)


def remedy(kind: FailureKind, agent: AgentChoice) -> str:
    """What the user can do about it."""
    from_npm = package(agent.name)
    match kind:
        case "not found":
            return say.INSTALL_FROM_NPM(package=from_npm) if from_npm else say.INSTALL_IT()
        case "protocol":
            return say.UPDATE_FROM_NPM(package=from_npm) if from_npm else say.UPDATE_IT()
        case "login":
            command = login(agent.name)
            return say.LOG_IN(command=command) if command else say.LOG_IN_THERE()
        case "not started" | "died":
            return say.TRY_IN_TERMINAL(command=agent.argv[0])
        case "silent":
            return say.STARTS_AGAIN()
        case "refused":
            return say.ASK_AGAIN()
        case "ended":
            return say.ASK_ONCE_MORE()
