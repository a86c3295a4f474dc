"""Access tokens: one for each app, the same while it is valid (doc/dingtalk.md §2)."""

from __future__ import annotations

import secrets


class TokenBook:
    """The valid token of each app, by its client id."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, float]] = {}

    def issue(self, client_id: str, now: float, lifetime: float) -> str:
        """The app's valid token with a new full lifetime, or a new token."""
        token, expires = self._held.get(client_id, ("", 0.0))
        if not token or now >= expires:
            token = secrets.token_hex(16)
        self._held[client_id] = (token, now + lifetime)
        return token

    def owner(self, token: str, now: float) -> str:
        """The client id of the app whose token this is; empty when it is no valid one."""
        for client_id, (held, expires) in self._held.items():
            if token == held and now < expires:
                return client_id
        return ""

    def revoke(self) -> None:
        """Ends all tokens before their time."""
        self._held.clear()
