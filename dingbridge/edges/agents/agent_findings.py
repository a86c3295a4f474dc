"""Finds out which coding agents there are, and whether they answer.

Starts the agents that the settings name, and those that are known and on the PATH, so it is for a
process of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from dingbridge.core.agents import failure_texts
from dingbridge.core.agents.known_agents import KNOWN, AgentChoice, title
from dingbridge.core.agents.turn_events import AgentProgram
from dingbridge.core.catalogue import checkhealth as say
from dingbridge.core.catalogue import doctor
from dingbridge.core.doctor.finding import FindingState, HealthFinding
from dingbridge.core.errors import BadOptions
from dingbridge.core.listing import comma_list
from dingbridge.core.options.settings import read_all
from dingbridge.core.text import clean_name
from dingbridge.executables import find_program

ANSWERS_WITHIN = 10.0
"""Seconds for an agent to start and to answer. Node takes some of them on a busy computer."""


def agent_findings(
    options: object, cwd: str, environ: Mapping[str, str]
) -> Iterator[HealthFinding]:
    """The findings about the agents of a table of options, and about those that are installed."""
    chosen = _chosen(options, environ)
    folders = os.get_exec_path(dict(environ))
    found = {
        name: agent.choice
        for name, agent in KNOWN.items()
        if find_program(agent.argv[0], folders) is not None
    }
    agents = {**found, **chosen}
    if not agents:
        yield HealthFinding(doctor.AGENTS(), "info", say.NO_AGENTS(known=comma_list(KNOWN)))
        return
    try:
        from dingbridge.edges.agents.agent_check import check
    except ImportError:
        yield HealthFinding(
            doctor.AGENTS(), "warn", say.NO_AGENT_PACKAGE(), (say.INSTALL_PACKAGES(),)
        )
        return
    programs = [AgentProgram(one.name, one.argv, cwd, environ) for one in agents.values()]
    for agent, (name, failure) in zip(
        agents.values(), check(programs, ANSWERS_WITHIN), strict=True
    ):
        if failure is None:
            known_as = clean_name(name) if name else title(agent.name)
            yield HealthFinding(
                doctor.AGENTS(), "ok", say.AGENT_ANSWERS(agent=agent.name, name=known_as)
            )
            continue
        reason = failure_texts.reason(failure, agent)
        state: FindingState = "error" if agent.name in chosen else "warn"
        yield HealthFinding(
            doctor.AGENTS(),
            state,
            say.AGENT_FAILS(agent=agent.name, reason=reason),
            (failure_texts.remedy(failure, agent),),
        )


def _chosen(options: object, environ: Mapping[str, str]) -> dict[str, AgentChoice]:
    """The agents that the settings name; none if they have problems, which the part about settings
    shows."""
    try:
        accounts = read_all(options, environ).accounts
    except BadOptions:
        return {}
    return {one.agent.name: one.agent for one in accounts.values() if one.agent is not None}
