"""Whether the user is at one of the attached editors."""

from __future__ import annotations

from collections.abc import Callable


class Presence:
    """The editors that the user is at. Service loop only.

    away ──an editor reports that the user is back──▶ here ──all report that they left──▶ away
    """

    def __init__(self) -> None:
        self._here: set[DeskPresence] = set()
        self._desks: list[DeskPresence] = []

    def join(self) -> DeskPresence:
        """Add an editor. Until it reports, the user is not there."""
        desk = DeskPresence(self)
        self._desks.append(desk)
        return desk

    @property
    def is_away(self) -> bool:
        """Whether the user is at no editor."""
        return not self._here

    def changed(self, desk: DeskPresence, *, is_here: bool) -> None:
        """An editor reports whether the user is there."""
        was_away = self.is_away
        if is_here:
            self._here.add(desk)
        else:
            self._here.discard(desk)
        if was_away and is_here:
            for each in tuple(self._desks):
                each.returned()

    def left(self, desk: DeskPresence) -> None:
        """An editor has gone."""
        self._here.discard(desk)
        self._desks.remove(desk)


class DeskPresence:
    """One editor's view of it."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self.returned: Callable[[], None] = lambda: None
        """Called when the user comes back to any editor."""

    @property
    def is_away(self) -> bool:
        """Whether the user is at no editor."""
        return self._presence.is_away

    def changed(self, *, is_here: bool) -> None:
        """The user is at this editor, or not."""
        self._presence.changed(self, is_here=is_here)

    def left(self) -> None:
        """The editor has gone."""
        self._presence.left(self)
