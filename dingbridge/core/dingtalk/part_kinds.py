"""The kinds of part that a received message consists of."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.messages import Attachment


class OwnWords(Struct, frozen=True):
    """Text of ours in a message, such as `[card]`; separate from what people wrote."""

    text: str


class Mention(Struct, frozen=True):
    """A person who is mentioned by an item of its own; name and id may each be empty."""

    name: str
    id: str


MessagePart = str | OwnWords | Attachment | Mention
"""A part of a message: text that a person wrote, text of ours, an attachment or a mention."""
