"""The bound session of each account in this editor, for the next service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class BoundSessions:
    """Reads the bound sessions from the updates of the service.

    `sessions` maps accounts to session ids, "" for none. It is None until a service has reported
    its sessions. It changes with `confirm` only, so it never shows the effect of a command that the
    next service gets again.
    """

    def __init__(self) -> None:
        self.sessions: dict[str, str] | None = None
        self._shown: dict[str, str] | None = None
        self._is_known = False

    def begin(self) -> None:
        """A new service: it has not reported its sessions yet."""
        self._is_known = False

    def note(self, shown: Iterable[Mapping[str, Any]]) -> None:
        """Read updates on their way to the editor."""
        for update in shown:
            if update["kind"] == "status":
                self._shown = {one["account"]: one["session"] for one in update["accounts"]}
            self._is_known = self._is_known or update["kind"] == "sessions"

    def confirm(self) -> None:
        """No command is under way: what was shown last is what the service has on disk."""
        if self._is_known:
            self.sessions = self._shown
