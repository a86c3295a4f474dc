"""Answers and their results in words: Chinese and English in DingTalk, English in the editor.

Titles and sources are an agent's words: they are shown on one line, and as code in DingTalk.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, tzinfo

from dingbridge.core.access.pairing_text import whole_minutes
from dingbridge.core.approvals.approval import (
    Answerer,
    ApprovalOutcome,
    ClosedApproval,
    OpenApproval,
)
from dingbridge.core.approvals.pending import (
    AnswerAccepted,
    AnswerForeign,
    AnswerLate,
    ApprovalAnswer,
    OnlyOnce,
    UnknownCode,
)
from dingbridge.core.catalogue import approvals as say
from dingbridge.core.catalogue.sentence import Sentence
from dingbridge.core.listing import comma_list
from dingbridge.core.markdown.code_blocks import code_span
from dingbridge.core.text import clean, clean_name, shorten

TITLE = 120
"""Characters of a title in a sentence."""

_RESULTS: dict[ApprovalOutcome, Sentence] = {
    "allow": say.ALLOWED,
    "always": say.ALLOWED_ALWAYS,
    "reject": say.REJECTED,
    "expired": say.EXPIRED,
    "withdrawn": say.WITHDRAWN,
}

_IN_EDITOR: dict[ApprovalOutcome, Sentence] = {
    "allow": say.EDITOR_ALLOWED,
    "always": say.EDITOR_ALLOWED_ALWAYS,
    "reject": say.EDITOR_REJECTED,
    "expired": say.EDITOR_EXPIRED,
    "withdrawn": say.EDITOR_WITHDRAWN,
}


def answered(result: ApprovalAnswer, by: Answerer, zone: tzinfo | None = None) -> str:
    """The reply to an answer of `by`; times in `zone`, by default the local one."""
    return _to_editor(result, zone) if by.is_editor else _to_person(result, zone)


def _to_person(result: ApprovalAnswer, zone: tzinfo | None) -> str:
    match result:
        case AnswerAccepted(closed=closed):
            line = say.RESULT(
                result=_RESULTS[closed.outcome](), code=closed.code, title=_title(closed)
            )
            always = closed.outcome == "always"
            return f"{line}\n\n{say.HOW_TO_TAKE_BACK()}" if always else line
        case AnswerLate(closed=closed):
            return f"{say.DECIDED_BEFORE()}\n\n{told(closed, zone)}"
        case OnlyOnce(code=code):
            return say.ONLY_ONCE(code=code)
        case AnswerForeign(typed=typed) | UnknownCode(typed=typed):
            return say.NO_SUCH_CODE(code=code_span(shorten(clean(typed), TITLE)))


def _to_editor(result: ApprovalAnswer, zone: tzinfo | None) -> str:
    match result:
        case AnswerAccepted(closed=closed):
            return in_editor(closed)
        case AnswerLate(closed=closed):
            return say.EDITOR_LATE(time=clock(closed.time, zone), line=in_editor(closed))
        case AnswerForeign():
            raise AssertionError("every answer of the editor's user counts")
        case OnlyOnce(code=code):
            return say.EDITOR_ONLY_ONCE(code=code)
        case UnknownCode(typed=typed):
            return say.EDITOR_NO_SUCH_CODE(code=shorten(clean(typed), TITLE))


def told(closed: ClosedApproval, zone: tzinfo | None = None) -> str:
    """The result of a request, for people in DingTalk who did not give it."""
    result, title = _RESULTS[closed.outcome](), _title(closed)
    if closed.by is None:
        return say.RESULT(result=result, code=closed.code, title=title)
    by = closed.by
    who = say.IN_NEOVIM() if by.is_editor else code_span(clean_name(by.name or by.identity))
    return say.RESULT_BY(
        result=result,
        code=closed.code,
        title=title,
        who=who,
        time=clock(closed.time, zone),
    )


def in_editor(closed: ClosedApproval) -> str:
    """The result of a request, for the editor's user."""
    by = closed.by
    title = shorten(clean(closed.request.title), TITLE)
    kind = shorten(clean(closed.request.kind), TITLE)
    if closed.outcome == "always" and by is not None and not (by.is_editor or by.is_admin):
        name = clean_name(by.name or by.identity)
        return say.EDITOR_ALLOWED_OWN_ALWAYS(code=closed.code, title=title, kind=kind, who=name)
    return _IN_EDITOR[closed.outcome](
        code=closed.code,
        title=title,
        kind=kind,
        who=say.YOU() if by is None or by.is_editor else clean_name(by.name or by.identity),
    )


def listed(
    open_for: Sequence[OpenApproval], always: Collection[str], now: float, *, only_always: bool
) -> str:
    """What waits for a person, and what is always allowed in the session."""
    lines = [say.OPEN(), ""]
    for one in open_for:
        lines.append(
            say.OPEN_LINE(
                code=one.code,
                source=code_span(clean_name(one.request.source)),
                title=code_span(shorten(clean(one.request.title), TITLE)),
                minutes=whole_minutes(one.until - now),
            )
        )
    if open_for:
        lines += ["", say.HOW_TO_ANSWER(code=open_for[0].code)]
    else:
        lines = [say.NONE_OPEN()]
    if always:
        lines += ["", say.ALWAYS_OF(kinds=kinds(always)), "", say.HOW_TO_TAKE_BACK()]
    elif only_always:
        lines += ["", say.NO_ALWAYS()]
    return "\n".join(lines)


def taken_back(gone: Collection[str]) -> str:
    """The reply to `/always off`."""
    return say.TAKEN_BACK(kinds=kinds(gone)) if gone else say.NO_ALWAYS()


def status_lines(open_count: int, always: Collection[str]) -> tuple[str, ...]:
    """The lines about approvals in the status for DingTalk."""
    lines = [say.STATUS_OPEN(count=open_count)] if open_count else []
    return (*lines, *([say.STATUS_ALWAYS(kinds=kinds(always))] if always else []))


def kinds(names: Collection[str]) -> str:
    """Kinds of tools, on one line."""
    return comma_list(code_span(shorten(clean(name), TITLE)) for name in names)


def _title(closed: ClosedApproval) -> str:
    return code_span(shorten(clean(closed.request.title), TITLE))


def clock(time: float, zone: tzinfo | None = None) -> str:
    """Hours and minutes of a time in Unix seconds."""
    return datetime.fromtimestamp(time, zone).strftime("%H:%M")
