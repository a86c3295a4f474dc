"""Tickets for stream connections (doc/dingtalk.md §4.1)."""

from __future__ import annotations

import secrets

from msgspec import Struct


class Grant(Struct, frozen=True):
    """What a ticket lets its holder do: one connection of this app for these topics."""

    client_id: str
    topics: tuple[str, ...]
    ua: str


class TicketBook:
    """Tickets: each good for a short time and for exactly one connection."""

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
