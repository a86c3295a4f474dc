"""The platform's rules about time: signatures, rates, tokens, tickets, session webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections import deque

from msgspec import Struct

SIGNATURE_WINDOW = 3600.0
"""Seconds a signed request's timestamp may differ from the server's time (protocol section 1)."""


def sign(secret: str, timestamp: str) -> str:
    """The signature of a custom robot's call; `timestamp` is milliseconds, as sent."""
    text = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def signature_problem(secret: str, timestamp: str, signature: str, now: float) -> str:
    """What is wrong with a signed call, in the platform's words; empty when it is good."""
    try:
        seconds = int(timestamp) / 1000
    except ValueError:
        return "invalid timestamp"
    if abs(now - seconds) > SIGNATURE_WINDOW:
        return "invalid timestamp"
    if not hmac.compare_digest(sign(secret, timestamp).encode(), signature.encode()):
        return "sign not match"
    return ""


class RateWindow:
    """One sender's messages of the last minute and its penalty (protocol section 1, rate)."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self._throttled_until = float("-inf")

    def accept(self, now: float, per_minute: int | None, penalty: float) -> int:
        """0 when one more message may pass, else the errcode that refuses it."""
        if per_minute is None:
            return 0
        if now < self._throttled_until:
            return 410100
        while self._times and now - self._times[0] >= 60:
            self._times.popleft()
        if len(self._times) >= per_minute:
            self._throttled_until = now + penalty
            return 130101
        self._times.append(now)
        return 0


class TokenBook:
    """The app's access tokens (protocol section 2)."""

    def __init__(self) -> None:
        self._token = ""
        self._expires = float("-inf")

    def issue(self, now: float, lifetime: float) -> str:
        """The valid token with a new full lifetime, or a new token."""
        if not self.valid(self._token, now):
            self._token = secrets.token_hex(16)
        self._expires = now + lifetime
        return self._token

    def valid(self, token: str, now: float) -> bool:
        """Whether this is the token of today."""
        return bool(token) and token == self._token and now < self._expires

    def revoke(self) -> None:
        """Ends the token before its time."""
        self._token = ""


class Grant(Struct, frozen=True):
    """What a ticket lets its holder do: one connection for these topics."""

    topics: tuple[str, ...]
    ua: str


class TicketBook:
    """Tickets: each good for a short time and for exactly one connection (protocol section 4.1)."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Grant, float]] = {}

    def issue(self, grant: Grant, now: float, lifetime: float) -> str:
        """A new ticket."""
        ticket = secrets.token_hex(16)
        self._open[ticket] = (grant, now + lifetime)
        return ticket

    def redeem(self, ticket: str, now: float) -> Grant | None:
        """Uses the ticket up; None when it is unknown, used or too old."""
        grant, expires = self._open.pop(ticket, (None, 0.0))
        return grant if now < expires else None


class Session(Struct, frozen=True):
    """Where a session webhook leads. `expires` is Unix seconds."""

    conversation_id: str
    reply_to: str
    expires: float


class SessionBook:
    """Session webhooks by the value in their URL (protocol section 5.4)."""

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
