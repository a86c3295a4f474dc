"""What answers messages: the interface of a backend.

There are three: a Lua function, a program for each message, and a coding agent. Each has a module
of its own beside this one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from dingbridge.core.agents.turn_steps import TurnStep
from dingbridge.core.options.declarations import Options
from dingbridge.core.questions import ReplyContext
from dingbridge.core.sessions.inbox import ResponderKind
from dingbridge.service.agents.turn_queue import QueuedTurn
from dingbridge.service.robots.robot_news import Turn


class BackendAnswer(Struct, frozen=True):
    """What a backend answers, besides text.

    - `author`: who answers, for the heading; empty: the responder
    - `steps`: what an agent did for it
    - `problem`: what the session shows besides
    """

    text: str
    author: str = ""
    steps: tuple[TurnStep, ...] = ()
    problem: str = ""


class BackendQuestion(Struct, frozen=True):
    """A message for a backend.

    - `asked`: where its answer goes
    - `report`: says something to the one who asked, before the answer
    - `answered`: takes the answer; the backend ends with it
    """

    turn: Turn
    asked: ReplyContext
    options: Options
    report: Callable[[str], None]
    answered: Callable[[BackendAnswer], None]

    @property
    def request(self) -> str:
        """The id of the message, which names the question."""
        return self.turn.question.message.id


PutInQueue = Callable[[QueuedTurn], int]
"""Starts a turn once those before it have ended. Returns how many are before it."""


class Backend(Protocol):
    """Answers messages. Service loop only; no method waits.

    - `noted_as`: how the inbox notes that it was asked: a `program` may have had effects before its
      end, so it is never asked twice; a `function` is kept track of by its editor
    - `outlives_editor`: it goes on when the editor leaves, and keeps the service alive
    """

    noted_as: ResponderKind
    outlives_editor: bool

    def queue(self, session: str, robot: str) -> PutInQueue | None:
        """The queue of the turns of a session and a robot; None if it takes any number at once."""
        ...

    def ask(self, question: BackendQuestion) -> None:
        """Answer a message. It must call `question.answered`, or report a failure, once."""
        ...

    def withdraw(self, session: str, asker: str) -> int:
        """Drop what waits in the queue of this session and was asked by this person; see
        `TurnQueue.withdraw`."""
        ...

    def stop(self, session: str) -> bool:
        """Stop what works on an answer in this session. Returns whether anything did."""
        ...
