"""What the bridge itself answers to remote commands, in short lines of Markdown for a phone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, tzinfo
from pathlib import PurePath

from msgspec import Struct

from dingbridge.core.excerpts import Around, Mask, unmasked
from dingbridge.core.markdown import code_span
from dingbridge.core.messages import Conversation, ConversationKind, Message, Sender
from dingbridge.core.remote_commands import COMMANDS, Bad, Unknown
from dingbridge.core.text import clean, shorten

EXCERPT = 200
"""Characters of a message in the history."""


class Row(Struct, frozen=True):
    """A bound session. `here`: the conversation that asks speaks to it."""

    session: str
    title: str
    cwd: str
    busy: bool
    here: bool = False


def describe_help(allowed: Collection[str]) -> str:
    """The commands whose names are in `allowed`."""
    lines = [
        f"- `{one.form}` {one.chinese} · {one.meaning_chinese} {one.meaning}"
        for one in COMMANDS
        if one.name in allowed
    ]
    if not lines:
        return "没有您可以使用的命令。There is no command that you may use."
    return "\n".join(["命令 Commands:", "", *lines])


def describe_unknown(unknown: Unknown) -> str:
    """There is no such command; perhaps another was meant."""
    near = f"您是不是要 Did you mean `/{unknown.nearest}`? " if unknown.nearest else ""
    return f"没有命令 No such command: {code_span('/' + unknown.word)}\n\n{near}`/help` 帮助"


def describe_bad(bad: Bad) -> str:
    """How the command is written."""
    one = bad.declaration
    usage = f"用法 Usage: `{one.form}`{one.note}"
    return f"{usage}\n\n{one.meaning_chinese} {one.meaning}"


def describe_not_allowed(name: str, identity: str, setting: str) -> str:
    """Who asks may not use the command; `setting` is the option that would change it."""
    return (
        f"您不能使用 You may not use `/{name}`.\n\n"
        f"您的编号 Your id: {code_span(identity)}\n\n"
        f"设置 Setting: {code_span(setting)} (`'{name}'`), 或 or `admins`"
    )


def choose(rows: Sequence[Row], wanted: str) -> Row | None:
    """The row with that number, counted from 1, or with that id."""
    numbered = {str(number): row for number, row in enumerate(rows, 1)}
    by_id = {row.session: row for row in rows}
    return numbered.get(wanted.lstrip("0")) or by_id.get(wanted)


def describe_sessions(rows: Sequence[Row], text: str = "") -> str:
    """All sessions, or those with `text` in their title, folder or id, under the number that
    `choose` takes."""
    if not rows:
        return "没有绑定的会话。No session is bound."
    sought = text.casefold()
    found = [
        (number, row)
        for number, row in enumerate(rows, 1)
        if any(sought in part.casefold() for part in (row.title, _folder(row), row.session))
    ]
    if not found:
        return f"没有含 {code_span(text)} 的会话。No session has that in its title or folder."
    # A Markdown list would count on from the first number, whatever the others are.
    form = "{}. {}" if len(found) == len(rows) else "**{}** · {}"
    lines = [form.format(number, _described(row)) for number, row in found]
    return "\n".join(lines) + "\n\n/session N 切换会话 switches"


def _described(row: Row) -> str:
    here = " ←" if row.here else ""
    busy = " (忙 busy)" if row.busy else ""
    return f"{row.title} · {_folder(row)}{busy}{here}"


def _folder(row: Row) -> str:
    return PurePath(row.cwd).name or row.cwd


def describe_status(
    row: Row | None, *, link: str, editors: int, queued: int, failed: int, problem: str = ""
) -> str:
    """How the bridge is doing. `row` is the session spoken to, `problem` the last one in words."""
    session = _described(row) if row else "没有 none"
    lines = [
        f"- 会话 Session: {session}",
        f"- 连接 Link: {link}",
        f"- 编辑器 Editors: {editors}",
        f"- 待发 Queued: {queued} · 失败 Failed: {failed}",
    ]
    if problem:
        lines.append(f"- 问题 Problem: {shorten(clean(problem), EXCERPT)}")
    return "\n".join(lines)


def describe_whoami(sender: Sender, allowed: Collection[str], *, is_admin: bool) -> str:
    """The sender's own ids, and what they may do."""
    role = "管理员 admin" if is_admin else "成员 member"
    may = " ".join(f"`/{one.name}`" for one in COMMANDS if one.name in allowed) or "-"
    staff = code_span(sender.staff_id) if sender.staff_id else "没有 none"
    return (
        f"- 员工编号 Staff id: {staff}\n- senderId: {code_span(sender.sender_id)}\n"
        f"- 角色 Role: {role}\n- 命令 Commands: {may}"
    )


def describe_whereami(conversation: Conversation, row: Row | None, staff_id: str = "") -> str:
    """The conversation's own id, the target that leads to it, which in a 1:1 chat is the person's
    `staff_id`, and the session it speaks to."""
    is_group = conversation.kind is ConversationKind.GROUP
    kind = "群聊 group" if is_group else "单聊 1:1"
    title = f" · {conversation.title}" if conversation.title else ""
    session = _described(row) if row else "没有 none"
    lines = [f"- {kind}{title}", f"- conversationId: {code_span(conversation.id)}"]
    target = f"group:{conversation.id}" if is_group else staff_id and f"user:{staff_id}"
    if target:
        lines.append(f"- 地址 Target: {code_span(f'dingtalk:{target}')}")
    return "\n".join([*lines, f"- 会话 Session: {session}"])


def describe_history(
    messages: Sequence[Message],
    count: int,
    zone: tzinfo | None = None,
    mask: Mask = unmasked,
) -> str:
    """The last `count` messages, each in one line; times are those of `zone`, else of here."""
    last = messages[-count:] if count > 0 else ()
    if not last:
        return "还没有消息。There are no messages yet."
    lines = []
    for each in last:
        excerpt = code_span(shorten(mask(clean(each.text), Around()), EXCERPT))
        lines.append(f"- **{each.author}** {_clock(each.time, zone)} {excerpt}")
    return "\n".join(lines)


def _clock(time: float, zone: tzinfo | None) -> str:
    try:
        return datetime.fromtimestamp(time, zone).strftime("%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return "?"
