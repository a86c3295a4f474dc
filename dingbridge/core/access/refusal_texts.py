"""Replies to people without access: why, who they are, and what would help.

Ids come from outside; they are shown as code, and as Lua strings in settings.
"""

from __future__ import annotations

from dingbridge.core.access.pairing_state import ONCE_FOR, AccessKind, AccessRequest
from dingbridge.core.access.pairing_text import minutes_left
from dingbridge.core.catalogue import access as say
from dingbridge.core.catalogue.access import RefusalSentence
from dingbridge.core.commands.editor_commands import ALWAYS_OURS
from dingbridge.core.messages import ConversationKind, Inbound


def refusal(inbound: Inbound, reason: RefusalSentence, line: str) -> str:
    """The refusal; `line` is the Lua setting that would admit the sender."""
    setting = say.SETTING(line=_as_code(line))
    return _paragraphs(reason(), _no_staff_id(inbound), f"{_ids(inbound)}\n{setting}")


def code_told(inbound: Inbound, request: AccessRequest, now: float) -> str:
    """The reply with a pairing code, and how the robot's owner accepts it."""
    told = say.CODE_FOR_GROUP if request.kind is AccessKind.GROUP else say.CODE_FOR_PERSON
    command = f"`:{ALWAYS_OURS} pair {request.code}`"
    words = told(minutes=minutes_left(request, now), command=command)
    return _paragraphs(words, _no_staff_id(inbound), _ids(inbound))


def accepted_told(request: AccessRequest, *, once: bool) -> str:
    """The message to a person or group whose request was accepted."""
    is_group = request.kind is AccessKind.GROUP
    if once:
        told = say.GROUP_ACCEPTED_ONCE if is_group else say.ACCEPTED_ONCE
        return told(hours=round(ONCE_FOR / 3600))
    return say.GROUP_ACCEPTED() if is_group else say.ACCEPTED()


def denied_told(request: AccessRequest) -> str:
    """The message to a person or group whose request was denied."""
    return say.GROUP_DENIED() if request.kind is AccessKind.GROUP else say.DENIED()


def lua_text(text: str) -> str:
    """`text` as a Lua string. A backtick becomes an escape, so that the line can be shown as
    code.
    """
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("`", "\\96")
    return f"'{escaped}'"


def _paragraphs(*paragraphs: str) -> str:
    return "\n\n".join(filter(None, paragraphs))


def _no_staff_id(inbound: Inbound) -> str:
    """Why the id is so long (doc/dingtalk.md §5.1)."""
    return "" if inbound.sender.staff_id else say.NO_STAFF_ID()


def _ids(inbound: Inbound) -> str:
    ids = say.YOUR_ID(id=_as_code(inbound.sender.identity))
    if inbound.conversation.kind is ConversationKind.GROUP:
        ids += "\n" + say.GROUP_ID(id=_as_code(inbound.conversation.id))
    return ids


def _as_code(text: str) -> str:
    # Markdown has no escape inside code; the platform's ids contain no backtick anyway.
    return f"`{text.replace('`', 'ˋ')}`"
