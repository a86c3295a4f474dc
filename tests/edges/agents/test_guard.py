"""Nothing of an agent outlives it, its session, or the service, however these end."""

from __future__ import annotations

import json
import os
import signal
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.agents.turn_events import (
    AgentGone,
    AgentProgram,
    AgentStarted,
    TextAdded,
)
from dingbridge.edges.agents.agent_process import GUARD
from tests.support.agents import Agents
from tests.support.editor import ROOT
from tests.support.processes import Child, descendants, is_alive, until
from tests.support.scripted_agent import argv

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process groups of POSIX")

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="subreapers are of Linux")

LEAVES = [pytest.param(False, id="stays"), pytest.param(True, id="leaves-the-group", marks=LINUX)]
"""Whether the program that the agent starts leaves its process group."""


def tree(agents: Agents, leaves: bool, *more: list[Any], session: str = "chat") -> list[int]:
    """An agent in its turn: its process, and that of a program that it has started."""
    agents.ask(agents.program([["pid"], ["spawn", leaves], *more]), session=session)
    return [int(agents.next(TextAdded).text) for _ in range(2)]


def until_gone(pids: list[int]) -> None:
    until(lambda: not [pid for pid in pids if is_alive(pid)], f"the processes {pids} are gone")


@pytest.mark.parametrize("leaves", LEAVES)
def test_what_an_agent_has_started_ends_with_it(agents: Agents, leaves: bool) -> None:
    pids = tree(agents, leaves, ["die", 1])
    agents.next(AgentGone)
    until_gone(pids)


@pytest.mark.parametrize("leaves", LEAVES)
def test_what_an_agent_has_started_ends_when_it_is_killed(agents: Agents, leaves: bool) -> None:
    pids = tree(agents, leaves, ["ignore"])
    os.kill(pids[0], signal.SIGKILL)
    agents.next(AgentGone)
    until_gone(pids)


@pytest.mark.parametrize("step", ["wait", "deaf"])
@pytest.mark.parametrize("leaves", LEAVES)
def test_a_session_that_is_closed_leaves_nothing(agents: Agents, leaves: bool, step: str) -> None:
    pids = tree(agents, leaves, [step])
    agents.thread.close("chat")
    agents.next(AgentGone)
    until_gone(pids)


def test_a_session_with_another_program_leaves_nothing_of_the_first(agents: Agents) -> None:
    pids = tree(agents, False)
    assert agents.run(agents.program([["text", "other"]])) == "other"
    until_gone(pids)


def test_the_agent_of_a_closed_session_is_gone_before_the_next_one_starts(agents: Agents) -> None:
    first = tree(agents, False, ["deaf"])
    for _ in range(2):
        agents.thread.close("chat")
        agents.ask(agents.program([["pid"], ["wait"]]))
    agents.next(AgentStarted)
    assert [pid for pid in first if is_alive(pid)] == []
    kinds = [type(each) for each in agents.seen if isinstance(each, AgentStarted | AgentGone)]
    assert kinds == [AgentStarted, AgentGone, AgentStarted]


@pytest.mark.parametrize("leaves", LEAVES)
def test_when_stop_returns_all_agents_are_gone(agents: Agents, leaves: bool) -> None:
    first = tree(agents, leaves, ["deaf"], session="one")
    second = tree(agents, leaves, ["wait"], session="two")
    agents.thread.stop()
    assert [pid for pid in [*first, *second] if is_alive(pid)] == []


def test_after_stop_nothing_is_started(agents: Agents) -> None:
    agents.run(agents.program([["text", "a"]]))
    agents.thread.stop()
    agents.ask(agents.program([["text", "b"]]))
    assert [each for each in threading.enumerate() if each.name == "dingbridge-agents"] == []


SERVICE = """
    import os, sys
    from dingbridge.core.agents.turn_events import AgentProgram, Prompt, TextAdded
    from dingbridge.edges.agents.agent_thread import AgentThread

    def told(event):
        if isinstance(event, TextAdded):
            print(event.text, flush=True)

    argv = tuple(sys.argv[1:])
    thread = AgentThread(told)
    program = AgentProgram("scripted", argv, os.getcwd(), dict(os.environ))
    thread.prompt(Prompt(request="r", session="s", program=program, text="go"))
    sys.stdin.read()
"""


@pytest.mark.parametrize("step", ["wait", "deaf"])
@pytest.mark.parametrize("leaves", LEAVES)
def test_after_kill_9_of_the_service_all_is_gone(tmp_path: Path, leaves: bool, step: str) -> None:
    words = argv([["pid"], ["spawn", leaves], [step]])
    code = [sys.executable, "-c", textwrap.dedent(SERVICE), *words]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with Child(code, stdin=-1, stdout=-1, cwd=tmp_path, env=environ, text=True) as service:
        pids = [int(service.line()), int(service.line())]
        guards = [pid for pid in descendants(service.pid) if pid not in pids]
        assert len(guards) == 1
        os.kill(service.pid, signal.SIGKILL)
        until_gone([*pids, *guards])


SLOW_CHILD = """
    import os, runpy, select, sys

    fork = os.fork

    def fork_slowly():
        child = fork()
        if child == 0:
            select.select([0], [], [])  # until the test ends
        return child

    os.fork = fork_slowly
    held, hold = os.pipe()
    os.close(hold)
    life, lives = os.pipe()
    sys.exit(runpy.run_path(sys.argv[1])["main"](held, lives, [sys.executable, "-c", ""]))
"""


def test_an_agent_is_killed_that_has_no_group_yet_when_the_service_ends() -> None:
    code = [sys.executable, "-c", textwrap.dedent(SLOW_CHILD), GUARD]
    with Child(code, stdin=-1, seconds=10) as guard:
        assert guard.wait() == 128 + signal.SIGKILL


def guard_of(agent: int) -> int:
    return int(Path(f"/proc/{agent}/stat").read_text().rpartition(")")[2].split()[1])


@LINUX
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_an_agent_does_not_outlive_its_guard(agents: Agents, number: signal.Signals) -> None:
    pids = tree(agents, False, ["deaf"])
    os.kill(guard_of(pids[0]), number)
    agents.next(AgentGone)
    until_gone(pids[:1])


@LINUX
def test_programs_that_end_are_not_left_as_zombies(agents: Agents) -> None:
    """Their parents have ended, so the guard is their parent."""
    code = "import os, sys; os.fork() and sys.exit(); os.fork() and sys.exit()"
    program = agents.program([["pid"], ["run", [sys.executable, "-c", code]], ["wait"]])
    agents.ask(program)
    pid, _ = int(agents.next(TextAdded).text), agents.next(TextAdded)
    guard = guard_of(pid)
    until(lambda: descendants(guard) == [pid], "the agent alone is left")


# --- what it gets ---------------------------------------------------------------------------------


def test_an_agent_gets_no_variables_of_ours_and_all_others(agents: Agents, tmp_path: Path) -> None:
    kept = {"PATH": os.environ["PATH"], "OPENAI_API_KEY": "k", "HTTPS_PROXY": "p", "VIMEO": "v"}
    ours = {
        "DINGTALK_CLIENT_SECRET": "s",
        "dingtalk_app_key": "s",
        "DINGBRIDGE_SESSION": "s",
        "NVIM": "/run/nvim",
        "NVIM_LISTEN_ADDRESS": "/run/nvim",
        "VIMRUNTIME": "/usr/share/nvim",
        "MYVIMRC": "/home/me/init.lua",
    }
    program = AgentProgram("scripted", argv([["environ"]]), str(tmp_path), {**kept, **ours})
    given = json.loads(agents.run(program))
    assert {name: text for name, text in given.items() if name in kept} == kept
    assert {name for name in given if name in ours} == set()


def test_an_agent_works_in_its_folder(agents: Agents, tmp_path: Path) -> None:
    assert json.loads(agents.run(agents.program([["folder"]]))) == str(tmp_path)


def test_an_agent_inherits_no_file_of_the_service(agents: Agents) -> None:
    """Such as the local socket; and not the pipe by which its guard is held."""
    with open(os.devnull, "rb") as file:
        os.set_inheritable(file.fileno(), False)
        assert json.loads(agents.run(agents.program([["files"]]))) == [0, 1, 2]
