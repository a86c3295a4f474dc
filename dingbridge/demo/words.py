"""How the demo names people, places and ways, and how wide text is in a terminal."""

from __future__ import annotations

import re
import unicodedata

from dingbridge.core.commands.editor_commands import ALWAYS_OURS
from dingbridge.core.delivery.routing import Route
from dingbridge.sandbox.records import ArrivedMessage
from dingbridge.sandbox.settings import GROUPS, PEOPLE

WAYS = {
    "webhook": Route.WEBHOOK.value,
    "session": Route.SESSION.value,
    "single": Route.SINGLE.value,
    "group": Route.GROUP.value,
}
"""The sandbox's words for a way, to ours."""

CODE = re.compile(rf":{ALWAYS_OURS} pair ([0-9A-Z]+)")
"""The reply to a stranger, with the pairing code."""

_PLACES = {
    **{person.single_conversation: person.nick for person in PEOPLE},
    **{group.conversation_id: group.title for group in GROUPS},
    **{person.staff_id: person.nick for person in PEOPLE if person.staff_id},
}


def place_of(arrived: ArrivedMessage) -> str:
    """Whom a message reached: a person's nick, or a group's title."""
    ids = (arrived.conversation_id, *arrived.user_ids)
    return next((_PLACES[each] for each in ids if each in _PLACES), "?")


def wrapped(line: str, columns: int) -> list[str]:
    """`line` in pieces of at most `columns`, cut at a space where there is one near the end."""
    pieces = []
    rest = line.replace("\t", "    ")
    while width(rest) > columns:
        end = 1
        while width(rest[: end + 1]) <= columns:
            end += 1
        space = rest.rfind(" ", end // 2, end + 1)
        end = space if space > 0 and rest[:space].strip() else end
        pieces.append(rest[:end])
        rest = rest[end:].removeprefix(" ")
    return [*pieces, rest]


def width(text: str) -> int:
    """Columns that `text` takes in a terminal, near enough: Chinese takes two for a character."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
    )
