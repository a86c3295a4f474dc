"""The responder of a session: a person (nothing to do here), a Lua function or a program."""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice
from typing import TypeVar

from msgspec import Struct, structs

from dingbridge.core.options.declarations import Options
from dingbridge.core.questions import ReplyContext
from dingbridge.protocol import updates
from dingbridge.service.editors.editor_ports import Programs
from dingbridge.service.editors.screen import Screen
from dingbridge.service.robots.robot_news import Turn

T = TypeVar("T")

REMEMBERED = 1000
"""Maximum number of questions whose late answers still find their conversation."""

MOST_SHOWN = 20
"""Maximum number of questions that the editor shows as being answered, the earliest ones."""


class _Working(Struct, frozen=True):
    """A question that the responder has.

    - `turn` is None for a question from an earlier service.
    - `taken`: the Lua function was called, or the program started.
    - `by_program`: a program answers it, not the Lua function.
    """

    asked: ReplyContext
    turn: Turn | None
    taken: bool
    by_program: bool = False


class Responders:
    """Passes questions to the configured responder and remembers where its answers go.

    asked ──taken()──▶ taken ──ended()──▶ ended
      └──withdraw(), give_up()──▶ dropped
    """

    def __init__(self, editor: Screen, programs: Programs) -> None:
        self._editor = editor
        self._programs = programs
        self._asked: OrderedDict[str, ReplyContext] = OrderedDict()
        self._under_way: dict[str, _Working] = {}
        self._withdrawn: OrderedDict[str, None] = OrderedDict()

    def ask(self, turn: Turn, asked: ReplyContext, options: Options) -> bool:
        """Pass a question to the responder. Returns False if there is none, so that a person
        answers."""
        responder, question = options.responder, turn.question
        message = question.message
        if responder is None:
            return False
        self._withdrawn.pop(message.id, None)
        by_program = responder != "lua"
        self._work(message.id, _Working(asked, turn, by_program, by_program))
        if responder == "lua":
            self._editor.show(
                updates.Respond(
                    message.id,
                    question.session,
                    message,
                    structs.replace(asked, target=asked.target.lasting),
                    question.instructions,
                    question.cwd,
                    question.model,
                    question.files,
                )
            )
        else:
            self._programs.ask(message.id, responder, question, options.responder_timeout)
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
        self._work(request, _Working(asked, None, taken=True))

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
        """Whether a program works on a question."""
        return any(working.by_program for working in self._under_way.values())

    def give_up(self, *, by_program: bool) -> tuple[tuple[ReplyContext, Turn | None], ...]:
        """Drop the questions of programs, or else those of the Lua function, and return them."""
        given_up = [
            request
            for request, working in self._under_way.items()
            if working.by_program == by_program
        ]
        found = [self._end(request) for request in given_up]
        return tuple((working.asked, working.turn) for working in found if working is not None)

    def is_busy(self, account: str) -> bool:
        """Whether a question that came by this account is open."""
        return any(one.asked.account == account for one in self._under_way.values())

    def stop(self, asker: str | None = None) -> bool:
        """Stop the running program; with `asker`, only if it answers that person. Returns whether
        one was stopped."""
        if asker is not None:
            first = next(iter(self._under_way.values()), None)
            if first is None or first.asked.asker != asker:
                return False
        return self._programs.stop_running()


def _remember(latest: OrderedDict[str, T], name: str, value: T) -> None:
    latest[name] = value
    while len(latest) > REMEMBERED:
        latest.popitem(last=False)
