"""What answers in a session: a person (nothing to do here), a Lua function, or a program."""

from __future__ import annotations

from collections import OrderedDict

from msgspec import Struct

from dingbridge.bridge import updates
from dingbridge.bridge.ports import Editor, Programs
from dingbridge.core.messages import At, Question, Target
from dingbridge.core.options import Options

REMEMBERED = 1000
"""Questions whose late answers still find their conversation (a count)."""


class Asked(Struct, frozen=True):
    """Where an answer belongs, and whom it mentions. An empty `account` means: in the editor.
    `robot` is the one of the account that the message came by; `asker` is the identity of whoever
    wrote it, empty for the editor's user."""

    session: str
    account: str
    target: Target
    asker: str = ""
    at: At = At()
    robot: str = ""


class Responders:
    """Hands messages to the configured responder and knows where its answers belong."""

    def __init__(self, editor: Editor, programs: Programs) -> None:
        self._editor = editor
        self._programs = programs
        self._asked: OrderedDict[str, Asked] = OrderedDict()
        self._under_way: dict[str, Asked] = {}

    def ask(self, question: Question, asked: Asked, options: Options) -> bool:
        """Hand a message over; without a responder a person answers, and nothing happens here.
        Returns whether somebody works on an answer now."""
        responder, message = options.responder, question.message
        if responder is None:
            return False
        self._asked[message.id] = asked
        while len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)
        self._under_way[message.id] = asked
        if responder == "lua":
            self._editor.show(
                updates.Respond(
                    message.id,
                    question.session,
                    message,
                    question.instructions,
                    question.cwd,
                    question.model,
                    question.files,
                )
            )
        else:
            self._programs.ask(message.id, responder, question, options.responder_timeout)
        return True

    def asked(self, request: str) -> Asked | None:
        """The question an answer belongs to."""
        return self._asked.get(request)

    def ended(self, request: str) -> None:
        """The responder has answered, or will not."""
        self._under_way.pop(request, None)

    def give_up(self) -> tuple[Asked, ...]:
        """Nobody works on an answer any more. Returns the questions that get none."""
        given_up = tuple(self._under_way.values())
        self._under_way.clear()
        return given_up

    def is_busy(self, account: str) -> bool:
        """Whether somebody works on an answer to a message that came by this account."""
        return any(asked.account == account for asked in self._under_way.values())

    def stop(self, asker: str | None = None) -> bool:
        """End the program that works on an answer; with `asker` only if it is one to them. Returns
        whether there was one."""
        if asker is not None:
            first = next(iter(self._under_way.values()), None)
            if first is None or first.asker != asker:
                return False
        return self._programs.stop_running()
