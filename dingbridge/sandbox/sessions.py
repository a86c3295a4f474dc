"""Session webhooks: where a reply to a message goes (doc/dingtalk.md §5.4)."""

from __future__ import annotations

import secrets

from msgspec import Struct


class Session(Struct, frozen=True):
    """Where a session webhook leads, and which app's robot speaks by it. `expires` is Unix
    seconds."""

    client_id: str
    conversation_id: str
    reply_to: str
    expires: float


class SessionBook:
    """Session webhooks by the value in their URL."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def issue(self, session: Session) -> str:
        """The value of a new session webhook."""
        value = secrets.token_hex(16)
        self._sessions[value] = session
        return value

    def find(self, value: str, now: float) -> Session | None:
        """The session behind the value; None when it is unknown or too old."""
        session = self._sessions.get(value)
        return session if session and now < session.expires else None

    def expire(self) -> None:
        """Ends all session webhooks before their time."""
        self._sessions.clear()
