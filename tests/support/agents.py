"""An `AgentThread`, and what it has told."""

from __future__ import annotations

import itertools
import os
import queue
import sys
import time
from collections.abc import Sequence
from typing import Any, TypeVar

from dingbridge.core.agents.turn_events import (
    AgentEvent,
    AgentProgram,
    Prompt,
    TextAdded,
    TurnEnded,
    TurnFailed,
)
from dingbridge.edges.agents import chat_sessions
from dingbridge.edges.agents.agent_thread import AgentThread
from tests.support.processes import SECONDS
from tests.support.scripted_agent import argv

T = TypeVar("T")

LOADED = chat_sessions
"""Loaded before any thread does it: with Python 3.11 a test that reads code meanwhile may fail, for
the library reads its own, and `ast` works in one thread at a time."""

POSIX = os.name == "posix"


class Agents:
    """Asks agents, and waits for their events. `seen` has all events so far, in order."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.seen: list[AgentEvent] = []
        self._events: queue.Queue[AgentEvent] = queue.Queue()
        self._numbers = itertools.count(1)
        self.thread = AgentThread(self._events.put)

    def program(self, *turns: Sequence[Any], **script: Any) -> AgentProgram:
        """The scripted agent with these turns."""
        return AgentProgram("scripted", argv(*turns, **script), self.folder, dict(os.environ))

    def ask(self, program: AgentProgram, text: str = "hello", **fields: Any) -> str:
        """Start a turn. Returns its request."""
        request = f"r{next(self._numbers)}"
        given = {"session": "chat", **fields}
        self.thread.prompt(Prompt(request=request, program=program, text=text, **given))
        return request

    def next(self, kind: type[T], seconds: float = SECONDS) -> T:
        """The next event of a kind; those before it are passed over."""
        end = time.monotonic() + seconds
        while True:
            try:
                event = self._events.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {kind.__name__} came; before: {self.seen}") from None
            self.seen.append(event)
            if isinstance(event, kind):
                return event

    def end(self, request: str) -> TurnEnded | TurnFailed:
        """The end of a turn."""
        while True:
            ended = self.next(TurnEnded | TurnFailed)  # type: ignore[arg-type]  # a union is a kind
            if ended.request == request:
                return ended

    def run(self, program: AgentProgram, text: str = "hello", **fields: Any) -> str:
        """Run a turn to its good end. Returns the whole answer."""
        request = self.ask(program, text, **fields)
        assert self.end(request) == TurnEnded(request, "end_turn")
        return self.answer(request)

    def fail(self, program: AgentProgram, text: str = "hello", **fields: Any) -> TurnFailed:
        """Run a turn to its bad end."""
        ended = self.end(self.ask(program, text, **fields))
        assert isinstance(ended, TurnFailed), self.seen
        return ended

    def answer(self, request: str) -> str:
        """The text of a turn so far."""
        chunks = [each for each in self.seen if isinstance(each, TextAdded)]
        return "".join(each.text for each in chunks if each.request == request)

    def of(self, kind: type[T]) -> list[T]:
        """All events of a kind so far."""
        return [each for each in self.seen if isinstance(each, kind)]


def python(code: str, folder: str, *arguments: str) -> AgentProgram:
    """An agent that is a line of Python."""
    words = (sys.executable, "-c", code, *arguments)
    return AgentProgram("python", words, folder, dict(os.environ))
