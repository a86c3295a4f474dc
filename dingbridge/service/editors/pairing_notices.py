"""Notices about requests for access to a robot."""

from __future__ import annotations

from collections.abc import Iterable

from dingbridge.core.access import pairing_codes
from dingbridge.core.catalogue import access as say
from dingbridge.protocol import updates
from dingbridge.service.editors.screen import Screen
from dingbridge.service.robots.robot_news import PairingRequested


class PairingNotices:
    """Shows requests and remembers their codes. Service loop only."""

    def __init__(self, editor: Screen, account: str) -> None:
        self._editor = editor
        self._account = account
        self._codes: set[str] = set()

    def requested(self, request: PairingRequested, shown: str) -> None:
        """Somebody requests access: show a notice, without taking the focus. `shown` is the
        account's name."""
        self.add([request.code])
        words = say.ASKS(who=request.who, account=shown, code=request.code)
        self._editor.show(updates.ShowNotice(words, "warn"))
        self._event(
            "DingbridgePairing",
            code=request.code,
            id=request.id,
            kind=request.kind,
            who=request.who,
        )

    def add(self, codes: Iterable[str]) -> None:
        """Remember the codes of open requests."""
        self._codes.update(codes)

    def has(self, code: str) -> bool:
        """Whether a request has this code, as the user may type it."""
        return bool(pairing_codes.find(code, self._codes))

    def _event(self, name: str, **data: str) -> None:
        self._editor.show(updates.TriggerEvent(name, {"account": self._account, **data}))
