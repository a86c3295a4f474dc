"""What answers in a session: a person (nothing to do here), a Lua function, or a program."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

from msgspec import Struct, structs

from dingbridge.core.options.declarations import Options
from dingbridge.core.questions import ReplyContext
from dingbridge.protocol import updates
from dingbridge.service.ports import Editor, Programs
from dingbridge.service.robots.robot_news import Turn

T = TypeVar("T")

REMEMBERED = 1000
"""Questions whose late answers still find their conversation (a count)."""


class _Working(Struct, frozen=True):
    """Somebody works on an answer, or, while it is not `taken`, may do so. Without a `turn` the
    question came to an earlier service; `by_program`: it is no Lua function."""

    asked: ReplyContext
    turn: Turn | None
    taken: bool
    by_program: bool = False


class Responders:
    """Hands messages to the configured responder and knows where its answers belong."""

    def __init__(self, editor: Editor, programs: Programs) -> None:
        self._editor = editor
        self._programs = programs
        self._asked: OrderedDict[str, ReplyContext] = OrderedDict()
        self._under_way: dict[str, _Working] = {}
        self._withdrawn: OrderedDict[str, None] = OrderedDict()

    def ask(self, turn: Turn, asked: ReplyContext, options: Options) -> bool:
        """Hand a message over; without a responder a person answers, and nothing happens here.
        Returns whether somebody works on an answer now."""
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

    def take_up(self, request: str, asked: ReplyContext) -> None:
        """The Lua function works on this since before the service was started."""
        self._work(request, _Working(asked, None, taken=True))

    def taken(self, request: str) -> None:
        """The Lua function has been called."""
        working = self._under_way.get(request)
        if working is not None:
            self._under_way[request] = structs.replace(working, taken=True)

    def untaken(self, request: str) -> Turn | None:
        """The question, if the Lua function was not called for it yet."""
        working = self._under_way.get(request)
        return working.turn if working is not None and not working.taken else None

    def withdraw(self, request: str) -> ReplyContext | None:
        """Another editor answers: what is said here to this question does not count. Returns where
        the answer would have belonged."""
        _remember(self._withdrawn, request, None)
        if request in self._under_way:
            self._editor.show(updates.RespondWithdrawn(request))
        self._under_way.pop(request, None)
        return self._asked.pop(request, None)

    def asked(self, request: str, asked: ReplyContext | None = None) -> ReplyContext | None:
        """The question that an answer belongs to; `asked` is what the Lua function was told."""
        return None if request in self._withdrawn else self._asked.get(request, asked)

    def ended(self, request: str) -> None:
        """The responder has answered, or will not."""
        self._under_way.pop(request, None)

    @property
    def is_working(self) -> bool:
        """Whether a program works on an answer."""
        return any(working.by_program for working in self._under_way.values())

    def give_up(self, *, by_program: bool) -> tuple[tuple[ReplyContext, Turn | None], ...]:
        """The programs, or else the Lua function, work on no answer any more. Returns the questions
        that get none."""
        given_up = [
            request
            for request, working in self._under_way.items()
            if working.by_program == by_program
        ]
        found = [self._under_way.pop(request) for request in given_up]
        return tuple((working.asked, working.turn) for working in found)

    def is_busy(self, account: str) -> bool:
        """Whether somebody works on an answer to a message that came by this account."""
        return any(one.asked.account == account for one in self._under_way.values())

    def stop(self, asker: str | None = None) -> bool:
        """End the program that works on an answer; with `asker` only if it is one to them. Returns
        whether there was one."""
        if asker is not None:
            first = next(iter(self._under_way.values()), None)
            if first is None or first.asked.asker != asker:
                return False
        return self._programs.stop_running()


def _remember(latest: OrderedDict[str, T], name: str, value: T) -> None:
    latest[name] = value
    while len(latest) > REMEMBERED:
        latest.popitem(last=False)
