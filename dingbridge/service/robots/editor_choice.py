"""Which of a robot's editors something is for: who has a session, and who was at work last."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from dingbridge.service.robots.conversations import BoundEditor, Conversations

Attends = Callable[[int, str], tuple[bool, float]]
"""Whether a member's editor shows a session, and when its user was at work in it last (seconds of a
clock that only goes on)."""


class EditorChoice:
    """Knows the members by what their editors show and when their users were there last."""

    def __init__(
        self, members: Mapping[int, BoundEditor], conversations: Conversations, attends: Attends
    ) -> None:
        self._members = members
        self._conversations = conversations
        self._attends = attends

    def first(self, session: str, *, answers: bool) -> int:
        """The member that takes in what came for a session: one that has it bound, then one that
        shows it, then any; where it is to be answered one with a responder. There has to be one."""
        return max(self._members, key=lambda member: self._rank(member, session, answers=answers))

    def next(self, session: str, tried: Collection[int], *, answers: bool = False) -> int | None:
        """The member that comes after those that were `tried`; None when no other is concerned."""
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
        """The one of these members whose user was at work last."""
        return max(members, key=lambda member: (self._attends(member, "")[1], member), default=None)

    def _is_concerned(self, member: int, session: str) -> bool:
        is_made = self._conversations.is_made(session)
        has_it = self._members[member].session == session
        return is_made or has_it or self._attends(member, session)[0]

    def _rank(self, member: int, session: str, *, answers: bool) -> tuple[bool, bool, bool, float]:
        one = self._members[member]
        shows, time = self._attends(member, session)
        return one.session == session, one.answers or not answers, shows, time
