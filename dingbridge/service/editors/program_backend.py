"""The backend of a program, which runs once for each message."""

from __future__ import annotations

import logging

from dingbridge.core.sessions.inbox import ResponderKind
from dingbridge.service.agents.turn_queue import QueuedTurn, TurnQueue
from dingbridge.service.editors.backends import BackendQuestion, PutInQueue
from dingbridge.service.editors.editor_ports import Programs

log = logging.getLogger(__name__)


class ProgramBackend:
    """Runs the editor's program, for one message at a time. Its answers come by `editor_events`."""

    noted_as: ResponderKind = "program"
    outlives_editor = True

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._order = TurnQueue()

    def queue(self, session: str, robot: str) -> PutInQueue | None:
        """One message at a time of all that a robot has, in the order of arrival."""

        def put(turn: QueuedTurn) -> int:
            self._order.put(robot, turn)
            return 0  # that is said of agents alone

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

    def withdraw(self, session: str, asker: str) -> int:
        """Drop what waits for the program."""
        return self._order.withdraw(session, asker)

    def stop(self, session: str) -> bool:
        """End the program that runs, whatever session it answers in."""
        return self._programs.stop_running()
