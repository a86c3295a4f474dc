"""The backend of a Lua function: it runs in the editor, which sends its answers."""

from __future__ import annotations

import logging

from msgspec import structs

from dingbridge.core.sessions.inbox import ResponderKind
from dingbridge.protocol import updates
from dingbridge.service.editors.backends import BackendQuestion, PutInQueue
from dingbridge.service.editors.screen import Screen

log = logging.getLogger(__name__)


class LuaBackend:
    """Passes questions to the editor. It may answer several times."""

    noted_as: ResponderKind = "function"
    outlives_editor = False

    def __init__(self, editor: Screen) -> None:
        self._editor = editor

    def queue(self, session: str, robot: str) -> PutInQueue | None:
        """The function takes all at once."""
        return None

    def ask(self, question: BackendQuestion) -> None:
        """Have the editor call the function."""
        asked, content = question.asked, question.turn.question
        log.debug(
            "message %s of session %s is with the responder, a Lua function",
            question.request,
            content.session,
        )
        self._editor.show(
            updates.Respond(
                question.request,
                content.session,
                content.message,
                structs.replace(asked, target=asked.target.lasting),
                content.instructions,
                content.cwd,
                content.model,
                content.files,
            )
        )

    def withdraw(self, session: str, asker: str) -> int:
        """Nothing waits for a function."""
        return 0

    def stop(self, session: str) -> bool:
        """A function cannot be stopped."""
        return False
