"""The part of `:checkhealth dingbridge` about coding agents: those there are, and if they answer.

It is a separate process, as `checkhealth` is, because it starts the agents: those that the settings
name, and those that are known and on the PATH.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import structs

from dingbridge.core.agents import failure_texts
from dingbridge.core.agents.known_agents import KNOWN, AgentChoice, title
from dingbridge.core.agents.turn_events import AgentProgram
from dingbridge.core.catalogue import checkhealth as say
from dingbridge.core.catalogue import language
from dingbridge.core.errors import BadOptions
from dingbridge.core.listing import comma_list
from dingbridge.core.options.settings import read_all
from dingbridge.core.text import clean_name
from dingbridge.editor.checkhealth import HealthLine
from dingbridge.executables import find_program

ANSWERS_WITHIN = 10.0
"""Seconds for an agent to start and to answer. Node takes some of them on a busy computer."""


def report(options: object, cwd: str, environ: Mapping[str, str]) -> Iterator[HealthLine]:
    """The rows about the agents of a table of options, and about those that are installed."""
    chosen = _chosen(options, environ)
    folders = os.get_exec_path(dict(environ))
    found = {
        name: agent.choice
        for name, agent in KNOWN.items()
        if find_program(agent.argv[0], folders) is not None
    }
    agents = {**found, **chosen}
    if not agents:
        yield HealthLine("info", say.NO_AGENTS(known=comma_list(KNOWN)))
        return
    try:
        from dingbridge.edges.agents.agent_check import check
    except ImportError:
        yield HealthLine("warn", say.NO_AGENT_PACKAGE(), (say.INSTALL_PACKAGES(),))
        return
    programs = [AgentProgram(one.name, one.argv, cwd, environ) for one in agents.values()]
    for agent, (name, failure) in zip(
        agents.values(), check(programs, ANSWERS_WITHIN), strict=True
    ):
        if failure is None:
            known_as = clean_name(name) if name else title(agent.name)
            yield HealthLine("ok", say.AGENT_ANSWERS(agent=agent.name, name=known_as))
            continue
        reason = failure_texts.reason(failure, agent)
        rank: Any = "error" if agent.name in chosen else "warn"
        yield HealthLine(
            rank,
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


def main() -> None:
    """Read the settings from standard input, and write the rows to standard output."""
    asked: dict[str, Any] = json.loads(sys.stdin.buffer.read().decode("utf-8", "surrogateescape"))
    language.use(asked["language"], os.environ)
    rows = report(asked["options"], asked["cwd"], os.environ)
    answer = json.dumps([structs.asdict(row) for row in rows], ensure_ascii=False)
    sys.stdout.buffer.write(answer.encode("utf-8", "surrogateescape"))
