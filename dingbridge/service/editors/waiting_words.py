"""What is said about messages that wait for their turn with the responder."""

from __future__ import annotations

from dingbridge.core.catalogue import sessions as sessions_words
from dingbridge.core.catalogue import turns as say
from dingbridge.core.delivery.outbox_records import Purpose
from dingbridge.core.delivery.routing import reply_target
from dingbridge.core.messages import Target
from dingbridge.core.text import shorten
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.sending import Sending
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.robots import robot_news

QUOTED_CHARACTERS = 60
"""How much of a message is quoted that has no answer."""


class WaitingWords:
    """Service loop only."""

    def __init__(self, sessions: EditorSessions, sending: Sending) -> None:
        self._sessions = sessions
        self._sending = sending

    def queued(self, account: Account, deliver: robot_news.Deliver, before: int) -> None:
        """Say to the author of a message how many turns are before it."""
        self.note(account, reply_target(deliver.inbound), say.QUEUED(count=before))

    def note(self, account: Account, target: Target, words: str) -> None:
        """Say how it stands. What is decided or answered goes before it, where messages wait to
        leave."""
        self._sending.answer(account, target, words, Purpose.NOTIFICATION)

    def dropped(self, account: Account, deliver: robot_news.Deliver) -> None:
        """Nothing answers any more where a message waited: say so to its author, and in the
        session."""
        self._sending.answer(account, reply_target(deliver.inbound), say.DROPPED())
        self.dropped_here(deliver.session, deliver.inbound.text, deliver.inbound.sender.nick)

    def withdrawn(self, deliver: robot_news.Deliver) -> None:
        """The author of a message that waited has withdrawn it, and hears so: say it in the
        session."""
        self.withdrawn_here(deliver.session, deliver.inbound.text, deliver.inbound.sender.nick)

    def withdrawn_here(self, session: str, text: str, author: str = "") -> None:
        """The same of a message of `author`, or of one that was typed."""
        if session in self._sessions:
            quoted = shorten(text, QUOTED_CHARACTERS)
            reason = say.WITHDRAWN_HERE(text=quoted)
            if author:
                reason = say.WITHDRAWN_OF(text=quoted, author=author)
            self._sending.notice(session, sessions_words.NO_ANSWER(reason=reason))

    def lost(self, session: str, text: str) -> None:
        """The service ended before a typed message was answered: say so in its session."""
        if session in self._sessions:
            reason = sessions_words.TYPED_LOST(text=text)
            self._sending.notice(session, sessions_words.NO_ANSWER(reason=reason))

    def dropped_here(self, session: str, text: str, author: str = "") -> bool:
        """The same in the session only. Returns False if that is gone."""
        if session not in self._sessions:
            return False
        quoted = shorten(text, QUOTED_CHARACTERS)
        reason = say.DROPPED_HERE(text=quoted)
        if author:
            reason = say.DROPPED_OF(text=quoted, author=author)
        self._sending.notice(session, sessions_words.NO_ANSWER(reason=reason))
        return True
