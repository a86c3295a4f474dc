"""The approvals of a service: sources ask, people answer, and both sides hear of the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from dingbridge.core.approvals import answer_text
from dingbridge.core.approvals.approval import (
    VALID_SECONDS,
    Answerer,
    ApprovalRequest,
    ClosedApproval,
    Decision,
    OpenApproval,
    may_answer,
)
from dingbridge.core.approvals.pending import AnswerAccepted, AnswerLate, PendingApprovals
from dingbridge.service.runtime import Later, Runtime

log = logging.getLogger(__name__)


class ApprovalListener(Protocol):
    """Hears of all approvals: an editor, or a robot."""

    def asked(self, approval: OpenApproval) -> None:
        """A request waits for an answer."""
        ...

    def closed(self, approval: ClosedApproval) -> None:
        """A request waits no more."""
        ...


class Approvals:
    """All requests of a service. Service loop only.

        code = approvals.ask(request, decided)
        approvals.answer("k7qd", "allow", Answerer())  # calls decided("allow")

    The call `decided` of a request is made once: with the decision, or with None when it expired;
    never after `withdraw`.
    """

    def __init__(self, runtime: Runtime, later: Later) -> None:
        self._runtime = runtime
        self._later = later
        self._pending = PendingApprovals()
        self._decided: dict[str, Callable[[Decision | None], None]] = {}
        self._listeners: list[ApprovalListener] = []
        self._admins: dict[str, Callable[[], Collection[str]]] = {}

    def join(self, listener: ApprovalListener) -> None:
        """Let a listener hear of what is asked and closed from now on."""
        self._listeners.append(listener)

    def leave(self, listener: ApprovalListener) -> None:
        """Let a listener hear of nothing more."""
        self._listeners.remove(listener)

    def know_admins(self, robot: str, admins: Callable[[], Collection[str]] | None) -> None:
        """`admins` returns the identities of a robot's admins: "always" of an admin lasts as long
        as they are one. None: there are none any more."""
        if admins is None:
            self._admins.pop(robot, None)
        else:
            self._admins[robot] = admins

    def _is_admin(self, by: Answerer) -> bool:
        admins = self._admins.get(by.robot)
        return admins is not None and by.identity in admins()

    # --- sources ----------------------------------------------------------------------------------

    def ask(self, request: ApprovalRequest, decided: Callable[[Decision | None], None]) -> str:
        """Ask for a decision; returns the request's code.

        What is always allowed is decided before this returns, and has no code.
        """
        self._pending.keep_always(self._is_admin)
        approval = self._pending.ask(request, self._runtime.now(), self._runtime.below)
        if approval is None:
            log.info("%s in %s is always allowed", request.kind, request.session)
            decided("always")
            return ""
        code = approval.code
        log.info("approval %s is asked for in %s", code, request.session)
        self._decided[code] = decided
        self._later(VALID_SECONDS, lambda: self._expire(code))
        self._notify(lambda listener: listener.asked(approval))
        return code

    def withdraw(self, code: str) -> None:
        """Nobody waits for the decision any more: close the request everywhere. `decided` is not
        called."""
        self._decided.pop(code, None)
        closed = self._pending.withdraw(code, self._runtime.now())
        if closed is not None:
            self._notify(lambda listener: listener.closed(closed))

    # --- answers ----------------------------------------------------------------------------------

    def answer(self, code: str, decision: Decision, by: Answerer) -> str:
        """Answer the request with a code as it was typed. Returns the reply to this person."""
        result = self._pending.answer(code, decision, by, self._runtime.now())
        words = answer_text.answered(result, by)
        if isinstance(result, AnswerAccepted):
            self._close(result.closed, decision)
        elif isinstance(result, AnswerLate) and result.closed.code in self._decided:
            # Its timer is late, after a suspend for example.
            self._close(result.closed, None)
        return words

    def _expire(self, code: str) -> None:
        closed = self._pending.expire(code, self._runtime.now())
        if closed is not None:
            self._close(closed, None)

    def _close(self, closed: ClosedApproval, decision: Decision | None) -> None:
        log.info("approval %s is closed: %s", closed.code, closed.outcome)
        decided = self._decided.pop(closed.code)
        try:
            decided(decision)
        finally:
            self._notify(lambda listener: listener.closed(closed))

    def _notify(self, call: Callable[[ApprovalListener], None]) -> None:
        for listener in tuple(self._listeners):
            try:
                call(listener)
            except Exception:  # any defect of one: the others and the source hear all the same
                log.exception("a listener of approvals failed")

    # --- lists ------------------------------------------------------------------------------------

    def open_for(self, by: Answerer) -> tuple[OpenApproval, ...]:
        """The open requests that this person may answer, the oldest first."""
        return tuple(one for one in self._pending.open.values() if may_answer(one.request, by))

    def describe(self, by: Answerer, session: str, *, always: bool = False) -> str:
        """What waits for this person in DingTalk, and what is always allowed in the session; with
        `always`, also that nothing is."""
        return answer_text.listed(
            self.open_for(by), self.always_of(session), self._runtime.now(), only_always=always
        )

    def always_of(self, session: str) -> tuple[str, ...]:
        """The kinds of tools that are always allowed in a session, in some turns at least."""
        self._pending.keep_always(self._is_admin)
        return self._pending.always(session)

    def always_in_all(self) -> Mapping[str, tuple[str, ...]]:
        """The same for all sessions with any, by session."""
        self._pending.keep_always(self._is_admin)
        return self._pending.always_in_all()

    def forget_always(self, session: str, kind: str = "") -> tuple[str, ...]:
        """Ask again about a kind, or about all; returns those that were always allowed."""
        return self._pending.forget_always(session, kind)
