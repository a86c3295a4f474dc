"""Shows the requests for approval in an editor, and takes its user's answers."""

from __future__ import annotations

from dingbridge.core.approvals import answer_text
from dingbridge.core.approvals.approval import Answerer, ClosedApproval, Decision, OpenApproval
from dingbridge.core.catalogue import approvals as say
from dingbridge.core.listing import comma_list
from dingbridge.core.text import clean, clean_name, shorten, tame
from dingbridge.protocol import updates
from dingbridge.service.approvals.approvals import Approvals
from dingbridge.service.editors.screen import Screen
from dingbridge.service.editors.sessions import EditorSessions

USER = Answerer()

_DECISIONS: dict[updates.ApprovalCommand, Decision] = {
    "approve": "allow",
    "reject": "reject",
    "always": "always",
}


class EditorApprovals:
    """The port `ApprovalListener` of one editor, and its commands. Service loop only."""

    def __init__(self, editor: Screen, approvals: Approvals, sessions: EditorSessions) -> None:
        self._editor = editor
        self._approvals = approvals
        self._sessions = sessions
        self._is_joined = False
        # Whether an answer of this editor has closed a request.
        self._has_closed = False

    def start(self) -> None:
        """Show what is open, and what is asked from now on."""
        if not self._is_joined:
            self._is_joined = True
            self._approvals.join(self)
            for approval in self._approvals.open_for(USER):
                self.asked(approval)

    def leave(self) -> None:
        """The editor has left."""
        if self._is_joined:
            self._is_joined = False
            self._approvals.leave(self)

    # --- the port ApprovalListener ----------------------------------------------------------------

    def asked(self, approval: OpenApproval) -> None:
        """Show a request."""
        request = approval.request
        shown = updates.ShowApproval(
            code=approval.code,
            session=request.session,
            source=clean_name(request.source),
            title=_title(approval),
            tool=clean_name(request.kind),
            detail=tame(request.detail),
            until=approval.until,
            can_always=request.can_always,
        )
        self._editor.show(shown, _changed(approval, "open"))

    def closed(self, approval: ClosedApproval) -> None:
        """Close the request that is shown."""
        self._has_closed = True
        words = answer_text.in_editor(approval)
        closed = updates.CloseApproval(approval.code, words)
        self._editor.show(closed, _changed(approval, approval.outcome))

    # --- commands ---------------------------------------------------------------------------------

    def answer(self, command: updates.ApprovalCommand, code: str) -> None:
        """Answer the request with this code; without one, let the user choose."""
        if not code:
            if self._approvals.open_for(USER):
                self._editor.show(updates.ChooseApproval(command))
            else:
                self._editor.show(updates.ShowNotice(say.EDITOR_NONE_OPEN()))
            return
        self._has_closed = False
        words = self._approvals.answer(code, _DECISIONS[command], USER)
        # What is closed shows the words already.
        if not self._has_closed:
            self._editor.show(updates.ShowNotice(words, "warn"))

    def forget_always(self, session: str) -> None:
        """Ask about everything in a session again."""
        gone = self._approvals.forget_always(session)
        words = say.EDITOR_TAKEN_BACK(kinds=_kinds(gone)) if gone else say.EDITOR_NO_ALWAYS()
        self._editor.show(updates.ShowNotice(words))

    def describe_always(self) -> tuple[str, ...]:
        """A line for each session in which something is always allowed."""
        return tuple(
            say.EDITOR_ALWAYS(session=self._sessions.title(session), kinds=_kinds(kinds))
            for session, kinds in self._approvals.always_in_all().items()
            if session in self._sessions
        )


def _title(approval: OpenApproval | ClosedApproval) -> str:
    """The whole title, on one line."""
    return " ".join(tame(approval.request.title).split())


def _kinds(kinds: tuple[str, ...]) -> str:
    return comma_list(shorten(clean(kind), answer_text.TITLE) for kind in kinds)


def _changed(approval: OpenApproval | ClosedApproval, state: str) -> updates.TriggerEvent:
    session, title = approval.request.session, _title(approval)
    return _event(
        "DingbridgeApproval", code=approval.code, session=session, state=state, title=title
    )


def _event(name: str, **data: str) -> updates.TriggerEvent:
    return updates.TriggerEvent(name, data)
