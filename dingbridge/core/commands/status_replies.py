"""Replies to remote commands about the bridge, in short lines of Markdown for a phone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, tzinfo
from pathlib import PurePath

from msgspec import Struct

from dingbridge.core.catalogue import remote as say
from dingbridge.core.commands.remote_commands import COMMANDS
from dingbridge.core.commands.remote_parser import Bad, UnknownCommand
from dingbridge.core.markdown.code_blocks import code_span
from dingbridge.core.messages import PLATFORM, Conversation, ConversationKind, Message, Sender
from dingbridge.core.secrets.excerpts import Around, Mask, unmasked
from dingbridge.core.text import clean, shorten

EXCERPT = 200
"""Characters of a message in the history."""


class BoundRow(Struct, frozen=True):
    """A bound session. `here`: the conversation of the request speaks to it."""

    session: str
    title: str
    cwd: str
    busy: bool
    here: bool = False


def describe_help(allowed: Collection[str]) -> str:
    """The commands whose names are in `allowed`."""
    lines = [
        say.HELP_LINE(
            form=one.form,
            chinese=one.chinese,
            meaning_chinese=one.meaning_chinese,
            meaning=one.meaning,
        )
        for one in COMMANDS
        if one.name in allowed
    ]
    return "\n".join([say.COMMANDS(), "", *lines]) if lines else say.NO_COMMANDS()


def describe_unknown(unknown: UnknownCommand) -> str:
    """The reply to an unknown command; suggests the nearest one."""
    command = code_span(f"/{unknown.word}")
    if unknown.nearest:
        return say.UNKNOWN_NEAR(command=command, nearest=unknown.nearest)
    return say.UNKNOWN(command=command)


def describe_bad(bad: Bad) -> str:
    """The reply to an invalid argument: the command's usage."""
    one = bad.declaration
    if one.most_lines:
        return say.USAGE_OF_LINES(
            form=one.form,
            most=one.most_lines,
            meaning_chinese=one.meaning_chinese,
            meaning=one.meaning,
        )
    return say.USAGE(
        form=one.form, note=one.note, meaning_chinese=one.meaning_chinese, meaning=one.meaning
    )


def describe_not_allowed(name: str, identity: str, setting: str) -> str:
    """The sender may not use the command; `setting` is the option that would allow it."""
    return say.NOT_ALLOWED(name=name, identity=code_span(identity), setting=code_span(setting))


def choose(rows: Sequence[BoundRow], wanted: str) -> BoundRow | None:
    """The row with that number, counted from 1, or with that id."""
    numbered = {str(number): row for number, row in enumerate(rows, 1)}
    by_id = {row.session: row for row in rows}
    return numbered.get(wanted.lstrip("0")) or by_id.get(wanted)


def describe_sessions(rows: Sequence[BoundRow], text: str = "") -> str:
    """All sessions, or those with `text` in title, folder or id, with the numbers for `choose`."""
    if not rows:
        return say.NOTHING_BOUND()
    sought = text.casefold()
    found = [
        (number, row)
        for number, row in enumerate(rows, 1)
        if any(sought in part.casefold() for part in (row.title, _folder(row), row.session))
    ]
    if not found:
        return say.NONE_FOUND(text=code_span(text))
    # A Markdown list would renumber the rows after the first.
    form = "{}. {}" if len(found) == len(rows) else "**{}** · {}"
    lines = [form.format(number, _described(row)) for number, row in found]
    return "\n".join([*lines, "", say.HOW_TO_SWITCH()])


def _described(row: BoundRow) -> str:
    session = say.SESSION_BUSY if row.busy else say.SESSION
    here = " ←" if row.here else ""
    return session(title=row.title, folder=_folder(row)) + here


def _folder(row: BoundRow) -> str:
    return PurePath(row.cwd).name or row.cwd


def describe_status(
    row: BoundRow | None,
    *,
    link: str,
    editors: int,
    queued: int,
    failed: int,
    problem: str = "",
    more: Sequence[str] = (),
) -> str:
    """The bridge's status. `row` is the conversation's session, `problem` the latest error; `more`
    are lines about other things."""
    lines = [
        _session(row),
        say.STATUS_LINK(link=link),
        say.STATUS_EDITORS(editors=editors),
        say.STATUS_COUNTS(queued=queued, failed=failed),
        *more,
    ]
    if problem:
        lines.append(say.STATUS_PROBLEM(problem=shorten(clean(problem), EXCERPT)))
    return "\n".join(lines)


def _session(row: BoundRow | None) -> str:
    return say.STATUS_SESSION(session=_described(row) if row else say.NONE())


def describe_whoami(sender: Sender, allowed: Collection[str], *, is_admin: bool) -> str:
    """The sender's own ids, and what they may do."""
    return say.WHO_AM_I(
        staff=code_span(sender.staff_id) if sender.staff_id else say.NONE(),
        sender=code_span(sender.sender_id),
        role=say.ADMIN() if is_admin else say.MEMBER(),
        may=" ".join(f"`/{one.name}`" for one in COMMANDS if one.name in allowed) or "-",
    )


def describe_whereami(conversation: Conversation, row: BoundRow | None, staff_id: str = "") -> str:
    """The conversation's own id, the target that leads to it, which in a 1:1 chat is the person's
    `staff_id`, and the session it speaks to."""
    is_group = conversation.kind is ConversationKind.GROUP
    if conversation.title:
        named = say.GROUP_NAMED if is_group else say.SINGLE_NAMED
        lines = [named(title=conversation.title)]
    else:
        lines = [say.GROUP() if is_group else say.SINGLE()]
    lines.append(say.CONVERSATION_ID(id=code_span(conversation.id)))
    target = f"group:{conversation.id}" if is_group else staff_id and f"user:{staff_id}"
    if target:
        lines.append(say.TARGET(target=code_span(f"{PLATFORM}:{target}")))
    return "\n".join([*lines, _session(row)])


def describe_history(
    messages: Sequence[Message],
    count: int,
    zone: tzinfo | None = None,
    mask: Mask = unmasked,
) -> str:
    """The last `count` messages, one line each; times in `zone`, by default the local one."""
    last = messages[-count:] if count > 0 else ()
    if not last:
        return say.NO_MESSAGES()
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
