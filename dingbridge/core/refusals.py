"""What people are told who are not let in, or not yet: why, who they are, and what would help.

Chinese and English, and short: these are read on a phone. Ids come from outside; they are shown as
code, and as text of Lua where they stand in a setting.
"""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.commands import ALWAYS_OURS
from dingbridge.core.messages import ConversationKind, Inbound
from dingbridge.core.pairing import ONCE_FOR, Kind, Request, minutes_left


class Reason(Struct, frozen=True):
    """Why somebody is not let in, as the end of a sentence in both languages."""

    chinese: str
    english: str


NO_ONE_TO_ONE = Reason("我不接受单聊消息", "I take no 1:1 messages")
NO_GROUPS = Reason("我不接受群消息", "I take no messages from groups")
GROUP_NOT_LISTED = Reason("本群不在允许名单中", "this group is not on the list")
NOT_A_USER = Reason("您不在本群的允许名单中", "you are not on this group's list")
NOT_LISTED = Reason("您不在允许名单中", "you are not on the list")
NOT_PAIRED = Reason(
    "您不在允许名单中（也可以单聊我申请）",
    "you are not on the list (you can also write to me 1:1 to ask)",
)
TOO_MANY_REQUESTS = Reason(
    "您的申请太多，请过一小时再试",
    "too many of your requests are open, try again in an hour",
)

_NO_STAFF_ID = (
    "我看不到您的员工 ID：您不在本组织内，或应用尚未发布。"
    "I see no staff id of yours: you are outside the organisation, or the app is not published."
)


def refusal(inbound: Inbound, reason: Reason, line: str) -> str:
    """The refusal: `line` is what would let the sender in, as it stands in the Lua settings."""
    return _paragraphs(
        f"抱歉，{reason.chinese}。机器人的主人可以修改下面的设置。",
        f"Sorry, {reason.english}. The owner of this robot can change the setting below.",
        _no_staff_id(inbound),
        "\n".join((_ids(inbound), f"- 设置 / Setting: {_as_code(line)}")),
    )


def code_told(inbound: Inbound, request: Request, now: float) -> str:
    """What a stranger is told who may ask: the code, and what the robot's owner does with it."""
    minutes = minutes_left(request, now)
    command = f"`:{ALWAYS_OURS} pair {request.code}`"
    group = request.kind is Kind.GROUP
    return _paragraphs(
        f"{'我还不认识本群' if group else '我还不认识您'}。"
        f"请机器人的主人在 {minutes} 分钟内在 Neovim 中输入 {command}",
        f"I do not know {'this group' if group else 'you'} yet. Ask the owner of this robot to type"
        f" {command} in Neovim within {minutes} min.",
        _no_staff_id(inbound),
        _ids(inbound),
    )


def accepted_told(request: Request, *, once: bool) -> str:
    """What the person or group is told that was let in."""
    hours = round(ONCE_FOR / 3600)
    if request.kind is Kind.GROUP:
        chinese, english = "本群已获准", "This group is let in"
    else:
        chinese, english = "您已获准", "You are let in"
    if once:
        chinese, english = f"{chinese}，有效 {hours} 小时", f"{english} for {hours} h"
    return f"{chinese}。{english}. /help"


def denied_told(request: Request) -> str:
    """What the person or group is told whose request was denied."""
    if request.kind is Kind.GROUP:
        return "本群的申请未获准。The request for this group was denied."
    return "您的申请未获准。Your request was denied."


def lua_text(text: str) -> str:
    """`text` as Lua writes it. A backtick becomes an escape, so that the line can be shown as
    code."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("`", "\\96")
    return f"'{escaped}'"


def _paragraphs(*paragraphs: str) -> str:
    return "\n\n".join(filter(None, paragraphs))


def _no_staff_id(inbound: Inbound) -> str:
    """Why the id is such a long one (protocol section 5.1)."""
    return "" if inbound.sender.staff_id else _NO_STAFF_ID


def _ids(inbound: Inbound) -> str:
    ids = f"- 您的 ID / Your id: {_as_code(inbound.sender.identity)}"
    if inbound.conversation.kind is ConversationKind.GROUP:
        ids += f"\n- 本群 / This group's conversationId: {_as_code(inbound.conversation.id)}"
    return ids


def _as_code(text: str) -> str:
    # Markdown has no escape inside code; the platform's ids contain no backtick anyway.
    return f"`{text.replace('`', 'ˋ')}`"
