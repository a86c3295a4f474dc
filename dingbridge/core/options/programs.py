"""Reads the programs that options name: responders, agents, jobs of `/run`, commands that print
secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeGuard

from dingbridge.core.agents import known_agents
from dingbridge.core.agents.known_agents import AgentChoice
from dingbridge.core.catalogue import options as say
from dingbridge.core.catalogue import settings, values
from dingbridge.core.listing import comma_list
from dingbridge.core.options.kinds import Option
from dingbridge.core.options.lookups import SPACE, Argv
from dingbridge.core.options.problems import Problems, is_function, join

Responder = Argv | Literal["lua"] | None
"""A program with its arguments, a Lua function (which stays in the editor), or None: a person."""


def argv(value: object, path: str, expects: str, problems: Problems) -> Argv | None:
    """A program and its arguments, or None with a problem added. Variables are not expanded."""
    if not isinstance(value, list | tuple) or not value:
        problems.expected(path, expects, value)
        return None
    words: list[str] = []
    for number, word in enumerate(value, 1):
        here = f"{path}[{number}]"
        if not isinstance(word, str):
            problems.expected(here, values.TEXT_IN_QUOTES(), word)
        elif number == 1 and not word.strip(SPACE):
            problems.add(here, say.IS_EMPTY())
        elif "\0" in word:
            problems.add(here, say.CONTROL_CHARACTER())
        else:
            words.append(word)
    return tuple(words) if len(words) == len(value) else None


def responder(option: Option, value: object, path: str, problems: Problems) -> Responder:
    """The responder of a session."""
    if is_function(value):
        return "lua"
    return argv(value, path, option.expects, problems)


def agent(option: Option, value: object, path: str, problems: Problems) -> AgentChoice | None:
    """The agent of a session: a known one by name, or a program with its arguments and a name."""
    if isinstance(value, str):
        name = value.strip(SPACE)
        known = known_agents.KNOWN.get(name)
        if known is not None:
            return known.choice
        near = known_agents.near(name)
        if near:
            problems.add(path, settings.NO_AGENT_NEAR(near=near))
        else:
            problems.add(path, settings.NO_AGENT(known=comma_list(known_agents.KNOWN)))
        return None
    if (
        not isinstance(value, Mapping)
        or value.get("command") is None
        or {*value} - {"command", "name"}
    ):
        problems.expected(path, option.expects, value)
        return None
    words = argv(value["command"], join(path, "command"), values.PROGRAM_WITH_ARGUMENTS(), problems)
    given = value.get("name")
    name = "agent" if given is None else given
    if not isinstance(name, str):
        problems.expected(join(path, "name"), values.TEXT_IN_QUOTES(), name)
    elif not known_agents.NAME.fullmatch(name) or name == known_agents.OFF:
        problems.add(join(path, "name"), say.AGENT_NAME())
    elif words is not None:
        return AgentChoice(name, words)
    return None


def by_name(option: Option, value: object, path: str, problems: Problems) -> dict[str, Argv] | None:
    """Programs by name (one word); None with a problem added if `value` is no such table."""
    if not isinstance(value, Mapping) and value != []:
        problems.expected(path, option.expects, value)
        return None
    found: dict[str, Argv] = {}
    for name, words in problems.entries(value, path):
        here = join(path, name)
        if not name or any(sign in name for sign in SPACE):
            problems.add(here, say.PROGRAM_NAME())
        elif words is not None:
            read = argv(words, here, values.PROGRAM_WITH_ARGUMENTS(), problems)
            if read is not None:
                found[name] = read
    return found


def is_wanted(value: object, option: Option) -> TypeGuard[Mapping[object, object]]:
    """Whether a program prints the value: `{ cmd = { 'program', 'argument' } }`."""
    return option.may_come_from_a_command and isinstance(value, Mapping) and "cmd" in value


def saying(option: Option, value: object) -> Argv | None:
    """The program that prints the value; None if there is no well-formed one."""
    if not is_wanted(value, option) or len(value) != 1:
        return None
    return argv(value["cmd"], "", values.PROGRAM_WITH_ARGUMENTS(), Problems())
