"""Requests that wait for an answer, those that were answered lately, and what is always allowed.

    ask() ──▶ open ──answer()───▶ decided ──REMEMBERED_SECONDS──▶ forgotten
      │        ├────expire()────▶ expired ──┘
      │        └────withdraw()──▶ withdrawn ┘
      └──always allowed──▶ decided at once, without a code

A request is approved by a valid answer only, is decided once, and does not stay open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec import Struct, structs

from dingbridge.core.access import pairing_codes
from dingbridge.core.approvals.approval import (
    CODE_CHARACTERS,
    VALID_SECONDS,
    Answerer,
    ApprovalOutcome,
    ApprovalRequest,
    ClosedApproval,
    Decision,
    OpenApproval,
    may_answer,
)

REMEMBERED_SECONDS = 1800.0
"""How long a closed request is remembered, for late answers; its code is not given anew."""


class AnswerAccepted(Struct, frozen=True):
    """The answer counts."""

    closed: ClosedApproval


class AnswerLate(Struct, frozen=True):
    """The request was closed before."""

    closed: ClosedApproval


class AnswerForeign(Struct, frozen=True):
    """This person's answers do not count. It is answered as an unknown code is, so that nobody
    learns which codes there are."""

    typed: str


class OnlyOnce(Struct, frozen=True):
    """This request cannot be allowed always; it stays open."""

    code: str


class UnknownCode(Struct, frozen=True):
    """No request has this code."""

    typed: str


ApprovalAnswer = AnswerAccepted | AnswerLate | AnswerForeign | OnlyOnce | UnknownCode


class PendingApprovals:
    """The state of all requests. `now` is Unix seconds."""

    def __init__(self) -> None:
        self._open: dict[str, OpenApproval] = {}
        self._closed: dict[str, ClosedApproval] = {}
        # Who allowed it, by session and kind.
        self._always: dict[str, dict[str, set[Answerer]]] = {}

    @property
    def open(self) -> Mapping[str, OpenApproval]:
        """The requests that wait, by code, the oldest first."""
        return MappingProxyType(self._open)

    def ask(
        self, request: ApprovalRequest, now: float, chance: Callable[[int], int]
    ) -> OpenApproval | None:
        """Open a request; None if its kind is always allowed in its session, by somebody who may
        answer this request. `chance(n)` is a random number from 0 to n - 1."""
        allowed_by = self._always.get(request.session, {}).get(request.kind, ())
        if request.can_always and any(may_answer(request, by) for by in allowed_by):
            return None
        self._forget(now)
        taken = {*self._open, *self._closed}
        code = pairing_codes.new_code(taken, chance, CODE_CHARACTERS)
        self._open[code] = OpenApproval(code, request, now + VALID_SECONDS)
        return self._open[code]

    def answer(self, typed: str, decision: Decision, by: Answerer, now: float) -> ApprovalAnswer:
        """Decide the request with the code that was `typed`, if this answer counts.

        An answer after the request's time is late, and closes it as expired.
        """
        self._forget(now)
        code = pairing_codes.find(typed, {*self._open, *self._closed})
        found = self._open.get(code) or self._closed.get(code)
        if found is None:
            return UnknownCode(typed)
        if not may_answer(found.request, by):
            return AnswerForeign(typed)
        if isinstance(found, ClosedApproval):
            return AnswerLate(found)
        if now >= found.until:
            return AnswerLate(self._close(code, "expired", now))
        if decision == "always" and not found.request.can_always:
            return OnlyOnce(code)
        if decision == "always":
            kinds = self._always.setdefault(found.request.session, {})
            kinds.setdefault(found.request.kind, set()).add(by)
        return AnswerAccepted(self._close(code, decision, now, by))

    def expire(self, code: str, now: float) -> ClosedApproval | None:
        """The time of a request is over; None if it does not wait any more."""
        return self._close(code, "expired", now) if code in self._open else None

    def withdraw(self, code: str, now: float) -> ClosedApproval | None:
        """Nobody waits for a request any more; None if it was closed before."""
        return self._close(code, "withdrawn", now) if code in self._open else None

    def _close(
        self, code: str, outcome: ApprovalOutcome, now: float, by: Answerer | None = None
    ) -> ClosedApproval:
        # What it was about in full may be long, and nobody is shown that any more.
        request = structs.replace(self._open.pop(code).request, detail="")
        self._closed[code] = ClosedApproval(code, request, outcome, now, by)
        return self._closed[code]

    def _forget(self, now: float) -> None:
        """Forget what was closed long ago."""
        for code, one in list(self._closed.items()):
            if now - one.time >= REMEMBERED_SECONDS:
                del self._closed[code]

    # --- what is always allowed -------------------------------------------------------------------

    def keep_always(self, is_admin: Callable[[Answerer], bool]) -> None:
        """Forget what was always allowed by people who were admins and are none any more."""
        for session, kinds in tuple(self._always.items()):
            for kind, people in tuple(kinds.items()):
                people -= {by for by in people if by.is_admin and not is_admin(by)}
                if not people:
                    self.forget_always(session, kind)

    def always(self, session: str) -> tuple[str, ...]:
        """The kinds of tools that are always allowed in a session, in some turns at least."""
        return tuple(self._always.get(session, ()))

    def always_in_all(self) -> Mapping[str, tuple[str, ...]]:
        """The same for all sessions with any, by session."""
        return {session: tuple(kinds) for session, kinds in self._always.items()}

    def forget_always(self, session: str, kind: str = "") -> tuple[str, ...]:
        """Ask about a kind again, or about all; returns those that were always allowed."""
        kinds = self._always.get(session, {})
        gone = tuple(kinds) if not kind else tuple({kind} & kinds.keys())
        for each in gone:
            del kinds[each]
        if not kinds:
            self._always.pop(session, None)
        return gone
