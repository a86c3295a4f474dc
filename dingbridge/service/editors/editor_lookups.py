"""Questions to the editor for remote commands: where the cursor is, diagnostics, quickfix list."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dingbridge.core.secrets.excerpts import Mask
from dingbridge.protocol import updates
from dingbridge.service.editors.running_command import RunningCommand
from dingbridge.service.editors.screen import Screen
from dingbridge.service.robots import robot_requests
from dingbridge.service.runtime import Later, Runtime

LOOKS_WITHIN = 2.0
"""Seconds to wait for an editor before another one gets the command."""


class _Lookup(Struct, frozen=True):
    """A question for the command `key`. `then` gets the result and the failure."""

    key: str
    then: Callable[[object, str], None]


class EditorLookups:
    """Asks the editor and answers the command with the result. Service loop only.

    asked ──the editor answers──▶ answered
      └────no answer within `LOOKS_WITHIN`──▶ passed on to another editor
    """

    def __init__(self, editor: Screen, runtime: Runtime, later: Later) -> None:
        self._editor = editor
        self._runtime = runtime
        self._later = later
        self._open: dict[str, _Lookup] = {}

    def ask(
        self,
        what: str,
        command: RunningCommand,
        describe: Callable[[object, Mask], str],
        *,
        path: str = "",
        line: int = 0,
        level: str = "",
    ) -> None:
        """Ask the editor for `what`. `describe` renders the result as the answer."""
        request = self._runtime.new_id()

        def looked(found: object, failure: str) -> None:
            command.answer_excerpt(lambda mask: failure or describe(found, mask))

        self._open[request] = _Lookup(command.order.key, looked)
        self._editor.show(updates.Look(request, what, command.cwd, path, line, level))
        self._later(LOOKS_WITHIN, lambda: self._pass_on(request, command))

    def _pass_on(self, request: str, command: RunningCommand) -> None:
        """Let another editor with the session carry out the command: this one may hang."""
        if request in self._open:
            command.account.member.notify(robot_requests.PassOn(command.order))

    def withdraw(self, key: str) -> None:
        """Another editor carries out this command."""
        self._open = {name: one for name, one in self._open.items() if one.key != key}

    def looked(self, request: str, found: object, failure: str) -> None:
        """The editor has answered."""
        lookup = self._open.pop(request, None)
        if lookup is not None:
            lookup.then(found, failure)
