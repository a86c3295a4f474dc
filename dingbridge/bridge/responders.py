"""What answers in a session: a person (nothing to do here), a Lua function, or a program."""

from __future__ import annotations

from collections import OrderedDict

from msgspec import Struct

from dingbridge.bridge import updates
from dingbridge.bridge.ports import Editor, Programs
from dingbridge.core.messages import Message, Target
from dingbridge.core.settings import Options

REMEMBERED = 1000
"""Questions whose late answers still find their conversation (a count)."""


class Asked(Struct, frozen=True):
    """A message that was handed to the responder. An empty target means: answer in the editor."""

    session: str
    target: Target


class Responders:
    """Hands messages to the configured responder and knows where its answers belong."""

    def __init__(self, editor: Editor, programs: Programs) -> None:
        self._editor = editor
        self._programs = programs
        self._options: Options | None = None
        self._asked: OrderedDict[str, Asked] = OrderedDict()

    def configure(self, options: Options) -> None:
        """Use this responder from now on."""
        self._options = options

    def ask(self, session: str, message: Message, target: Target) -> bool:
        """Hand a message over; without a responder a person answers, and nothing happens here.
        Returns whether somebody works on an answer now."""
        options = self._options
        if options is None or options.responder is None:
            return False
        self._asked[message.id] = Asked(session, target)
        while len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)
        if options.responder == "lua":
            self._editor.show(updates.Respond(message.id, session, message))
        else:
            self._programs.ask(message.id, options.responder, message, options.responder_timeout)
        return True

    def asked(self, request: str) -> Asked | None:
        """The question an answer belongs to."""
        return self._asked.get(request)

    def stop(self) -> bool:
        """End the program that works on an answer. Returns whether there was one."""
        return self._programs.stop_running()
