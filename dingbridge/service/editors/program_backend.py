"""The backend of a program, which runs once for each message."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dingbridge.core.sessions.inbox import ResponderKind
from dingbridge.service.editors.arrival_order import ArrivalOrder
from dingbridge.service.editors.backends import BackendQuestion, PutInQueue
from dingbridge.service.editors.editor_ports import Programs

log = logging.getLogger(__name__)


class ProgramBackend:
    """Runs the editor's program, for one message at a time. Its answers come by `editor_events`."""

    noted_as: ResponderKind = "program"
    outlives_editor = True

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._order = ArrivalOrder()

    def queue(self, session: str, robot: str) -> PutInQueue | None:
        """One message at a time of all that a robot has, in the order of arrival."""

        def put(start: Callable[[Callable[[], None]], None], is_next: bool) -> int:
            self._order.put((robot, ""), start)
            return 0

        return put

    def ask(self, question: BackendQuestion) -> None:
        """Run the program."""
        options = question.options
        argv = options.responder
        assert isinstance(argv, tuple)  # noqa: S101 - else another backend is asked
        content = question.turn.question
        log.debug(
            "message %s of session %s is with the responder, a program",
            question.request,
            content.session,
        )
        self._programs.ask(question.request, argv, content, options.responder_timeout)

    def stop(self, session: str) -> bool:
        """End the program that runs, whatever session it answers in."""
        return self._programs.stop_running()
