"""What people may say to the bridge itself from DingTalk: `/list` and `/session N`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from msgspec import Struct


class ListSessions(Struct, frozen=True):
    """`/list`"""


class ChooseSession(Struct, frozen=True):
    """`/session N`, or `/session` with a session's id."""

    wanted: str


Command = ListSessions | ChooseSession

_SESSION = re.compile(r"/session(?:\s+(\S+))?\s*", flags=re.IGNORECASE)


def read(text: str) -> Command | None:
    """The command in a message, or None for a message that is meant for the session."""
    line = text.strip()
    if line.lower() == "/list":
        return ListSessions()
    match = _SESSION.fullmatch(line)
    if match is None:
        return None
    return ChooseSession(match.group(1)) if match.group(1) else ListSessions()


class Row(Struct, frozen=True):
    """A bound session. `here`: the conversation that asks speaks to it."""

    session: str
    title: str
    cwd: str
    busy: bool
    here: bool = False


def choose(rows: Sequence[Row], wanted: str) -> Row | None:
    """The row with that number, counted from 1, or with that id."""
    numbered = {str(number): row for number, row in enumerate(rows, 1)}
    by_id = {row.session: row for row in rows}
    return numbered.get(wanted.lstrip("0")) or by_id.get(wanted)


def describe(rows: Sequence[Row]) -> str:
    """All sessions, for a phone."""
    if not rows:
        return "没有绑定的会话。No session is bound."
    lines = []
    for number, row in enumerate(rows, 1):
        here = " ←" if row.here else ""
        busy = " (忙 busy)" if row.busy else ""
        lines.append(f"{number}. {row.title} · {PurePath(row.cwd).name or row.cwd}{busy}{here}")
    return "\n".join(lines) + "\n\n/session N 切换会话 switches"
