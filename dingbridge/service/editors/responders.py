"""The questions that wait for the answer of a backend."""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice
from typing import TypeVar

from msgspec import Struct, structs

from dingbridge.core.options.declarations import Options
from dingbridge.core.questions import ReplyContext
from dingbridge.protocol import updates
from dingbridge.service.agents.agents import Agents
from dingbridge.service.editors.backends import Backend, BackendQuestion
from dingbridge.service.editors.screen import Screen
from dingbridge.service.robots.robot_news import Turn

T = TypeVar("T")

REMEMBERED = 1000
"""Maximum number of questions whose late answers still find their conversation."""

MOST_SHOWN = 20
"""Maximum number of questions that the editor shows as being answered, the earliest ones."""


class Backends(Struct, frozen=True):
    """The backends of an editor."""

    function: Backend
    program: Backend
    agent: Backend


class _Working(Struct, frozen=True):
    """A question that a backend has.

    - `turn` is None for a question from an earlier service.
    - `taken`: the Lua function was called, or the program started.
    """

    asked: ReplyContext
    turn: Turn | None
    taken: bool
    backend: Backend


class Responders:
    """Passes questions to the backend of their session and remembers where its answers go.

    asked ──taken()──▶ taken ──ended()──▶ ended
      └──withdraw(), give_up()──▶ dropped
    """

    def __init__(self, editor: Screen, backends: Backends, agents: Agents) -> None:
        self._editor = editor
        self._backends = backends
        self._agents = agents
        self._asked: OrderedDict[str, ReplyContext] = OrderedDict()
        self._under_way: dict[str, _Working] = {}
        self._withdrawn: OrderedDict[str, None] = OrderedDict()

    def backend(self, session: str, options: Options) -> Backend | None:
        """What answers in a session; None: a person."""
        if self._agents.book.agent(session, options) is not None:
            return self._backends.agent
        if options.responder == "lua":
            return self._backends.function
        return self._backends.program if options.responder is not None else None

    def has_agent(self, session: str, options: Options) -> bool:
        """Whether an agent answers in a session."""
        return self.backend(session, options) is self._backends.agent

    def ask(self, question: BackendQuestion) -> bool:
        """Pass a question to the backend of its session. Returns False if there is none, so that a
        person answers."""
        backend = self.backend(question.asked.session, question.options)
        if backend is None:
            return False
        request = question.request
        self._withdrawn.pop(request, None)
        taken = backend.noted_as != "function"
        self._work(request, _Working(question.asked, question.turn, taken, backend))
        backend.ask(question)
        return True

    def _work(self, request: str, working: _Working) -> None:
        _remember(self._asked, request, working.asked)
        self._under_way[request] = working
        self._editor.show_latest(self._answering)

    def _answering(self) -> updates.ShowAnswering:
        return updates.ShowAnswering(
            tuple(
                updates.Answering(working.asked.session, request)
                for request, working in islice(self._under_way.items(), MOST_SHOWN)
            )
        )

    def _end(self, request: str) -> _Working | None:
        working = self._under_way.pop(request, None)
        if working is not None:
            self._editor.show_latest(self._answering)
        return working

    def take_up(self, request: str, asked: ReplyContext) -> None:
        """The Lua function works on a question that it got under an earlier service."""
        self._work(request, _Working(asked, None, taken=True, backend=self._backends.function))

    def taken(self, request: str) -> None:
        """The Lua function has been called."""
        working = self._under_way.get(request)
        if working is not None:
            self._under_way[request] = structs.replace(working, taken=True)

    def untaken(self, request: str) -> Turn | None:
        """The question, unless the Lua function was called for it."""
        working = self._under_way.get(request)
        return working.turn if working is not None and not working.taken else None

    def withdraw(self, request: str) -> ReplyContext | None:
        """Ignore this editor's answer: another one answers. Returns the context of the question, if
        known."""
        _remember(self._withdrawn, request, None)
        if request in self._under_way:
            self._editor.show(updates.RespondWithdrawn(request))
        self._end(request)
        return self._asked.pop(request, None)

    def asked(self, request: str, asked: ReplyContext | None = None) -> ReplyContext | None:
        """The context of the question that an answer belongs to. `asked` is what came back from the
        Lua function, used for questions of an earlier service."""
        return None if request in self._withdrawn else self._asked.get(request, asked)

    def ended(self, request: str) -> None:
        """The responder has answered or failed."""
        self._end(request)

    @property
    def is_working(self) -> bool:
        """Whether something works on a question that goes on without the editor."""
        return any(working.backend.outlives_editor for working in self._under_way.values())

    def give_up(self, *, outliving: bool) -> tuple[tuple[ReplyContext, Turn | None], ...]:
        """Drop the questions of backends that outlive the editor, or else those of the others, and
        return them."""
        given_up = [
            request
            for request, working in self._under_way.items()
            if working.backend.outlives_editor == outliving
        ]
        found = [self._end(request) for request in given_up]
        return tuple((working.asked, working.turn) for working in found if working is not None)

    def is_busy(self, account: str) -> bool:
        """Whether a question that came by this account is open."""
        return any(one.asked.account == account for one in self._under_way.values())

    def stop(self, session: str, asker: str | None = None) -> bool:
        """Stop what answers in a session: its agent, else the program that runs; with `asker`, only
        if it answers that person. Returns whether something was stopped."""
        if self._agents.running(session) is not None:
            return self._agents.stop(session, asker)
        programs = (one for one in self._under_way.values() if one.backend is not self._agent)
        first = next(programs, None)
        if asker is not None and (first is None or first.asked.asker != asker):
            return False
        return self._backends.program.stop(session)

    def withdraw_waiting(self, session: str, asker: str) -> int:
        """Drop the messages of a person, or with an empty `asker` those of the editor's user, that
        wait for their turn in a session. Returns how many these were."""
        backends = (self._backends.agent, self._backends.program)
        return sum(backend.withdraw(session, asker) for backend in backends)

    @property
    def _agent(self) -> Backend:
        return self._backends.agent


def _remember(latest: OrderedDict[str, T], name: str, value: T) -> None:
    latest[name] = value
    while len(latest) > REMEMBERED:
        latest.popitem(last=False)
