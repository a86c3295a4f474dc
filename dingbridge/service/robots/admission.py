"""Decides whether a received message is accepted; `conversations` picks its session."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dingbridge.core.catalogue import remote as say
from dingbridge.core.delivery.routing import reply_target
from dingbridge.core.messages import Target
from dingbridge.core.sessions.inbox import Received
from dingbridge.service.robots.access_control import AccessControl
from dingbridge.service.robots.conversations import Conversations
from dingbridge.service.robots.editor_choice import EditorChoice
from dingbridge.service.robots.ping_proof import PingProof

log = logging.getLogger(__name__)

WAITS = ""
"""Instead of a session: the message waits for an editor."""


class Admission:
    """Admits robot messages to sessions. Service loop only.

    - `answer` sends a text to a conversation.
    """

    def __init__(
        self,
        access: AccessControl,
        pings: PingProof,
        conversations: Conversations,
        editors: EditorChoice,
        answer: Callable[[Target, str], None],
    ) -> None:
        self._access = access
        self._pings = pings
        self._conversations = conversations
        self._editors = editors
        self._answer = answer

    def session_for(self, received: Received, *, is_patient: bool) -> str | None:
        """The session that a message goes to, or `WAITS`; None when it is done. A patient message
        waits also while no editor has a session bound."""
        inbound = received.inbound
        target = reply_target(inbound)
        admitted = self._access.verdict(received, target)
        if admitted is None:
            return None
        if self._editors.is_awaited(self._conversations.chosen(inbound)):
            return WAITS
        self._conversations.met(inbound)
        said = self._pings.answer(received, admitted, target)
        if said is not None and said.words:
            self._answer(target, said.words)
        if said is not None and not said.goes_on:
            log.debug("message %r was answered here and goes to no session", inbound.id)
            return None
        session = self._conversations.session_or_new(inbound)
        if session:
            log.debug("message %r goes to session %s", inbound.id, session)
            self._conversations.speak_to(session, inbound)
            return session
        if is_patient:
            return WAITS
        self._answer(target, say.NOBODY_THERE())
        return None
