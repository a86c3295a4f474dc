"""The first message of a stranger, as it is stored until the pairing code is accepted."""

from __future__ import annotations

from typing import Final

from msgspec import structs

from dingbridge.core.catalogue import received as say
from dingbridge.core.messages import Attachment
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.text import whole_character

CHARACTERS: Final = 1000
"""Longest text that is kept, and longest quote, in code points. Anybody can ask, and the state file
holds all requests."""


def kept(received: Received) -> Received:
    """The message shortened to `CHARACTERS`, without its session webhook, which is a secret."""
    inbound = received.inbound
    text, attachments = _cut(inbound.text, inbound.attachments)
    quote = inbound.quote
    if quote is not None:
        quoted, along = _cut(quote.text, quote.attachments)
        quote = structs.replace(quote, text=quoted, attachments=along)
    inbound = structs.replace(
        inbound, text=text, attachments=attachments, quote=quote, session_webhook=None
    )
    return structs.replace(received, inbound=inbound)


def _cut(text: str, attachments: tuple[Attachment, ...]) -> tuple[str, tuple[Attachment, ...]]:
    """The beginning of a text with a line about the rest, and its attachments.

    Attachments whose place was cut off follow at the end.
    """
    if len(text) <= CHARACTERS:
        return text, attachments
    end = whole_character(text, 0, CHARACTERS)
    left = say.NOT_KEPT(count=len(text) - end)
    return f"{text[:end]}\n\n{left}", tuple(
        one if one.end <= end else structs.replace(one, start=-1, end=-1) for one in attachments
    )
