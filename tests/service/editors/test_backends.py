"""The contract of a backend: what answers messages. A new one is added to `BACKENDS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from dingbridge.core.messages import Message, Role, Target
from dingbridge.core.options.settings import read
from dingbridge.core.questions import Question, ReplyContext
from dingbridge.service.agents.agent_book import AgentBook
from dingbridge.service.agents.agent_ports import AgentPorts
from dingbridge.service.agents.agents import Agents
from dingbridge.service.agents.turn_queue import QueuedTurn
from dingbridge.service.editors.agent_backend import AgentBackend
from dingbridge.service.editors.backends import Backend, BackendAnswer, BackendQuestion
from dingbridge.service.editors.lua_backend import LuaBackend
from dingbridge.service.editors.program_backend import ProgramBackend
from dingbridge.service.robots.robot_news import Turn
from dingbridge.service.sessions.live_turns import LiveTurns


class Outside:
    """The ports of all backends: records what was started."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def show(self, update: Any) -> None:
        self.started.append(update.request)

    def ask(self, request: str, argv: Any, question: Any, timeout: float) -> None:
        self.started.append(request)

    def prompt(self, prompt: Any) -> None:
        self.started.append(prompt.request)

    def cancel(self, session: str) -> None:
        pass

    def stop_running(self) -> bool:
        return bool(self.started)

    def now(self) -> float:
        return 1.0

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        pass


def lua(outside: Any) -> tuple[Backend, dict[str, Any]]:
    return LuaBackend(outside), {}


def program(outside: Any) -> tuple[Backend, dict[str, Any]]:
    return ProgramBackend(outside), {"responder": ["prog"]}


def agent(outside: Any) -> tuple[Backend, dict[str, Any]]:
    ports = AgentPorts(
        lambda _: outside, cast(Any, None), outside, outside.later, lambda call: None
    )
    agents = Agents(AgentBook(lambda _: None), LiveTurns(), ports)
    return AgentBackend(agents, "/", dict), {"agent": "qwen"}


BACKENDS = [lua, program, agent]


def question(options: dict[str, Any], request: str) -> BackendQuestion:
    """A message for a backend under these options."""
    message = Message(request, Role.DINGTALK, "Zhang San", "hello", 1.0)
    content = Question(session="s", message=message)
    asked = ReplyContext("s", "default", Target(user_id="zhangsan"), "zhangsan")

    def answered(answer: BackendAnswer) -> None:
        raise AssertionError("nothing has answered yet")

    turn = Turn(content, asked.target, asked.asker)
    return BackendQuestion(turn, asked, read(options, {}), lambda _: None, answered)


@pytest.mark.parametrize("make", BACKENDS)
def test_a_backend_starts_what_it_is_asked_and_does_not_wait(make: Any) -> None:
    outside = Outside()
    backend, options = make(outside)
    backend.ask(question(options, "r1"))
    assert outside.started == ["r1"]


@pytest.mark.parametrize("make", BACKENDS)
def test_what_outlives_its_editor_is_noted_as_a_program_and_is_never_asked_twice(make: Any) -> None:
    backend, _ = make(Outside())
    assert backend.outlives_editor == (backend.noted_as == "program")


@pytest.mark.parametrize("make", BACKENDS)
def test_a_backend_with_a_queue_lets_one_turn_of_a_session_start_at_a_time(make: Any) -> None:
    backend, _ = make(Outside())
    queue = backend.queue("s", "robot")
    if queue is None:
        assert backend.noted_as == "function"
        return
    begun: list[Callable[[], None]] = []
    turn = QueuedTurn(session="s", start=begun.append, withdrawn=lambda: True, asker="zhangsan")
    assert queue(turn) == 0
    assert queue(turn) >= 0
    assert len(begun) == 1
    begun[0]()
    assert len(begun) == 2


@pytest.mark.parametrize("make", BACKENDS)
def test_what_waits_for_a_backend_can_be_withdrawn_by_the_one_who_asked(make: Any) -> None:
    backend, _ = make(Outside())
    queue = backend.queue("s", "robot")
    begun: list[Callable[[], None]] = []
    for asker in ("zhangsan", "zhangsan", "lisi", "zhangsan") if queue else ():
        queue(QueuedTurn(session="s", start=begun.append, withdrawn=lambda: True, asker=asker))
    assert backend.withdraw("t", "zhangsan") == backend.withdraw("s", "wangwu") == 0
    assert backend.withdraw("s", "zhangsan") == (2 if queue else 0)
    if queue:
        begun[0]()
        begun[1]()
        assert len(begun) == 2


@pytest.mark.parametrize("make", BACKENDS)
def test_stopping_without_a_turn_stops_nothing(make: Any) -> None:
    backend, _ = make(Outside())
    assert not backend.stop("s")
