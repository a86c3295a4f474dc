"""Which session each account of the editor has, which the next service has to know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class BoundSessions:
    """What the services have told of that so far. `sessions` are by account, empty for one without;
    None before a service knew it, which it does once it tells which sessions there are."""

    def __init__(self) -> None:
        self.sessions: dict[str, str] | None = None
        self._told: dict[str, str] | None = None
        self._is_known = False

    def begin(self) -> None:
        """There is another service, which has to find out first."""
        self._is_known = False

    def note(self, shown: Iterable[Mapping[str, Any]]) -> None:
        """Take in what the editor is shown."""
        for update in shown:
            if update["kind"] == "status":
                self._told = {one["account"]: one["session"] for one in update["accounts"]}
            self._is_known = self._is_known or update["kind"] == "sessions"
        if self._is_known:
            self.sessions = self._told
