"""The answers that agents are working on, as the views of their sessions show them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from dingbridge.protocol import updates

log = logging.getLogger(__name__)

TurnUpdate = updates.ShowTurn | updates.TurnGrew | updates.TurnOver


class TurnView(Protocol):
    """An editor's view of the sessions."""

    def turned(self, session: str, update: TurnUpdate) -> None:
        """An agent's answer in a session began, has grown, or is over."""
        ...


class LiveTurns:
    """At most one answer for each session. Service loop only."""

    def __init__(self) -> None:
        self._views: list[TurnView] = []
        self._turns: dict[str, Callable[[], updates.ShowTurn]] = {}

    def join(self, view: TurnView) -> None:
        """Notify this view of changes."""
        self._views.append(view)

    def leave(self, view: TurnView) -> None:
        """Stop notifying this view."""
        self._views.remove(view)

    def begin(self, session: str, so_far: Callable[[], updates.ShowTurn]) -> None:
        """An answer begins; `so_far` returns it whole, for views that come later."""
        self._turns[session] = so_far
        self._notify(session, so_far())

    def grew(self, session: str, update: updates.TurnGrew) -> None:
        """There is more of it."""
        self._notify(session, update)

    def over(self, session: str, message: str) -> None:
        """It is not worked on any more: the transcript is about to get it."""
        if self._turns.pop(session, None) is not None:
            self._notify(session, updates.TurnOver(session, message))

    def so_far(self, session: str) -> updates.ShowTurn | None:
        """The answer in a session as it is now; None without one."""
        turn = self._turns.get(session)
        return turn() if turn is not None else None

    def _notify(self, session: str, update: TurnUpdate) -> None:
        for view in tuple(self._views):
            try:
                view.turned(session, update)
            except Exception:  # any defect of one: the turn and the other views go on
                log.exception("a view could not show a turn")
