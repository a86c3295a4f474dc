"""The parts of a message as one safe text, with a place for each attachment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct, structs

from dingbridge.core.catalogue import received as say
from dingbridge.core.dingtalk.addressees import without_mention
from dingbridge.core.dingtalk.attachments import words
from dingbridge.core.dingtalk.part_kinds import Mention, MessagePart, OwnWords
from dingbridge.core.messages import Attachment
from dingbridge.core.text import clean_name, tame, visible, whole_character

INBOUND_CHARACTERS: Final = 2_000_000
"""Longest text of one message, in code points. The rest is cut off, with a line that says so.
DingTalk allows far less."""

ATTACHMENTS: Final = 20
"""Most attachments that one message may bring; further ones are named but not fetched."""

_PLACE: Final = "\ufffc"
"""Placeholder of a part while the text around it is cleaned; it is removed from foreign text."""


class MessageContent(Struct, frozen=True):
    """A message's text as Markdown, empty if nothing of it is visible, and its attachments with
    their ranges.
    """

    text: str
    attachments: tuple[Attachment, ...] = ()


def put_together(
    parts: Iterable[MessagePart],
    *,
    robot: str = "",
    addressed: bool = False,
    most: int = INBOUND_CHARACTERS,
) -> MessageContent:
    """The parts as one harmless, stripped text, with a range for each attachment.

    - The mention of the `robot`, by its id, is left out.
    - `addressed`: nobody else is mentioned; a name at the start of the text is removed.
    - A text longer than `most` code points is cut, with a line that says so.
    - Attachments after the first `ATTACHMENTS`, and those without a download code, are words only.
    """
    placed: list[OwnWords | Attachment] = []
    pieces: list[str] = []
    room = ATTACHMENTS
    for part in parts:
        if isinstance(part, Mention):
            if _is_of_robot(part, robot, addressed=addressed):
                addressed = False  # this was the robot's mention
                continue
            addressed = addressed and not part.id
            part = f"@{clean_name(part.name)}\u2005" if part.name else OwnWords(say.MENTION())
        if isinstance(part, str):
            pieces.append(part.replace(_PLACE, "\ufffd"))
            continue
        pieces.append(_PLACE)
        if isinstance(part, Attachment) and (room <= 0 or not part.download_code):
            part = _only_named(part)
        room -= isinstance(part, Attachment)
        placed.append(part)
    # Clean first: removed characters must not join a placeholder with its neighbour.
    text = _apart(tame("".join(pieces)))
    text = without_mention(text) if addressed else text.strip()
    if not placed and not visible(text):
        return MessageContent("")
    end = whole_character(text, 0, most) if len(text) > most else len(text)
    return _with_places(text[:end], placed, len(text) - end)


def _is_of_robot(mention: Mention, robot: str, *, addressed: bool) -> bool:
    if mention.id:
        return mention.id == robot
    return addressed and not mention.name


def _with_places(text: str, placed: list[OwnWords | Attachment], cut: int) -> MessageContent:
    pieces: list[str] = []
    attachments: list[Attachment] = []
    length = 0
    between = text.split(_PLACE)
    for number, piece in enumerate(between):
        pieces.append(piece)
        length += len(piece)
        if number == len(between) - 1:
            break
        part = placed[number]
        shown = part.text if isinstance(part, OwnWords) else words(part)
        if isinstance(part, Attachment):
            end = length + len(shown)
            attachments.append(structs.replace(part, start=length, end=end))
        pieces.append(shown)
        length += len(shown)
    # Attachments whose placeholder was cut off are not fetched.
    if cut > 0:
        pieces.append(f"\n\n{say.CUT_OFF(count=cut)}")
    return MessageContent("".join(pieces), tuple(attachments))


def _apart(text: str) -> str:
    """Separate the words for a part from adjacent text, which could make it a link."""
    if _PLACE not in text:
        return text
    text = re.sub(rf"(?<=[^\s{_PLACE}]){_PLACE}|(?<={_PLACE}){_PLACE}", f" {_PLACE}", text)
    return re.sub(rf"{_PLACE}(?=[^\s{_PLACE}])", f"{_PLACE} ", text)


def _only_named(attachment: Attachment) -> OwnWords:
    shown = words(attachment)
    if attachment.download_code:
        shown = say.TOO_MANY_ATTACHMENTS(attachment=shown, most=ATTACHMENTS)
    return OwnWords(shown)
