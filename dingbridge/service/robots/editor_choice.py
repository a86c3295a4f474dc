"""Chooses an editor of a robot, by bound session, shown sessions, and the user's activity."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from dingbridge.service.robots.conversations import BoundEditor, Conversations

Attends = Callable[[int, str], tuple[bool, float]]
"""Whether a member's editor shows a session, and when its user was active last, in seconds of a
monotonic clock."""


class EditorChoice:
    """Ranks the members for a session. Service loop only."""

    def __init__(
        self, members: Mapping[int, BoundEditor], conversations: Conversations, attends: Attends
    ) -> None:
        self._members = members
        self._conversations = conversations
        self._attends = attends
        self._is_settled = False

    def settled(self) -> None:
        """The editors of an earlier service have joined by now, or have left."""
        self._is_settled = True

    @property
    def are_there(self) -> bool:
        """Whether there is any member."""
        return bool(self._members)

    def is_awaited(self, session: str) -> bool:
        """Whether the editor with that session may be about to join, after an earlier service: its
        messages must not go to another one."""
        return not self._is_settled and self._conversations.is_away(session)

    def first(self, session: str, *, answers: bool) -> int:
        """The member for a message of a session.

        One that has it bound, else one that shows it, else any; with `answers`, one with a
        responder if possible. There must be a member.
        """
        return max(self._members, key=lambda member: self._rank(member, session, answers=answers))

    def next(self, session: str, tried: Collection[int], *, answers: bool = False) -> int | None:
        """The next member after those that were `tried`; None if no other one has bound or shows
        the session."""
        others = [
            member
            for member, one in self._members.items()
            if member not in tried and (one.answers or not answers)
            if self._is_concerned(member, session)
        ]
        return max(
            others, key=lambda member: self._rank(member, session, answers=answers), default=None
        )

    def latest(self, members: Collection[int]) -> int | None:
        """The member whose user was active last; None without members."""
        return max(members, key=lambda member: (self._attends(member, "")[1], member), default=None)

    def _is_concerned(self, member: int, session: str) -> bool:
        is_made = self._conversations.is_made(session)
        has_it = self._members[member].session == session
        return is_made or has_it or self._attends(member, session)[0]

    def _rank(self, member: int, session: str, *, answers: bool) -> tuple[bool, bool, bool, float]:
        one = self._members[member]
        shows, time = self._attends(member, session)
        return one.session == session, one.answers or not answers, shows, time
